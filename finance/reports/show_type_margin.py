"""Which kinds of show pay, and how well."""

from collections.abc import Sequence

from finance.reports.columns import EXPENSES, GROSS, MARGIN, NET_REVENUE, NET_SALES, SEATS
from finance.reports.drilldown import to_shows_of_type
from finance.reports.filters import (
    KnownForm,
    chart_currency,
    known_then,
    programme_span,
    to_changes,
)
from finance.services.figures import ShowTypeMoney
from finance.services.profit import show_type_money
from finance.services.totals import totals
from nova_project.money import format_money
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, Topic, register

COLUMNS = [
    Column("Show type", "show_type", link=to_shows_of_type, names_row=True),
    Column("Currency", "currency"),
    Column(
        "Events",
        "events",
        Kind.COUNT,
        help="Shows that are played or planned, and cancelled ones that have money.",
        link=to_shows_of_type,
    ),
    SEATS,
    GROSS,
    NET_SALES,
    EXPENSES,
    NET_REVENUE,
    MARGIN,
]


def margin_by_show_type(rows: Sequence[ShowTypeMoney], arguments: Arguments) -> Chart | None:
    """Net revenue as bars and margin as points, of one currency."""
    currency = chart_currency(rows, arguments)
    shown = [row for row in rows if row.currency == currency]
    if not shown:
        return None
    revenue = Series(
        "Net revenue",
        [row.net_revenue for row in shown],
        [format_money(row.net_revenue, currency) for row in shown],
        "var(--color-primary-500)",
    )
    margin = Series(
        "Margin %",
        [row.margin for row in shown],
        [MARGIN.shown(row) for row in shown],
        "#d97706",
        is_percent=True,
    )
    return Chart(
        title=f"Net revenue and margin by show type, {currency}",
        heading="Show type",
        labels=[row.show_type for row in shown],
        series=[revenue, margin],
        unit=currency,
    )


@register
class ShowTypeMargin(Report):
    slug, title = "show-type-margin", "Margin by show type"
    description = "Which kinds of show pay, and how well: sums over all shows of a type."
    permission_required = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
    rests_on = (Topic.SALES, Topic.MONEY)
    form_class = KnownForm
    columns = COLUMNS
    rows = staticmethod(show_type_money)
    totals = staticmethod(totals)
    key_figures = ("Net sales", "Expenses", "Net revenue", "Margin %")
    chart = staticmethod(margin_by_show_type)
    notes = staticmethod(known_then)
    links = staticmethod(to_changes)
    span = staticmethod(programme_span)
    empty_hint = "Choose a longer period, or run the Eventbrite sync."
