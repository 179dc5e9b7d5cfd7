"""Orders: a page in, its buyers found, its differences written and posted to the ledger."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.models import Attendance, Consent, Order, clean_address
from customers.models.ticketing import PAID_STATUSES, refund_of
from customers.services import (
    Person,
    erased_among,
    find_or_add_people,
    mark_rollups_due,
    note_order_codes,
)
from finance.services import post_orders
from integrations.eventbrite import mapping
from integrations.eventbrite.mapping import UNKNOWN
from integrations.eventbrite.pull.programme import find_event
from integrations.eventbrite.pull.state import Pull
from integrations.eventbrite.pull.vanished import delete_seats, find_vanished
from integrations.eventbrite.values import Json
from nova_project.bulk import Upserted, upsert
from nova_project.money import ZERO

_FIELDS = (
    "eventbrite_id",
    "event_id",
    "buyer_id",
    "buyer_name",
    "is_buyer_erased",
    "status",
    "remote_status",
    "ordered_at",
    "changed_at",
    "currency",
    "gross",
    "gross_paid",
    "tax",
    "eventbrite_fee",
    "payment_fee",
    "refund_requested",
    "refund_imported",
    "refund",
    "is_refund_provisional",
    "promo_code",
    "missing_since",
)
_PAID = frozenset(str(status) for status in PAID_STATUSES)


def nothing() -> None:
    """For pages that no cursor points into."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the row of an order says that Eventbrite's answer alone cannot tell."""

    buyer_id: int | None = None
    is_buyer_erased: bool = False
    gross_paid: Decimal = ZERO
    refund_requested: Decimal = ZERO
    refund_imported: Decimal = ZERO
    promo_code: str = ""


_NEW = _Kept()


def take_orders(
    pull: Pull, rows: list[Json], *, save: Callable[[], None] = nothing, is_plain: bool = False
) -> None:
    """Writes a page of orders and what follows from them, in one transaction with `save`.

    Orders of an event that Eventbrite does not show are put aside, with a problem. So are, for a
    second reading, those that came without their refund requests (`is_plain`). Seats that an order
    had and that it names no more are deleted.
    """
    orders = [
        order for order in pull.read(mapping.Order, rows, "orders") if _has_event(pull, order)
    ]
    vanished = find_vanished(pull, rows)
    with transaction.atomic():
        _write(pull, orders)
        delete_seats(pull, vanished)
        _report_statuses(pull, orders)
        pull.log.checked(f"order {order.id}" for order in orders)
        for order in orders:
            if is_plain or order.id in pull.unsure:
                pull.aside.put_order(order.id)
            else:
                pull.aside.orders.pop(order.id, None)
        pull.aside.save()
        save()


def _has_event(pull: Pull, order: mapping.Order) -> bool:
    if find_event(pull, order.event_id) is not None:
        return True
    miss_event(pull, order.event_id, f"order {order.id}", "orders")
    return False


def miss_event(pull: Pull, event_id: str, record: str, counted_as: str) -> None:
    """Notes that `record` is of an event that cannot be had; its time comes with the event."""
    pull.aside.put_event(event_id)
    pull.log.add(counted_as, "failed")
    report_missing_event(pull, event_id, f"such as {record}, ")


def report_missing_event(pull: Pull, event_id: str, example: str = "") -> None:
    """Once a run for all that belongs to the event, unless the event has a problem of its own."""
    if f"event {event_id}" not in pull.unreadable:
        pull.log.problem(
            "event_unknown",
            f"event {event_id}",
            f"Event {event_id} has orders or seats on Eventbrite, {example}but this token is not "
            "shown the event: deleted, or of another organisation? They are left out until it "
            "appears.",
        )


def _write(pull: Pull, orders: list[mapping.Order]) -> None:
    pull.log.count("orders", write_orders(orders, pull.programme.events))


def write_orders(
    orders: list[mapping.Order],
    events: Mapping[str, int],
    refunds: Mapping[str, Decimal] | None = None,
) -> Upserted:
    """Writes orders and posts them to the ledger. Call it in a transaction.

    `events` leads from the orders' event ids to rows; `refunds` are those that a file tells, by
    order. A constant number of statements, whatever the number of orders.
    """
    kept = _kept(order.id for order in orders)
    for order_id, refund in (refunds or {}).items():
        kept[order_id] = replace(kept.get(order_id, _NEW), refund_imported=refund)
    buyers = _buyers(orders, kept)
    rows = [
        _values(
            order,
            kept.get(order.id, _NEW),
            events[order.event_id],
            buyers[order.id],
        )
        for order in orders
    ]
    result = upsert(Order, rows, fields=_FIELDS, key="eventbrite_id")
    post_orders(list(result.changed.values()))
    told = {order.id for order in orders if order.promo_code}
    note_order_codes([pk for key, pk in result.changed.items() if key in told or key in kept])
    mark_rollups_due(_touched(result, rows, kept))
    return result


