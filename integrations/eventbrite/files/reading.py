"""A part of a file read against Nova: what each row says of its order and its seat."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from customers.models import clean_address
from integrations.eventbrite.files.cells import PARTLY_REFUNDED
from integrations.eventbrite.files.headings import FileLayout
from integrations.eventbrite.files.people import People
from integrations.eventbrite.files.places import Place, known_places
from integrations.eventbrite.files.programme import Show, Shows, zone_of
from integrations.eventbrite.files.purchases import (
    KnownOrder,
    Purchase,
    known_orders,
    seats_in,
)
from integrations.eventbrite.files.sums import OrderSum, Sums, costs_of
from integrations.eventbrite.values import person_name
from nova_project.imports.rows import Row
from nova_project.money import check_amount_fits

_ADDRESSES = ("email", "buyer_email")
_SEQUENCE = 3
"""Digits at the end of a barcode, after the numbers of order and attendee."""


def seat_id_of(given: dict[str, Any]) -> str | None:
    """The number of a row's attendee, out of the barcode where no column has it."""
    if attendee_id := given.get("attendee_id"):
        return str(attendee_id)
    barcode, order_id = given.get("barcode", ""), given["order_id"]
    middle = barcode[len(order_id) : -_SEQUENCE]
    return middle if middle and barcode.startswith(order_id) else None


