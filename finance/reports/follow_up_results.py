"""Follow-ups: who booked again, against those who were held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from finance.services.followups import LEAST, Result, follow_up_results
from nova_project.periods import Period
from nova_project.reports import Arguments, Column, Kind, PeriodForm, Report, Topic, register

_HUNDRED = 100


class FollowUpForm(PeriodForm):
    """A period only: net sales are in the company's currency."""

    currency = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A result, flat, as tables show it. `lift`, `low` and `high` are points."""

    name: str
    follow_up_id: int
    currency: str
    days: int
    reached: int
    held: int
    open: int
    reached_won: int
    held_won: int
    reached_share: Decimal | None
    held_share: Decimal | None
    lift: Decimal | None
    low: Decimal | None
    high: Decimal | None
    reached_sales: Decimal | None
    held_sales: Decimal | None
    verdict: str


def follow_up_rows(period: Period) -> list[Row]:
    """Each follow-up that went out in the period, by name. Two queries."""
    return [_row(result) for result in follow_up_results(period)]


def _row(result: Result) -> Row:
    interval, reached, held = result.interval, result.reached, result.held
    return Row(
        name=result.follow_up,
        follow_up_id=result.follow_up_id,
        currency=result.currency,
        days=result.days,
        reached=reached.people,
        held=held.people,
        open=result.open,
        reached_won=reached.won,
        held_won=held.won,
        reached_share=reached.share,
        held_share=held.share,
        lift=result.lift,
        low=_points(interval.low) if interval else None,
        high=_points(interval.high) if interval else None,
        reached_sales=reached.net_sales_each,
        held_sales=held.net_sales_each,
        verdict=result.verdict,
    )


def _points(share: float) -> Decimal:
    return Decimal(str(round(share * _HUNDRED, 2)))


def to_follow_up(row: Row, arguments: Arguments) -> str:
    return reverse("admin:customers_followup_change", args=[row.follow_up_id])


COLUMNS = [
    Column("Follow-up", "name", link=to_follow_up, names_row=True),
    Column("Got it", "reached", Kind.COUNT, "People who got it, and whose days are over."),
    Column("Held out", "held", Kind.COUNT, "People who never get it, and whose days are over."),
    Column("Booked %", "reached_share", Kind.PERCENT, "Of those who got it."),
    Column("Held out, booked %", "held_share", Kind.PERCENT, "Of those held out."),
    Column(
        "Difference",
        "lift",
        Kind.PERCENT,
        f"In points: what it brings. From {LEAST} people in each group on.",
        undefined="too few",
    ),
    Column("From", "low", Kind.PERCENT, "The 95 % interval of the difference begins here."),
    Column("To", "high", Kind.PERCENT, "And ends here. If 0 lies between, nothing is shown."),
    Column("What it comes to", "verdict", wraps=True),
    Column("Currency", "currency"),
    Column(
        "Net sales per person",
        "reached_sales",
        Kind.MONEY,
        "Of the orders of these days, by everybody who got it, bookers or not.",
    ),
    Column("Net sales per person held out", "held_sales", Kind.MONEY, "Of those held out."),
    Column("Booked", "reached_won", Kind.COUNT, "Of those who got it: who booked in these days."),
    Column("Held out, booked", "held_won", Kind.COUNT, "The same of those held out."),
    Column("Too early", "open", Kind.COUNT, "People of both groups whose days are not over yet."),
    Column("Days", "days", Kind.COUNT, "A booking counts within so many days."),
]


@register
class FollowUpResults(Report):
    slug, title = "follow-up-results", "Follow-up results"
    description = "Which follow-ups bring people back, against those who were held out."
    permission_required = "customers.view_followup"
    form_class = FollowUpForm
    columns = COLUMNS
    rows = staticmethod(follow_up_rows)
    dates = "by the day on which a person first got it or was held out"
    rests_on = (Topic.SALES, Topic.PEOPLE)
    empty_hint = "No follow-up went out in these days. Switch one on: Marketing, Follow-ups."

    @staticmethod
    def notes(arguments: Arguments) -> Sequence[str]:
        return [
            "Both groups passed the same checks at the same moment, so they differ by the e-mail "
            "alone. The interval is Newcombe's, of Wilson's scores."
        ]
