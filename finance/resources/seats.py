"""Seats: those of Eventbrite to look at, those sold at the door to bring in.

It stands in finance, because a sale at the door is an order whose money belongs in the ledger.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from customers.models import Attendance, AttendanceStatus, EmailAddress, Suppression
from customers.resources import AddressWidget
from finance.resources.events import EventWidget
from finance.resources.knownseats import KnownSeat, known_seats, read_seats
from finance.services import BY_HAND, Sale, write_sales
from nova_project.imports.amounts import AmountWidget, CurrencyWidget
from nova_project.imports.columns import (
    ChoiceWidget,
    Column,
    MomentWidget,
    TextWidget,
)
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import Row
from nova_project.money import check_amount_fits

_OF_EVENTBRITE = (
    "Eventbrite keeps this seat, and the next pull would undo the change. Change it on Eventbrite."
)


class AttendanceResource(BulkResource):
    """Seats by their id; a row without one is a sale at the door.

    A sale that is there already is found by what it is: event, ticket, price, currency, buyer,
    guest and time. Two equal rows are two sales, and the same file again changes nothing.
    """

    key = "seat"
    noun = "seat"
    key_words = (
        "A seat is found by its id. A row without one is a sale at the door: it adds an order with "
        "one seat, whose money goes to the ledger, unless the very same sale is there already. "
        "Seats of Eventbrite are changed on Eventbrite only."
    )

    seat = Column(
        "seat", TextWidget(64), heading="Seat ID", help="Leave blank for sales at the door."
    )
    event = Column("event_id", EventWidget(), is_required=True, example="Comedy Night, 2026-03-14")
    ticket = Column("ticket_name", TextWidget(200), example="Door")
    price = Column("price", AmountWidget(), is_required=True, example="18.00")
    currency = Column(
        "currency", CurrencyWidget(), example="EUR", help="The event's where it is blank."
    )
    status = Column(
        "status",
        ChoiceWidget(AttendanceStatus),
        example="Checked in",
        help="Attending, Checked in, Refunded or Cancelled; the last two give the money back.",
    )
    buyer_email = Column(
        "buyer_email",
        AddressWidget(),
        heading="Buyer e-mail",
        example="ada@example.org",
        help="Finds the customer, or adds one. Blank where nobody asked.",
    )
    buyer_name = Column("buyer_name", TextWidget(250), heading="Buyer name", example="Ada Smith")
    holder_email = Column(
        "holder_email",
        AddressWidget(),
        heading="Holder e-mail",
        help="Who sits there. Blank with no guest name: the buyer.",
    )
    guest_name = Column("guest_name", TextWidget(250))
    ordered_at = Column(
        "ordered_at",
        MomentWidget(),
        heading="Ordered at",
        example="2026-03-14 19:40",
        help="The start of the event where it is blank.",
    )
    checked_in_at = Column("checked_in_at", MomentWidget(), example="2026-03-14 19:41")
    order = Column("order", TextWidget(), heading="Order ID", readonly=True)

    class Meta:
        model = Attendance

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sales: dict[int, tuple[Any, ...]] = {}
        self._owners: dict[str, int] = {}
        self._known: dict[int, KnownSeat] = {}
        self._taken: set[int] = set()

    @property
    def programme(self) -> Any:
        return self.columns["event_id"].widget.programme

    # Which seat

    def identify(self, rows: Sequence[Row]) -> None:
        self._look_up_addresses(rows)
        self._sales = {}
        for row in rows:
            given = row.given
            if given.get("holder_email"):
                given.pop("guest_name", None)
            if seat := given.get("seat"):
                row.key = seat
            elif not row.problems and "event_id" in given and "price" in given:
                self._complete(row)
                row.key = ("sale", row.number)
                buyer = given.get("buyer_email", "")
                self._sales[row.number] = self._content(given, self._owners.get(buyer) or buyer)
            elif not row.problems:
                row.refuse("", "A sale at the door needs an event and a price.")

    def _look_up_addresses(self, rows: Sequence[Row]) -> None:
        given = {
            row.given[name]: row
            for row in rows
            for name in ("buyer_email", "holder_email")
            if row.given.get(name)
        }
        known = EmailAddress.objects.filter(address__in=list(given))
        self._owners = dict(known.values_list("address", "customer_id"))
        erased = Suppression.objects.covering(given)
        for row in rows if erased else ():
            for name in ("buyer_email", "holder_email"):
                if row.given.get(name) in erased:
                    row.refuse_erased(self.heading(name))

    def _complete(self, row: Row) -> None:
        """Fills in what a sale at the door leaves out."""
        given = row.given
        given.setdefault("currency", self.programme.currencies[given["event_id"]])
        given.setdefault("ordered_at", self.programme.starts[given["event_id"]])
        if (
            not given.get("holder_email")
            and not given.get("guest_name")
            and given.get("buyer_email")
        ):
            given["holder_email"] = given["buyer_email"]

    def _content(self, row: dict[str, Any], buyer: int | str) -> tuple[Any, ...]:
        """What makes two sales the same. `buyer` is the customer, or an address not known yet."""
        return (
            row["event_id"],
            row.get("ticket_name", ""),
            row["price"],
            row["currency"],
            buyer,
            row.get("guest_name", ""),
            row["ordered_at"],
        )

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        references = [key for key in keys if isinstance(key, str)]
        events = {content[0] for content in self._sales.values()}
        found: dict[Any, tuple[int, dict[str, Any]]] = {}
        by_hand: list[KnownSeat] = []
        for seat in known_seats(references, events, lock=lock):
            self._known[seat.pk] = seat
            found[seat.row["seat"]] = seat.pk, seat.row
            if not seat.is_of_eventbrite:
                by_hand.append(seat)
        self._taken |= {found[reference][0] for reference in references if reference in found}
        return found | self._match_sales(by_hand)

    def _match_sales(self, seats: Sequence[KnownSeat]) -> dict[Any, tuple[int, dict[str, Any]]]:
        """Each sale of the file takes one seat of the same content that no other row has taken."""
        free: dict[tuple[Any, ...], deque[KnownSeat]] = defaultdict(deque)
        for seat in seats:
            if seat.pk not in self._taken:
                free[self._content(seat.row, seat.buyer_id or "")].append(seat)
        found: dict[Any, tuple[int, dict[str, Any]]] = {}
        for number, content in self._sales.items():
            if free[content]:
                seat = free[content].popleft()
                self._taken.add(seat.pk)
                found["sale", number] = seat.pk, seat.row | {"seat": None}
        return found

    # What may be

    def plan(self, rows: Sequence[Row], *, lock: bool = False) -> None:
        self._known = {}
        super().plan(rows, lock=lock)
        for row in rows:
            if seat := self._known.get(row.pk or 0):
                self._compare_people(row, seat)
                if seat.is_of_eventbrite:
                    for name in row.changed:
                        row.refuse(self.heading(name), _OF_EVENTBRITE)

    def _compare_people(self, row: Row, seat: KnownSeat) -> None:
        """Another address of the same customer is no change."""
        for name, customer in (("buyer_email", seat.buyer_id), ("holder_email", seat.holder_id)):
            address = row.given.get(name)
            if address and customer and self._owners.get(address) == customer:
                row.new[name] = row.old[name]
                row.changed = [changed for changed in row.changed if changed != name]

    def check(self, row: Row) -> None:
        if row.pk is not None and self._known[row.pk].is_of_eventbrite:
            return
        new = row.new
        if row.pk is None and isinstance(row.key, str):
            row.refuse(
                self.heading("seat"),
                f"There is no seat {row.key} in Nova. Seats of Eventbrite come with the next pull; "
                "for a sale at the door leave this cell blank.",
            )
            return
        if row.pk is not None and "event_id" in row.changed:
            row.refuse(self.heading("event_id"), "A seat cannot move to another event.")
        if new["status"] not in BY_HAND:
            allowed = ", ".join(AttendanceStatus(status).label for status in BY_HAND)
            row.refuse(self.heading("status"), f"A sale at the door is one of: {allowed}.")
        self._check_price(row, new["price"], new["currency"])

    def _check_price(self, row: Row, price: Decimal | None, currency: str) -> None:
        if price is None:
            return
        if price < 0:
            row.refuse(
                self.heading("price"),
                "A price cannot be negative. To give money back set the status to Refunded.",
            )
        try:
            check_amount_fits(price, currency)
        except ValidationError as error:
            row.refuse(self.heading("price"), " ".join(error.messages))

    # Writing and showing

    def write(self, rows: Sequence[Row]) -> None:
        self._taken |= write_sales([self._sale(row) for row in rows])

    def _sale(self, row: Row) -> Sale:
        seat = self._known.get(row.pk or 0)
        return Sale(
            pk=row.pk,
            order_id=seat.order_id if seat else None,
            people_before=(seat.buyer_id, seat.holder_id) if seat else (None, None),
            **{name: row.new[name] for name in Sale.COPIED},
        )

    def title(self, row: Row) -> str:
        return f"Seat {row.key}" if isinstance(row.key, str) else "Sale at the door"

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """A query for the seats, and one for the addresses of each chunk of them."""
        columns = list(self.columns.values())
        for seat in read_seats(queryset):
            row = seat.row
            yield [
                *(
                    column.widget.render(row[column.attribute], currency=row["currency"])
                    for column in columns
                ),
                seat.order,
            ]
