"""Seats that are in Nova, as a file shows them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q, QuerySet

from customers.models import Attendance, EmailAddress
from nova_project.imports.rows import CHUNK

_READ = (
    "pk",
    "eventbrite_id",
    "event_id",
    "ticket_name",
    "price",
    "currency",
    "status",
    "order__buyer_id",
    "order__buyer_name",
    "holder_id",
    "guest_name",
    "order__ordered_at",
    "checked_in_at",
    "order_id",
    "order__eventbrite_id",
)


@dataclass(frozen=True, slots=True)
class KnownSeat:
    """A seat; `row` holds its columns by name, `order` the id of its order as people see it."""

    pk: int
    is_of_eventbrite: bool
    order_id: int
    order: str
    buyer_id: int | None
    holder_id: int | None
    row: dict[str, Any]


def known_seats(
    references: Sequence[str], event_ids: Collection[int], *, lock: bool
) -> Iterator[KnownSeat]:
    """The seats with these ids, and all that were sold by hand for these events. Two queries."""
    own = [int(text[5:]) for text in references if text[:5] == "nova-" and text[5:].isdecimal()]
    seats = Attendance.objects.filter(
        Q(eventbrite_id__in=references)
        | Q(pk__in=own, eventbrite_id=None)
        | Q(event__in=event_ids, eventbrite_id=None)
    ).order_by("pk")
    return read_seats(seats.select_for_update(of=("self",)) if lock else seats)


def read_seats(queryset: QuerySet[Any]) -> Iterator[KnownSeat]:
    """Seats in the order of `queryset`: a query, and one more for the addresses of each chunk."""
    seats = queryset.values_list(*_READ).iterator(chunk_size=CHUNK)
    while chunk := [dict(zip(_READ, values, strict=True)) for values in islice(seats, CHUNK)]:
        people = {seat[name] for seat in chunk for name in ("order__buyer_id", "holder_id")}
        addresses = _primary_addresses(people - {None})
        for seat in chunk:
            yield KnownSeat(
                pk=seat["pk"],
                is_of_eventbrite=seat["eventbrite_id"] is not None,
                order_id=seat["order_id"],
                order=_reference(seat["order__eventbrite_id"], seat["order_id"]),
                buyer_id=seat["order__buyer_id"],
                holder_id=seat["holder_id"],
                row=_as_row(seat, addresses),
            )


def _as_row(seat: dict[str, Any], addresses: dict[int, str]) -> dict[str, Any]:
    return {
        "seat": _reference(seat["eventbrite_id"], seat["pk"]),
        "event_id": seat["event_id"],
        "ticket_name": seat["ticket_name"],
        "price": seat["price"],
        "currency": seat["currency"],
        "status": seat["status"],
        "buyer_email": addresses.get(seat["order__buyer_id"], ""),
        "buyer_name": seat["order__buyer_name"],
        "holder_email": addresses.get(seat["holder_id"], ""),
        "guest_name": seat["guest_name"],
        "ordered_at": seat["order__ordered_at"],
        "checked_in_at": seat["checked_in_at"],
    }


def _reference(eventbrite_id: str | None, pk: int) -> str:
    return eventbrite_id or f"nova-{pk}"


def _primary_addresses(customer_ids: Collection[int]) -> dict[int, str]:
    rows = EmailAddress.objects.filter(customer__in=list(customer_ids), is_primary=True)
    return dict(rows.values_list("customer_id", "address"))
