"""Planning and writing a file of Eventbrite, as a pull would have brought its rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from integrations.eventbrite import mapping
from integrations.eventbrite.files import places, purchases
from integrations.eventbrite.files.columns import ReportColumns
from integrations.eventbrite.files.findings import findings
from integrations.eventbrite.files.headings import (
    MONEY,
    FileLayout,
    known_headings,
    read_headings,
)
from integrations.eventbrite.files.programme import Show, Shows
from integrations.eventbrite.files.reading import Reading, seat_id_of
from integrations.eventbrite.files.sums import Sums
from integrations.eventbrite.pull import finish_file
from integrations.eventbrite.pull.orders import write_orders
from integrations.eventbrite.pull.seats import stored_orders, write_seats
from integrations.eventbrite.pull.state import Programme
from nova_project.imports.layout import Layout
from nova_project.imports.reading import Numbered
from nova_project.imports.rows import Row

_SURVEYED = ("order_id", "attendee_id", "barcode", "email", "first_name", "last_name", "currency")


class EventbriteFileResource(ReportColumns):
    """Orders by their number, or seats with their orders; which of the two, the headings tell.

    What a file does not say stays as it is, so a pull and a file may follow each other.
    """

    key = "order_id"
    key_words = (
        "An orders report has an order in each row, an attendees report a seat. They are found by "
        "Eventbrite's numbers, so a file may be imported again, and a later sync meets the same "
        "orders and seats. The newest export counts: an older one would bring back what was."
    )

    def __init__(self, *, user_id: int | None = None, **kwargs: Any) -> None:
        super().__init__(user_id=user_id, **(kwargs | {"clears_blanks": False}))
        self.file: FileLayout | None = None
        self._sums = Sums()
        self._shows: Shows | None = None
        self._told: set[str] = set()
        self._orders: dict[int, tuple[mapping.Order, purchases.Purchase]] = {}
        self._seats: dict[int, mapping.Attendee] = {}
        self._show_of: dict[int, Show] = {}
        self.noted: Counter[str] = Counter()

    def known_headings(self) -> set[str]:
        return known_headings()

    def accept(self, headings: Sequence[str]) -> Layout:
        self.file = read_headings(headings)
        self.layout = self.file.layout
        self.noun = "seat" if self.file.is_of_seats else "order"
        return self.layout

    @property
    def _file(self) -> FileLayout:
        if self.file is None:
            raise ValueError("The headings come first: call accept().")
        return self.file

    @property
    def shows(self) -> Shows:
        if self._shows is None:
            self._shows = Shows()
        return self._shows

    def survey(self, rows: Callable[[], Iterable[Numbered]]) -> None:
        """Adds up the seats of each order, wherever in the file they stand."""
        if not self._file.is_of_seats:
            return
        wanted = [part for part in self._present if part[0] in (*_SURVEYED, *MONEY)]
        for number, cells in rows():
            row = Row(number, cells)
            self._clean_cells(row, wanted)
            if "order_id" in row.given and (seat_id := seat_id_of(row.given)):
                self._sums.add(number, row.given, seat_id, not row.problems)

    # From cells to a plan

    def identify(self, rows: Sequence[Row]) -> None:
        for row in rows:
            order_id = row.given.get("order_id")
            row.key = seat_id_of(row.given) if order_id and self._file.is_of_seats else order_id

    def _refuse_no_key(self, row: Row) -> None:
        if row.problems:
            return
        if "order_id" not in row.given:
            row.refuse(
                self.heading("order_id"),
                "Is missing, so Nova cannot tell which order this is. Export the row again.",
            )
        else:
            row.refuse(
                self.heading("attendee_id"),
                "Is missing, so Nova cannot tell which seat this is. Export with Attendee # or "
                "Barcode number.",
            )

    def plan(self, rows: Sequence[Row], *, lock: bool = False) -> None:
        """At most nine queries, whatever the number of rows."""
        self.read(rows)
        self._orders, self._seats, self._show_of = {}, {}, {}
        reading = Reading(rows, self._file, self.shows, self._sums, lock=lock)
        for row in rows:
            if not row.problems:
                self._plan_row(row, reading)
            row.is_private = bool(row.problems) and reading.is_of_erased(row)
        self.noted.update(reading.noted)

    def _plan_row(self, row: Row, reading: Reading) -> None:
        told = reading.purchase(row, self.heading)
        if told is None:
            return
        self._show_of[row.number] = reading.show_of[row.number]
        found = self._plan_order(row, told, reading)
        if self._file.is_of_seats and not row.problems:
            found = [*found, *self._plan_seat(row, told, reading)]
        row.changed = [one.label for one in found]
        row.old = {one.label: one.old for one in found}
        row.new = {one.label: one.new for one in found}

    def _plan_order(
        self, row: Row, told: purchases.Purchase, reading: Reading
    ) -> list[purchases.Difference]:
        known = reading.orders.get(told.id)
        row.pk = known.pk if known else None
        if told.id in self._told:
            return []
        if known is None:
            self._orders[row.number] = purchases.as_new(told), told
            self._told.add(told.id)
            return []
        found = purchases.differences(told, known, reading.people)
        if found:
            order = purchases.as_changed(told, known, reading.people, timezone.now())
            self._orders[row.number] = order, told
        self._told.add(told.id)
        return found

    def _plan_seat(
        self, row: Row, told: purchases.Purchase, reading: Reading
    ) -> list[purchases.Difference]:
        place, known = reading.place(row, told), reading.places.get(row.key)
        row.pk = known.pk if known else None
        order = reading.orders.get(told.id)
        if known is None:
            at = told.ordered_at or (order.ordered_at if order else timezone.now())
            self._seats[row.number] = places.as_new(place, told.currency, at)
            return []
        found = places.differences(place, known, places.buyer_of(order), reading.people)
        if found:
            self._seats[row.number] = places.as_changed(
                place, known, reading.people, timezone.now()
            )
        return found

    # Writing and showing

    def write(self, rows: Sequence[Row]) -> None:
        shows = {show.key: show for row in rows for show in [self._show_of[row.number]]}
        events = {key: show.ensure() for key, show in shows.items()}
        if any(show.pk is None for show in shows.values()):
            self._shows = None
        wanted = [self._orders[row.number] for row in rows if row.number in self._orders]
        refunds = {
            told.id: told.costs["refund_imported"]
            for _, told in wanted
            if "refund_imported" in told.costs
        }
        write_orders([order for order, _ in wanted], events, refunds)
        self._write_seats(rows, events)

    def _write_seats(self, rows: Sequence[Row], events: dict[str, int]) -> None:
        seats = {row.number: self._seats[row.number] for row in rows if row.number in self._seats}
        orders = stored_orders({seat.order_id for seat in seats.values()})
        for row in rows:
            seat = seats.get(row.number)
            if seat and seat.order_id not in orders:
                row.refuse("", f"Order {seat.order_id} did not go in, so its seats did not either.")
                del seats[row.number]
        kept = {
            seat.ticket_class_id: int(seat.ticket_class_id[1:])
            for seat in seats.values()
            if seat.ticket_class_id[:1] == "=" and seat.ticket_class_id != "=None"
        }
        classes = places.ticket_classes_of(events.values()) | kept
        if seats:
            write_seats(list(seats.values()), orders, Programme({}, events, classes))

    def finish(self) -> None:
        finish_file()

    def findings(self) -> list[str]:
        return findings(self._file, self.noted)

    def title(self, row: Row) -> str:
        return f"{self.noun.capitalize()} {row.key}"

    def differences(self, row: Row) -> list[list[str]]:
        return [
            [name, self._text(name, row.old), self._text(name, row.new)] for name in row.changed
        ]

    def _text(self, name: str, values: dict[str, Any]) -> str:
        value = values[name]
        if name == "Event":
            show = self.shows.by_pk.get(value)
            return f"{show.name}, {show.day}" if show else "A new event"
        if isinstance(value, datetime):
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        if isinstance(value, Decimal):
            return f"{value:.2f}"
        return "" if value is None else str(value)
