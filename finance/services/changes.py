"""What has become known since a day: how the money of shows differs from what it was then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from events.models import Event, ShowType
from finance.models import Expense, LedgerLine
from finance.services.figures import AMOUNTS, EventMoney
from finance.services.known import end_of
from finance.services.profit import event_money, events_of
from nova_project.money import ZERO, company_currency
from nova_project.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a figure did to net revenue since a day, in one currency. The parts add up to `change`.

    `lines` and `edits` count what became known: ledger lines, and changes of own expenses.
    """

    currency: str
    then: Decimal = ZERO
    now: Decimal = ZERO
    gross: Decimal = ZERO
    refunds: Decimal = ZERO
    tax_and_fees: Decimal = ZERO
    own_costs: Decimal = ZERO
    performers: Decimal = ZERO
    shared_costs: Decimal = ZERO
    lines: int = 0
    edits: int = 0

    @property
    def change(self) -> Decimal:
        return self.now - self.then

    @property
    def is_any(self) -> bool:
        """Did anything change? Lines and edits may cancel each other out, and are told all the
        same.
        """
        return any(getattr(self, name) for name in _PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanges(Changes):
    """The changes of one event."""

    event_id: int
    reference: str
    name: str
    starts_on: date


_SUMMED = tuple(f.name for f in fields(Changes) if f.name != "currency")
_PARTS = tuple(name for name in _SUMMED if name not in ("then", "now"))


def changes_since(
    period: Period, *, as_of: date, show_type: ShowType | None = None, currency: str = ""
) -> list[EventChanges]:
    """The shows of `period` of whose money something became known after `as_of`. 17 queries."""
    events = events_of(period, show_type)
    before = {(row.event_id, row.currency): row for row in event_money(events, as_of)}
    lines, edits = _lines_since(events, as_of), _edits_since(events, as_of)
    found = []
    rows = {(row.event_id, row.currency): row for row in event_money(events)}
    for key, row in ({**before, **rows}).items():
        if currency in ("", row.currency):
            nothing = _nothing(row)
            then, now = before.get(key, nothing), rows.get(key, nothing)
            found.append(_compared(then, now, lines.get(key, 0), edits.get(key, 0)))
    return [changes for changes in found if changes.is_any]


def change_totals(rows: Iterable[Changes]) -> list[Changes]:
    """The sums of `rows`, a row per currency, the company's first."""
    by_currency: dict[str, list[Changes]] = {}
    for row in rows:
        by_currency.setdefault(row.currency, []).append(row)
    ordered = sorted(by_currency, key=lambda code: (code != company_currency(), code))
    return [Changes(currency=code, **_sums(by_currency[code])) for code in ordered]


def shared_edits_since(as_of: date) -> int:
    """How often costs that several shows share were changed after a day."""
    edits = Expense.history.filter(history_date__gte=end_of(as_of), event_id=None)
    return int(edits.count())


def _compared(then: EventMoney, now: EventMoney, lines: int, edits: int) -> EventChanges:
    return EventChanges(
        event_id=now.event_id,
        reference=now.reference,
        name=now.name,
        starts_on=now.starts_on,
        currency=now.currency,
        then=then.net_revenue,
        now=now.net_revenue,
        gross=now.gross - then.gross,
        refunds=then.refunds - now.refunds,
        tax_and_fees=_tax_and_fees(then) - _tax_and_fees(now),
        own_costs=_own_costs(then) - _own_costs(now),
        performers=then.performers - now.performers,
        shared_costs=then.shared_costs - now.shared_costs,
        lines=lines,
        edits=edits,
    )


def _tax_and_fees(row: EventMoney) -> Decimal:
    return row.tax + row.eventbrite_fees + row.processing_fees


def _own_costs(row: EventMoney) -> Decimal:
    return row.expenses - row.performers - row.shared_costs


def _nothing(row: EventMoney) -> EventMoney:
    """The event of `row` without any money."""
    nothing: dict[str, Any] = dict.fromkeys(AMOUNTS, ZERO)
    return replace(row, **nothing)


def _sums(rows: Sequence[Changes]) -> dict[str, Any]:
    return {name: sum(getattr(row, name) for row in rows) for name in _SUMMED}


_Counts = dict[tuple[int, str], int]


def _lines_since(events: QuerySet[Event], as_of: date) -> _Counts:
    return _counts(LedgerLine.objects.filter(known_at__gte=end_of(as_of)), events, "pk")


def _edits_since(events: QuerySet[Event], as_of: date) -> _Counts:
    return _counts(Expense.history.filter(history_date__gte=end_of(as_of)), events, "history_id")


def _counts(rows: QuerySet[Any], events: QuerySet[Event], key: str) -> _Counts:
    counted = rows.filter(event_id__in=events.order_by().values("pk")).order_by()
    by_show = counted.values_list("event_id", "currency").annotate(times=Count(key))
    return {(event, currency): times for event, currency, times in by_show}
