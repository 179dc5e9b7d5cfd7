"""What has to be known of the people of some messages, read at once for all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max, OuterRef, Subquery

from customers.models import (
    Attendance,
    Customer,
    EmailAddress,
    FollowUpMessage,
    Order,
    Suppression,
)
from customers.services.followups.occasions import OFF
from events.models import Event, EventStatus
from nova_project.models import count_of


@dataclass(slots=True)
class Facts:
    """People, their addresses and what they booked; events, and what comes next of their type.

    `booked` are the booked events of a person with their starts, `written_at` when a follow-up
    last reached them. `coming` are the shows on sale of each show type, the next one first.
    """

    people: dict[int, Customer] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)
    kept_away: set[str] = field(default_factory=set)
    events: dict[int, Event] = field(default_factory=dict)
    booked: dict[int, dict[int, datetime]] = field(default_factory=dict)
    written_at: dict[int, datetime] = field(default_factory=dict)
    coming: dict[int, list[Event]] = field(default_factory=dict)

    def has_booked_after(self, customer_id: int, event: Event) -> bool:
        """Does the person hold a ticket for a show that starts later?"""
        starts = self.booked.get(customer_id, {}).values()
        return any(start > event.start_at for start in starts)

    def next_show(self, customer_id: int, event: Event) -> Event | None:
        """The next show of the same type on sale that the person has not booked."""
        booked = self.booked.get(customer_id, {})
        shows = self.coming.get(event.show_type_id or 0, [])
        return next((show for show in shows if show.pk not in booked), None)


def read_facts(customer_ids: Collection[int], event_ids: Collection[int]) -> Facts:
    """Everything about these people and events; at most nine queries."""
    primary = EmailAddress.objects.filter(customer=OuterRef("pk"), is_primary=True)
    people = Customer.objects.filter(pk__among=customer_ids)
    rows = people.annotate(primary_address=Subquery(primary.values("address")[:1]))
    facts = Facts(events=_events(event_ids), booked=_booked(customer_ids))
    for person in rows:
        facts.people[person.pk] = person
        facts.addresses[person.pk] = person.primary_address or ""
    facts.kept_away = Suppression.objects.covering({a for a in facts.addresses.values() if a})
    facts.written_at = _written_at(customer_ids)
    types = {event.show_type_id for event in facts.events.values()}
    facts.coming = coming_shows({pk for pk in types if pk is not None})
    return facts


def coming_shows(show_types: Collection[int]) -> dict[int, list[Event]]:
    """Shows of these types that are on sale and not sold out, the next one first. One query."""
    shows = (
        Event.objects.upcoming()
        .filter(show_type__in=show_types, status=EventStatus.LIVE)
        .select_related("venue")
        .annotate(taken=count_of(Attendance.objects.valid(), per="event"))
        .order_by("start_at", "pk")
    )
    found: dict[int, list[Event]] = defaultdict(list)
    for show in shows if show_types else ():
        if show.capacity is None or show.taken < show.capacity:
            found[show.show_type_id or 0].append(show)
    return found


def _events(event_ids: Collection[int]) -> dict[int, Event]:
    return Event.objects.select_related("venue", "show_type").in_bulk(list(set(event_ids)))


def _booked(customer_ids: Collection[int]) -> dict[int, dict[int, datetime]]:
    """Two queries. A seat without holder speaks for the buyer."""
    orders = Order.objects.placed().filter(buyer__pk__among=customer_ids)
    seats = Attendance.objects.valid().filter(holder__pk__among=customer_ids)
    rows: list[Iterable[tuple[int, int, datetime]]] = [
        orders.exclude(event__status__in=OFF).values_list(
            "buyer_id", "event_id", "event__start_at"
        ),
        seats.exclude(event__status__in=OFF).values_list(
            "holder_id", "event_id", "event__start_at"
        ),
    ]
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    for some in rows:
        for customer_id, event_id, start_at in some:
            found[customer_id][event_id] = start_at
    return found


def _written_at(customer_ids: Collection[int]) -> dict[int, datetime]:
    """When a follow-up of any kind last reached each of them; unknown ones count as having."""
    rows = FollowUpMessage.objects.filter(customer__pk__among=customer_ids)
    rows = rows.filter(state__in=("sent", "handed", "sending")).order_by()
    latest = rows.values("customer_id").annotate(last=Max("claimed_at"))
    return dict(latest.values_list("customer_id", "last"))
