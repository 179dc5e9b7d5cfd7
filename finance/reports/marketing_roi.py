"""Which campaigns, channels and sources paid for themselves."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from customers.models import Touch
from finance.reports.columns import NET_SALES, SEATS
from finance.reports.filters import chart_currency, programme_span
from finance.reports.marketingforms import RoiForm
from finance.services.attribution import Grouping, Model, Scope
from finance.services.campaigns import (
    NO_CAMPAIGN,
    Marketing,
    WholeMarketing,
    marketing,
    wholes,
)
from finance.services.shift import ModelsBeside
from nova_project.admin import list_url
from nova_project.money import format_money
from nova_project.panels import Figure, Panel
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, register

_MOST_BARS = 12


def to_campaign(row: Marketing | ModelsBeside, arguments: Arguments) -> str:
    """The campaign, or the codes that none has yet."""
    if row.campaign_id:
        return reverse("admin:customers_campaign_change", args=[row.campaign_id])
    return list_url("customers.campaigncode", {}) if row.name == NO_CAMPAIGN else ""


CURRENCY = Column("Currency", "currency")
SPEND = Column(
    "Spend",
    "spend",
    Kind.MONEY,
    "Committed and paid expenses of the campaign, less reclaimable tax, of the shows in these "
    "days: their own and their parts of shared ones. What no show bears counts by its own date.",
)
_ORDERS = Column(
    "Orders",
    "orders",
    Kind.COUNT,
    "Placed orders of which it earned a part. Where the model shares an order, it counts in each "
    "row that has a part.",
)
_BUYERS = Column(
    "First-time buyers",
    "first_time_buyers",
    Kind.COUNT,
    "People whose first placed order ever is among these orders.",
)
_SALES = Column(
    "Net sales",
    "net_sales",
    Kind.MONEY,
    f"{NET_SALES.help} Each order's are given to the touches before it, as the model says; all "
    "rows add up to the net sales of the shows.",
)
ROI = Column(
    "ROI %",
    "roi",
    Kind.PERCENT,
    "Net sales less spend, in percent of the spend. A dash without spend. In total: what touches "
    "earned against all marketing.",
)
CAC = Column(
    "CAC",
    "cac",
    Kind.MONEY,
    "Spend per first-time buyer. A dash without spend or without such buyers. In total it is "
    "blended: all marketing by all first-time buyers, wherever they came from.",
)
_RESULT = [_ORDERS, SEATS, _BUYERS, _SALES]
COLUMNS = {
    Grouping.CAMPAIGN: [
        Column("Campaign", "name", names_row=True, link=to_campaign),
        Column("Channel", "channel"),
        CURRENCY,
        SPEND,
        *_RESULT,
        ROI,
        CAC,
    ],
    Grouping.CHANNEL: [
        Column("Channel", "name", names_row=True),
        CURRENCY,
        SPEND,
        *_RESULT,
        ROI,
        CAC,
    ],
    Grouping.SOURCE: [
        Column("Source", "name", names_row=True),
        Column("Seen as", "kind"),
        Column("Campaign", "campaign", link=to_campaign),
        CURRENCY,
        *_RESULT,
    ],
}


def roi_rows(*, model: Model, by: Grouping, **scope: Any) -> list[Marketing]:
    return marketing(Scope(**scope), [model], by)


def blended(rows: Sequence[Marketing], arguments: Arguments) -> list[Panel]:
    """All marketing of these shows together, a box per currency."""
    return [_blended(whole) for whole in wholes(rows)]


def _blended(whole: WholeMarketing) -> Panel:
    def money(amount: Any) -> str:
        return format_money(amount, whole.currency)

    share = whole.attributed * 100 / whole.net_sales if whole.net_sales else None
    return Panel(
        f"All marketing together, {whole.currency}",
        figures=[
            Figure("Spend", money(whole.spend), "With marketing that names no campaign."),
            Figure("Net sales", money(whole.net_sales), "Of all orders of these shows."),
            Figure(
                "With a touch",
                "–" if share is None else f"{share:.1f} %",
                "The part of net sales with a touch before the order.",
            ),
            Figure("ROI", "–" if whole.roi is None else f"{whole.roi:,.1f} %"),
            Figure("First-time buyers", f"{whole.first_time_buyers:,}"),
            Figure("Blended CAC", money(whole.cac), "Spend ÷ all first-time buyers."),
            Figure(
                "Cost per attendee",
                money(whole.cost_per_attendee),
                "Marketing of the shows themselves ÷ their seats, as in the profit by event.",
            ),
        ],
        is_half=True,
    )


def roi_chart(rows: Sequence[Marketing], arguments: Arguments) -> Chart | None:
    """Net sales and spend as bars, of one currency; the largest rows."""
    currency = chart_currency(rows, arguments)
    shown = [row for row in rows if row.currency == currency and not row.is_rest][:_MOST_BARS]
    if not shown:
        return None
    bars = [("Net sales", "net_sales", "var(--color-primary-500)")]
    if shown[0].spend is not None:
        bars.append(("Spend", "spend", "var(--color-base-400)"))
    series = []
    for name, attribute, color in bars:
        values = [getattr(row, attribute) for row in shown]
        series.append(Series(name, values, [format_money(v, currency) for v in values], color))
    heading = COLUMNS[arguments["by"]][0].heading
    return Chart(
        title=f"Net sales by {heading.lower()}, {currency}",
        heading=heading,
        labels=[row.name for row in shown],
        series=series,
        unit=currency,
    )


def how_it_is_shared(arguments: Arguments) -> list[str]:
    """What a reader must know of touches that earn nothing or are nobody's. One query."""
    days = arguments["days"]
    notes = [
        f"A touch earns if it lies at most {days} days before the order. Opened e-mails earn "
        "nothing, because mail programs open them by themselves; nor do the sources direct traffic "
        "and offline, unless a campaign has them as a code. Unattributed are orders without such "
        "a touch.",
    ]
    if Touch.objects.unclaimed().exists():
        notes.append(
            "No campaign: touches whose code or source belongs to none yet. Give them to campaigns "
            "under Campaign codes. Its spend is marketing that names no campaign."
        )
    return notes


@register
class MarketingRoi(Report):
    slug, title = "marketing-roi", "Marketing ROI"
    description = "What each campaign cost, what it sold, and what a new buyer cost."
    permission_required = "customers.view_campaign"
    form_class = RoiForm
    columns = COLUMNS[Grouping.CAMPAIGN]
    rows = staticmethod(roi_rows)
    totals = staticmethod(wholes)
    summaries = staticmethod(blended)
    chart = staticmethod(roi_chart)
    notes = staticmethod(how_it_is_shared)
    span = staticmethod(programme_span)
    empty_hint = "Choose a longer period, or run the Eventbrite sync."

    def columns_for(self, arguments: Arguments) -> Sequence[Column]:
        return COLUMNS[arguments["by"]]
