"""Which purchases and visits of linked people HubSpot was not told of yet."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from customers.models import Attendance, AttendanceStatus, Order
from events.models import Event, EventStatus
from integrations.models import ContactLink, Occurrence, OccurrenceKind
from nova_project.money import ZERO, quantize

_NAMESPACE = UUID("6f0c8a52-1f0e-5c0b-9c39-8d7a4f2f7b10")
"""Makes ids that follow from what an event is about. It may never change."""
_ORDERS, _EVENTS = 2_000, 100
_OFF = (EventStatus.CANCELLED, EventStatus.DELETED)


@dataclass(frozen=True, slots=True)
class Due:
    """Something a linked person did. `subject` is how the plan names it."""

    kind: OccurrenceKind
    subject: str
    uuid: UUID
    occurred_at: datetime
    customer_id: int
    link_id: int
    event_id: int
    order_id: int | None
    show: str
    show_type: str
    venue: str
    price: Decimal
    currency: str

    @property
    def properties(self) -> dict[str, str]:
        return {
            "show": self.show,
            "show_type": self.show_type,
            "venue": self.venue,
            "price": str(quantize(self.price, self.currency)),
            "currency": self.currency,
        }


def purchase_subject(order_id: int) -> str:
    return f"order {order_id}"


def visit_subject(event_id: int, customer_id: int) -> str:
    return f"event {event_id}, customer {customer_id}"


def due_purchases(since: datetime) -> Iterator[list[Due]]:
    """Placed orders of linked buyers from `since` on, 2,000 at a time. A query each."""
    orders = purchases().filter(ordered_at__gte=since).order_by("pk")
    columns = (
        "pk",
        "eventbrite_id",
        "ordered_at",
        "buyer_id",
        "link",
        "event_id",
        "event__name",
        "event__show_type__name",
        "event__venue__name",
        "gross_paid",
        "currency",
    )
    last = 0
    while rows := list(orders.filter(pk__gt=last).values_list(*columns)[:_ORDERS]):
        yield [_purchase(*row) for row in rows]
        last = rows[-1][0]


def purchases() -> QuerySet[Order]:
    """Orders that HubSpot is to be told of and was not. Adds `link`."""
    sent = Occurrence.objects.filter(kind=OccurrenceKind.PURCHASED, order=OuterRef("pk"))
    links = ContactLink.objects.linked().filter(customer=OuterRef("buyer"))
    orders = Order.objects.placed().filter(~Exists(sent))
    return orders.annotate(link=Subquery(links.values("pk")[:1])).exclude(link=None)


def _purchase(
    pk: int,
    eventbrite_id: str | None,
    ordered_at: datetime,
    buyer_id: int,
    link_id: int,
    event_id: int,
    show: str,
    show_type: str | None,
    venue: str | None,
    price: Decimal,
    currency: str,
) -> Due:
    key = f"order {eventbrite_id}" if eventbrite_id else f"order nova {pk}"
    return Due(
        kind=OccurrenceKind.PURCHASED,
        subject=purchase_subject(pk),
        uuid=uuid5(_NAMESPACE, f"{OccurrenceKind.PURCHASED} {key}"),
        occurred_at=ordered_at,
        customer_id=buyer_id,
        link_id=link_id,
        event_id=event_id,
        order_id=pk,
        show=show,
        show_type=show_type or "",
        venue=venue or "",
        price=price,
        currency=currency,
    )


def due_visits(since: datetime) -> Iterator[list[Due]]:
    """Booked events that linked people attended, a hundred events at a time. Three queries each."""
    started = Event.objects.filter(start_at__gte=since, start_at__lte=timezone.now())
    played = started.exclude(status__in=_OFF).order_by("pk")
    columns = ("pk", "eventbrite_id", "start_at", "name", "show_type__name", "venue__name")
    last = 0
    while rows := list(played.filter(pk__gt=last).values_list(*columns, "currency")[:_EVENTS]):
        events = {row[0]: row for row in rows}
        found = visits(events)
        prices = _prices(events) if found else {}
        yield [
            _visit(events[key[0]], key[1], *link, prices.get(key, ZERO))
            for key, link in sorted(found.items())
        ]
        last = rows[-1][0]


def visits(event_ids: Collection[int]) -> dict[tuple[int, int], tuple[int, str]]:
    """Link and contact of each visit to these events that HubSpot was not told of, by event and
    customer; two queries.

    As “attended events” count: a seat without holder speaks for its buyer, and where an event used
    check-in only those who were checked in attended.
    """
    checked_in = Attendance.objects.valid().filter(
        event=OuterRef("event"), status=AttendanceStatus.CHECKED_IN
    )
    orders = Order.objects.placed().filter(event__in=event_ids).filter(~Exists(checked_in))
    seats = Attendance.objects.valid().filter(event__in=event_ids)
    seats = seats.filter(Q(status=AttendanceStatus.CHECKED_IN) | ~Exists(checked_in))
    found = {}
    for people in (
        orders.annotate(person=F("buyer")),
        seats.annotate(person=Coalesce("holder", "order__buyer")),
    ):
        for event_id, customer_id, *link in _untold(people):
            found[event_id, customer_id] = (link[0], link[1])
    return found


def _untold(people: QuerySet[Any]) -> QuerySet[Any, tuple[Any, ...]]:
    """Event, person, link and contact of the linked people of whom HubSpot was not told."""
    links = ContactLink.objects.linked().filter(customer=OuterRef("person")).order_by()
    sent = Occurrence.objects.filter(
        kind=OccurrenceKind.ATTENDED, event=OuterRef("event"), customer=OuterRef("person")
    )
    left = people.filter(~Exists(sent)).annotate(
        link=Subquery(links.values("pk")[:1]), contact=Subquery(links.values("hubspot_id")[:1])
    )
    rows = left.exclude(link=None).order_by()
    return rows.values_list("event_id", "person", "link", "contact").distinct()


def _prices(event_ids: Collection[int]) -> dict[tuple[int, int], Decimal]:
    """What the seats of each person cost, in the event's currency, by (event, customer)."""
    seats = Attendance.objects.valid().filter(event__in=event_ids)
    people = seats.annotate(person=Coalesce("holder", "order__buyer")).exclude(person=None)
    sums = people.order_by().values("event_id", "person", "event__currency", "currency")
    return {
        (row["event_id"], row["person"]): row["paid"]
        for row in sums.annotate(paid=Sum("price"))
        if row["currency"] == row["event__currency"]
    }


def _visit(
    event: tuple[Any, ...], customer_id: int, link_id: int, contact: str, price: Decimal
) -> Due:
    pk, eventbrite_id, start_at, show, show_type, venue, currency = event
    key = f"event {eventbrite_id}" if eventbrite_id else f"event nova {pk}"
    return Due(
        kind=OccurrenceKind.ATTENDED,
        subject=visit_subject(pk, customer_id),
        uuid=uuid5(_NAMESPACE, f"{OccurrenceKind.ATTENDED} {key} contact {contact}"),
        occurred_at=start_at,
        customer_id=customer_id,
        link_id=link_id,
        event_id=pk,
        order_id=None,
        show=show,
        show_type=show_type or "",
        venue=venue or "",
        price=price,
        currency=currency,
    )
