"""Seats: Eventbrite's to look at, one's own to correct."""

from django.db.models import QuerySet

from customers.models import Attendance, AttendanceStatus
from customers.services import mark_rollups_due
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    ModelAdmin,
    OwnedByEventbrite,
    badge,
    change_link,
    display,
    money,
)

SEAT_TONES = {
    AttendanceStatus.ATTENDING: "good",
    AttendanceStatus.CHECKED_IN: "special",
    AttendanceStatus.REFUNDED: "warning",
    AttendanceStatus.UNKNOWN: "warning",
    AttendanceStatus.CANCELLED: "bad",
    AttendanceStatus.DELETED: "bad",
    AttendanceStatus.TRANSFERRED: "plain",
    AttendanceStatus.UNPAID: "plain",
}


def seat_status(seat: Attendance) -> str:
    return badge(seat.get_status_display(), SEAT_TONES[AttendanceStatus(seat.status)])


def seat_rows(seats: QuerySet[Attendance]) -> list[tuple]:
    """For a table: date, show, ticket, status, price, order. One query."""
    return [
        (
            f"{seat.event.starts_on:%-d %b %Y}",
            change_link(seat.event, seat.event.name),
            seat.ticket_name or "–",
            seat_status(seat),
            money(seat.price, seat.currency),
            change_link(seat.order, seat.order.eventbrite_id),
        )
        for seat in seats.select_related("event", "order")
    ]


class AttendanceAdmin(OwnedByEventbrite, ModelAdmin):
    """Seats. Those that an import brought can be corrected here; Eventbrite's cannot."""

    list_display = [
        "seat",
        "event",
        "who",
        "ticket_name",
        "status_badge",
        "checked_in_at",
        "price_shown",
        "order_shown",
    ]
    list_select_related = ["event", "holder", "order"]
    list_filter = [
        ("event", AutocompleteSelectFilter),
        ("status", ChoicesDropdownFilter),
        ("event__starts_on", DateRangeFilter),
        ("checked_in_at", DateRangeFilter),
    ]
    ordering = ["-pk"]
    search_fields = [
        "eventbrite_id",
        "order__eventbrite_id",
        "guest_name",
        "holder__first_name",
        "holder__last_name",
        "holder__addresses__address",
    ]
    search_help_text = "Seat or order number, name, or any address of the holder"
    autocomplete_fields = ["holder"]
    owned_fields = (
        "holder",
        "guest_name",
        "status",
        "checked_in_at",
        "ticket_name",
        "price",
        "affiliate_code",
    )
    readonly_fields = ("eventbrite_id", "event", "order", "ticket_class", "currency", "changed_at")
    fields = [
        ("event", "order"),
        ("holder", "guest_name"),
        ("status", "checked_in_at"),
        ("ticket_class", "ticket_name"),
        ("price", "currency", "affiliate_code"),
        ("eventbrite_id", "changed_at"),
    ]

    def has_add_permission(self, request):
        return False

    def has_history(self, obj: Attendance) -> bool:
        """Only seats that an import brought are changed here."""
        return obj.eventbrite_id is None

    @display(description="Seat", ordering="pk")
    def seat(self, seat: Attendance) -> str:
        return seat.eventbrite_id or f"Nova {seat.pk}"

    @display(description="Who", ordering="holder__last_name")
    def who(self, seat: Attendance) -> str:
        return change_link(seat.holder) if seat.holder else seat.guest_name or "unnamed guest"

    @display(description="Status", ordering="status")
    def status_badge(self, seat: Attendance) -> str:
        return seat_status(seat)

    @display(description="Price", ordering="price")
    def price_shown(self, seat: Attendance) -> str:
        return money(seat.price, seat.currency)

    @display(description="Order")
    def order_shown(self, seat: Attendance) -> str:
        return change_link(seat.order, seat.order.eventbrite_id)

    def save_model(self, request, obj, form, change):
        before = form.initial.get("holder")
        super().save_model(request, obj, form, change)
        mark_rollups_due([pk for pk in (before, obj.holder_id, obj.order.buyer_id) if pk])
