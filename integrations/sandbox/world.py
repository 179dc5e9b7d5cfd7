"""The world that the sandbox serves: all objects of both systems, made up or filled by hand."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import RLock
from typing import Any

from integrations.sandbox import properties
from integrations.sandbox.changes import Changes
from integrations.sandbox.clock import Clock
from integrations.sandbox.hubspot_schema import group
from integrations.sandbox.limits import Limits
from integrations.sandbox.marketing import Marketing
from integrations.sandbox.store import Store, Table
from integrations.sandbox.ticketing import ORGANIZATION_ID

HUBSPOT_TOKEN = "sandbox-hubspot-token"
EVENTBRITE_TOKEN = "sandbox-eventbrite-token"
EVENTBRITE_KINDS = [
    "organizations",
    "venues",
    "events",
    "ticket_classes",
    "discounts",
    "orders",
    "attendees",
]
HUBSPOT_KINDS = [
    "contacts",
    "deals",
    "associations",
    "properties",
    "groups",
    "pipelines",
    "owners",
    "lists",
    "event_definitions",
    "event_occurrences",
    "campaigns",
    "emails",
]
OUTBOXES = ["webhooks", "hubspot_outbox", "eventbrite_outbox"]
INDEXES = {
    "ticket_classes": ("event_id",),
    "orders": ("event_id",),
    "attendees": ("event_id", "order_id"),
    "associations": ("contact_id", "deal_id"),
}
KINDS = [*EVENTBRITE_KINDS, *HUBSPOT_KINDS, *OUTBOXES, "tokens", "meta"]
REMEMBERED = 16


class World(Changes, Marketing):
    """Everything that exists, with builders for more.

    With `search_lag_seconds` HubSpot's search finds a record only that long after its last change.
    Hold `lock` while touching it from another thread than the server's.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.lock = RLock()
        self.clock = Clock()
        self.limits = Limits(self.clock)
        self.search_lag_seconds = 0.0
        self.store = Store(path, {kind: INDEXES.get(kind, ()) for kind in KINDS})
        self._choices: dict[str, tuple[int, list[int]]] = {}
        self.is_new = self.store.tables["meta"].get("world") is None
        if self.is_new:
            self._found()
        if not self.store.tables["pipelines"]:
            self.found_deals()
        self.reindex()

    @classmethod
    def empty(cls, path: str | Path | None = None) -> "World":
        """A portal and an organization without people or shows."""
        return cls(path)

    @classmethod
    def generate(
        cls,
        *,
        seed: int = 7,
        events: int = 60,
        orders: int | None = None,
        contacts: int = 9_000,
        today: date | None = None,
        path: str | Path | None = None,
    ) -> "World":
        """A made-up season around `today`; by default 100 orders an event.

        The same arguments make the same world. If the file at `path` holds a world already, that
        one is opened and the other arguments are not looked at.
        """
        world = cls(path)
        if world.is_new:
            from integrations.sandbox.generation import fill  # Faker takes its time to import

            sizes = {"events": events, "orders": orders or events * 100, "contacts": contacts}
            fill(world, seed, today or world.clock.now().date(), sizes)
            world.store.commit()
        return world

    def _found(self) -> None:
        """What every portal and organization has from the first day."""
        self.store.put("meta", {"id": "world", "seed": None})
        organization = {
            "_type": "organization",
            "id": ORGANIZATION_ID,
            "name": "Nova Live",
            "vertical": "default",
            "image_id": None,
            "parent_id": None,
            "locale": "de_DE",
            "created": "2019-07-17T03:18:48",
        }
        self.store.put("organizations", organization)
        for name, label in properties.GROUPS.items():
            self.store.put("groups", group("contacts", name, label))
        for row in properties.contact_definitions():
            self.store.put("properties", row)
        self.register_token(HUBSPOT_TOKEN)

    @property
    def seed(self) -> int | None:
        """The seed of a generated world."""
        return self.store.tables["meta"].rows["world"]["seed"]

    def counts(self) -> dict[str, int]:
        """How many objects there are of each kind."""
        return {kind: len(self.store.tables[kind]) for kind in KINDS if kind != "meta"}

    def remembered(self, table: Table, key: str, choose: Callable[[], list[int]]) -> list[int]:
        """The positions that `choose` finds, found again only when the table has changed."""
        known = self._choices.get(key)
        if known is not None and known[0] == table.version:
            return known[1]
        if len(self._choices) >= REMEMBERED:
            self._choices.pop(next(iter(self._choices)))
        positions = choose()
        self._choices[key] = (table.version, positions)
        return positions

    def dump(self, kind: str) -> list[dict[str, Any]]:
        """All raw objects of a kind, by position. Raises KeyError."""
        return list(self.store.tables[kind])

    def close(self) -> None:
        """Writes what is open and lets go of the file."""
        with self.lock:
            self.store.close()
