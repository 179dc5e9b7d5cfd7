"""The columns that reports about shows have in common, with their one definition each."""

from dataclasses import replace

from finance.reports.drilldown import Link
from nova_project.reports import Column, Kind

SEATS = Column(
    "Seats",
    "seats",
    Kind.COUNT,
    help="Valid seats: not cancelled, refunded, deleted or transferred away, of a placed order.",
)
GROSS = Column(
    "Gross",
    "gross",
    Kind.MONEY,
    help="What buyers paid, with tax and fees, before refunds.",
)
NET_SALES = Column(
    "Net sales",
    "net_sales",
    Kind.MONEY,
    help="Gross less refunds, tax, Eventbrite fees and processing fees.",
)
EXPENSES = Column(
    "Expenses",
    "expenses",
    Kind.MONEY,
    help="Room rental, marketing, production, staff and shared costs together; performers stand "
    "apart. Committed and paid costs count; planned ones and budgets do not.",
)
NET_REVENUE = Column(
    "Net revenue",
    "net_revenue",
    Kind.MONEY,
    help="The profit: net sales less expenses, and less what performers are due.",
)
MARGIN = Column(
    "Margin %",
    "margin",
    Kind.PERCENT,
    help="Net revenue in percent of gross less refunds and tax; of several shows, their sums "
    "are divided. A dash where that is zero.",
)


def linked(column: Column, link: Link) -> Column:
    """`column` with a way to the rows behind its figures."""
    return replace(column, link=link)
