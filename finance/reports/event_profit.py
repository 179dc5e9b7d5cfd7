"""What each show earned after every cost."""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum

from finance.models import Category, Expense, LedgerKind
from finance.reports.columns import (
    EXPENSES,
    GROSS,
    MARGIN,
    NET_REVENUE,
    NET_SALES,
    SEATS,
    linked,
)
from finance.reports.drilldown import (
    to_agreements,
    to_all_expenses,
    to_event,
    to_expenses,
    to_ledger,
    to_seats,
    to_shared_costs,
    to_shows_of_type,
)
from finance.reports.filters import (
    KnownForm,
    chart_currency,
    known_then,
    programme_span,
    to_changes,
)
from finance.services.figures import EventMoney
from finance.services.profit import listed_money
from finance.services.totals import month_totals, totals
from nova_project.money import format_money
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, Topic, register


def _deduction(heading: str, attribute: str, kind: LedgerKind, definition: str) -> Column:
    return Column(heading, attribute, Kind.MONEY, definition, to_ledger(attribute, kind))


def _cost(heading: str, attribute: str, category: Category) -> Column:
    definition = f"{heading} of this event alone: committed or paid, not planned."
    return Column(heading, attribute, Kind.MONEY, definition, to_expenses(attribute, category))


COLUMNS = [
    Column("Event ID", "reference", help="Eventbrite's id, or Nova's for an event of its own."),
    Column("Event", "name", link=to_event, names_row=True),
    Column("Date", "starts_on", Kind.DATE, help="The day of the show in its own time zone."),
    Column("Show type", "show_type", link=to_shows_of_type),
    Column("Currency", "currency"),
    linked(SEATS, to_seats),
    linked(GROSS, to_ledger("gross", LedgerKind.SALE)),
    _deduction("Refunds", "refunds", LedgerKind.REFUND, "What went back to buyers."),
    _deduction("Tax", "tax", LedgerKind.TAX, "The tax inside what buyers paid."),
    _deduction(
        "Eventbrite fees",
        "eventbrite_fees",
        LedgerKind.EVENTBRITE_FEE,
        "What Eventbrite keeps for its service.",
    ),
    _deduction(
        "Processing fees",
        "processing_fees",
        LedgerKind.PROCESSING_FEE,
        "What is kept for processing payments.",
    ),
    linked(NET_SALES, to_ledger("net_sales")),
    _cost("Room rental", "room_rental", Category.ROOM_RENTAL),
    _cost("Marketing", "marketing", Category.MARKETING),
    _cost("Production", "production", Category.PRODUCTION),
    _cost("Staff", "staff", Category.STAFF),
    Column(
        "Performers",
        "performers",
        Kind.MONEY,
        help="What performers are due by agreements that are agreed or paid; drafts do not count.",
        link=to_agreements,
    ),
    Column(
        "Shared costs",
        "shared_costs",
        Kind.MONEY,
        help="The event's part of costs that are shared by the shows of a type or period: "
        "equally, by seats or by gross, as each cost says.",
        link=to_shared_costs,
    ),
    linked(EXPENSES, to_all_expenses),
    NET_REVENUE,
    MARGIN,
    Column(
        "Cost per attendee",
        "cost_per_attendee",
        Kind.MONEY,
        help="Marketing of this event divided by its seats. A dash where there are no seats.",
    ),
]


def profit_by_month(rows: Sequence[EventMoney], arguments: Arguments) -> Chart | None:
    """Net sales and costs, performers among them, as bars and net revenue as a line."""
    currency = chart_currency(rows, arguments)
    months = month_totals(rows, currency)
    if not months:
        return None

    def series(name: str, values: list[Decimal], color: str, is_line: bool = False) -> Series:
        shown = [format_money(value, currency) for value in values]
        return Series(name, values, shown, color, is_line)

    return Chart(
        title=f"Net revenue by month, {currency}",
        heading="Month",
        labels=[f"{month:%b %Y}" for month, _ in months],
        series=[
            series("Net sales", [m.net_sales for _, m in months], "var(--color-primary-400)"),
            series("Costs", [m.costs for _, m in months], "var(--color-base-400)"),
            series("Net revenue", [m.net_revenue for _, m in months], "#d97706", is_line=True),
        ],
        unit=currency,
    )


def costs_without_bearer(arguments: Arguments) -> list[str]:
    """A sentence per currency on the shared costs of these days that no event bears."""
    if arguments["as_of"]:
        return known_then(arguments)
    period = arguments["period"]
    sums = (
        Expense.objects.counted()
        .shared()
        .filter(shares=None, spent_on__gte=period.start, spent_on__lt=period.end)
        .order_by("currency")
        .values_list("currency")
        .annotate(total=Sum("amount"))
    )
    return [
        f"{format_money(total, currency)} of shared costs dated in these days are in no row: no "
        f"show of their type and period sells in {currency}."
        for currency, total in sums
        if arguments["currency"] in ("", currency)
    ]


@register
class EventProfit(Report):
    slug, title = "event-profit", "Profit by event"
    description = "What each show sold, what it cost, and what was left."
    permission_required = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
    rests_on = (Topic.SALES, Topic.MONEY)
    form_class = KnownForm
    columns = COLUMNS
    rows = staticmethod(listed_money)
    totals = staticmethod(totals)
    key_figures = ("Gross", "Net sales", "Expenses", "Performers", "Net revenue", "Margin %")
    chart = staticmethod(profit_by_month)
    notes = staticmethod(costs_without_bearer)
    links = staticmethod(to_changes)
    span = staticmethod(programme_span)
    empty_hint = "Choose a longer period or another show type, or run the Eventbrite sync."
