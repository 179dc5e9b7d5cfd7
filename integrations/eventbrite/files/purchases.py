"""What a file says of orders, beside what Nova knows of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Sum

from customers.models import Attendance, Order, OrderStatus
from integrations.eventbrite import mapping
from integrations.eventbrite.files.people import People
from integrations.eventbrite.values import name_parts, person_name
from nova_project.money import ZERO

COSTS = ("gross", "tax", "eventbrite_fee", "payment_fee", "refund_imported")
_GIVEN_BACK = (OrderStatus.REFUNDED, OrderStatus.CANCELLED)


class KnownOrder(NamedTuple):
    """An order as it is in Nova."""

    pk: int
    event_id: int
    buyer_id: int | None
    buyer_name: str
    is_buyer_erased: bool
    status: str
    remote_status: str
    ordered_at: datetime
    changed_at: datetime
    currency: str
    gross: Decimal
    tax: Decimal
    eventbrite_fee: Decimal
    payment_fee: Decimal
    refund_imported: Decimal


def known_orders(order_ids: Collection[str], *, lock: bool) -> dict[str, KnownOrder]:
    """By Eventbrite's id. One query; with `lock` they are held until the transaction ends."""
    orders = Order.objects.filter(eventbrite_id__among=order_ids).order_by("pk")
    if lock:
        orders = orders.select_for_update(of=("self",))
    rows = orders.values_list("eventbrite_id", *KnownOrder._fields)
    return {str(row[0]): KnownOrder(*row[1:]) for row in rows}


def seats_in(orders: Iterable[KnownOrder]) -> dict[int, tuple[int, Decimal]]:
    """How many seats Nova has of each order, and the sum of their prices. One query."""
    seats = Attendance.objects.filter(order__in=[order.pk for order in orders]).order_by()
    rows = seats.values_list("order").annotate(Count("pk"), Sum("price"))
    return {order: (count, total) for order, count, total in rows}


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a file says of one order. None, and "" for texts, where it says nothing."""

    id: str
    event: str
    event_pk: int | None
    first_name: str
    last_name: str
    email: str
    status: str
    ordered_at: datetime | None
    currency: str
    costs: dict[str, Decimal]

    @property
    def name(self) -> str:
        return person_name(f"{self.first_name} {self.last_name}")[:250]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of Nova's that the file says otherwise."""

    label: str
    old: Any
    new: Any


_LABELS = {
    "event_pk": "Event",
    "status": "Status",
    "ordered_at": "Ordered at",
    "currency": "Currency",
    "gross": "Gross now",
    "tax": "Tax",
    "eventbrite_fee": "Eventbrite fee",
    "payment_fee": "Processing fee",
    "refund_imported": "Refund by import",
}


def differences(told: Purchase, known: KnownOrder, people: People) -> list[Difference]:
    """What of an order in Nova the file would change."""
    now = _wanted(told, known)
    found = [
        Difference(label, old, now[name])
        for name, label in _LABELS.items()
        if now[name] != (old := getattr(known, _FIELD.get(name, name)))
    ]
    if known.is_buyer_erased or people.is_erased(told.email):
        return found
    if told.email and people.owner(told.email) != (known.buyer_id or 0):
        found.append(Difference("Buyer e-mail", people.address(known.buyer_id), told.email))
    if told.name and told.name != known.buyer_name:
        found.append(Difference("Buyer name", known.buyer_name, told.name))
    return found


_FIELD = {"event_pk": "event_id"}


def _wanted(told: Purchase, known: KnownOrder) -> dict[str, Any]:
    status = told.status or known.status
    if status == OrderStatus.REFUNDED and known.status in _GIVEN_BACK:
        status = known.status
    return {
        "event_pk": told.event_pk,
        "status": status,
        "ordered_at": told.ordered_at or known.ordered_at,
        "currency": told.currency or known.currency,
        **{name: told.costs.get(name, getattr(known, name)) for name in COSTS},
    }


def as_new(told: Purchase) -> mapping.Order:
    """An order that Nova does not have yet."""
    status = told.status or OrderStatus.PLACED.value
    costs = {name: told.costs.get(name, ZERO) for name in COSTS if name != "refund_imported"}
    assert told.ordered_at is not None
    return _order(
        told,
        name=told.name,
        email=told.email,
        status=status,
        remote_status=status,
        ordered_at=told.ordered_at,
        changed_at=told.ordered_at,
        currency=told.currency,
        **costs,
    )


def as_changed(
    told: Purchase, known: KnownOrder, people: People, changed_at: datetime
) -> mapping.Order:
    """An order as it should be; what the file does not say stays as it is."""
    now = _wanted(told, known)
    is_private = known.is_buyer_erased or people.is_erased(told.email)
    email = "" if known.is_buyer_erased else told.email
    return _order(
        told,
        name="" if is_private else told.name or known.buyer_name,
        email=email or people.address(known.buyer_id),
        status=now["status"],
        remote_status=known.remote_status if now["status"] == known.status else now["status"],
        ordered_at=now["ordered_at"],
        changed_at=changed_at,
        currency=now["currency"],
        **{name: now[name] for name in COSTS if name != "refund_imported"},
    )


def _order(told: Purchase, *, name: str, **fields: Any) -> mapping.Order:
    parts = {"first_name": told.first_name, "last_name": told.last_name}
    first_name, last_name = name_parts(name, parts)
    return mapping.Order(
        id=told.id,
        event_id=told.event,
        name=name,
        first_name=first_name,
        last_name=last_name,
        refund_requested=None,
        has_consented=None,
        promo_code="",
        **fields,
    )
