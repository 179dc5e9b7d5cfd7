"""What e-mails led to: delivered, clicked, ordered."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from finance.reports.filters import chart_currency, programme_span
from finance.reports.marketingforms import ModelForm
from finance.services.attribution import Model, Scope
from finance.services.emails import EmailResult, email_results, email_totals
from nova_project.money import format_money
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, register

_MOST_BARS = 12


def _to_campaign(row: EmailResult, arguments: Arguments) -> str:
    if row.campaign_id is None:
        return ""
    return reverse("admin:customers_campaign_change", args=[row.campaign_id])


def _count(heading: str, attribute: str, definition: str = "") -> Column:
    return Column(heading, attribute, Kind.COUNT, definition)


COLUMNS = [
    Column("Campaign", "campaign", names_row=True, link=_to_campaign),
    Column("Currency", "currency"),
    _count("E-mails", "emails", "E-mails of the campaign that went out in these days."),
    _count("Sent", "sent", "Copies sent, as their sender counts them."),
    _count("Delivered", "delivered", "Copies that a mail server took."),
    _count(
        "Opened",
        "opened",
        "Only shown: it earns nothing, because many mail programs open every e-mail by themselves.",
    ),
    _count("Clicked", "clicked", "Copies in which a link was clicked."),
    Column("Click rate %", "click_rate", Kind.PERCENT, "Clicked in percent of delivered."),
    Column("Bounce rate %", "bounce_rate", Kind.PERCENT, "Bounced in percent of sent."),
    _count("Bounced", "bounced", "Copies that came back."),
    _count("Unsubscribed", "unsubscribed", "People who then wanted no more e-mails."),
    _count(
        "Orders",
        "orders",
        "Placed orders for the shows in these days of which the campaign earned a part, by any of "
        "its touches.",
    ),
    Column(
        "Net sales",
        "net_sales",
        Kind.MONEY,
        "What the campaign earned of these shows under the chosen model, as in Marketing ROI.",
    ),
    Column(
        "Orders per 1000 delivered",
        "orders_per_thousand",
        Kind.PERCENT,
        "Orders per 1,000 delivered e-mails.",
    ),
    Column(
        "Net sales per 1000 delivered",
        "sales_per_thousand",
        Kind.MONEY,
        "Net sales per 1,000 delivered e-mails.",
    ),
    Column(
        "As of",
        "as_of",
        Kind.DATE,
        "The last day on which a count of these e-mails moved.",
    ),
]


def email_rows(*, model: Model, **scope: Any) -> list[EmailResult]:
    return email_results(Scope(**scope), model)


def email_chart(rows: Sequence[EmailResult], arguments: Arguments) -> Chart | None:
    """Net sales per 1,000 delivered e-mails as bars, the click rate as points."""
    currency = chart_currency(rows, arguments)
    shown = [row for row in rows if row.currency == currency and row.delivered][:_MOST_BARS]
    if not shown:
        return None
    sales = [row.sales_per_thousand for row in shown]
    clicks = [row.click_rate for row in shown]
    return Chart(
        title=f"Net sales per 1,000 delivered, {currency}",
        heading="Campaign",
        labels=[row.campaign for row in shown],
        series=[
            Series(
                "Net sales per 1000 delivered",
                sales,
                [format_money(value, currency) for value in sales],
                "var(--color-primary-500)",
            ),
            Series(
                "Click rate %",
                clicks,
                ["–" if value is None else f"{value:.1f}" for value in clicks],
                "#d97706",
                is_percent=True,
            ),
        ],
        unit=currency,
    )


@register
class EmailEffectiveness(Report):
    slug, title = "email-effectiveness", "E-mail effectiveness"
    description = "How many e-mails arrived and were clicked, and what their campaigns sold."
    permission_required = ("customers.view_campaign", "customers.view_campaignemailstats")
    form_class = ModelForm
    columns = COLUMNS
    rows = staticmethod(email_rows)
    totals = staticmethod(email_totals)
    key_figures = ("Delivered", "Clicked", "Click rate %", "Net sales per 1000 delivered")
    chart = staticmethod(email_chart)
    span = staticmethod(programme_span)
    dates = "e-mails by the day they went out, orders by the date of the show"
    empty_hint = "No e-mail went out in these days, or HubSpot was not read yet. Choose others."

    @staticmethod
    def notes(arguments: Arguments) -> list[str]:
        return [
            "Counts are totals since an e-mail went out, read from HubSpot once a day; those of "
            "the last days still grow. Orders and net sales are the whole campaign's, so clicks on "
            "its other links count, too; opened e-mails earn nothing. A campaign that sells in "
            "several currencies has a row in each, with the same e-mails."
        ]
