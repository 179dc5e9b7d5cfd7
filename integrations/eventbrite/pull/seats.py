"""Seats: a page in, who sits in them found, its differences written."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from customers.models import Attendance, AttendanceStatus, Order
from customers.services import mark_rollups_due, note_order_codes
from customers.services.rollups import mark_events_due
from integrations.eventbrite import mapping
from integrations.eventbrite.mapping import UNKNOWN
from integrations.eventbrite.pull.holders import (
    Before,
    Holder,
    Known,
    OrderRow,
    Orders,
    find_holders,
)
from integrations.eventbrite.pull.orders import miss_event, nothing, take_orders
from integrations.eventbrite.pull.programme import find_event
from integrations.eventbrite.pull.state import Programme, Pull
from integrations.eventbrite.refusals import NotFound
from integrations.eventbrite.values import Json
from nova_project.bulk import Upserted, amend, upsert

_FIELDS = (
    "eventbrite_id",
    "order_id",
    "event_id",
    "ticket_class_id",
    "ticket_name",
    "holder_id",
    "guest_name",
    "status",
    "checked_in_at",
    "changed_at",
    "currency",
    "price",
    "affiliate_code",
)


def take_seats(
    pull: Pull, rows: list[Json], *, save: Callable[[], None] = nothing, is_plain: bool = False
) -> None:
    """Writes a page of seats and what follows from them, in one transaction with `save`.

    A seat whose order is not here yet may be newer than the reading of the orders: the order is
    asked for by id. What stays without order or event is put aside, with a problem.
    """
    seats = [seat for seat in pull.read(mapping.Attendee, rows, "seats") if _has_event(pull, seat)]
    orders = _orders(pull, seats)
    seats = [seat for seat in seats if seat.order_id in orders]
    with transaction.atomic():
        _write(pull, seats, orders)
        _report_statuses(pull, seats)
        pull.log.checked(f"seat {seat.id}" for seat in seats)
        pull.aside.save()
        save()


def read_again(pull: Pull, order_id: str) -> None:
    """Reads one order and its seats by id; where Eventbrite shows it no more, it is missing."""
    if f"order {order_id}" in pull.unreadable or not pull.may_ask("order", order_id):
        return
    try:
        raw = pull.client.order(order_id)
    except NotFound:
        if not lose_order(pull, order_id):
            _report_missing_order(pull, order_id, "Something")
    else:
        take_order(pull, raw)


def lose_order(pull: Pull, order_id: str) -> bool:
    """Marks an order that Eventbrite shows no more; it stays as it is. False: Nova has none."""
    orders = Order.objects.filter(eventbrite_id=order_id)
    if not orders.exists():
        return False
    now = timezone.now()
    with transaction.atomic():
        lost = orders.filter(missing_since=None).update(missing_since=now, updated_at=now)
        pull.log.add("orders", "updated", lost)
        pull.aside.orders.pop(order_id, None)
        pull.aside.save()
    return True


def take_order(pull: Pull, raw: Json) -> None:
    """Writes one order that was read by id, and its seats."""
    take_orders(pull, [raw])
    take_seats(pull, raw.get("attendees") or [])


def _has_event(pull: Pull, seat: mapping.Attendee) -> bool:
    if find_event(pull, seat.event_id) is not None:
        return True
    miss_event(pull, seat.event_id, f"seat {seat.id}", "seats")
    return False


def _orders(pull: Pull, seats: list[mapping.Attendee]) -> Orders:
    """The orders of `seats`; those that are missing are asked for."""
    wanted = dict.fromkeys(seat.order_id for seat in seats)
    found = stored_orders(wanted)
    missing = [order_id for order_id in wanted if order_id not in found]
    for order_id in missing:
        raw = _ask_for_order(pull, order_id)
        if raw is not None:
            take_orders(pull, [raw])
    found |= stored_orders(missing)
    for seat in seats:
        if seat.order_id not in found:
            _miss_order(pull, seat)
    return found


def stored_orders(order_ids: Iterable[str]) -> Orders:
    """Those of the orders that Nova has. One query."""
    ids = list(order_ids)
    if not ids:
        return {}
    rows = Order.objects.filter(eventbrite_id__among=ids).values_list(
        "eventbrite_id",
        "pk",
        "buyer_id",
        "buyer_name",
        "is_buyer_erased",
        "currency",
        "affiliate_code",
        "promo_code",
    )
    return {str(row[0]): OrderRow(*row[1:]) for row in rows}


def _ask_for_order(pull: Pull, order_id: str) -> Json | None:
    if f"order {order_id}" in pull.unreadable or not pull.may_ask("order", order_id):
        return None
    try:
        return pull.client.order(order_id)
    except NotFound:
        return None


def _miss_order(pull: Pull, seat: mapping.Attendee) -> None:
    pull.aside.put_order(seat.order_id)
    pull.log.add("seats", "failed")
    _report_missing_order(pull, seat.order_id, f"Seat {seat.id} of event {seat.event_id}")


def _report_missing_order(pull: Pull, order_id: str, what: str) -> None:
    """Once a run for all seats of the order, unless the order has a problem of its own."""
    if f"order {order_id}" not in pull.unreadable:
        pull.log.problem(
            "order_unknown",
            f"order {order_id}",
            f"{what} belongs to order {order_id}, which Eventbrite does not show. It is left out "
            "until the order appears.",
        )


def _write(pull: Pull, seats: list[mapping.Attendee], orders: Orders) -> None:
    pull.log.count("seats", write_seats(seats, orders, pull.programme))


def write_seats(seats: list[mapping.Attendee], orders: Orders, programme: Programme) -> Upserted:
    """Writes seats of orders that are there. Call it in a transaction.

    A constant number of statements, whatever the number of seats.
    """
    stored = Attendance.objects.filter(eventbrite_id__among=[seat.id for seat in seats])
    known: Known = {
        str(key): Before(*row) for key, *row in stored.values_list("eventbrite_id", *Before._fields)
    }
    holders = find_holders(seats, orders, known)
    rows = [_values(programme, seat, orders[seat.order_id], holders[seat.id]) for seat in seats]
    result = upsert(Attendance, rows, fields=_FIELDS, key="eventbrite_id")
    written = result.changed
    changed = [seat for seat in seats if seat.id in written]
    _note_codes(changed, orders)
    touched = {known[seat.id].holder_id for seat in changed if seat.id in known}
    touched |= {holders[seat.id][0] for seat in changed}
    touched |= {orders[seat.order_id].buyer_id for seat in changed}
    mark_rollups_due({pk for pk in touched if pk is not None})
    mark_events_due(_of_other_door(programme, changed, known))
    return result


def _of_other_door(programme: Programme, seats: list[mapping.Attendee], known: Known) -> set[int]:
    """The events that use check-in since these seats changed, or use it no more: who was not
    checked in has attended the ones and not the others. A query where somebody went in or out."""
    moved: dict[int, int] = {}
    for seat in seats:
        was_in = seat.id in known and known[seat.id].status == AttendanceStatus.CHECKED_IN
        is_in = seat.status == AttendanceStatus.CHECKED_IN
        if was_in != is_in:
            event = programme.events[seat.event_id]
            moved[event] = moved.get(event, 0) + (1 if is_in else -1)
    if not moved:
        return set()
    inside = Attendance.objects.filter(event__in=moved, status=AttendanceStatus.CHECKED_IN)
    counts = dict(inside.order_by().values_list("event").annotate(Count("pk")))
    return {
        event
        for event, more in moved.items()
        if bool(counts.get(event, 0)) != bool(counts.get(event, 0) - more)
    }


def _values(
    programme: Programme, seat: mapping.Attendee, order: OrderRow, holder: Holder
) -> tuple[Any, ...]:
    return (
        seat.id,
        order.pk,
        programme.events[seat.event_id],
        programme.ticket_classes.get(seat.ticket_class_id),
        seat.ticket_name,
        *holder,
        seat.status,
        seat.checked_in_at,
        seat.changed_at,
        seat.currency or order.currency,
        seat.price,
        seat.affiliate_code,
    )


def _note_codes(seats: list[mapping.Attendee], orders: Orders) -> None:
    """Orders bear the affiliate codes of all their seats, and the promo code of any; each code is
    a touch of the buyer."""
    told = {
        seat.order_id
        for seat in seats
        if seat.affiliate_code or seat.promo_code or orders[seat.order_id].affiliate_code
    }
    if not told:
        return
    codes: dict[int, set[str]] = {}
    pks = [orders[order_id].pk for order_id in told]
    seated = Attendance.objects.filter(order_id__in=pks).exclude(affiliate_code="")
    for pk, code in seated.values_list("order_id", "affiliate_code"):
        codes.setdefault(pk, set()).add(code)
    promos = {seat.order_id: seat.promo_code for seat in seats if seat.promo_code}
    rows = [
        (
            order.pk,
            ",".join(sorted(codes.get(order.pk, ())))[:120],
            order.promo_code or promos.get(order_id, ""),
        )
        for order_id in told
        for order in [orders[order_id]]
    ]
    amend(Order, rows, fields=("id", "affiliate_code", "promo_code"), key="id")
    note_order_codes(pks)


def _report_statuses(pull: Pull, seats: list[mapping.Attendee]) -> None:
    for seat in seats:
        if seat.status == UNKNOWN:
            pull.log.problem(
                "unknown_status",
                f"seat {seat.id}",
                f"Seat {seat.id} of order {seat.order_id} is in status “{seat.remote_status}”, "
                "which Nova does not know. It is kept as “Unknown”, and counts nowhere.",
                kind="seats",
            )
