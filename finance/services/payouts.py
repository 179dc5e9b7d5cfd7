"""What Eventbrite should pay out for each event, what arrived and what was explained: defined once.

Sales that Eventbrite does not process (at the door, by PayPal, on invoice) are in no payout, so
they are in none of these figures.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.models.ticketing import processed_by_eventbrite
from events.models import Event
from finance.models import DepositMatch, LedgerKind, LedgerLine, PayoutVariance, VarianceKind
from nova_project.models import sum_of
from nova_project.money import ZERO


def payout_lines() -> QuerySet[LedgerLine]:
    """The ledger lines that Eventbrite settles with the organiser; their sum is what it pays out.

    Tax is one of them where Eventbrite remits it (`NOVA_EVENTBRITE_REMITS_TAX`); else it is paid
    out to the organiser, who owes it.
    """
    lines = LedgerLine.objects.filter(processed_by_eventbrite("order"))
    return lines if settings.NOVA_EVENTBRITE_REMITS_TAX else lines.exclude(kind=LedgerKind.TAX)


def expected_payout() -> Coalesce:
    """For an annotation of events: the expected payout in the event's own currency."""
    own = payout_lines().filter(currency=OuterRef("currency"))
    return sum_of(own, "amount", per="event")


def deposited() -> Coalesce:
    """For an annotation of events: what reached the bank for it, in the event's own currency."""
    own = DepositMatch.objects.filter(currency=OuterRef("currency"))
    return sum_of(own, "amount", per="event")


def explained() -> Coalesce:
    """For an annotation of events: the differences that staff explained, signed as the variance."""
    own = PayoutVariance.objects.filter(currency=OuterRef("currency"))
    return sum_of(own, "amount", per="event")


class PayoutStatus(StrEnum):
    NOT_DUE = "Not due"
    AWAITING = "Awaiting"
    OVERDUE = "Overdue"
    MATCHED = "Matched"
    EXPLAINED = "Matched with explained difference"
    PARTIAL = "Partial"
    WRITTEN_OFF = "Written off"
    UNMATCHED = "Unmatched deposit"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFigures:
    """Money between the buyer and the bank in one currency. Deductions are positive amounts."""

    currency: str
    gross: Decimal = ZERO
    refunds: Decimal = ZERO
    tax: Decimal = ZERO
    eventbrite_fees: Decimal = ZERO
    processing_fees: Decimal = ZERO
    deposited: Decimal = ZERO
    explained: Decimal = ZERO

    @property
    def expected(self) -> Decimal:
        taken = self.refunds + self.tax + self.eventbrite_fees + self.processing_fees
        return self.gross - taken

    @property
    def variance(self) -> Decimal:
        """Deposited less expected: negative where money is missing."""
        return self.deposited - self.expected

    @property
    def outstanding(self) -> Decimal:
        """What should still arrive: the variance that nobody explained, with its sign turned."""
        return self.explained - self.variance


