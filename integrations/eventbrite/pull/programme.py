"""Events with their venues and ticket classes. These lists have no “changed since”: read whole."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.services.rollups import mark_events_due
from events.models import Event, TicketClass, Venue
from integrations.eventbrite import mapping
from integrations.eventbrite.mapping import UNKNOWN
from integrations.eventbrite.pull.adoption import adopt_events
from integrations.eventbrite.pull.state import Pull
from integrations.eventbrite.pull.vanished import mark_missing_events
from integrations.eventbrite.refusals import NotFound
from integrations.eventbrite.values import Json
from nova_project.bulk import upsert

_VENUE_FIELDS = (
    "eventbrite_id",
    "name",
    "address",
    "city",
    "postal_code",
    "country",
    "capacity",
)
_EVENT_FIELDS = (
    "eventbrite_id",
    "organization_id",
    "name",
    "status",
    "start_at",
    "end_at",
    "time_zone",
    "starts_on",
    "currency",
    "capacity",
    "venue_id",
    "is_online",
    "series_id",
    "is_series_parent",
    "category_id",
    "subcategory_id",
    "format_id",
    "url",
    "changed_at",
    "missing_since",
)
_CLASS_FIELDS = (
    "eventbrite_id",
    "event_id",
    "name",
    "is_free",
    "price",
    "fee",
    "currency",
    "includes_fee",
    "capacity",
    "sold_count",
    "sales_start_at",
    "sales_end_at",
)


def pull_programme(pull: Pull, organization_id: str) -> None:
    """Reads an organisation's venues and events: one request per hundred of each.

    Events that its list does not name any more are marked as missing.
    """
    for page in pull.client.venues(organization_id):
        take_venues(pull, page.rows)
    listed: set[str] = set()
    for page in pull.client.events(organization_id):
        take_events(pull, page.rows)
        listed |= {str(raw.get("id")) for raw in page.rows}
        pull.log.progress("events", len(listed), page.total)
    mark_missing_events(pull, organization_id, listed)


def find_event(pull: Pull, event_id: str) -> int | None:
    """The event's primary key; asks for an event that no list has shown, once a run."""
    if event_id not in pull.programme.events and pull.may_ask("event", event_id):
        try:
            raw = pull.client.event(event_id)
        except NotFound:
            return None
        take_events(pull, [raw])
    return pull.programme.events.get(event_id)


def take_venues(pull: Pull, rows: list[Json]) -> None:
    """Writes venues, in one transaction."""
    with transaction.atomic():
        _write_venues(pull, rows)


def take_events(pull: Pull, rows: list[Json]) -> None:
    """Writes events with their ticket classes and unknown venues, in one transaction."""
    events = pull.read(mapping.Event, rows, "events")
    readable = {event.id for event in events}
    raw_classes = _raw_ticket_classes(pull, [raw for raw in rows if str(raw.get("id")) in readable])
    with transaction.atomic():
        known = pull.programme.venues
        _write_venues(
            pull, [v for raw in rows if (v := raw.get("venue")) and v.get("id") not in known]
        )
        adopt_events(pull, events)
        _write_events(pull, events)
        _write_ticket_classes(pull, events, raw_classes)
        _report_statuses(pull, events)
        pull.log.checked(f"event {event.id}" for event in events)
        pull.log.save()


def _raw_ticket_classes(pull: Pull, rows: Iterable[Json]) -> list[Json]:
    """From the expansion. Where that did not come, a request for each event that is new or not
    over yet; the prices of past shows change no more."""
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    found: list[Json] = []
    for raw in rows:
        if "ticket_classes" in raw:
            found += raw["ticket_classes"] or []
        elif str(raw["id"]) not in pull.programme.events or raw["end"]["utc"] > now:
            for page in pull.client.ticket_classes(str(raw["id"])):
                found += page.rows
    return found


def _write_venues(pull: Pull, rows: list[Json]) -> None:
    venues = pull.read(mapping.Venue, rows, "venues")
    values = [
        (v.id, v.name, v.address, v.city, v.postal_code, v.country, v.capacity) for v in venues
    ]
    result = upsert(Venue, values, fields=_VENUE_FIELDS, key="eventbrite_id")
    pull.programme.venues |= result.changed
    pull.log.count("venues", result)
    pull.log.checked(f"venue {venue.id}" for venue in venues)


def _write_events(pull: Pull, events: list[mapping.Event]) -> None:
    values = [_event_values(event, pull.programme.venues.get(event.venue_id)) for event in events]
    result = upsert(Event, values, fields=_EVENT_FIELDS, key="eventbrite_id")
    pull.programme.events |= result.changed
    pull.log.count("events", result)
    mark_events_due(result.updated.values())


def _event_values(event: mapping.Event, venue_pk: int | None) -> tuple[Any, ...]:
    return (
        event.id,
        event.organization_id,
        event.name,
        event.status,
        event.start_at,
        event.end_at,
        event.time_zone,
        event.starts_on,
        event.currency,
        event.capacity,
        venue_pk,
        event.is_online,
        event.series_id,
        event.is_series_parent,
        event.category_id,
        event.subcategory_id,
        event.format_id,
        event.url,
        event.changed_at,
        None,  # it is there, so it is not missing
    )


def _write_ticket_classes(pull: Pull, events: list[mapping.Event], rows: list[Json]) -> None:
    currencies = {event.id: event.currency for event in events}
    classes = pull.read(mapping.TicketClass, rows, "ticket classes")
    values = [
        (
            kind.id,
            pull.programme.events[kind.event_id],
            kind.name,
            kind.is_free,
            kind.price,
            kind.fee,
            kind.currency or currencies[kind.event_id],
            kind.includes_fee,
            kind.capacity,
            kind.sold_count,
            kind.sales_start_at,
            kind.sales_end_at,
        )
        for kind in classes
        if kind.event_id in currencies
    ]
    result = upsert(TicketClass, values, fields=_CLASS_FIELDS, key="eventbrite_id")
    pull.programme.ticket_classes |= result.changed
    pull.log.count("ticket_classes", result)
    pull.log.checked(f"ticket class {kind.id}" for kind in classes)


def _report_statuses(pull: Pull, events: list[mapping.Event]) -> None:
    for event in events:
        if event.status == UNKNOWN:
            pull.log.problem(
                "unknown_status",
                f"event {event.id}",
                f"Event {event.id} “{event.name}” is in status “{event.remote_status}”, which "
                "Nova does not know. It is kept as “Unknown”.",
                kind="events",
            )
