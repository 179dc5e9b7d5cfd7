"""Whose each seat is: the buyer's, a named person's, or nobody's that Nova may know."""

from dataclasses import dataclass
from typing import NamedTuple

from customers.models import EmailAddress, clean_address
from customers.services import Person, erased_among, find_or_add_people
from integrations.eventbrite import mapping
from integrations.eventbrite.pull.orders import merged


@dataclass(frozen=True, slots=True)
class OrderRow:
    """What a seat needs to know of its order."""

    pk: int
    buyer_id: int | None
    buyer_name: str
    is_buyer_erased: bool
    currency: str
    affiliate_code: str
    promo_code: str


Orders = dict[str, OrderRow]
"""By Eventbrite's id."""


class Before(NamedTuple):
    """What the row of a seat said until now."""

    holder_id: int | None
    status: str


Known = dict[str, Before]
"""By Eventbrite's id."""

Holder = tuple[int | None, str]
"""Who holds a seat, and the name to show where nobody does."""


def find_holders(seats: list[mapping.Attendee], orders: Orders, known: Known) -> dict[str, Holder]:
    """Whose each seat is, by the rules for buyers and guests. New addresses make new customers.

    The buyer's address under another name is a guest of the buyer; of an erased buyer's guests no
    name is kept. An address that is left out belongs to an erased person: the name stays out, and
    the seat stays with the nameless customer whom it had.
    """
    addresses = {seat.id: clean_address(seat.email) for seat in seats}
    owners = dict(
        EmailAddress.objects.filter(address__among=set(addresses.values()) - {""}).values_list(
            "address", "customer_id"
        )
    )
    guests = {
        seat.id
        for seat in seats
        if not addresses[seat.id]
        or _is_guest(seat, orders[seat.order_id], owners.get(addresses[seat.id]))
    }
    named = [seat for seat in seats if seat.id not in guests]
    people = find_or_add_people(merged(map(_person, named)))
    before = {
        seat.id: known[seat.id].holder_id
        for seat in named
        if addresses[seat.id] not in people and seat.id in known
    }
    nameless = erased_among({pk for pk in before.values() if pk is not None})
    holders: dict[str, Holder] = {}
    for seat in seats:
        if seat.id in guests:
            holders[seat.id] = (None, "" if orders[seat.order_id].is_buyer_erased else seat.name)
        elif (pk := people.get(addresses[seat.id])) is not None:
            holders[seat.id] = (pk, "")
        else:
            pk = before.get(seat.id)
            holders[seat.id] = (pk if pk in nameless else None, "")
    return holders


def _is_guest(seat: mapping.Attendee, order: OrderRow, owner_id: int | None) -> bool:
    is_buyers_address = owner_id is not None and owner_id == order.buyer_id
    return is_buyers_address and seat.name.casefold() not in ("", order.buyer_name.casefold())


def _person(seat: mapping.Attendee) -> Person:
    return Person(
        address=seat.email,
        first_name=seat.first_name,
        last_name=seat.last_name,
        phone=seat.phone,
        city=seat.city,
        country=seat.country,
    )