FIGURES = tuple(name for name in PayoutFigures.__dataclass_fields__ if name != "currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout(PayoutFigures):
    """The payout of one event in one currency, or a deposit that no event has yet."""

    event_id: int | None = None
    deposit_id: int | None = None
    reference: str = ""
    name: str
    day: date
    due_on: date
    status: PayoutStatus

    @property
    def days_open(self) -> int:
        """How many days ago it was due, or the deposit was booked."""
        return (timezone.localdate() - self.due_on).days

    @property
    def is_open(self) -> bool:
        """Money is due and not there, or there and not matched."""
        return self.outstanding != 0 and self.days_open >= 0


_FIGURE_OF: dict[str, tuple[str, int]] = {
    LedgerKind.SALE: ("gross", 1),
    LedgerKind.REFUND: ("refunds", -1),
    LedgerKind.TAX: ("tax", -1),
    LedgerKind.EVENTBRITE_FEE: ("eventbrite_fees", -1),
    LedgerKind.PROCESSING_FEE: ("processing_fees", -1),
}
_Key = tuple[int, str]
_WRITTEN_OFF = "written_off"


def payouts_of(events: QuerySet[Event]) -> list[Payout]:
    """The payouts of those of `events` that have any money of it: a row per event and currency.

    In the order of `events`. Four queries, however many there are.
    """
    found = _figures(events)
    currencies: dict[int, list[str]] = defaultdict(list)
    for event_id, currency in sorted(found):
        currencies[event_id].append(currency)
    rows = []
    for pk, eventbrite_id, name, starts_on, end_at, zone in events.values_list(*_IDENTITY):
        for currency in currencies.get(pk, ()):
            figures: dict[str, Any] = dict(found[pk, currency])
            is_written_off = bool(figures.pop(_WRITTEN_OFF, 0))
            due_on = due_day(end_at.astimezone(ZoneInfo(zone)).date())
            whole = PayoutFigures(currency=currency, **figures)
            rows.append(
                Payout(
                    event_id=pk,
                    reference=eventbrite_id or f"nova-{pk}",
                    name=name,
                    day=starts_on,
                    due_on=due_on,
                    currency=currency,
                    status=_status(whole, due_on, is_written_off),
                    **figures,
                )
            )
    return rows


_IDENTITY = ("pk", "eventbrite_id", "name", "starts_on", "end_at", "time_zone")


def due_day(ended_on: date) -> date:
    """The day on which Eventbrite starts to pay out a show that ended on `ended_on`."""
    return ended_on + timedelta(days=settings.NOVA_PAYOUT_DAYS)


def last_day(due_on: date) -> date:
    """The last day on which a payout that was due on `due_on` is in time."""
    return due_on + timedelta(days=settings.NOVA_PAYOUT_LATE_DAYS - settings.NOVA_PAYOUT_DAYS)


def _figures(events: QuerySet[Event]) -> dict[_Key, dict[str, Decimal]]:
    found: dict[_Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    keys = events.order_by().values("pk")
    for source in (_expected, _deposited, _explained):
        for event_id, currency, figure, amount in source(keys):
            found[event_id, currency][figure] += amount
    return found


_Amount = tuple[int, str, str, Decimal]


def _expected(keys: QuerySet[Any, Any]) -> Iterator[_Amount]:
    sums = payout_lines().filter(event__in=keys).order_by()
    rows = sums.values_list("event_id", "currency", "kind").annotate(total=Sum("amount"))
    for event_id, currency, kind, total in rows:
        figure, sign = _FIGURE_OF[kind]
        yield event_id, currency, figure, total * sign


def _deposited(keys: QuerySet[Any, Any]) -> Iterator[_Amount]:
    sums = DepositMatch.objects.filter(event__in=keys).order_by()
    for row in sums.values_list("event_id", "currency").annotate(total=Sum("amount")):
        yield row[0], row[1], "deposited", row[2]


def _explained(keys: QuerySet[Any, Any]) -> Iterator[_Amount]:
    sums = PayoutVariance.objects.filter(event__in=keys).order_by()
    rows = sums.values_list("event_id", "currency", "kind").annotate(total=Sum("amount"))
    for event_id, currency, kind, total in rows:
        yield event_id, currency, "explained", total
        if kind == VarianceKind.WRITE_OFF:
            yield event_id, currency, _WRITTEN_OFF, Decimal(1)


def _status(money: PayoutFigures, due_on: date, is_written_off: bool) -> PayoutStatus:
    today = timezone.localdate()
    if money.outstanding == 0:
        if is_written_off:
            return PayoutStatus.WRITTEN_OFF
        if money.variance:
            return PayoutStatus.EXPLAINED
        is_nothing_yet = today < due_on and not money.deposited
        return PayoutStatus.NOT_DUE if is_nothing_yet else PayoutStatus.MATCHED
    if money.deposited:
        return PayoutStatus.PARTIAL
    if today < due_on:
        return PayoutStatus.NOT_DUE
    return PayoutStatus.AWAITING if today <= last_day(due_on) else PayoutStatus.OVERDUE
