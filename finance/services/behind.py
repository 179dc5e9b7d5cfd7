"""How the shows of the next weeks sell, cheaply enough for the home page.

What is usual so many days before a show changes once a day and costs most: the cache keeps it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from finance.services.amounts import seats_of
from finance.services.comparison import Quartiles
from finance.services.pacing import kept_today, pace_in_words, paces, planned_shows
from nova_project.periods import Period

SOON = timedelta(days=60)
"""Further ahead most shows of any kind have sold little, and being behind says nothing."""


@dataclass(frozen=True, slots=True)
class ComingShow:
    """A planned show with its seats of now; `usual` is None with too few comparable shows."""

    event_id: int
    name: str
    starts_on: date
    days_to_show: int
    seats: int
    usual: Quartiles | None

    @property
    def pace(self) -> str:
        return pace_in_words(self.seats, self.usual)


def soon() -> Period:
    """The days that count as soon, today included."""
    today = timezone.localdate()
    return Period.inclusive(today, today + SOON)


def coming_shows() -> list[ComingShow]:
    """The planned shows of `soon`, earliest first.

    Three queries, and seven more where what is usual is not in the cache: for another day, other
    planned shows, or other shows that are over.
    """
    now = timezone.now()
    events = planned_shows(soon(), None, now)
    rows = [
        (pk, name, starts_on, (starts_on - now.astimezone(ZoneInfo(zone)).date()).days, *alike)
        for pk, name, starts_on, zone, *alike in events.values_list(*_FIELDS)
    ]
    if not rows:
        return []
    usual = kept_today(
        "usual", rows, now, lambda: {pace.event_id: pace.usual for pace in paces(events, now, {})}
    )
    seats = seats_of(events)
    return [
        ComingShow(pk, name, starts_on, days_to_show, seats.get(pk) or 0, usual[pk])
        for pk, name, starts_on, days_to_show, *_ in rows
    ]


_FIELDS = ("pk", "name", "starts_on", "time_zone", "show_type_id", "venue_id")
