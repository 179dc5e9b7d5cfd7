"""What a settlement shows: rungs that open their lines, performers with their calculation."""

from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from events.models import Event
from finance.models import Basis, Expense, ExpenseStatus, Settlement
from finance.services.settlements import Move
from finance.services.settling import Owed, Rung, Sheet, frozen_sheet
from nova_project.admin import badge, change_link, link, list_url, money, profit
from nova_project.money import format_money
from nova_project.panels import Panel

_LEDGER_KINDS = {
    "gross": "sale",
    "tax": "tax",
    "eventbrite_fees": "eventbrite_fee",
    "processing_fees": "processing_fee",
    "refunds": "refund",
}
_CATEGORIES = ("room_rental", "marketing", "production", "staff")
_COUNTED = {
    "basis__exact": Basis.ACTUAL.value,
    "status__in": f"{ExpenseStatus.COMMITTED.value},{ExpenseStatus.PAID.value}",
}


def behind(event: Event, key: str) -> str:
    """The list of the rows that a rung is the sum of; "" for one that is no sum of rows."""
    own = {"event__id__exact": event.pk, "currency__exact": event.currency}
    if key in _LEDGER_KINDS:
        return list_url("finance.ledgerline", own | {"kind__exact": _LEDGER_KINDS[key]})
    if key == "net_sales":
        return list_url("finance.ledgerline", own)
    if key == "expected_payout":
        return _reconciliation(event)
    if key == "deposited":
        return list_url("finance.depositmatch", own)
    if key in _CATEGORIES:
        return list_url("finance.expense", own | _COUNTED | {"category__exact": key})
    if key == "shared_costs":
        shared = {"shares__event__id__exact": event.pk, "currency__exact": event.currency}
        return list_url("finance.expense", shared)
    if key == "performers":
        return list_url("finance.performeragreement", own)
    return ""


def _reconciliation(event: Event) -> str:
    """The report of the show's day: what Eventbrite pays out is no list of ledger lines, for it
    leaves out what was sold elsewhere."""
    day = event.starts_on.isoformat()
    query = urlencode({"start": day, "end": day, "currency": event.currency})
    return f"{reverse('reports:report', args=['reconciliation'])}?{query}"


def rungs_panel(event: Event, sheet: Sheet) -> Panel:
    """The ladder: each rung with its amount, which leads to its lines."""
    return Panel(
        "From buyers to net revenue",
        columns=("Step", sheet.currency),
        numbers=(sheet.currency,),
        rows=[_rung(event, rung, sheet.currency) for rung in sheet.rungs],
        note=f"{sheet.seats:,} seats. What Eventbrite pays out and what is in the bank stand "
        "between, and are in no sum.",
    )


def _rung(event: Event, rung: Rung, currency: str) -> tuple[object, object]:
    amount = profit(rung.amount, currency) if rung.is_result else money(rung.amount, currency)
    url = behind(event, rung.key) if rung.amount else ""
    shown = link(url, amount) if url else amount
    if rung.is_result:
        return format_html("<strong>{}</strong>", rung.label), format_html(
            "<strong>{}</strong>", shown
        )
    if rung.is_aside:
        return format_html('<span class="nova-aside">{}</span>', rung.label), format_html(
            '<span class="nova-aside">{}</span>', shown
        )
    return rung.label, shown


def performers_panel(event: Event, sheet: Sheet) -> Panel:
    """Who is due how much by which terms, step by step."""
    add = reverse("admin:finance_performeragreement_add")
    return Panel(
        "Performers",
        columns=("Performer", "Terms and calculation", "Due", "State", ""),
        numbers=("Due",),
        rows=[_owed(event, owed) for owed in sheet.performers],
        empty="No performer has an agreement for this show that counts.",
        more=("Add an agreement", f"{add}?event={event.pk}&currency={event.currency}"),
    )


