"""Working through what waits: once per object, in a run of its system, a few attempts each."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, F, Value, When
from django.utils import timezone

from integrations.deliveries.forgetting import forget_objects
from integrations.deliveries.systems import REREADS
from integrations.errors import SyncError
from integrations.http import Patience
from integrations.models import WEBHOOKS, Delivery, DeliveryState, System
from integrations.models.deliveries import DeliveryQuerySet
from integrations.notices import Finding, Subject, Verdict
from integrations.sync import RunLog, sync_run

WAITS = (timedelta(seconds=15), timedelta(seconds=60), timedelta(minutes=5))
"""After the first, second and third attempt: what is read may lag behind what was told."""

ATTEMPTS = len(WAITS) + 1
ROUNDS = 20
"""One run reads so many groups of objects at most, lest a flood keeps the sync out."""

_CLAIMED_AT_MOST = 5_000

_Key = tuple[str, str]
"""An object: its kind and its id."""


def process_waiting(system: System, *, patience: Patience | None = None) -> RunLog | None:
    """Reads again what the webhooks of a system told of, as far as that is due. None: nothing is.

    Raises Busy: a run of the system is under way; what waits goes on waiting. Misconfigured,
    RetryLater: what they say; the deliveries concerned wait for their next attempt.
    """
    _leave_to_syncs(system)
    if not Delivery.objects.due(system).exists():
        return None
    with sync_run(system, WEBHOOKS) as log:
        rereading = REREADS[system].Rereading(log, patience=patience)
        for _ in range(ROUNDS):
            claimed = _claim(system, rereading.most)
            if not claimed:
                break
            _read(rereading.read, claimed)
        rereading.finish()
    return log


def _leave_to_syncs(system: System) -> None:
    """What a sync has read since needs no reading of its own."""
    now = timezone.now()
    Delivery.objects.filter(
        REREADS[system].read_by_syncs(),
        system=system,
        state__in=[DeliveryState.RECEIVED, DeliveryState.FAILED],
    ).update(
        state=DeliveryState.PROCESSED,
        message="A sync has read it since.",
        processed_at=now,
        updated_at=now,
    )


def _claim(system: System, most: int) -> dict[_Key, list[Delivery]]:
    """All that is due about the next `most` objects, counted as attempted before it is.

    So a delivery on which Nova breaks comes to an end, too.
    """
    due = Delivery.objects.due(system)
    _settle(
        due.filter(attempts__gte=ATTEMPTS),
        DeliveryState.FAILED,
        "Nova broke off while it read this. The log of the runs has the details.",
    )
    claimed: dict[_Key, list[Delivery]] = defaultdict(list)
    for delivery in due.order_by("due_at", "pk")[:_CLAIMED_AT_MOST]:
        key = (delivery.object_type, delivery.object_id)
        if key in claimed or len(claimed) < most:
            claimed[key].append(delivery)
    now = timezone.now()
    pks = [delivery.pk for deliveries in claimed.values() for delivery in deliveries]
    Delivery.objects.filter(pk__in=pks).update(
        due_at=_next_attempt(now), attempts=F("attempts") + 1, updated_at=now
    )
    return dict(claimed)


def _next_attempt(now: datetime) -> Case:
    waits = [When(attempts=done, then=Value(now + wait)) for done, wait in enumerate(WAITS)]
    return Case(*waits, default=Value(now), output_field=DateTimeField())


def _read(
    read: Callable[[list[Subject]], dict[Subject, Finding]], claimed: dict[_Key, list[Delivery]]
) -> None:
    """Reads the objects, and notes on their deliveries what came of it."""
    subjects = {_subject(key, about): about for key, about in claimed.items()}
    try:
        findings = read(list(subjects))
    except SyncError as error:
        for about in subjects.values():
            _put_off(about, str(error), in_the_end=DeliveryState.FAILED)
        raise
    for subject, finding in findings.items():
        _note(subjects[subject], finding)
    erased = [s for s in subjects if any(a.endswith("privacyDeletion") for a in s.actions)]
    for subject in erased:
        forget_objects(System.HUBSPOT, subject.object_type, [subject.object_id])


def _subject(key: _Key, about: list[Delivery]) -> Subject:
    return Subject(
        *key,
        told_at=max(delivery.told_at or delivery.received_at for delivery in about),
        actions=frozenset(delivery.action for delivery in about),
    )


def _note(about: list[Delivery], finding: Finding) -> None:
    rows = _rows(about)
    if finding.verdict == Verdict.DONE:
        _settle(rows, DeliveryState.PROCESSED, finding.message)
    elif finding.verdict == Verdict.REFUSED:
        _settle(rows, DeliveryState.FAILED, finding.message)
    else:
        _put_off(about, finding.message, in_the_end=DeliveryState.IGNORED)


def _put_off(about: list[Delivery], message: str, *, in_the_end: DeliveryState) -> None:
    """The next attempt stands already; after the last one it is the sync's turn."""
    last = [delivery for delivery in about if delivery.attempts + 1 >= ATTEMPTS]
    _settle(_rows(last), in_the_end, f"{message} It is left to the next sync.")
    _rows(about).waiting().update(message=message, updated_at=timezone.now())


def _rows(about: list[Delivery]) -> DeliveryQuerySet:
    return Delivery.objects.filter(pk__in=[delivery.pk for delivery in about])


def _settle(rows: DeliveryQuerySet, state: DeliveryState, message: str) -> None:
    now = timezone.now()
    rows.update(state=state, message=message, processed_at=now, updated_at=now)
