"""The event of a row: by Eventbrite's id, else by name and date; made where it is not there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from events.models import Event, EventStatus
from integrations.eventbrite.values import folded
from nova_project.money import company_currency


@dataclass(frozen=True, slots=True)
class Show:
    """An event as a row names it. `pk` is None where it is to be made, `start_at` then known."""

    pk: int | None
    eventbrite_id: str
    name: str
    starts_on: date | None
    start_at: datetime | None
    time_zone: str
    currency: str

    @property
    def key(self) -> str:
        return f"nova-{self.pk}" if self.pk else self.eventbrite_id or f"{self.name}, {self.day}"

    @property
    def day(self) -> str:
        return f"{self.starts_on:%Y-%m-%d}" if self.starts_on else ""

    def ensure(self) -> int:
        """The event's primary key, made now where it is not there. Call it in a transaction."""
        if self.pk:
            return self.pk
        assert self.start_at is not None
        assert self.starts_on is not None
        known: dict[str, Any] = {"name": self.name, "starts_on": self.starts_on}
        if self.eventbrite_id:
            known = {"eventbrite_id": self.eventbrite_id}
        event, _ = Event.objects.get_or_create(
            **known,
            defaults={
                "name": self.name,
                "starts_on": self.starts_on,
                "start_at": self.start_at,
                "end_at": self.start_at,
                "time_zone": self.time_zone,
                "currency": self.currency,
                "status": _status(self.start_at),
            },
        )
        return event.pk


def _status(start_at: datetime | None) -> str:
    is_over = start_at is not None and start_at < timezone.now()
    return str(EventStatus.ENDED if is_over else EventStatus.LIVE)


class Shows:
    """All events, by the ways in which a report names them. One query."""

    def __init__(self) -> None:
        self.by_id: dict[str, Show] = {}
        self.by_pk: dict[int, Show] = {}
        self.by_name: dict[str, list[Show]] = {}
        fields = ("pk", "eventbrite_id", "name", "starts_on", "start_at", "time_zone", "currency")
        for row in Event.objects.order_by("starts_on", "pk").values_list(*fields):
            show = Show(row[0], row[1] or "", *row[2:])
            self.by_pk[row[0]] = show
            if show.eventbrite_id:
                self.by_id[show.eventbrite_id] = show
            self.by_name.setdefault(folded(show.name), []).append(show)

    def find(self, given: dict[str, Any], currency: str) -> Show:
        """The event that a row's cells name.

        Raises ValueError: several are meant, none is named, or it is unknown and cannot be made.
        """
        eventbrite_id, name = given.get("event_id", ""), given.get("event_name", "")
        if show := self.by_id.get(eventbrite_id):
            return show
        start_at, starts_on, zone = start_of(given)
        alike = [] if eventbrite_id else self.by_name.get(folded(name), [])
        if starts_on:
            alike = [show for show in alike if show.starts_on == starts_on]
        if len(alike) == 1:
            return alike[0]
        if alike:
            ids = ", ".join(show.eventbrite_id or show.day for show in alike[:5])
            raise ValueError(
                f"There are {len(alike)} events “{name}”: {ids}. Add a column “Event ID” with the "
                "number of the right one."
            )
        if start_at is None or not name:
            raise ValueError(_cannot_make(eventbrite_id, name))
        return Show(
            None,
            eventbrite_id,
            name[:250],
            starts_on,
            start_at,
            zone.key,
            given.get("currency") or currency or company_currency(),
        )


def _cannot_make(eventbrite_id: str, name: str) -> str:
    if not eventbrite_id and not name:
        return "The row does not say which event it is about. Fill in Event ID."
    named = f"“{name}”" if name else eventbrite_id
    return (
        f"The event {named} is not in Nova, and the row lacks its name or the day it starts. Add "
        "the event to Nova first, with its Eventbrite id, or export with the event's name and date."
    )


def start_of(given: dict[str, Any]) -> tuple[datetime | None, date | None, ZoneInfo]:
    """When the event starts, its day there, and its zone; the company's where the row has none."""
    zone = zone_of(given)
    start: datetime | None = given.get("date_attending")
    if day := given.get("event_day"):
        start = datetime.combine(day.date(), given.get("event_time") or time())
    if start is None:
        return None, None, zone
    if start.tzinfo is None:
        start = start.replace(tzinfo=zone)
    return start.astimezone(UTC), start.astimezone(zone).date(), zone


def zone_of(given: dict[str, Any]) -> ZoneInfo:
    """Raises ValueError: there is no such zone."""
    name = given.get("time_zone") or settings.TIME_ZONE
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"“{name}” is no time zone that Nova knows, such as Europe/Berlin."
        ) from None
