"""Orders, to look at: Eventbrite owns them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from django.contrib.admin.utils import label_for_field
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst

from customers.admin.seats import seat_status
from customers.models import Attendance, Order, OrderStatus
from nova_project.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    MissingFilter,
    ReadOnlyModelAdmin,
    ValuesFilter,
    badge,
    change_link,
    display,
    list_url,
    money,
)
from nova_project.models import count_of
from nova_project.panels import Panel

ORDER_TONES = {
    OrderStatus.PLACED: "good",
    OrderStatus.REFUNDED: "warning",
    OrderStatus.CANCELLED: "bad",
    OrderStatus.DELETED: "bad",
    OrderStatus.UNKNOWN: "warning",
}


def order_status(order: Order) -> str:
    if order.missing_since:
        return badge(f"{order.get_status_display()}, gone from Eventbrite", "warning")
    return badge(order.get_status_display(), ORDER_TONES.get(OrderStatus(order.status), "plain"))


def day_and_time(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}"


def order_rows(orders: QuerySet[Order]) -> list[tuple]:
    """For a table: ordered, order, show, status, paid, refund. One query."""
    return [
        (
            day_and_time(order.ordered_at),
            change_link(order, order.eventbrite_id),
            change_link(order.event),
            order_status(order),
            money(order.gross_paid, order.currency),
            money(order.refund, order.currency) if order.refund else "",
        )
        for order in orders.select_related("event")
    ]


class _Listed(Protocol):
    """An order as the list reads it."""

    counted_seats: int


class OrderAdmin(ReadOnlyModelAdmin):
    """Purchases, as Eventbrite tells of them; finance adds their ledger."""

    list_display = [
        "number",
        "ordered_at",
        "event",
        "buyer_shown",
        "seat_count",
        "status_badge",
        "paid",
        "refunded",
    ]
    list_select_related = ["event", "buyer"]
    list_filter = [
        ("event", AutocompleteSelectFilter),
        ("status", ChoicesDropdownFilter),
        MissingFilter,
        ("ordered_at", DateRangeFilter),
        ("is_refund_provisional", BooleanRadioFilter),
        ("currency", ValuesFilter),
    ]
    ordering = ["-ordered_at", "-pk"]
    search_fields = [
        "eventbrite_id",
        "buyer_name",
        "buyer__first_name",
        "buyer__last_name",
        "buyer__addresses__address",
        "promo_code",
        "affiliate_code",
    ]
    search_help_text = "Order number, buyer, any of their addresses, or a code"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("event", "buyer"),
                    ("status", "remote_status", "buyer_name"),
                    ("ordered_at", "changed_at", "missing_since"),
                    ("promo_code", "affiliate_code", "eventbrite_id"),
                ]
            },
        ),
    ]

    def get_queryset(self, request):
        seats = Attendance.objects.all()
        return super().get_queryset(request).annotate(counted_seats=count_of(seats, per="order"))

    @display(description="Order", ordering="eventbrite_id")
    def number(self, order: Order) -> str:
        return order.eventbrite_id or f"Nova {order.pk}"

    @display(description="Buyer", ordering="buyer__last_name")
    def buyer_shown(self, order: Order) -> str:
        return change_link(order.buyer) if order.buyer else order.buyer_name or "–"

    @display(description="Seats", ordering="counted_seats")
    def seat_count(self, order: _Listed) -> int:
        return order.counted_seats

    @display(description="Status", ordering="status")
    def status_badge(self, order: Order) -> str:
        return order_status(order)

    @display(description="Paid", ordering="gross_paid")
    def paid(self, order: Order) -> str:
        return money(order.gross_paid, order.currency)

    @display(description="Refund", ordering="refund")
    def refunded(self, order: Order) -> str:
        if not order.refund:
            return "–"
        mark = " (assumed)" if order.is_refund_provisional else ""
        return money(order.refund, order.currency) + mark

    def panels(self, request: HttpRequest, obj: Order) -> list[Panel]:
        return [seats_panel(obj), amounts_panel(obj)]


def seats_panel(order: Order) -> Panel:
    seats = order.seats.select_related("holder").order_by("pk")
    return Panel(
        "Seats",
        columns=("Seat", "Who", "Ticket", "Status", "Price"),
        numbers=("Price",),
        rows=list(_seats_of_order(seats[:100])),
        empty="This order has no seats. The next pull brings them.",
        more=("As a list", list_url("customers.attendance", {"order__id__exact": order.pk})),
    )


def amounts_panel(order: Order) -> Panel:
    names = ("gross", "gross_paid", "tax", "eventbrite_fee", "payment_fee")
    refunds = ("refund_requested", "refund_imported", "refund")
    return Panel(
        "Amounts as Eventbrite tells them",
        columns=("Amount", order.currency),
        numbers=(order.currency,),
        rows=[
            (
                capfirst(str(label_for_field(name, Order))),
                money(getattr(order, name), order.currency),
            )
            for name in (*names, *refunds)
        ],
        note="The refund is assumed: the status says refunded, and no amount is known."
        if order.is_refund_provisional
        else "The refund is the greatest of what tells of one, never their sum.",
        is_half=True,
    )


def _seats_of_order(seats: Iterable[Attendance]) -> Iterable[tuple]:
    for seat in seats:
        yield (
            change_link(seat, seat.eventbrite_id),
            change_link(seat.holder) if seat.holder else seat.guest_name or "unnamed guest",
            seat.ticket_name or "–",
            seat_status(seat),
            money(seat.price, seat.currency),
        )
