"""From what buyers paid by Eventbrite to what reached the bank, show by show."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, Sum
from django.urls import reverse

from customers.models import Order
from customers.models.ticketing import PAID_STATUSES, processed_by_eventbrite
from finance.models import Deposit, LedgerKind
from finance.reports.filters import ShowForm, chart_currency, programme_span
from finance.services.payouts import Payout, PayoutStatus
from finance.services.reconciliation import by_age, payout_totals, reconciliation
from nova_project.admin import list_url
from nova_project.money import format_money, quantize
from nova_project.reports import Arguments, Chart, Column, Kind, Report, Series, Topic, register


class ReconciliationForm(ShowForm):
    """Period, show type, currency and status."""

    status = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *((status.value, status.value) for status in PayoutStatus)],
        error_messages={"invalid_choice": "Status: choose one of the list."},
    )
    field_order = ("start", "end", "show_type", "currency", "status")

    def currencies(self) -> list[str]:
        of_deposits = Deposit.objects.order_by().values_list("currency", flat=True).distinct()
        return sorted({*super().currencies(), *of_deposits})


def _lines(figure: str, kind: LedgerKind) -> Any:
    def link(row: Payout, arguments: Arguments) -> str:
        if not row.event_id or not getattr(row, figure):
            return ""
        filters = {"event__id__exact": row.event_id, "currency__exact": row.currency}
        return list_url("finance.ledgerline", filters | {"kind__exact": kind.value})

    return link


def to_event_or_deposit(row: Payout, arguments: Arguments) -> str:
    if row.event_id:
        return reverse("admin:events_event_change", args=[row.event_id])
    return f"{reverse('admin:finance_deposit_review')}?deposit={row.deposit_id}"


def to_matches(row: Payout, arguments: Arguments) -> str:
    """The matches that make up what was deposited for the event."""
    if not row.event_id or not row.deposited:
        return ""
    return list_url("finance.depositmatch", {"event__id__exact": row.event_id})


def to_explanation(row: Payout, arguments: Arguments) -> str:
    """Where the difference is explained: a new explanation of the rest, or those there are."""
    if not row.event_id:
        return f"{reverse('admin:finance_deposit_review')}?deposit={row.deposit_id}"
    if row.outstanding and row.status is not PayoutStatus.NOT_DUE:
        rest = quantize(-row.outstanding, row.currency)
        known = {"event": row.event_id, "amount": rest, "currency": row.currency}
        return f"{reverse('admin:finance_payoutvariance_add')}?{urlencode(known)}"
    if row.explained or row.variance:
        return list_url("finance.payoutvariance", {"event__id__exact": row.event_id})
    return ""


COLUMNS = [
    Column("Event ID", "reference", help="Eventbrite's id, or Nova's for an event of its own."),
    Column(
        "Event",
        "name",
        help="The show, or the text of a deposit that no show has yet.",
        link=to_event_or_deposit,
        names_row=True,
    ),
    Column("Date", "day", Kind.DATE, help="The day of the show, or when a deposit was booked."),
    Column("Currency", "currency"),
    Column(
        "Gross",
        "gross",
        Kind.MONEY,
        "What buyers paid through Eventbrite. Sales at the door and orders paid elsewhere are in "
        "no payout, so they are not in it.",
        _lines("gross", LedgerKind.SALE),
    ),
    Column(
        "Refunds",
        "refunds",
        Kind.MONEY,
        "What went back to these buyers.",
        _lines("refunds", LedgerKind.REFUND),
    ),
    Column(
        "Tax",
        "tax",
        Kind.MONEY,
        "The tax that Eventbrite pays to the state itself.",
        _lines("tax", LedgerKind.TAX),
    ),
    Column(
        "Eventbrite fees",
        "eventbrite_fees",
        Kind.MONEY,
        "What Eventbrite keeps for its service.",
        _lines("eventbrite_fees", LedgerKind.EVENTBRITE_FEE),
    ),
    Column(
        "Processing fees",
        "processing_fees",
        Kind.MONEY,
        "What is kept for processing payments.",
        _lines("processing_fees", LedgerKind.PROCESSING_FEE),
    ),
    Column(
        "Expected payout",
        "expected",
        Kind.MONEY,
        help="Gross less refunds, tax and fees: what Eventbrite should pay out for the show.",
    ),
    Column(
        "Deposited",
        "deposited",
        Kind.MONEY,
        "What reached the bank: the deposits that are matched to the show.",
        to_matches,
    ),
    Column(
        "Variance",
        "variance",
        Kind.MONEY,
        "Deposited less expected payout. A click explains what is open.",
        to_explanation,
    ),
    Column(
        "Status",
        "status",
        help="Not due: before Eventbrite starts to pay out. Awaiting: the money may still be on "
        "its way. Overdue: it should be there. Partial: something arrived, and the difference is "
        "not explained. Written off: given up.",
    ),
]


def ageing(rows: Sequence[Payout], arguments: Arguments) -> Chart | None:
    """What is open by how long it has been, of one currency."""
    currency = chart_currency(rows, arguments)
    spans = by_age(rows, currency)
    if not any(missing or unmatched for _, missing, unmatched in spans):
        return None

    def series(name: str, values: list[Decimal], color: str) -> Series:
        return Series(name, values, [format_money(v, currency) for v in values], color)

    return Chart(
        title=f"Open by age, {currency}",
        heading="Age",
        labels=[span[0] for span in spans],
        series=[
            series("Not arrived", [span[1] for span in spans], "#d97706"),
            series(
                "Deposits without an event",
                [span[2] for span in spans],
                "var(--color-primary-400)",
            ),
        ],
        unit=currency,
    )


def paid_elsewhere(arguments: Arguments) -> list[str]:
    """A sentence per currency on the orders of these shows that no payout holds."""
    period = arguments["period"]
    orders = (
        Order.objects.filter(
            ~processed_by_eventbrite(),
            status__in=PAID_STATUSES,
            gross_paid__gt=0,
            event__starts_on__gte=period.start,
            event__starts_on__lt=period.end,
        )
        .order_by("currency")
        .values_list("currency")
        .annotate(number=Count("pk"), total=Sum("gross_paid"))
    )
    return [
        f"{'1 order' if number == 1 else f'{number:,} orders'} over "
        f"{format_money(total, currency)} {'was' if number == 1 else 'were'} sold at the door or "
        "paid elsewhere (marked so, or without a processing fee), so no payout holds them. In the "
        "list of orders you can mark them."
        for currency, number, total in orders
        if arguments["currency"] in ("", currency)
    ]


@register
class Reconciliation(Report):
    slug, title = "reconciliation", "Payouts and the bank"
    description = "What Eventbrite should pay out for each show, and what reached the bank."
    permission_required = ("events.view_event", "finance.view_ledgerline", "finance.view_deposit")
    rests_on = (Topic.SALES, Topic.MONEY)
    form_class = ReconciliationForm
    columns = COLUMNS
    rows = staticmethod(reconciliation)
    totals = staticmethod(payout_totals)
    key_figures = ("Expected payout", "Deposited", "Variance")
    chart = staticmethod(ageing)
    notes = staticmethod(paid_elsewhere)
    span = staticmethod(programme_span)
    empty_hint = "Choose a longer period or another status, or import a statement of your bank."
