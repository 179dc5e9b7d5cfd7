"""Events that Nova had before Eventbrite told of them: from a file without ids, or made by hand.

Where exactly one of them is meant, it gets Eventbrite's id and goes on as that event. Where more
than one may be meant, a person is asked.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from events.models import Event
from integrations.eventbrite import mapping
from integrations.eventbrite.pull.state import Pull
from integrations.eventbrite.values import folded
from nova_project.bulk import recorded

DOUBLE = "event_twice"
"""The code of the problem that asks a person."""


@dataclass(frozen=True, slots=True)
class _Unknown:
    """An event that Eventbrite's ids do not name yet. `wall` is its start by the clock there."""

    pk: int
    wall: datetime
    venue_id: int | None

    def may_be(self, wall: datetime, venue_id: int | None) -> bool:
        """Whether a start and a venue are this event's. A file without times says midnight."""
        is_same_start = self.wall == wall or self.wall.time() == time()
        return is_same_start and (not self.venue_id or not venue_id or self.venue_id == venue_id)


def adopt_events(pull: Pull, events: Iterable[mapping.Event]) -> None:
    """Gives Eventbrite's id to the one event without it that has the same name, start and venue.

    Venues count where both are known. Call it before `events` are written, in their transaction.
    One query where there is no such event.
    """
    single = [event for event in events if not event.is_series_parent]
    unknown = _unknown_events({event.starts_on for event in single})
    if not unknown:
        return
    found = [(event, _alike(pull, event, unknown)) for event in single]
    meant = Counter(pk for _, alike in found for pk in alike)
    for event, alike in found:
        is_new = event.id not in pull.programme.events
        if is_new and len(alike) == 1 and meant[alike[0]] == 1:
            _adopt(pull, event, alike[0])
        elif alike:
            _ask(pull, event, alike)


def _unknown_events(days: set[date]) -> dict[tuple[str, date], list[_Unknown]]:
    """By folded name and day."""
    rows = Event.objects.filter(eventbrite_id=None, starts_on__in=days).order_by("pk")
    found: dict[tuple[str, date], list[_Unknown]] = {}
    for pk, name, day, start_at, zone, venue in rows.values_list(
        "pk", "name", "starts_on", "start_at", "time_zone", "venue_id"
    ):
        event = _Unknown(pk, _wall(start_at, zone), venue)
        found.setdefault((folded(name), day), []).append(event)
    return found


def _alike(
    pull: Pull, event: mapping.Event, unknown: dict[tuple[str, date], list[_Unknown]]
) -> list[int]:
    wall = _wall(event.start_at, event.time_zone)
    venue = pull.programme.venues.get(event.venue_id)
    candidates = unknown.get((folded(event.name), event.starts_on), [])
    return [one.pk for one in candidates if one.may_be(wall, venue)]


def _adopt(pull: Pull, event: mapping.Event, pk: int) -> None:
    with recorded(Event, [pk], f"Found on Eventbrite as event {event.id}"):
        Event.objects.filter(pk=pk).update(eventbrite_id=event.id, updated_at=timezone.now())
    pull.programme.events[event.id] = pk


def _ask(pull: Pull, event: mapping.Event, alike: list[int]) -> None:
    others = ", ".join(f"nova-{pk}" for pk in alike)
    pull.log.problem(
        DOUBLE,
        f"event {event.id}",
        f"Event {event.id} “{event.name}” of {event.starts_on:%-d %b %Y} may be one that came from "
        f"a file or was made by hand: {others}. Nova does not guess which, and keeps them apart. "
        "Orders and seats move to Eventbrite's event by their numbers. Move its expenses, and "
        "delete the other event; rename that one if it is another show.",
        kind="events",
    )


def _wall(moment: datetime, zone: str) -> datetime:
    """The minute that a clock at the place shows."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
