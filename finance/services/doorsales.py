"""Writing sales at the door: an order with its seat, its money in the ledger, its people known."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from customers.models import Attendance, AttendanceStatus, Order, OrderStatus
from customers.services import Person, find_or_add_people, mark_rollups_due
from finance.services.ledger import post_orders
from nova_project.bulk import upsert
from nova_project.money import ZERO

GIVEN_BACK = (AttendanceStatus.REFUNDED, AttendanceStatus.CANCELLED)
BY_HAND = (AttendanceStatus.ATTENDING, AttendanceStatus.CHECKED_IN, *GIVEN_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One seat sold by hand, as it should be. `pk` and `order_id` are None for a new one."""

    COPIED: ClassVar[tuple[str, ...]] = (
        "event_id",
        "ticket_name",
        "price",
        "currency",
        "status",
        "buyer_email",
        "buyer_name",
        "holder_email",
        "guest_name",
        "ordered_at",
        "checked_in_at",
    )
    pk: int | None
    order_id: int | None
    people_before: tuple[int | None, int | None]
    event_id: int
    ticket_name: str
    price: Decimal
    currency: str
    status: str
    buyer_email: str
    buyer_name: str
    holder_email: str
    guest_name: str
    ordered_at: datetime
    checked_in_at: datetime | None


def write_sales(sales: Sequence[Sale]) -> set[int]:
    """Adds new sales and changes known ones; returns the seats. Call it in a transaction.

    Posts the orders to the ledger and marks the people for new figures.
    """
    people = find_or_add_people(person for sale in sales for person in _people(sale))
    new = [sale for sale in sales if sale.pk is None]
    known = [sale for sale in sales if sale.pk is not None]
    orders = _add_orders(new, people)
    seats = _add_seats(new, orders, people)
    _change_seats(known, people)
    _change_orders(known, people)
    settle_orders([sale.order_id for sale in known if sale.order_id])
    post_orders([order.pk for order in orders])
    before = {pk for sale in sales for pk in sale.people_before if pk}
    mark_rollups_due(before | set(people.values()))
    return {seat.pk for seat in seats}


def _people(sale: Sale) -> Iterable[Person]:
    for address, name in (
        (sale.buyer_email, sale.buyer_name),
        (sale.holder_email, sale.guest_name),
    ):
        if address:
            first, _, last = (name or "").rpartition(" ")
            yield Person(address, first_name=first or last, last_name=last if first else "")


def _add_orders(sales: Sequence[Sale], people: dict[str, int]) -> list[Order]:
    return Order.objects.bulk_create(
        Order(
            event_id=sale.event_id,
            buyer_id=people.get(sale.buyer_email),
            buyer_name=sale.buyer_name or "",
            ordered_at=sale.ordered_at,
            changed_at=sale.ordered_at,
            currency=sale.currency,
            **_money([(sale.price, sale.status)]),
        )
        for sale in sales
    )


def _add_seats(
    sales: Sequence[Sale], orders: Sequence[Order], people: dict[str, int]
) -> list[Attendance]:
    return Attendance.objects.bulk_create(
        Attendance(
            order=order,
            event_id=sale.event_id,
            ticket_name=sale.ticket_name or "",
            holder_id=people.get(sale.holder_email),
            guest_name=sale.guest_name or "",
            status=sale.status,
            checked_in_at=sale.checked_in_at,
            changed_at=sale.ordered_at,
            currency=sale.currency,
            price=sale.price,
        )
        for sale, order in zip(sales, orders, strict=True)
    )


def _change_seats(sales: Sequence[Sale], people: dict[str, int]) -> None:
    now = timezone.now()
    fields = "id order_id event_id ticket_name holder_id guest_name status checked_in_at changed_at"
    upsert(
        Attendance,
        [
            (
                sale.pk,
                sale.order_id,
                sale.event_id,
                sale.ticket_name,
                people.get(sale.holder_email),
                sale.guest_name,
                sale.status,
                sale.checked_in_at,
                now,
                sale.currency,
                sale.price,
            )
            for sale in sales
        ],
        fields=(*fields.split(), "currency", "price"),
        key="id",
    )


_FIXED = ("event_id", "status", "changed_at")


def _change_orders(sales: Sequence[Sale], people: dict[str, int]) -> None:
    upsert(
        Order,
        [
            (
                sale.order_id,
                people.get(sale.buyer_email),
                sale.buyer_name,
                sale.ordered_at,
                sale.currency,
                sale.event_id,
                OrderStatus.PLACED,
                sale.ordered_at,
            )
            for sale in sales
        ],
        fields=("id", "buyer_id", "buyer_name", "ordered_at", "currency", *_FIXED),
        key="id",
        keep=_FIXED,
    )


@transaction.atomic
def settle_orders(order_ids: Collection[int]) -> None:
    """Makes orders that were sold by hand what their seats add up to, and posts them.

    A changed price is a correction and not a refund: the most ever paid goes with it. Orders of
    Eventbrite are left alone.
    """
    seats: dict[int, list[tuple[Decimal, str]]] = defaultdict(list)
    rows = Attendance.objects.filter(order__in=order_ids).order_by("pk")
    for order_id, price, status in rows.values_list("order_id", "price", "status"):
        seats[order_id].append((price, status))
    now = timezone.now()
    orders = Order.objects.filter(pk__in=order_ids, eventbrite_id=None).order_by("pk")
    changed = []
    for order in orders.select_for_update():
        money = _money(seats[order.pk])
        if any(getattr(order, name) != value for name, value in money.items()):
            known = (order.pk, order.event_id, order.ordered_at, order.currency)
            changed.append((*known, now, *(money[name] for name in _MONEY)))
    upsert(Order, changed, fields=(*_KNOWN, "changed_at", *_MONEY), key="id", keep=_KNOWN[1:])
    post_orders(order_ids)


_KNOWN = ("id", "event_id", "ordered_at", "currency")
_MONEY = ("status", "gross", "gross_paid", "refund", "refund_imported")


def _money(seats: Sequence[tuple[Decimal, str]]) -> dict[str, Any]:
    """What seats of these prices and states make of their order."""
    paid = sum((price for price, _ in seats), ZERO)
    back = sum((price for price, status in seats if status in GIVEN_BACK), ZERO)
    states = {status for _, status in seats}
    if states - set(GIVEN_BACK):
        status = OrderStatus.PLACED
    elif AttendanceStatus.REFUNDED in states:
        status = OrderStatus.REFUNDED
    else:
        status = OrderStatus.CANCELLED
    return {
        "status": status,
        "gross": paid,
        "gross_paid": paid,
        "refund": back,
        "refund_imported": back,
    }