class Reading:
    """Knows the orders, seats and people that a part of a file is about. Eight queries at most."""

    def __init__(
        self, rows: Sequence[Row], file: FileLayout, shows: Shows, sums: Sums, *, lock: bool
    ) -> None:
        self.file, self._all_shows, self._sums = file, shows, sums
        given = [row.given for row in rows]
        ids = {one["order_id"] for one in given if "order_id" in one}
        self.orders = known_orders(ids, lock=lock)
        seat_ids = {row.key for row in rows if row.key} if file.is_of_seats else set()
        self.places = known_places(seat_ids, lock=lock) if seat_ids else {}
        self._seats_in = seats_in(self.orders.values()) if seat_ids else {}
        customers = {order.buyer_id for order in self.orders.values()}
        customers |= {place.holder_id for place in self.places.values()}
        self.people = People(
            {clean_address(one.get(name)) for one in given for name in _ADDRESSES},
            {pk for pk in customers if pk},
        )
        self.show_of: dict[int, Show] = {}
        self.noted: Counter[str] = Counter()

    def is_of_erased(self, row: Row) -> bool:
        return any(self.people.is_erased(clean_address(row.given.get(name))) for name in _ADDRESSES)

    def purchase(self, row: Row, heading: Callable[[str], str]) -> Purchase | None:
        """What the row says of its order; None, and the row refused, where that will not do."""
        given = row.given
        known = self.orders.get(given["order_id"])
        try:
            show = self._show(given, known)
            zone = zone_of(given) if given.get("time_zone") else ZoneInfo(show.time_zone)
        except ValueError as error:
            row.refuse(heading("event_id"), str(error))
            return None
        self.show_of[row.number] = show
        told = self._told(given, known, show, zone)
        self._refuse(row, told, known, heading)
        return None if row.problems else told

    def _show(self, given: dict[str, Any], known: KnownOrder | None) -> Show:
        if known and not given.get("event_id") and not given.get("event_name"):
            return self._all_shows.by_pk[known.event_id]
        try:
            return self._all_shows.find(given, self.file.currency)
        except ValueError:
            if known is None or given.get("event_id"):
                raise
            show = self._all_shows.by_pk[known.event_id]
            if show.name.casefold() != given["event_name"].casefold():
                raise
            return show

    def _told(
        self, given: dict[str, Any], known: KnownOrder | None, show: Show, zone: ZoneInfo
    ) -> Purchase:
        first_name, last_name, email = self._buyer(given)
        status = given.get("order_status", "")
        if status == PARTLY_REFUNDED:
            self.noted[PARTLY_REFUNDED] += 1
            status = "placed"
        currency = given.get("currency") or self.file.currency
        return Purchase(
            id=given["order_id"],
            event=show.key,
            event_pk=show.pk,
            first_name=person_name(first_name),
            last_name=person_name(last_name),
            email=email,
            status=status,
            ordered_at=in_zone(given.get("order_date"), zone),
            currency=currency or (known.currency if known else show.currency),
            costs=self._costs(given, known),
        )

    def _buyer(self, given: dict[str, Any]) -> tuple[str, str, str]:
        """Named by the row; in a report of seats without buyers, the only address of the order."""
        names = ("first_name", "last_name")
        if self.file.says("buyer_email"):
            first_name, last_name = (given.get(f"buyer_{name}", "") for name in names)
            return first_name, last_name, clean_address(given.get("buyer_email"))
        if not self.file.is_of_seats:
            first_name, last_name = (given.get(name, "") for name in names)
            return first_name, last_name, clean_address(given.get("email"))
        found = self._sums.orders.get(given["order_id"], OrderSum())
        if len(found.addresses) != 1 or "" in found.addresses:
            self.noted["nameless"] += 1
            return "", "", ""
        return *found.first_person, next(iter(found.addresses))

    def _costs(self, given: dict[str, Any], known: KnownOrder | None) -> dict[str, Decimal]:
        """A report of seats speaks for an order in Nova only where it has all its seats, and they
        are what the order's amount is made of."""
        if not self.file.is_of_seats:
            return costs_of(given)
        found = self._sums.orders.get(given["order_id"], OrderSum())
        if known:
            count, total = self._seats_in.get(known.pk, (0, None))
            if not 0 < count <= found.seat_count or total != known.gross:
                return {}
        return found.costs

    def _refuse(
        self,
        row: Row,
        told: Purchase,
        known: KnownOrder | None,
        heading: Callable[[str], str],
    ) -> None:
        bad_row = self._sums.orders.get(told.id, OrderSum()).bad_row
        if bad_row and bad_row != row.number:
            row.refuse("", f"Row {bad_row} of the same order cannot be read. Mend that one first.")
        for name, amount in costs_of(row.given).items():
            column = heading("refund" if name == "refund_imported" else name)
            if amount < 0:
                row.refuse(column, "An amount cannot be negative here.")
            try:
                check_amount_fits(amount, told.currency)
            except ValidationError as error:
                row.refuse(column, " ".join(error.messages))
        if self.file.is_of_seats and row.given.get("quantity", "1") not in ("0", "1"):
            row.refuse(
                heading("quantity"),
                "The row stands for several seats. Export a report with a row for each attendee.",
            )
        if known is None:
            _refuse_unknown(row, told, heading)

    def place(self, row: Row, told: Purchase) -> Place:
        """What the row says of its seat. Call it after `purchase`."""
        given, show = row.given, self.show_of[row.number]
        return Place(
            id=row.key,
            order_id=told.id,
            event=show.key,
            event_pk=show.pk,
            ticket_name=given.get("ticket_type", ""),
            first_name=person_name(given.get("first_name")),
            last_name=person_name(given.get("last_name")),
            email=clean_address(given.get("email")),
            status=given.get("attendee_status", ""),
            checked_in_at=in_zone(given.get("checked_in_at"), ZoneInfo(show.time_zone)),
            price=given.get("gross"),
            affiliate_code=given.get("affiliate", ""),
            **{name: given.get(name, "") for name in ("phone", "city", "country")},
        )


def in_zone(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A time without a zone of its own is the event's."""
    return moment.replace(tzinfo=zone) if moment and moment.tzinfo is None else moment


def _refuse_unknown(row: Row, told: Purchase, heading: Callable[[str], str]) -> None:
    """What a new order cannot do without."""
    if "gross" not in told.costs:
        row.refuse(
            "",
            f"Order {told.id} is not in Nova, and this file does not say what was paid. Import the "
            "orders report of the event first, then this file again.",
        )
    elif told.ordered_at is None:
        row.refuse(heading("order_date"), "Is missing. A new order needs it.")
