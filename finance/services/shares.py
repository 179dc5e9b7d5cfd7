"""Spreading shared costs over the events that bear them, to the cent.

The division is done in whole smallest units, and not in the database: an amount times a weight
exceeds 64 bits, beyond which SQLite would round.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum

from customers.models import Attendance
from events.models import Event
from finance.models import COST, Expense, ExpenseShare, LedgerKind, LedgerLine, Spread
from finance.models.expenses import shared_period
from nova_project.bulk import insert_many
from nova_project.money import from_minor, to_minor

_BATCH = 1_000
"""Costs that are compared at a time: what is in memory does not grow with the table."""

_Share = tuple[Decimal, str]
"""What an event bears of a cost: amount and currency."""

_TERMS = ("show_type_id", "currency", "spent_on", "shared_from", "shared_until")


def split(amount: Decimal, currency: str, weights: Sequence[int]) -> list[Decimal]:
    """`amount` in parts of whole smallest units, in proportion to `weights`.

    What is left over goes, a unit each, to the parts with the largest remainders; where those are
    equal, to the first ones. Weights that are all zero count as equal. Σ parts = amount, also for
    negative amounts. Raises ValueError: no parts.
    """
    if not weights:
        raise ValueError("A cost needs at least one event to bear it.")
    whole = sum(weights)
    if not whole:
        return split(amount, currency, [1] * len(weights))
    sign = -1 if amount < 0 else 1
    units = to_minor(abs(amount), currency)
    parts = [divmod(units * weight, whole) for weight in weights]
    left = units - sum(part for part, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    more = set(by_remainder[:left])
    return [
        from_minor(sign * (part + (place in more)), currency)
        for place, (part, _) in enumerate(parts)
    ]


@transaction.atomic
def share_expenses() -> int:
    """Makes the shares what the shared costs, the programme and its sales say now.

    A cost, less reclaimable tax, is borne by the played or planned events of its show type (all,
    where it names none) and period that are in its currency: in equal parts, by their valid seats
    or by their gross. Where there are no seats or no gross at all, it is borne in equal parts. Odd
    cents go to the largest remainders, then to the event with the lower id. A cost that no event
    can bear has no shares yet.

    Returns how many shares changed. For each thousand costs two reads and at most two writes;
    where nothing changed, no write at all.
    """
    bearers = _Bearers(Event.objects.played_or_planned(), LedgerLine.objects.all())
    costs = Expense.objects.counted().shared().order_by("pk")
    left_over = ExpenseShare.objects.exclude(expense__in=costs.order_by())
    stale = left_over.delete()[0] if left_over.exists() else 0
    missing = last = 0
    rows = costs.values_list("pk", COST, "spread", *_TERMS)
    while batch := list(rows.filter(pk__gt=last)[:_BATCH]):
        due = {
            pk: _parts(cost, term[1], bearers.of(*term), bearers.weigh(spread))
            for pk, cost, spread, *term in batch
        }
        removed, added = _bring_to(due)
        stale, missing, last = stale + removed, missing + added, batch[-1][0]
    return max(stale, missing)


def spread_costs(
    costs: QuerySet[Any], events: QuerySet[Event], lines: QuerySet[LedgerLine]
) -> Iterator[tuple[int, str, Decimal]]:
    """What `events` bear of shared costs, which may be earlier versions of them; writes nothing.

    `lines` tell what was sold; seats count as they are today. An event, a currency and an amount
    for each part. Up to four queries.
    """
    bearers = _Bearers(events, lines)
    rows = costs.order_by("id").values_list(COST, "spread", *_TERMS)
    for cost, spread, *terms in rows.iterator():
        parts = _parts(cost, terms[1], bearers.of(*terms), bearers.weigh(spread))
        for event_id, (part, currency) in parts.items():
            yield event_id, currency, part


class _Bearers:
    """The events that bear a cost, by id; costs with the same terms find them once."""

    def __init__(self, events: QuerySet[Event], lines: QuerySet[LedgerLine]) -> None:
        self._lines = lines
        self._events = sorted(events.values_list("starts_on", "pk", "show_type_id", "currency"))
        self._found: dict[tuple[object, ...], list[int]] = {}
        self._weights: dict[str, Mapping[int, int]] = {}

    def of(
        self,
        show_type_id: int | None,
        currency: str,
        spent_on: date,
        shared_from: date | None,
        shared_until: date | None,
    ) -> list[int]:
        terms = (show_type_id, currency, spent_on, shared_from, shared_until)
        if terms not in self._found:
            period = shared_period(spent_on, shared_from, shared_until)
            first, after = (
                bisect_left(self._events, day, key=lambda event: event[0])
                for day in (period.start, period.end)
            )
            self._found[terms] = sorted(
                pk
                for _, pk, own_type_id, own_currency in self._events[first:after]
                if own_currency == currency and show_type_id in (None, own_type_id)
            )
        return self._found[terms]

    def weigh(self, spread: str) -> Mapping[int, int] | None:
        """The weight of each event; None where all weigh the same. One query a kind."""
        if spread == Spread.EQUAL:
            return None
        if spread not in self._weights:
            is_seats = spread == Spread.SEATS
            valid = Attendance.objects.valid()
            self._weights[spread] = _seats(valid) if is_seats else _gross(self._lines)
        return self._weights[spread]


def _seats(seats: QuerySet[Attendance]) -> dict[int, int]:
    """How many `seats` there are by event. One query."""
    return dict(seats.order_by().values_list("event_id").annotate(taken=Count("pk")))


def _gross(lines: QuerySet[LedgerLine]) -> dict[int, int]:
    """What buyers paid by event, in smallest units of its own currency. One query."""
    sales = lines.filter(kind=LedgerKind.SALE, currency=F("event__currency")).order_by()
    paid = sales.values_list("event_id", "currency").annotate(Sum("amount"))
    return {event: max(0, to_minor(total, currency)) for event, currency, total in paid}


def is_equal_for_want_of(expense: Expense) -> bool:
    """Is a cost borne in equal parts only because its shows have no seats or gross yet?"""
    bearers = expense.shares.values("event_id")
    if expense.spread == Spread.EQUAL or not bearers.exists():
        return False
    if expense.spread == Spread.SEATS:
        return not any(_seats(Attendance.objects.valid().filter(event__in=bearers)).values())
    return not any(_gross(LedgerLine.objects.filter(event__in=bearers)).values())


def _parts(
    cost: Decimal, currency: str, event_ids: list[int], weights: Mapping[int, int] | None
) -> dict[int, _Share]:
    """What each event bears of a cost, by event. One that bears nothing is left out."""
    if not event_ids:
        return {}
    own = [1 if weights is None else weights.get(event, 0) for event in event_ids]
    parts = split(cost, currency, own)
    return {event: (part, currency) for event, part in zip(event_ids, parts, strict=True) if part}


def _bring_to(due: Mapping[int, Mapping[int, _Share]]) -> tuple[int, int]:
    """Makes the shares of these costs what is `due`; how many went, and how many came."""
    held: dict[int, dict[int, _Share]] = defaultdict(dict)
    keys: dict[tuple[int, int], int] = {}
    shares = ExpenseShare.objects.filter(expense__gte=min(due), expense__lte=max(due))
    fields = ("pk", "expense_id", "event_id", "amount", "currency")
    for pk, expense, event, *share in shares.order_by().values_list(*fields).iterator():
        held[expense][event] = (share[0], share[1])
        keys[expense, event] = pk
    differing = [expense for expense in due if due[expense] != held[expense]]
    stale = [
        keys[expense, event]
        for expense in differing
        for event, share in held[expense].items()
        if due[expense].get(event) != share
    ]
    missing = [
        (expense, event, *share)
        for expense in differing
        for event, share in due[expense].items()
        if held[expense].get(event) != share
    ]
    if stale:
        ExpenseShare.objects.filter(pk__in=stale).delete()
    insert_many(ExpenseShare, missing, fields=("expense_id", "event_id", "amount", "currency"))
    return len(stale), len(missing)
