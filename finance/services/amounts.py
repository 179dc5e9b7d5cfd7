"""Where each figure of an event comes from: ledger lines, costs, shares and seats.

What performers are due follows from these: `finance.services.performers`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet

from customers.models import Attendance
from events.models import Event
from finance.models import COST, Category, ExpenseShare, LedgerKind
from finance.services.known import costs_known, lines_known, seats_known, shares_known
from nova_project.models import Total

_Key = tuple[int, str]
"""An event and a currency."""

# Which figure is the sum of which lines and expenses.
_OF_LINES = {
    "gross": Total("amount", filter=Q(kind=LedgerKind.SALE)),
    "refunds": Total("amount", filter=Q(kind=LedgerKind.REFUND)),
    "tax": Total("amount", filter=Q(kind=LedgerKind.TAX)),
    "eventbrite_fees": Total("amount", filter=Q(kind=LedgerKind.EVENTBRITE_FEE)),
    "processing_fees": Total("amount", filter=Q(kind=LedgerKind.PROCESSING_FEE)),
}
_OF_COSTS = {
    "room_rental": Total(COST, filter=Q(category=Category.ROOM_RENTAL)),
    "marketing": Total(COST, filter=Q(category=Category.MARKETING)),
    "production": Total(COST, filter=Q(category=Category.PRODUCTION)),
    "staff": Total(COST, filter=Q(category=Category.STAFF)),
}
_OF_SHARES = {"shared_costs": Total("amount")}


def amounts_of(
    events: QuerySet[Event], as_of: date | None = None
) -> dict[_Key, dict[str, Decimal]]:
    """The figures of `events` that there are, by event and currency; without dues.

    With `as_of`, as they were known at the end of that day.
    """
    found: dict[_Key, dict[str, Decimal]] = defaultdict(dict)
    for source in (_ledger, _own_costs, _shared_costs):
        for key, figures in source(events, as_of):
            known = found[key]
            for figure, amount in figures.items():
                known[figure] = known[figure] + amount if figure in known else amount
    return found


_Figures = Iterator[tuple[_Key, Mapping[str, Decimal]]]


def _ledger(events: QuerySet[Event], as_of: date | None) -> _Figures:
    """Deductions are negative in the ledger, and positive among the figures."""
    for key, figures in _summed(lines_known(as_of), _OF_LINES, events):
        yield key, {name: -v if name != "gross" else v for name, v in figures.items()}


def _own_costs(events: QuerySet[Event], as_of: date | None) -> _Figures:
    for costs in costs_known(as_of):
        yield from _summed(costs, _OF_COSTS, events)


def _shared_costs(events: QuerySet[Event], as_of: date | None) -> _Figures:
    if as_of is None:
        yield from _summed(ExpenseShare.objects.all(), _OF_SHARES, events)
        return
    for event_id, currency, part in shares_known(as_of):
        yield (event_id, currency), {"shared_costs": part}


def _summed(rows: QuerySet[Any], sums: Mapping[str, Total], events: QuerySet[Event]) -> _Figures:
    """The sums of those of `rows` that are of `events`, by event and currency. One query."""
    of_events = rows.filter(event__in=events.order_by().values("pk")).order_by()
    for event_id, currency, *totals in of_events.values_list("event_id", "currency").annotate(
        **sums
    ):
        figures = zip(sums, totals, strict=True)
        yield (event_id, currency), {name: total for name, total in figures if total is not None}


def seats_of(events: QuerySet[Event], as_of: date | None = None) -> dict[int, int | None]:
    """The valid seats of those of `events` that have any; None where they are not known."""
    if as_of:
        return seats_known(events, as_of)
    counted = (
        Attendance.objects.valid()
        .filter(event__in=events.values("pk"))
        .order_by()
        .values_list("event_id")
        .annotate(taken=Count("pk"))
    )
    return dict(counted)