_Buyer = tuple[int | None, str, bool]
"""Who bought an order, the name to keep, and whether the buyer has been erased."""


def _buyers(orders: list[mapping.Order], kept: dict[str, _Kept]) -> dict[str, _Buyer]:
    """Whose each order is. New addresses make new customers.

    An address that is left out belongs to an erased person: the name stays out, and the order stays
    with the nameless customer whom it had. An order that came without address since is still his.
    """
    known = find_or_add_people(merged(map(_buyer, orders)))
    addresses = {order.id: clean_address(order.email) for order in orders}
    erased = {
        key
        for key, address in addresses.items()
        if (address and address not in known)
        or (not address and kept.get(key, _NEW).is_buyer_erased)
    }
    before = {key: kept.get(key, _NEW).buyer_id for key in erased}
    nameless = erased_among({pk for pk in before.values() if pk is not None})
    found: dict[str, _Buyer] = {}
    for order in orders:
        if order.id in erased:
            pk = before[order.id]
            found[order.id] = (pk if pk in nameless else None, "", True)
        else:
            found[order.id] = (known.get(addresses[order.id]), order.name, False)
    return found


def _buyer(order: mapping.Order) -> Person:
    """A box that was left unticked is no objection; only a tick says something."""
    return Person(
        address=order.email,
        first_name=order.first_name,
        last_name=order.last_name,
        consent=Consent.OPTED_IN if order.has_consented else Consent.UNKNOWN,
    )


def merged(people: Iterable[Person]) -> Iterable[Person]:
    """One person per address, with what is known from any of its appearances."""
    found: dict[str, Person] = {}
    for person in people:
        key = clean_address(person.address)
        before = found.get(key)
        found[key] = _both(before, person) if before else person
    return found.values()


def _both(first: Person, second: Person) -> Person:
    named = first if first.first_name or first.last_name else second
    return Person(
        address=first.address,
        first_name=named.first_name,
        last_name=named.last_name,
        phone=first.phone or second.phone,
        city=first.city or second.city,
        country=first.country or second.country,
        consent=second.consent if first.consent == Consent.UNKNOWN else first.consent,
    )


def _kept(order_ids: Iterable[str]) -> dict[str, _Kept]:
    rows = Order.objects.filter(eventbrite_id__among=order_ids).values_list(
        "eventbrite_id",
        "buyer_id",
        "is_buyer_erased",
        "gross_paid",
        "refund_requested",
        "refund_imported",
        "promo_code",
    )
    return {str(row[0]): _Kept(*row[1:]) for row in rows}


def _values(order: mapping.Order, kept: _Kept, event_pk: int, buyer: _Buyer) -> tuple[Any, ...]:
    paid = max(kept.gross_paid, order.gross) if order.status in _PAID else kept.gross_paid
    requested = order.refund_requested
    if requested is None:
        requested = kept.refund_requested
    refund, is_provisional = refund_of(
        order.status,
        gross=order.gross,
        gross_paid=paid,
        requested=requested,
        imported=kept.refund_imported,
    )
    return (
        order.id,
        event_pk,
        *buyer,
        order.status,
        order.remote_status,
        order.ordered_at,
        order.changed_at,
        order.currency,
        order.gross,
        paid,
        order.tax,
        order.eventbrite_fee,
        order.payment_fee,
        requested,
        kept.refund_imported,
        refund,
        is_provisional,
        order.promo_code or kept.promo_code,
        None,  # it is there, so it is not missing
    )


def _touched(result: Upserted, rows: list[tuple[Any, ...]], kept: dict[str, _Kept]) -> set[int]:
    """Whose figures change: buyers before and now, and who sits in an order that changed."""
    changed = result.changed
    buyers = {row[2] for row in rows if row[0] in changed}
    buyers |= {kept[order_id].buyer_id for order_id in result.updated if order_id in kept}
    if result.updated:
        seats = Attendance.objects.filter(order_id__in=result.updated.values())
        buyers |= set(seats.values_list("holder_id", flat=True))
    return {pk for pk in buyers if pk is not None}


def _report_statuses(pull: Pull, orders: list[mapping.Order]) -> None:
    for order in orders:
        if order.status == UNKNOWN:
            pull.log.problem(
                "unknown_status",
                f"order {order.id}",
                f"Order {order.id} is in status “{order.remote_status}”, which Nova does not "
                "know. It is kept as “Unknown”, and its money counts nowhere.",
                kind="orders",
            )
