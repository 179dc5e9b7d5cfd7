"""Payouts of a period beside what reached the bank, added up and by age; what is overdue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Case, Exists, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Round
from django.utils import timezone

from events.models import Event, ShowType
from finance.models import Deposit, DepositMatch
from finance.services.payouts import (
    FIGURES,
    Payout,
    PayoutFigures,
    PayoutStatus,
    expected_payout,
    explained,
    payouts_of,
)
from finance.services.profit import events_of
from nova_project.money import ZERO, MoneyField, company_currency
from nova_project.periods import Period

AGES = (("0–7 days", 0, 7), ("8–30 days", 8, 30), ("31–60 days", 31, 60), ("60+ days", 61, 10**6))
"""Label, first and last day of each span."""


def reconciliation(
    period: Period, *, show_type: ShowType | None = None, currency: str = "", status: str = ""
) -> list[Payout]:
    """The payouts of the events of `period`, then the deposits booked in it that no event has.

    Deposits are left out where a show type is asked for. Five queries.
    """
    rows = payouts_of(events_of(period, show_type))
    if show_type is None:
        rows += unmatched_deposits(period)
    return [
        row for row in rows if currency in ("", row.currency) and status in ("", row.status.value)
    ]


def unmatched_deposits(period: Period) -> list[Payout]:
    """What is left of each deposit of `period`, as rows of the report. One query."""
    deposits = Deposit.objects.unmatched().filter(
        booked_on__gte=period.start, booked_on__lt=period.end
    )
    fields = ("pk", "booked_on", "currency", "description", "counterparty", "unmatched")
    return [
        Payout(
            deposit_id=pk,
            name=text or counterparty or "Deposit without a text",
            day=booked_on,
            due_on=booked_on,
            currency=currency,
            deposited=rest,
            status=PayoutStatus.UNMATCHED,
        )
        for pk, booked_on, currency, text, counterparty, rest in deposits.order_by(
            "booked_on", "pk"
        ).values_list(*fields)
    ]


def payout_totals(rows: Iterable[Payout]) -> list[PayoutFigures]:
    """The sums of `rows`, a row per currency, the company's first."""
    groups: dict[str, list[Payout]] = defaultdict(list)
    for row in rows:
        groups[row.currency].append(row)
    ordered = sorted(groups, key=lambda code: (code != company_currency(), code))
    return [
        PayoutFigures(
            currency=code,
            **{name: sum((getattr(row, name) for row in groups[code]), ZERO) for name in FIGURES},
        )
        for code in ordered
    ]


def by_age(rows: Sequence[Payout], currency: str) -> list[tuple[str, Decimal, Decimal]]:
    """Per span of days: its label, what has not arrived, and what arrived and is not matched."""
    open_rows = [row for row in rows if row.is_open and row.currency == currency]
    spans = []
    for label, first, last in AGES:
        inside = [row for row in open_rows if first <= row.days_open <= last]
        missing = (row.outstanding for row in inside if row.event_id)
        unmatched = (row.deposited for row in inside if row.deposit_id)
        spans.append((label, sum(missing, ZERO), sum(unmatched, ZERO)))
    return spans


def overdue_events() -> QuerySet[Event]:
    """Events whose payout is late and of which nothing arrived, with `missing`: what should have.

    Since deposits are kept: shows that were over before the first of them are left alone. For the
    event's own currency.
    """
    late = timezone.now() - timedelta(days=settings.NOVA_PAYOUT_LATE_DAYS + 1)
    since = Deposit.objects.order_by().values("currency").annotate(first=Min("booked_on"))
    first = {row["currency"]: row["first"] for row in since}
    events = Event.objects.filter(end_at__lt=late)
    if first:
        start = min(first.values()) - timedelta(days=settings.NOVA_PAYOUT_LATE_DAYS)
        events = events.filter(starts_on__gte=start, currency__in=first)
    else:
        events = events.none()
    matches = DepositMatch.objects.filter(event=OuterRef("pk"), currency=OuterRef("currency"))
    owed = Round(expected_payout() + explained(), precision=3, output_field=MoneyField())
    # Within a case, so that no database adds up the lines of the many events that are paid.
    missing = Case(When(Exists(matches), then=Value(ZERO)), default=owed, output_field=MoneyField())
    is_owed = ~Q(missing=0)
    return events.annotate(missing=missing).filter(is_owed)
