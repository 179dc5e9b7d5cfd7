"""The Eventbrite side of the world: builders of its objects."""

from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox import shapes
from integrations.sandbox.aftersales import merged
from integrations.sandbox.clock import in_seconds
from integrations.sandbox.outbox import Outbox
from integrations.sandbox.store import Row

FIRST_IDS = {
    "venues": 298_000_011,
    "events": 1_996_400_000_017,
    "ticket_classes": 3_310_000_013,
    "orders": 15_400_000_019,
    "attendees": 26_100_000_023,
    "discounts": 1_460_000_029,
}
ORGANIZATION_ID = "1850000000015"
TOLD = {
    "events": "event",
    "orders": "order",
    "attendees": "attendee",
    "venues": "venue",
    "ticket_classes": "ticket_class",
}
SEAT_FIELDS = ("status", "cancelled", "refunded", "checked_in", "affiliate", "variant_id")


class Ticketing(Outbox):
    """Builders of Eventbrite objects; each returns the stored object with its id.

    Amounts are integers in the currency's minor unit. Times are aware datetimes.
    """

    def new_id(self, kind: str) -> str:
        """The next free id of an Eventbrite kind."""
        top = self.store.tables[kind].top
        return str(top + 7 if top else FIRST_IDS[kind])

    def row(self, kind: str, row_id: str) -> Row:
        """A stored object. Raises KeyError."""
        return self.store.tables[kind].rows[row_id]

    def add_venue(
        self, name: str = "Kellerbühne", *, id: str = "", capacity: int | None = 120, **address: Any
    ) -> Row:
        """A venue; the other keyword arguments are parts of its address (city, country …)."""
        place = {"city": "Berlin", "country": "DE"} | address
        return self.store.put(
            "venues", shapes.venue(id or self.new_id("venues"), name, capacity, place)
        )

    def add_event(
        self,
        name: str = "Comedy Night",
        *,
        start: datetime | None = None,
        hours: float = 2,
        zone: str = "Europe/Berlin",
        currency: str = "EUR",
        venue: Row | str | None = None,
        capacity: int | None = 100,
        created: datetime | None = None,
        id: str = "",
        **fields: Any,
    ) -> Row:
        """An event, by default in a week; status follows from the start unless given."""
        now = self.clock.now()
        start = start or now + timedelta(days=7)
        made = in_seconds(created or min(now, start) - timedelta(days=60))
        over = start + timedelta(hours=hours) < now
        row = shapes.event(
            id or self.new_id("events"),
            name,
            start,
            zone=zone,
            hours=hours,
            created=made,
            changed=made,
            published=made,
            status="completed" if over else "live",
            currency=currency,
            organization_id=ORGANIZATION_ID,
            venue_id=venue["id"] if isinstance(venue, dict) else venue,
            capacity=capacity,
            format_id="6",
            category_id="105",
            subcategory_id="5010",
        )
        row = self.store.put("events", row | fields)
        self.tell_row("event.created", "events", row)
        if row["status"] != "draft":
            self.tell_row("event.published", "events", row)
        return row

    def add_ticket_class(
        self,
        event: Row | str,
        name: str = "Standard",
        *,
        price: int = 2000,
        id: str = "",
        **fields: Any,
    ) -> Row:
        """A ticket class; `price` 0 makes it free."""
        event = self._row("events", event)
        row = shapes.ticket_class(id or self.new_id("ticket_classes"), event, name, price)
        row = self.store.put("ticket_classes", row | fields)
        self.tell_row("ticket_class.created", "ticket_classes", row)
        return row

    def add_discount(self, code: str, *, id: str = "", **fields: Any) -> Row:
        """A promo code; give `percent_off` or `amount_off` as decimal text, `event_id` or none."""
        row = shapes.discount(id or self.new_id("discounts"), code, **fields)
        return self.store.put("discounts", row)

    def add_order(
        self,
        event: Row | str,
        *,
        buyer: dict[str, str] | None = None,
        seats: int | list[dict[str, Any]] = 1,
        price: int | None = None,
        eventbrite_fee: int = 0,
        payment_fee: int = 0,
        tax: int = 0,
        created: datetime | None = None,
        id: str = "",
        opted_in: bool | None = None,
        **fields: Any,
    ) -> Row:
        """A placed order with its seats.

        `seats` is a number, or a list of dicts; a seat may say name, email, ticket_class, price,
        eventbrite_fee, payment_fee, tax, id, phone, affiliate, variant_id, status, cancelled,
        refunded, checked_in, discount (a promo code, which gives it its variant_id). What it
        leaves out is the order's: name and address of the buyer, the four amounts (per seat), and
        the event's first ticket class. `costs` (of `shapes.costs`) overrides the sum of the seats;
        other keyword arguments are fields of the order.
        """
        event = self._row("events", event)
        buyer = buyer or {"name": "Ada Lovelace", "email": "ada@example.com"}
        at = in_seconds(created or self.clock.now())
        row = shapes.order(id or self.new_id("orders"), event["id"], buyer, at)
        defaults = {
            "name": buyer.get("name", ""),
            "email": buyer.get("email", ""),
            "price": price,
            "eventbrite_fee": eventbrite_fee,
            "payment_fee": payment_fee,
            "tax": tax,
        }
        wanted = [{} for _ in range(seats)] if isinstance(seats, int) else seats
        made = [
            self._add_seat(event, row, defaults | seat | {"sequence": number})
            for number, seat in enumerate(wanted, start=1)
        ]
        row["costs"] = shapes.sum_costs(event["currency"], [seat["costs"] for seat in made])
        row["_refund_requests"] = []
        row["_has_contact_list"] = opted_in is not None
        row["_opted_in"] = bool(opted_in)
        row = self.store.put("orders", row | fields)
        self._tell_sale(row, made)
        return row

    def _tell_sale(self, order: Row, seats: list[Row]) -> None:
        """Announces a sale in the order in which Eventbrite was seen to do it."""
        self.tell_row("order.updated", "orders", order)
        if order["status"] == "placed":
            self.tell_row("order.placed", "orders", order)
            for seat in seats:
                self.tell_row("attendee.updated", "attendees", seat)
            self.tell_row("order.updated", "orders", order)

    def _add_seat(self, event: Row, order: Row, seat: dict[str, Any]) -> Row:
        klass = self._ticket_class_of(event, seat)
        price = seat["price"]
        if price is None:
            price = klass["cost"]["value"] if klass["cost"] else 0
        parts = shapes.costs(
            event["currency"], price, seat["eventbrite_fee"], seat["payment_fee"], seat["tax"]
        )
        seat = seat | {"ticket_class": klass, "costs": parts | seat.get("more_costs", {})}
        row = shapes.attendee(seat.get("id") or self.new_id("attendees"), order, seat)
        if seat.get("discount"):
            row["variant_id"] = f"T{klass['id']}-D{self._row('discounts', seat['discount'])['id']}"
        row |= {key: seat[key] for key in SEAT_FIELDS if key in seat}
        return self.store.put("attendees", row)

    def _ticket_class_of(self, event: Row, seat: dict[str, Any]) -> Row:
        given = seat.get("ticket_class")
        if given is not None:
            klass = self._row("ticket_classes", given)
        else:
            known = self.store.tables["ticket_classes"].where("event_id", event["id"])
            klass = known[0] if known else self.add_ticket_class(event)
        sold = {"quantity_sold": klass["quantity_sold"] + 1}
        return self.store.put("ticket_classes", klass | sold)

    def seats_of(self, order: Row | str) -> list[Row]:
        """The attendees of an order."""
        order_id = order if isinstance(order, str) else order["id"]
        return self.store.tables["attendees"].where("order_id", order_id)

    def patch(self, kind: str, row_id: str, **fields: Any) -> Row:
        """Changes fields of a raw object; nested dicts are merged, `changed` becomes now."""
        row = merged(self.row(kind, row_id), fields)
        if "changed" in row and "changed" not in fields:
            row["changed"] = in_seconds(self.clock.now())
        if kind in TOLD:
            self.tell_row(f"{TOLD[kind]}.updated", kind, row)
        return self.store.put(kind, row)

    def tell_row(self, action: str, kind: str, row: Row) -> None:
        """Queues an action about an object for those who subscribed to it."""
        within = kind in ("attendees", "ticket_classes")
        path = f"/events/{row['event_id']}/{kind}/" if within else f"/{kind}/"
        event_id = row["id"] if kind == "events" else row.get("event_id")
        self.tell(action, f"{path}{row['id']}/", event_id)

    def _row(self, kind: str, given: Row | str) -> Row:
        return self.row(kind, given if isinstance(given, str) else given["id"])
