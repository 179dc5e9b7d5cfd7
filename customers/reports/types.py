"""How many people became new, returning and VIP, month by month."""

from collections.abc import Sequence
from decimal import Decimal

from customers.reports.filters import MAY_VIEW, PeopleForm, changes_span
from customers.services.cohorts import TypeMonth, type_months
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, Topic, register

_KINDS = (
    ("New", "new", "var(--color-base-400)"),
    ("Returning", "returning", "var(--color-primary-500)"),
    ("VIP", "vip", "#d97706"),
)


def changes_chart(rows: Sequence[TypeMonth], arguments: Arguments) -> Chart:
    """A bar a type and month."""
    return Chart(
        "Changes of type by month",
        "Month",
        [row.name for row in rows],
        [
            Series(
                name,
                [Decimal(getattr(row, attribute)) for row in rows],
                [f"{getattr(row, attribute):,}" for row in rows],
                color,
            )
            for name, attribute, color in _KINDS
        ],
        "people",
    )


@register
class TypeReport(Report):
    slug, title = "type-changes", "Changes of type"
    description = "How many people became new customers, returning ones and VIPs, month by month."
    permission_required = MAY_VIEW
    rests_on = (Topic.SALES, Topic.PEOPLE)
    form_class = PeopleForm
    columns = [
        Column("Month", "name", names_row=True),
        *(
            Column(
                f"Became {name if name == 'VIP' else name.lower()}",
                attribute,
                Kind.COUNT,
                "People whom an order of the month made so, as orders and seats stand now: what a "
                "refund or a cancellation took back does not count.",
            )
            for name, attribute, _ in _KINDS
        ),
    ]
    rows = staticmethod(type_months)
    chart = staticmethod(changes_chart)
    span = staticmethod(changes_span)
    dates = "by the day on which the order was placed"
