"""Touches as files: those of other systems to bring in, all of them to take along."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from customers.models import Campaign, EmailAddress, Order, Touch, TouchKind
from customers.resources.people import AddressWidget
from nova_project.bulk import upsert
from nova_project.imports.columns import ChoiceWidget, Column, MomentWidget, NameWidget, TextWidget
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import CHUNK, Row

OWN = "file "
"""How the keys of touches begin that files brought."""


class _ShownAs:
    """Renders an id as it was looked up for a whole chunk of rows."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.texts: dict[int, str] = {}

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.texts.get(value, "")


class CustomerWidget(_ShownAs, AddressWidget):
    """A customer by an address."""


class OrderWidget(_ShownAs, TextWidget):
    hint = "Eventbrite's number of an order, where the touch belongs to one."


class TouchResource(BulkResource):
    """A touch is found by its id; a row without one by what it is: who, by what, and when.

    A touch that an order or the CRM tells of is theirs: a file cannot change it.
    """

    key = "key"
    noun = "touch"
    key_words = (
        "A touch is found by its ID. A row without one is a touch of its own, found by customer, "
        "kind, source and time, so the same file again adds nothing. What orders and the CRM tell "
        "of is not changed by a file."
    )

    touch = Column("key", TextWidget(300), heading="Touch ID", help="Blank for a new touch.")
    customer = Column(
        "customer_id", CustomerWidget(), heading="Customer e-mail", example="ada@example.org"
    )
    kind = Column("kind", ChoiceWidget(TouchKind), is_required=True, example="Click in an e-mail")
    source = Column("source", TextWidget(200), is_required=True, example="spring-letter")
    campaign = Column("campaign_id", NameWidget(Campaign.objects.all(), noun="campaign"))
    order = Column("order_id", OrderWidget(), heading="Order ID")
    occurred_at = Column(
        "occurred_at", MomentWidget(), is_required=True, example="2026-03-14 19:30"
    )

    class Meta:
        model = Touch

    def identify(self, rows: Sequence[Row]) -> None:
        """Finds people and orders of all rows. Two queries."""
        self._find(rows, "customer_id", "customer with this address", _customers)
        self._find(rows, "order_id", "order with this number", _orders)
        for row in rows:
            row.key = row.given.get("key")
            if row.key is None and not row.problems:
                row.key = row.given["key"] = _key(row.given)

    def _find(self, rows: Sequence[Row], name: str, what: str, known: Any) -> None:
        given = {row.given[name] for row in rows if name in row.given}
        ids = known(given) if given else {}
        for row in rows:
            if text := row.given.pop(name, None):
                if text in ids:
                    row.given[name] = ids[text]
                else:
                    row.refuse(self.heading(name), f"There is no {what}: “{text}”.")

    def existing(
        self, keys: Collection[Any], *, lock: bool
    ) -> dict[Any, tuple[int, dict[str, Any]]]:
        found = super().existing(keys, lock=lock)
        self._look_up([values for _, values in found.values()])
        return found

    def _look_up(self, touches: Sequence[Mapping[str, Any]]) -> None:
        """What the customers and orders of these rows are shown as. Two queries."""
        people = {values["customer_id"] for values in touches} - {None}
        orders = {values["order_id"] for values in touches} - {None}
        primary = EmailAddress.objects.filter(customer__in=people, is_primary=True)
        shown = Order.objects.filter(pk__in=orders).exclude(eventbrite_id=None)
        self.columns["customer_id"].widget.texts = dict(
            primary.order_by().values_list("customer_id", "address")
        )
        self.columns["order_id"].widget.texts = dict(
            shown.order_by().values_list("pk", "eventbrite_id")
        )

    def check(self, row: Row) -> None:
        heading = self.heading("key")
        if row.pk is None and not row.key.startswith(OWN):
            row.refuse(heading, "No touch has this ID. Leave it blank for a new one.")
        elif row.pk is not None and not row.key.startswith(OWN):
            row.refuse(
                heading,
                "An order or the CRM tells of this touch, and the next sync would undo the change.",
            )
        is_nobodys = row.new["customer_id"] is None and row.new["order_id"] is None
        if is_nobodys and not row.is_refused_in(self.heading("customer_id")):
            row.refuse(self.heading("customer_id"), "Is missing, and so is the order.")

    def write(self, rows: Sequence[Row]) -> None:
        """Touches have no history: they are facts, and files only add to them."""
        upsert(
            Touch,
            [tuple(row.new[name] for name in self.stored) for row in rows],
            fields=self.stored,
            key="key",
        )

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """A query for the touches, and two for each chunk of them."""
        touches = queryset.values(*self.stored).iterator(chunk_size=CHUNK)
        while chunk := list(islice(touches, CHUNK)):
            self._look_up(chunk)
            for values in chunk:
                yield [self.shown(name, values) for name in self.columns]


def _customers(addresses: Collection[str]) -> dict[str, int]:
    found = EmailAddress.objects.filter(address__among=addresses).order_by()
    return dict(found.values_list("address", "customer_id"))


def _orders(numbers: Collection[str]) -> dict[str, int]:
    found = Order.objects.filter(eventbrite_id__among=numbers).order_by()
    return {str(number): pk for number, pk in found.values_list("eventbrite_id", "pk")}


def _key(given: Mapping[str, Any]) -> str:
    """What a touch of a file is known by when the file comes again."""
    parts = [given.get(name) for name in ("customer_id", "order_id", "kind", "source")]
    parts.append(given["occurred_at"].isoformat() if given.get("occurred_at") else None)
    text = "\x1f".join(str(part or "").casefold() for part in parts)
    return f"{OWN}{hashlib.sha256(text.encode()).hexdigest()[:32]}"
