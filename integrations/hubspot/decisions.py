"""What staff decide about writes: yes, no, not yet, never; and once more, where one failed.

Each takes the rows it is about as a queryset and is a few statements, however many they are.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils import timezone

from integrations.hubspot import lists, occurrences
from integrations.hubspot.client import CONTACTS, DEALS
from integrations.hubspot.deals import plan as deals
from integrations.hubspot.plan import record_of_write
from integrations.models import (
    AudienceLink,
    ContactLink,
    DealLink,
    Problem,
    RemoteWrite,
    System,
    WriteExclusion,
    WriteState,
)
from integrations.models.writes import RemoteWriteQuerySet

_AGAIN = "HubSpot refused it; staff asked for another attempt."
_NOT_ALONE = ("email",)
"""Fields without which a record cannot be made at all."""
_RECORD_OF: dict[str, Callable[[RemoteWrite], str]] = {
    CONTACTS: record_of_write,
    DEALS: deals.record_of_write,
    deals.TIES: deals.record_of_write,
    lists.OBJECT_TYPE: lists.record_of_write,
    occurrences.OBJECT_TYPE: occurrences.record_of_write,
}
"""How staff were told which record a write is about, by kind of object."""
_DEALS_BY = {"expense": "expense", "order": "order", "deleted": "pk"}
"""What the number in the subject of a deal's write is the key of."""


@transaction.atomic
def approve(writes: RemoteWriteQuerySet, *, user: AbstractBaseUser | AnonymousUser) -> int:
    """Approves planned, rejected and held writes; returns how many."""
    _end_holds(writes)
    return _decide(writes.open(), WriteState.APPROVED, user)


@transaction.atomic
def reject(writes: RemoteWriteQuerySet, *, user: AbstractBaseUser | AnonymousUser) -> int:
    """Leaves writes out until their values are others; returns how many."""
    return _decide(writes.open(), WriteState.REJECTED, user)


@transaction.atomic
def reopen(writes: RemoteWriteQuerySet, *, user: AbstractBaseUser | AnonymousUser) -> int:
    """Takes decisions back, and lifts holds; returns how many are planned again."""
    _end_holds(writes)
    return _decide(writes.open(), WriteState.PLANNED, user)


def _decide(
    writes: RemoteWriteQuerySet, state: WriteState, user: AbstractBaseUser | AnonymousUser
) -> int:
    now = timezone.now()
    return writes.exclude(state=state).update(
        state=state, error="", decided_by=user, decided_at=now, updated_at=now
    )


def _end_holds(writes: RemoteWriteQuerySet) -> None:
    held = writes.filter(state=WriteState.HELD)
    for object_type in list(held.order_by().values_list("object_type", flat=True).distinct()):
        subjects = held.filter(object_type=object_type).values("subject")
        undone = RemoteWrite.objects.filter(is_held=True, object_type=object_type)
        undone.filter(subject__in=subjects).update(is_held=False, updated_at=timezone.now())


@transaction.atomic
def never_write(
    writes: RemoteWriteQuerySet,
    *,
    user: AbstractBaseUser | AnonymousUser,
    fields: Collection[str] = (),
) -> int:
    """From now on Nova leaves these records alone, or only `fields` of them; returns how many.

    What is planned of them is dropped or loses the fields. Writes without a subject are passed
    over.
    """
    chosen = list(writes.exclude(subject="").only("object_type", "subject", "customer_id"))
    rules = {
        (write.object_type, write.subject, field): WriteExclusion(
            object_type=write.object_type,
            subject=write.subject,
            customer_id=write.customer_id,
            field=field,
            decided_by_id=user.pk,
        )
        for write in chosen
        for field in (fields or [""])
    }
    WriteExclusion.objects.bulk_create(rules.values(), ignore_conflicts=True, batch_size=1_000)
    subjects = {(write.object_type, write.subject) for write in chosen}
    for object_type in {kind for kind, _ in subjects}:
        named = [subject for kind, subject in subjects if kind == object_type]
        rows = RemoteWrite.objects.open().filter(object_type=object_type, subject__among=named)
        _drop(rows, set(fields))
    return len(subjects)


def _drop(writes: RemoteWriteQuerySet, fields: set[str]) -> None:
    """Takes the fields, or all if there are none, out of the plan that stands."""
    if not fields:
        writes.delete()
        return
    trimmed = []
    for write in writes:
        left = {name: value for name, value in write.after.items() if name not in fields}
        if left == write.after:
            continue
        write.after = left
        write.before = {n: value for n, value in write.before.items() if n not in fields}
        trimmed.append(write)
    RemoteWrite.objects.filter(pk__in=[w.pk for w in trimmed if not w.after]).delete()
    RemoteWrite.objects.bulk_update([w for w in trimmed if w.after], ["before", "after"], 500)


@transaction.atomic
def allow_again(rules: Collection[WriteExclusion]) -> None:
    """Lifts exclusions; the next plan comes to what they kept out."""
    _compare_again((rule.object_type, rule.subject) for rule in rules)
    WriteExclusion.objects.filter(pk__in=[rule.pk for rule in rules]).delete()


@transaction.atomic
def try_again(writes: RemoteWriteQuerySet) -> int:
    """The next plan comes to failed writes once more; returns how many."""
    failed = writes.filter(state=WriteState.FAILED)
    rows = list(failed.values_list("pk", "object_type", "subject"))
    _compare_again(row[1:] for row in rows)
    chosen = RemoteWrite.objects.filter(pk__in=[row[0] for row in rows])
    return chosen.update(state=WriteState.SKIPPED, error=_AGAIN, updated_at=timezone.now())


def _compare_again(subjects: Iterable[tuple[str, str]]) -> None:
    """The next plan looks at these, by kind of object and subject, though nothing changed.

    New records, purchases and visits need no mark: every plan comes to what HubSpot lacks.
    """
    keys: dict[tuple[str, str], set[int]] = defaultdict(set)
    for object_type, subject in subjects:
        word, _, rest = subject.partition(" ")
        number = rest.partition(",")[0]
        if number.isdecimal():
            keys[object_type, word].add(int(number))
    now = timezone.now()
    for (object_type, word), found in keys.items():
        if object_type == CONTACTS:
            links = ContactLink.objects.filter(customer__in=found)
            links.update(is_push_due=True, updated_at=now)
        elif object_type == DEALS and word in _DEALS_BY:
            named = DealLink.objects.filter(**{f"{_DEALS_BY[word]}__in": found})
            named.update(is_push_due=True, updated_at=now)
        elif object_type == lists.OBJECT_TYPE:
            mirrored = AudienceLink.objects.filter(audience__in=found)
            mirrored.update(wanted_digest="", updated_at=now)


@transaction.atomic
def dismiss(writes: RemoteWriteQuerySet) -> int:
    """Failed writes wait for nobody any more, until their values are others; returns how many."""
    now = timezone.now()
    failed = list(writes.filter(state=WriteState.FAILED))
    told = [_RECORD_OF[write.object_type](write) for write in failed]
    problems = Problem.objects.open().filter(system=System.HUBSPOT, code="refused")
    problems.filter(record__in=told).update(resolved_at=now, updated_at=now)
    keys = [write.pk for write in failed]
    return RemoteWrite.objects.filter(pk__in=keys).update(dismissed_at=now, updated_at=now)


def fields_of(writes: RemoteWriteQuerySet) -> list[str]:
    """The fields that any of these would write and that can be left out by themselves."""
    names = {name for after in writes.values_list("after", flat=True) for name in after}
    return sorted(names.difference(_NOT_ALONE))
