"""What one run knows while it goes through the pages."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from events.models import Event, TicketClass, Venue
from integrations.eventbrite import mapping
from integrations.eventbrite.client import EventbriteClient
from integrations.eventbrite.mapping import Unmappable
from integrations.eventbrite.values import Json
from integrations.models import System
from integrations.sync import RunLog, read_cursor, save_cursor

_ASIDE = "set aside"

READS_BY_ID = 50
"""Events, orders, and seats, that one run asks for by id at most: each costs a request."""

T = TypeVar(
    "T",
    mapping.Organization,
    mapping.Venue,
    mapping.Event,
    mapping.TicketClass,
    mapping.Order,
    mapping.Attendee,
)


@dataclass(slots=True)
class Programme:
    """The primary key of each venue, event and ticket class, by Eventbrite's id."""

    venues: dict[str, int]
    events: dict[str, int]
    ticket_classes: dict[str, int]

    @classmethod
    def load(cls) -> "Programme":
        """Three queries."""
        return cls(
            *(
                dict(model.objects.exclude(eventbrite_id=None).values_list("eventbrite_id", "pk"))
                for model in (Venue, Event, TicketClass)
            )
        )


class Aside:
    """What could not be dealt with and will not come by itself, for the next runs to try again.

    Orders to read again by id, and events whose orders wait for the event to appear. Kept in a
    cursor, in the transaction of the page that they come from.
    """

    def __init__(self) -> None:
        position = read_cursor(System.EVENTBRITE, _ASIDE)
        self.orders: dict[str, None] = dict.fromkeys(position.get("orders", ()))
        self.events: dict[str, None] = dict.fromkeys(position.get("events", ()))
        self.orders_before = list(self.orders)
        self._saved = self._position()

    def put_order(self, order_id: str) -> None:
        """At the end of the line, also if it stood there already."""
        self.orders.pop(order_id, None)
        self.orders[order_id] = None

    def put_event(self, event_id: str) -> None:
        self.events[event_id] = None

    def save(self) -> None:
        """Nothing is written where nothing changed."""
        position = self._position()
        if position != self._saved:
            save_cursor(System.EVENTBRITE, _ASIDE, position)
            self._saved = position

    def _position(self) -> dict[str, list[str]]:
        return {"orders": list(self.orders), "events": list(self.events)}


@dataclass(slots=True)
class Pull:
    """One run: where it reads, what it reports to, what it knows already."""

    client: EventbriteClient
    log: RunLog
    programme: Programme = field(default_factory=Programme.load)
    aside: Aside = field(default_factory=Aside)
    unreadable: set[str] = field(default_factory=set)
    """Records of this run that have a problem of their own: “event 12”, “order 34”."""

    unsure: set[str] = field(default_factory=set)
    """Orders of which a seat is missing that could not be asked for: read again later."""

    asked_for: dict[str, set[str]] = field(default_factory=dict)
    """What this run has asked for by id already: “event”, “order” and “seat” to their ids."""

    def read(self, kind: type[T], rows: Iterable[Json], counted_as: str) -> list[T]:
        """The rows that can be read; each other one becomes a problem."""
        found: list[T] = []
        for raw in rows:
            try:
                found.append(mapping.read(kind, raw))
            except Unmappable as error:
                self.unreadable.add(error.record)
                self._set_aside(kind, raw)
                self.log.problem("unmappable", error.record, str(error), kind=counted_as)
        return found

    def _set_aside(self, kind: type[T], raw: Json) -> None:
        """Its order is read again by later runs, when Nova may have learned to read it."""
        key = {mapping.Order: "id", mapping.Attendee: "order_id"}.get(kind)
        if key and isinstance(raw, dict) and raw.get(key):
            self.aside.put_order(str(raw[key]))

    def may_ask(self, kind: str, record_id: str) -> bool:
        """Whether to ask for a record by id: once a run, and for READS_BY_ID of a kind at most."""
        asked = self.asked_for.setdefault(kind, set())
        may = record_id not in asked and len(asked) < READS_BY_ID
        asked.add(record_id)
        return may