def _owed(event: Event, owed: Owed) -> tuple[object, ...]:
    page = reverse("admin:finance_performeragreement_change", args=[owed.agreement_id])
    sheet = reverse("admin:finance_settlement_print_performer", args=[event.pk, owed.agreement_id])
    state = badge(f"Paid {owed.paid_on:%-d %b %Y}" if owed.paid_on else "Paid", "good")
    return (
        link(page, owed.name),
        format_html(
            "{}.{}",
            owed.terms[0].upper() + owed.terms[1:],
            _calculation(owed),
        ),
        money(owed.due, owed.currency),
        state if owed.is_paid else badge("To be paid", "warning"),
        link(sheet, "Print"),
    )


def _calculation(owed: Owed) -> SafeString:
    lines = ((step.words, format_money(step.amount, owed.currency)) for step in owed.calculation)
    steps = format_html_join("", "<li>{}: {}</li>", lines)
    return format_html('<ol class="nova-steps">{}</ol>', steps)


def unpaid_panel(event: Event) -> Panel:
    """Expenses of the show that are committed and not paid yet, by whom they are owed."""
    unpaid = Expense.objects.filter(event=event, basis=Basis.ACTUAL, status=ExpenseStatus.COMMITTED)
    return Panel(
        "Expenses to be paid",
        columns=("Vendor", "Expense", "Date", "Amount"),
        numbers=("Amount",),
        rows=[
            (
                expense.vendor_name or "Without a vendor",
                change_link(expense, expense.get_category_display()),
                f"{expense.spent_on:%-d %b %Y}",
                money(expense.amount, expense.currency),
            )
            for expense in unpaid.select_related("vendor").order_by("vendor__name", "pk")
        ],
        empty="Every expense of this show that counts is paid.",
    )


def moved_panel(moves: Sequence[Move], currency: str) -> Panel:
    """Rung by rung: when it was closed, now, and the difference."""
    return Panel(
        "Moved since it was closed",
        columns=("Step", "When closed", "Now", "Difference"),
        numbers=("When closed", "Now", "Difference"),
        rows=[
            (
                move.label,
                money(move.frozen, currency),
                money(move.now, currency),
                _signed(move.change, currency),
            )
            for move in moves
        ],
        note="The closed version keeps its figures. To take the new ones in, reopen it and close "
        "it again.",
    )


def _signed(amount: Decimal, currency: str) -> SafeString:
    sign = "+" if amount > 0 else ""
    return format_html('<span class="nova-money">{}{}</span>', sign, format_money(amount, currency))


def versions_panel(event: Event) -> Panel:
    """Every version that was closed, the last first, and why one was opened again."""
    versions = event.settlements.select_related("closed_by", "reopening__reopened_by")
    return Panel(
        "Versions",
        columns=("Version", "Closed", "By", "Net revenue", "State"),
        numbers=("Net revenue",),
        rows=[
            (
                change_link(version, f"Version {version.version}"),
                f"{timezone.localtime(version.closed_at):%-d %b %Y, %H:%M}",
                str(version.closed_by or "–"),
                money(version.net_revenue, version.currency),
                _state(version),
            )
            for version in versions.order_by("-version")
        ],
        empty="Not closed yet.",
    )


def _state(version: Settlement) -> object:
    reopening = getattr(version, "reopening", None)
    if reopening is None:
        return badge("Closed", "good")
    day = timezone.localtime(reopening.reopened_at)
    return format_html(
        "{} {}",
        badge("Reopened", "plain"),
        f"{day:%-d %b %Y} by {reopening.reopened_by or '–'}: {reopening.reason}",
    )


def frozen_panel(settlement: Settlement) -> Panel:
    """The rungs of a version as they were when it was closed."""
    sheet = frozen_sheet(settlement)
    page = reverse("admin:finance_settlement_of_event", args=[settlement.event_id])
    return Panel(
        f"As it was closed, version {settlement.version}",
        columns=("Step", sheet.currency),
        numbers=(sheet.currency,),
        rows=[(rung.label, money(rung.amount, sheet.currency)) for rung in sheet.rungs],
        more=("Settlement of the show", page),
    )
