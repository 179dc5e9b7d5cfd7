"""What a file says of seats, beside what Nova knows of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from customers.models import Attendance, AttendanceStatus
from events.models import TicketClass
from integrations.eventbrite import mapping
from integrations.eventbrite.files.people import People
from integrations.eventbrite.files.purchases import Difference, KnownOrder
from integrations.eventbrite.values import name_parts, person_name
from nova_project.money import ZERO


class KnownPlace(NamedTuple):
    """A seat as it is in Nova."""

    pk: int
    order: str
    event_id: int
    ticket_class_id: int | None
    ticket_name: str
    holder_id: int | None
    guest_name: str
    status: str
    checked_in_at: datetime | None
    changed_at: datetime
    currency: str
    price: Decimal
    affiliate_code: str


_READ = ("pk", "order__eventbrite_id", *KnownPlace._fields[2:])


def known_places(seat_ids: Collection[str], *, lock: bool) -> dict[str, KnownPlace]:
    """By Eventbrite's id. One query; with `lock` they are held until the transaction ends."""
    seats = Attendance.objects.filter(eventbrite_id__among=seat_ids).order_by("pk")
    if lock:
        seats = seats.select_for_update(of=("self",))
    rows = seats.values_list("eventbrite_id", *_READ)
    return {str(row[0]): KnownPlace(*row[1:]) for row in rows}


def ticket_classes_of(event_ids: Collection[int]) -> dict[str, int]:
    """The tickets of these events by `ticket_key`, where the name is one ticket's only."""
    found: dict[str, set[int]] = {}
    rows = TicketClass.objects.filter(event__in=event_ids).order_by()
    for event_id, name, pk in rows.values_list("event_id", "name", "pk"):
        found.setdefault(ticket_key(event_id, name), set()).add(pk)
    return {key: pks.pop() for key, pks in found.items() if len(pks) == 1}


def ticket_key(event_id: int | None, name: str) -> str:
    return f"{event_id} {name}"


@dataclass(frozen=True, slots=True)
class Place:
    """What a file says of one seat. None, and "" for texts, where it says nothing."""

    id: str
    order_id: str
    event: str
    event_pk: int | None
    ticket_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    city: str
    country: str
    status: str
    checked_in_at: datetime | None
    price: Decimal | None
    affiliate_code: str

    @property
    def name(self) -> str:
        return person_name(f"{self.first_name} {self.last_name}")[:250]


class Buyer(NamedTuple):
    """Whose guests the seats of an order are."""

    pk: int | None
    name: str
    is_erased: bool


_NOBODY = Buyer(None, "", False)


def buyer_of(order: KnownOrder | None) -> Buyer:
    return Buyer(order.buyer_id, order.buyer_name, order.is_buyer_erased) if order else _NOBODY


_GONE = (
    AttendanceStatus.CANCELLED,
    AttendanceStatus.REFUNDED,
    AttendanceStatus.DELETED,
    AttendanceStatus.TRANSFERRED,
)


def _status(told: Place, known: KnownPlace) -> str:
    """“Not Attending” may mean all of _GONE, and “Attending” does not undo a check-in."""
    is_vague = told.status == AttendanceStatus.CANCELLED and known.status in _GONE
    is_inside = known.status == AttendanceStatus.CHECKED_IN
    if not told.status or is_vague or (told.status == AttendanceStatus.ATTENDING and is_inside):
        return known.status
    return told.status


def _checked_in_at(told: Place, known: KnownPlace, status: str) -> datetime | None:
    """The day's minute that a report gives is no other time than the second that Nova knows."""
    if status != AttendanceStatus.CHECKED_IN:
        return None
    before, now = known.checked_in_at, told.checked_in_at
    if now is None or (before and before.replace(second=0, microsecond=0) == now):
        return before
    return now


def _wanted(told: Place, known: KnownPlace) -> dict[str, Any]:
    status = _status(told, known)
    return {
        "event_id": told.event_pk,
        "ticket_name": told.ticket_name or known.ticket_name,
        "status": status,
        "checked_in_at": _checked_in_at(told, known, status),
        "price": known.price if told.price is None else told.price,
        "affiliate_code": told.affiliate_code or known.affiliate_code,
    }


_LABELS = {
    "event_id": "Event",
    "ticket_name": "Ticket",
    "status": "Seat status",
    "checked_in_at": "Checked in at",
    "price": "Price paid",
    "affiliate_code": "Affiliate code",
}


def differences(told: Place, known: KnownPlace, buyer: Buyer, people: People) -> list[Difference]:
    """What of a seat in Nova the file would change."""
    now = _wanted(told, known)
    found = [
        Difference(label, getattr(known, name), now[name])
        for name, label in _LABELS.items()
        if now[name] != getattr(known, name)
    ]
    holder, guest = _holder(told, known, buyer, people)
    if holder != (known.holder_id or ""):
        found.append(Difference("Holder", people.address(known.holder_id), told.email or guest))
    elif guest != known.guest_name:
        found.append(Difference("Guest name", known.guest_name, guest))
    return found


def _holder(told: Place, known: KnownPlace, buyer: Buyer, people: People) -> tuple[int | str, str]:
    """Who would hold the seat: a customer or a new address, and the name where nobody does."""
    if not told.email and (known.holder_id or not told.name):
        return known.holder_id or "", known.guest_name
    if people.is_erased(told.email):
        return known.holder_id or "", known.guest_name
    owner = people.owner(told.email)
    is_buyers = owner is not None and owner == buyer.pk
    if not told.email or (is_buyers and told.name.casefold() not in ("", buyer.name.casefold())):
        return "", "" if buyer.is_erased else told.name
    return owner or told.email, ""


def as_new(told: Place, currency: str, changed_at: datetime) -> mapping.Attendee:
    """A seat that Nova does not have yet."""
    status = told.status or AttendanceStatus.ATTENDING.value
    return _attendee(
        told,
        ticket=ticket_key(told.event_pk, told.ticket_name),
        name=told.name,
        email=told.email,
        ticket_name=told.ticket_name,
        status=status,
        checked_in_at=told.checked_in_at if status == AttendanceStatus.CHECKED_IN else None,
        changed_at=changed_at,
        currency=currency,
        price=ZERO if told.price is None else told.price,
        affiliate_code=told.affiliate_code,
    )


def as_changed(
    told: Place, known: KnownPlace, people: People, changed_at: datetime
) -> mapping.Attendee:
    """A seat as it should be; what the file does not say stays as it is."""
    now = _wanted(told, known)
    is_kept = not told.email and (known.holder_id or not told.name)
    ticket = ticket_key(told.event_pk, now["ticket_name"])
    if now["ticket_name"] == known.ticket_name and now["event_id"] == known.event_id:
        ticket = f"={known.ticket_class_id}"
    del now["event_id"]
    return _attendee(
        told,
        ticket=ticket,
        name=("" if known.holder_id else known.guest_name) if is_kept else told.name,
        email=people.address(known.holder_id) if is_kept else told.email,
        changed_at=changed_at,
        currency=known.currency,
        **now,
    )


def _attendee(told: Place, *, ticket: str, **fields: Any) -> mapping.Attendee:
    parts = {"first_name": told.first_name, "last_name": told.last_name}
    first_name, last_name = name_parts(told.name, parts)
    return mapping.Attendee(
        id=told.id,
        order_id=told.order_id,
        event_id=told.event,
        ticket_class_id=ticket,
        first_name=first_name,
        last_name=last_name,
        phone=told.phone,
        city=told.city,
        country=told.country,
        remote_status=fields["status"],
        promo_code="",
        **fields,
    )
