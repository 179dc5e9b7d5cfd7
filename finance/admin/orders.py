"""Orders with their ledger, and the ledger itself: to look at, never to change."""

from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

from customers.admin import OrderAdmin
from customers.models import Order, PaidThrough
from finance.models import LedgerKind, LedgerLine
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    ValuesFilter,
    action,
    display,
    list_url,
    money,
    register,
)
from nova_project.money import ZERO
from nova_project.panels import Figure, Panel

_MEANING = {
    LedgerKind.SALE: "What the buyer paid.",
    LedgerKind.REFUND: "What went back to the buyer.",
    LedgerKind.TAX: "Collected for the state.",
    LedgerKind.EVENTBRITE_FEE: "What Eventbrite keeps for its service.",
    LedgerKind.PROCESSING_FEE: "What the payment costs.",
}
_DEDUCTIONS = (LedgerKind.TAX, LedgerKind.EVENTBRITE_FEE, LedgerKind.PROCESSING_FEE)


def sums_by_kind(lines: QuerySet[LedgerLine]) -> dict[str, dict[str, Decimal]]:
    """Σ amount by currency, then by kind. One query."""
    sums = lines.order_by().values_list("currency", "kind").annotate(total=Sum("amount"))
    found: dict[str, dict[str, Decimal]] = {}
    for currency, kind, total in sums:
        found.setdefault(currency, {})[kind] = total
    return found


class OrderWithLedgerAdmin(OrderAdmin):
    """An order with the lines that its money left in the ledger; integrations registers it.

    Bookkeepers say of orders here whether Eventbrite pays them out.
    """

    actions = ["paid_by_eventbrite", "paid_elsewhere", "paid_as_fees_tell"]

    def get_list_filter(self, request):
        return [*super().get_list_filter(request), ("paid_through", ChoicesDropdownFilter)]

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("finance.add_depositmatch")

    @action(description="Paid through Eventbrite: part of its payout", permissions=["settle"])
    def paid_by_eventbrite(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._mark(request, queryset, PaidThrough.EVENTBRITE)

    @action(description="Paid elsewhere: in no payout", permissions=["settle"])
    def paid_elsewhere(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._mark(request, queryset, PaidThrough.ELSEWHERE)

    @action(description="Let the fees tell how these were paid", permissions=["settle"])
    def paid_as_fees_tell(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self._mark(request, queryset, "")

    def _mark(self, request: HttpRequest, orders: QuerySet[Order], way: str) -> None:
        """Marks the orders that were marked otherwise; who did it is in the log of the admin."""
        marked = list(orders.exclude(paid_through=way))
        orders.filter(pk__in=[order.pk for order in marked]).update(
            paid_through=way, updated_at=timezone.now()
        )
        words = PaidThrough(way).label if way else "as the fees tell"
        for order in marked:
            self.log_change(request, order, f"Paid through: {words}.")
        number = len(marked)
        told = "1 order marked." if number == 1 else f"{number:,} orders marked."
        messages.success(request, told)

    def panels(self, request: HttpRequest, obj: Order) -> list[Panel]:
        panels = super().panels(request, obj)
        if request.user.has_perm("finance.view_ledgerline"):
            panels = [ladder_panel(obj), *panels, ledger_panel(obj)]
        return panels


def ladder_panel(order: Order) -> Panel:
    sums = sums_by_kind(order.ledger_lines.all()).get(order.currency, {})
    steps = [
        Figure(kind.label, money(sums.get(kind, ZERO), order.currency), _MEANING[kind])
        for kind in (LedgerKind.SALE, LedgerKind.REFUND, *_DEDUCTIONS)
    ]
    net = Figure(
        "Net sales",
        money(sum(sums.values(), ZERO), order.currency),
        "What is left of the order: the sum of its ledger lines.",
    )
    return Panel("From paid to net sales", figures=[*steps, net], is_above=True)


def ledger_panel(order: Order) -> Panel:
    lines = order.ledger_lines.order_by("known_at", "pk")
    return Panel(
        "Ledger lines",
        columns=("Happened", "Known to Nova", "Kind", "Amount"),
        numbers=("Amount",),
        rows=[
            (
                f"{timezone.localtime(line.occurred_at):%-d %b %Y, %H:%M}",
                f"{timezone.localtime(line.known_at):%-d %b %Y, %H:%M}",
                line.get_kind_display(),
                money(line.amount, line.currency),
            )
            for line in lines
        ],
        empty="No money of this order counts: it was never paid.",
        note="A line is never changed. When an order changes, lines for the difference follow.",
        more=("As a list", list_url("finance.ledgerline", {"order__id__exact": order.pk})),
        is_half=True,
    )


@register(LedgerLine)
class LedgerLineAdmin(ReadOnlyModelAdmin):
    """All money facts of orders, with the sums of whatever is filtered."""

    list_display = ["known", "kind", "amount_shown", "event", "order", "happened"]
    list_select_related = ["event", "order"]
    list_filter = [
        ("event", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        ("currency", ValuesFilter),
        ("occurred_at", DateRangeFilter),
        ("known_at", DateRangeFilter),
        ("event__starts_on", DateRangeFilter),
    ]
    ordering = ["-known_at", "-pk"]
    search_fields = ["order__eventbrite_id", "event__name"]
    search_help_text = "Order number or show"
    fields = [("kind", "amount_shown"), ("event", "order"), ("occurred_at", "known_at")]
    readonly_fields = ("amount_shown",)

    @display(description="Known to Nova", ordering="known_at")
    def known(self, line: LedgerLine) -> datetime:
        return line.known_at

    @display(description="Happened", ordering="occurred_at")
    def happened(self, line: LedgerLine) -> datetime:
        return line.occurred_at

    @display(description="Amount", ordering="amount")
    def amount_shown(self, line: LedgerLine) -> str:
        return money(line.amount, line.currency)

    def lookup_allowed(self, lookup, value, request):
        return lookup in ("order__id__exact",) or super().lookup_allowed(lookup, value, request)

    def list_panels(self, request: HttpRequest, queryset: QuerySet[LedgerLine]) -> list[Panel]:
        rows = [
            (
                currency,
                *(money(sums.get(kind, ZERO), currency) for kind in LedgerKind),
                money(sum(sums.values(), ZERO), currency),
            )
            for currency, sums in sorted(sums_by_kind(queryset).items())
        ]
        kinds = [kind.label for kind in LedgerKind]
        return [
            Panel(
                "Sums of this list",
                columns=("Currency", *kinds, "Net sales"),
                numbers=(*kinds, "Net sales"),
                rows=rows,
                empty="There is nothing to add up.",
            )
        ]
