"""What happens to Eventbrite's objects after the sale: check-in, refund, transfer, loss."""

from datetime import datetime
from typing import Any

from integrations.sandbox import shapes
from integrations.sandbox.aftersales import less, processed, refund_request, scanned
from integrations.sandbox.clock import in_seconds
from integrations.sandbox.store import Row
from integrations.sandbox.ticketing import Ticketing


class Changes(Ticketing):
    """Changes to orders, seats and events. Amounts are minor units, times aware."""

    def check_in(self, attendee_id: str, at: datetime | None = None) -> Row:
        """Scans a ticket. The order's `changed` stays as it was."""
        seat = scanned(self.row("attendees", attendee_id), at or self.clock.now())
        self.tell_row("attendee.checked_in", "attendees", seat)
        return self.store.put("attendees", seat)

    def cancel_seat(self, attendee_id: str, status: str = "Not Attending") -> Row:
        """Cancels one seat without refund; `status` may be Deleted or Transferred."""
        return self.patch("attendees", attendee_id, status=status, cancelled=True)

    def refund_order(
        self,
        order_id: str,
        amount: int | None = None,
        *,
        style: str = "fall",
        at: datetime | None = None,
    ) -> Row:
        """Refunds an order, whole or `amount` of it.

        Style `fall` lowers the costs to what remains. Style `request` leaves the costs alone and
        adds a processed refund request. A partial refund leaves the seats valid.
        """
        order = self.row("orders", order_id)
        at = at or self.clock.now()
        left = order["costs"]["gross"]["value"] - processed(order)
        whole = amount is None or amount >= left
        amount = left if amount is None else min(amount, left)
        self._refund_seats(order, amount, whole, style == "fall", in_seconds(at))
        changes: dict[str, Any] = {"changed": in_seconds(at), "_refund_style": style}
        if whole:
            changes["status"] = "refunded"
        if style == "fall":
            parts = [seat["costs"] for seat in self.seats_of(order_id)]
            changes["costs"] = shapes.sum_costs(order["costs"]["gross"]["currency"], parts)
        else:
            request = refund_request(order, amount, in_seconds(at))
            changes["_refund_requests"] = [*order["_refund_requests"], request]
        order = self.store.put("orders", order | changes)
        self.tell_row("order.refunded", "orders", order)
        self.tell_row("order.updated", "orders", order)
        return order

    def _refund_seats(self, order: Row, amount: int, whole: bool, falls: bool, at: str) -> None:
        for seat in self.seats_of(order):
            changed = dict(seat)
            if falls:
                taken = min(amount, seat["costs"]["gross"]["value"])
                amount -= taken
                changed["costs"] = less(seat["costs"], taken)
            if whole:
                codes = [b | {"status": "refunded", "changed": at} for b in seat["barcodes"]]
                changed |= {"status": "Not Attending", "cancelled": True, "refunded": True}
                changed |= {"barcodes": codes, "checked_in": False}
            if changed != seat:
                self.store.put("attendees", changed | {"changed": at})
                self.tell_row("attendee.updated", "attendees", seat)

    def cancel_event(self, event_id: str, style: str = "fall", at: datetime | None = None) -> Row:
        """Cancels an event and refunds its placed orders, one partly refunded in the same style."""
        for order in self.store.tables["orders"].where("event_id", event_id):
            if order["status"] == "placed":
                first_style = order.get("_refund_style", style)
                self.refund_order(order["id"], style=first_style, at=at)
        row = self.row("events", event_id)
        changed = {"status": "canceled", "changed": in_seconds(at or self.clock.now())}
        self.tell_row("event.updated", "events", row)
        return self.store.put("events", row | changed)

    def transfer_seat(
        self,
        attendee_id: str,
        *,
        order: Row | str | None = None,
        buyer: dict[str, str] | None = None,
        event: Row | str | None = None,
    ) -> Row:
        """Moves a seat to another order, by default a new one of `buyer`, maybe of another event.

        The old seat stays, Transferred. The new one costs nothing: the money stays where it was
        paid.
        """
        seat = self.row("attendees", attendee_id)
        there = self._row("events", event or seat["event_id"])
        person = buyer or {key: seat["profile"][key] for key in ("name", "email")}
        wish: dict[str, Any] = {key: person.get(key, "") for key in ("name", "email")}
        wish["price"] = 0
        if there["id"] == seat["event_id"]:
            wish["ticket_class"] = seat["ticket_class_id"]
        self.cancel_seat(attendee_id, "Transferred")
        if order is None:
            return self.seats_of(self.add_order(there, buyer=person, seats=[wish]))[0]
        return self._join(there, self._row("orders", order), wish)

    def _join(self, event: Row, order: Row, wish: dict[str, Any]) -> Row:
        """Adds a seat to an order that exists."""
        order = self.patch("orders", order["id"])
        free = dict.fromkeys(("eventbrite_fee", "payment_fee", "tax"), 0)
        number = len(self.seats_of(order)) + 1
        seat = self._add_seat(event, order, free | wish | {"sequence": number})
        now = in_seconds(self.clock.now())
        return self.patch("attendees", seat["id"], created=now, changed=now)

    def delete_order(self, order_id: str) -> Row:
        """Deletes an order as Eventbrite does: it stays readable, with deleted seats."""
        for seat in self.seats_of(order_id):
            self.cancel_seat(seat["id"], "Deleted")
        return self.patch("orders", order_id, status="deleted")

    def remove_seat(self, attendee_id: str) -> Row:
        """Lets a seat vanish from its order without a trace but the order's new `changed`."""
        seat = self.row("attendees", attendee_id)
        self.store.remove("attendees", attendee_id)
        return self.patch("orders", seat["order_id"])

    def remove_event(self, event_id: str) -> Row:
        """Lets an event disappear with all that belongs to it, as when access to it is lost."""
        event = self.row("events", event_id)
        for kind in ("attendees", "orders", "ticket_classes"):
            for row in self.store.tables[kind].where("event_id", event_id):
                self.store.remove(kind, row["id"])
        for row in list(self.store.tables["discounts"]):
            if row["event_id"] == event_id:
                self.store.remove("discounts", row["id"])
        self.store.remove("events", event_id)
        self.tell_row("event.unpublished", "events", event)
        return event
