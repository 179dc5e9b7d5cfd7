"""What the finders come to, kept as rows, so that what staff said of a pair holds for good."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.models import Customer, EmailAddress
from integrations.matching.finders import Changed, find_customers
from integrations.matching.lonely import find_contacts
from integrations.matching.pairs import Pair
from integrations.models import ContactLink, MatchSuggestion, SuggestionState, System
from integrations.sync import read_cursor, save_cursor
from nova_project.bulk import upsert

STREAM = "suggestions"
_OVERLAP = timedelta(minutes=10)
"""A change may become visible a little after the time that it bears."""
_MANY = 20_000
"""Of more changed people than that, all are looked at: it is faster."""
_FIELDS = (
    "pair",
    "customer_id",
    "other_id",
    "link_id",
    "rule",
    "evidence",
    "strength",
    "state",
)


class Refreshed(NamedTuple):
    """How many customers were looked at (None: all), and what became of the suggestions."""

    looked_at: int | None
    new: int
    gone: int


@transaction.atomic
def refresh_suggestions(*, everyone: bool = False) -> Refreshed:
    """Brings the suggestions in step with the people who changed since the last time, or with
    `everyone`.

    A pair that nothing speaks for any more goes, unless staff decided on it: what they rejected is
    never open again. Three queries if nobody changed.
    """
    started_at = timezone.now()
    position = read_cursor(System.HUBSPOT, STREAM)
    changed: Changed = None
    if position and not everyone:
        changed = _changed_since(datetime.fromisoformat(position["done_at"]) - _OVERLAP)
        if not changed:
            return Refreshed(0, 0, 0)
        changed = changed if len(changed) <= _MANY else None
    found = find_customers(changed) | find_contacts()
    new = _keep(found)
    gone = _forget(found, changed)
    save_cursor(System.HUBSPOT, STREAM, {"done_at": started_at.isoformat()})
    return Refreshed(None if changed is None else len(changed), new, gone)


def _changed_since(since: datetime) -> set[int]:
    people = Customer.objects.filter(updated_at__gte=since).order_by()
    addresses = EmailAddress.objects.filter(updated_at__gte=since).order_by()
    links = ContactLink.objects.filter(updated_at__gte=since, customer__isnull=False).order_by()
    lonely = ContactLink.objects.filter(updated_at__gte=since, customer=None)
    changed = set(people.values_list("pk", flat=True))
    changed |= set(addresses.values_list("customer_id", flat=True))
    changed |= {pk for pk in links.values_list("customer_id", flat=True) if pk}
    # Nobody is number 0: it stands for a contact without a customer that changed.
    return changed | ({0} if not changed and lonely.exists() else set())


def _keep(found: dict[str, Pair]) -> int:
    rows = [
        (
            name,
            pair.customer_id,
            pair.other_id,
            pair.link_id,
            str(pair.strongest.rule),
            pair.evidence,
            pair.strength,
            str(SuggestionState.OPEN),
        )
        for name, pair in sorted(found.items(), key=lambda named: named[1].customer_id)
    ]
    return len(upsert(MatchSuggestion, rows, fields=_FIELDS, key="pair", keep=["state"]).created)


def _forget(found: dict[str, Pair], changed: Changed) -> int:
    """Open pairs of those who were looked at that were not found again go."""
    waiting: QuerySet[Any] = MatchSuggestion.objects.filter(state=SuggestionState.OPEN)
    if changed is not None:
        ids = list(changed)
        of_changed = Q(customer__pk__among=ids) | Q(other__pk__among=ids) | Q(link__isnull=False)
        waiting = waiting.filter(of_changed)
    gone = [pk for pk, pair in waiting.order_by().values_list("pk", "pair") if pair not in found]
    MatchSuggestion.objects.filter(pk__in=gone).delete()
    return len(gone)
