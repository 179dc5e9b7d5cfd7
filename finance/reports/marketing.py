"""The marketing dashboard: who sold what under each model, and what another model would say."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone

from customers.models import Touch, TouchKind
from finance.reports.filters import NONE, chart_currency, programme_span
from finance.reports.marketing_roi import CURRENCY, SPEND, blended, how_it_is_shared, to_campaign
from finance.reports.marketingforms import ModelForm
from finance.services.attribution import USUAL_MODEL, Model, Scope, usual_days
from finance.services.datadriven import FEWEST_ORDERS, data_driven
from finance.services.shift import ModelsBeside, beside_totals, is_trial, models_beside
from nova_project.money import ZERO, format_money
from nova_project.panels import Panel
from nova_project.periods import Period
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, register

_MOST_BARS = 8
_COLORS = ("#7c3aed", "#2563eb", "#0d9488", "#d97706", "#db2777")
_RULES = {
    Model.FIRST: "All of an order to the first touch in the window.",
    Model.LAST: "All of an order to the last touch before it.",
    Model.LINEAR: "An order in equal parts to all touches.",
    Model.POSITION: "40 % to the first touch, 40 % to the last, 20 % to those between in equal "
    "parts; halves where there are two.",
    Model.DECAY: "The nearer to the order, the more: a touch counts half as much as one seven days "
    "later.",
}
_BESIDE = [
    Column(model.label, model.value, Kind.MONEY, f"Net sales: {_RULES[model].lower()}")
    for model in Model
]
_WHAT = [
    Column("Campaign", "name", names_row=True, link=to_campaign),
    Column("Channel", "channel"),
    CURRENCY,
    SPEND,
]
COLUMNS = [*_WHAT, *_BESIDE]
_TRIED = [
    Column("On trial", "tried", Kind.MONEY, "Net sales under the model and window of the filters."),
    Column(
        "Shift",
        "shift",
        Kind.MONEY,
        f"What that would move against {USUAL_MODEL.label.lower()} in the usual window: a campaign "
        "with a minus loses. All rows together move nothing.",
    ),
]


def beside_rows(*, model: Model, **scope: Any) -> list[ModelsBeside]:
    return models_beside(Scope(**scope), model)


def models_chart(rows: Sequence[ModelsBeside], arguments: Arguments) -> Chart | None:
    """The largest campaigns under each model, or, on trial, before and after."""
    currency = chart_currency(rows, arguments)
    shown = [row for row in rows if row.currency == currency and not row.is_rest][:_MOST_BARS]
    if not shown:
        return None
    bars = [(model.label, model.value, _COLORS[at]) for at, model in enumerate(Model)]
    if _is_trial(arguments):
        bars = [
            (f"{USUAL_MODEL.label}, {usual_days()} days", "present", "var(--color-base-400)"),
            (f"{arguments['model'].label}, {arguments['days']} days", "tried", _COLORS[0]),
        ]
    series = []
    for name, attribute, color in bars:
        values = [getattr(row, attribute) for row in shown]
        series.append(Series(name, values, [format_money(v, currency) for v in values], color))
    return Chart(
        title=f"Net sales by campaign, {currency}",
        heading="Campaign",
        labels=[row.name for row in shown],
        series=series,
        unit=currency,
    )


def _is_trial(arguments: Arguments) -> bool:
    return is_trial(arguments["model"], arguments["days"])


def together(rows: Sequence[ModelsBeside], arguments: Arguments) -> list[Panel]:
    """All marketing together, by currency, and the touches of these days."""
    judged: Any = [row for row in rows if row.whole]
    return [
        *blended(judged, arguments),
        _touches(arguments["period"]),
        _missed(judged, arguments),
    ]


def _missed(rows: Sequence[ModelsBeside], arguments: Arguments) -> Panel:
    """The data-driven model, in the one currency that the chart has. Two queries."""
    currency = chart_currency(rows, arguments)
    whole = next((row.whole for row in rows if row.currency == currency), None)
    scope = Scope(arguments["period"], arguments["show_type"], currency, days=arguments["days"])
    found = data_driven(scope, whole.attributed if whole else ZERO)
    return Panel(
        f"What would be missed, {currency}",
        columns=("Campaign", "Orders lost without it", "Share", "Net sales"),
        numbers=("Orders lost without it", "Share", "Net sales"),
        rows=[
            (
                row.campaign,
                f"{row.effect:.1%}",
                f"{row.share:.1%}",
                format_money(row.net_sales, currency),
            )
            for row in found.rows
        ],
        note=f"By data and not by rule: from {found.orders:,} orders with touches and "
        f"{found.others:,} people who were reached in these days and ordered none of these shows. "
        "Each campaign in turn is taken out of all paths (the removal effect of a Markov chain). "
        "It tells what goes together, not what was the cause.",
        empty=f"Too few orders with touches for this: {found.orders:,} of the {FEWEST_ORDERS} that "
        "it needs. Choose a longer period, or go by the models above.",
        is_half=True,
    )


def _touches(period: Period) -> Panel:
    """How people were reached. One query."""
    zone = timezone.get_current_timezone()
    first, end = (datetime.combine(day, time(), zone) for day in (period.start, period.end))
    counts = (
        Touch.objects.filter(occurred_at__gte=first, occurred_at__lt=end)
        .order_by()
        .values("kind")
        .annotate(touches=Count("pk"), people=Count("customer", distinct=True))
    )
    return Panel(
        "Touches in these days",
        columns=("Kind", "Touches", "People", "Earns"),
        numbers=("Touches", "People"),
        rows=[
            (
                TouchKind(row["kind"]).label,
                f"{row['touches']:,}",
                f"{row['people']:,}",
                "no, only shown" if row["kind"] == TouchKind.OPEN else "yes",
            )
            for row in counts.order_by("-touches", "kind")
        ],
        empty="None. They come with orders that bear codes, and with the HubSpot sync.",
        is_half=True,
    )


def how_to_try(arguments: Arguments) -> list[str]:
    usual = f"{USUAL_MODEL.label.lower()} and {usual_days()} days"
    if _is_trial(arguments):
        tried = f"{arguments['model'].label.lower()} and {arguments['days']} days"
        first = f"On trial: {tried}, against {usual}. Nothing is changed by looking."
    else:
        first = (
            f"The columns are for the usual window of {usual_days()} days. Choose another model or "
            "number of days to see which campaigns would gain and which would lose."
        )
    return [first, *how_it_is_shared({**arguments, "days": usual_days()})]


@register
class MarketingDashboard(Report):
    slug, title = "marketing", "Marketing dashboard"
    description = "Sales by campaign under five models side by side, and what they cost."
    permission_required = "customers.view_campaign"
    form_class = ModelForm
    columns = COLUMNS
    rows = staticmethod(beside_rows)
    totals = staticmethod(beside_totals)
    summaries = staticmethod(together)
    chart = staticmethod(models_chart)
    notes = staticmethod(how_to_try)
    span = staticmethod(programme_span)
    empty_hint = "Choose a longer period, or run the Eventbrite sync."

    def columns_for(self, arguments: Arguments) -> Sequence[Column]:
        return [*_WHAT, *_TRIED, *_BESIDE] if _is_trial(arguments) else COLUMNS

    @staticmethod
    def links(arguments: Arguments) -> Sequence[tuple[str, str]]:
        """The same shows and model in the report of ROI."""
        show_type = arguments["show_type"]
        filters = {
            "start": arguments["period"].start,
            "end": arguments["period"].last,
            "show_type": (show_type.pk or NONE) if show_type else "",
            "currency": arguments["currency"],
            "model": arguments["model"].value,
            "days": arguments["days"],
        }
        url = reverse("reports:report", args=["marketing-roi"])
        return [("ROI and cost per buyer", f"{url}?{urlencode(filters)}")]
