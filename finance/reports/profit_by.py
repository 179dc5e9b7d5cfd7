"""What shows earned by month, venue, show type and performers, against the periods before."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from finance.reports.columns import EXPENSES, GROSS, MARGIN, NET_REVENUE, NET_SALES, SEATS
from finance.reports.drilldown import to_shows_of_period
from finance.reports.filters import (
    KnownForm,
    chart_currency,
    known_then,
    programme_span,
    to_changes,
)
from finance.services.groups import GroupBy, GroupMoney, group_totals, grouped_money
from nova_project.money import ZERO, format_money
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, Topic, register

Link = Callable[[GroupMoney, Arguments], str]
_COMPARED = [
    Column(
        "Net revenue to date",
        "to_date",
        Kind.MONEY,
        "Net revenue of the shows up to today. A dash for days that have not begun.",
    ),
    Column(
        "Period before",
        "before",
        Kind.MONEY,
        "Net revenue of the period before it: of as many of its days as have gone by, where the "
        "period is still running.",
    ),
    Column("Change", "change", Kind.MONEY, "Net revenue to date less that of the period before."),
    Column(
        "Year before",
        "year_before",
        Kind.MONEY,
        "Net revenue of the same days a year before, of as many as have gone by.",
    ),
    Column(
        "Change in a year",
        "change_in_a_year",
        Kind.MONEY,
        "Net revenue to date less that of the year before.",
    ),
]


def _columns(heading: str, link: Link | None = None) -> list[Column]:
    events = "Shows that are played or planned, and cancelled ones that have money."
    return [
        Column(heading, "group", names_row=True),
        Column("Currency", "currency"),
        Column("Events", "events", Kind.COUNT, events, link),
        SEATS,
        GROSS,
        NET_SALES,
        EXPENSES,
        NET_REVENUE,
        MARGIN,
        *_COMPARED,
    ]


def _chart(rows: Sequence[GroupMoney], arguments: Arguments, *, heading: str) -> Chart | None:
    """Net revenue and that of the period before as bars, of one currency, in the rows' order."""
    currency = chart_currency(rows, arguments)
    bars = [(r.group, r.net_revenue, r.before) for r in rows if r.currency == currency]
    return _bars(bars, heading, currency) if bars else None


def _ranking(rows: Sequence[GroupMoney], arguments: Arguments, *, heading: str) -> Chart | None:
    """The same from the most to the least; of many groups, those that weigh most."""
    currency = chart_currency(rows, arguments)
    bars = [(r.group, r.net_revenue, r.before) for r in rows if r.currency == currency]
    bars.sort(key=lambda bar: -abs(bar[1]))
    shown, rest = (bars[: _MOST - 1], bars[_MOST - 1 :]) if len(bars) > _MOST else (bars, [])
    shown.sort(key=lambda bar: -bar[1])
    if rest:
        before = [bar[2] for bar in rest if bar[2] is not None]
        sums = sum((bar[1] for bar in rest), ZERO), sum(before, ZERO) if before else None
        shown.append((f"{len(rest)} others together", *sums))
    return _bars(shown, heading, currency, is_sideways=True) if shown else None


_MOST = 12
"""Bars that can be told apart."""
_Bar = tuple[str, Decimal, Decimal | None]
"""What it stands for, its net revenue, and that of the period before."""


def _bars(bars: Sequence[_Bar], heading: str, currency: str, *, is_sideways: bool = False) -> Chart:
    def series(name: str, values: list[Any], color: str) -> Series:
        return Series(name, values, [format_money(value, currency) for value in values], color)

    return Chart(
        title=f"Net revenue by {heading.lower()}, {currency}",
        heading=heading,
        labels=[bar[0] for bar in bars],
        series=[
            series("Net revenue", [bar[1] for bar in bars], "var(--color-primary-500)"),
            series("Period before", [bar[2] for bar in bars], "var(--color-base-400)"),
        ],
        unit=currency,
        is_sideways=is_sideways,
    )


class _ProfitBy(Report):
    """What the reports of this module have in common."""

    permission_required = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
    rests_on = (Topic.SALES, Topic.MONEY)
    form_class = KnownForm
    totals = staticmethod(group_totals)
    key_figures = ("Net sales", "Expenses", "Net revenue", "Margin %", "Change")
    notes = staticmethod(known_then)
    links = staticmethod(to_changes)
    span = staticmethod(programme_span)
    empty_hint = "Choose a longer period, or run the Eventbrite sync."


@register
class ProfitByMonth(_ProfitBy):
    slug, title = "profit-by-month", "Profit by month"
    description = "What the shows of each month earned, against the month and the year before."
    columns = _columns("Month", to_shows_of_period)
    rows = staticmethod(partial(grouped_money, GroupBy.MONTH))
    chart = staticmethod(partial(_chart, heading="Month"))


@register
class ProfitByVenue(_ProfitBy):
    slug, title = "profit-by-venue", "Profit by venue"
    description = "What the shows at each venue earned, against the period and the year before."
    columns = _columns("Venue")
    rows = staticmethod(partial(grouped_money, GroupBy.VENUE))
    chart = staticmethod(partial(_ranking, heading="Venue"))


@register
class ProfitByShowType(_ProfitBy):
    slug, title = "profit-by-show-type", "Profit by show type"
    description = "What each kind of show earned, against the period and the year before."
    columns = _columns("Show type")
    rows = staticmethod(partial(grouped_money, GroupBy.SHOW_TYPE))
    chart = staticmethod(partial(_ranking, heading="Show type"))


@register
class ProfitByPerformer(_ProfitBy):
    slug, title = "profit-by-performer", "Profit by performer"
    description = "What the shows of each performer earned, against the period and the year before."
    columns = _columns("Performers")
    rows = staticmethod(partial(grouped_money, GroupBy.PERFORMER))
    chart = staticmethod(partial(_ranking, heading="Performers"))

    @staticmethod
    def notes(arguments: Arguments) -> list[Any]:
        return [
            "A show with several performers stands under all of them together, so that each show "
            "counts once. Only agreements that are agreed or paid count.",
            *known_then(arguments),
        ]
