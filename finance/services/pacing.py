"""How planned shows sell against comparable ones, and where that leads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from events.models import NOT_PLAYED, Event, ShowType
from finance.services.breakeven import BreakEven
from finance.services.comparison import (
    FEWEST,
    LOOK_BACK,
    Comparison,
    History,
    HorizonError,
    Quartiles,
    Show,
    back_test,
    forecast,
    usual,
)
from finance.services.curves import NOTHING_SOLD, Curve, curves_of
from finance.services.outlook import break_evens
from finance.services.profit import NO_SHOW_TYPE, event_money, events_of
from nova_project.periods import Period

BEHIND, AS_USUAL, AHEAD, NO_FORECAST = "Behind", "As usual", "Ahead", "No forecast"
_SHOW = ("pk", "starts_on", "show_type_id", "venue_id", "capacity")
_NAMES = ("time_zone", "eventbrite_id", "name", "show_type__name", "venue__name")
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a planned show has sold, what is usual at that time, and where it may end, in seats.

    What is usual and the forecast are None with too few comparable shows.
    """

    show: Show
    eventbrite_id: str | None
    name: str
    show_type: str
    venue: str
    days_to_show: int
    curve: Curve
    comparison: Comparison[Curve]
    usual: Quartiles | None
    forecast: Quartiles | None
    break_even: BreakEven | None = None

    @property
    def reference(self) -> str:
        """Eventbrite's id where there is one, else Nova's."""
        return self.eventbrite_id or f"nova-{self.show.pk}"

    @property
    def event_id(self) -> int:
        return self.show.pk

    @property
    def starts_on(self) -> date:
        return self.show.starts_on

    @property
    def capacity(self) -> int | None:
        return self.show.capacity

    @property
    def seats(self) -> int:
        return self.curve.finish

    @property
    def sold(self) -> Decimal | None:
        """Seats in percent of the capacity."""
        return self.share(self.seats)

    def share(self, seats: int) -> Decimal | None:
        """So many seats in percent of the capacity; None without one."""
        return Decimal(seats * 100) / self.capacity if self.capacity else None

    @property
    def comparable(self) -> int:
        return len(self.comparison.others)

    @property
    def pace(self) -> str:
        return pace_in_words(self.seats, self.usual)

    @property
    def basis(self) -> str:
        """What comparable shows have in common with it, or why there is no forecast."""
        if self.comparison.is_enough:
            return f"Same {self.comparison.words}"
        if self.show.show_type_id is None:
            return "No show type, so nothing to compare with"
        return f"{self.comparable} of the {FEWEST} comparable shows that a forecast needs"

    @property
    def usual_p25(self) -> int | None:
        return self.usual.p25 if self.usual else None

    @property
    def usual_p50(self) -> int | None:
        return self.usual.p50 if self.usual else None

    @property
    def usual_p75(self) -> int | None:
        return self.usual.p75 if self.usual else None

    @property
    def forecast_p25(self) -> int | None:
        return self.forecast.p25 if self.forecast else None

    @property
    def forecast_p50(self) -> int | None:
        return self.forecast.p50 if self.forecast else None

    @property
    def forecast_p75(self) -> int | None:
        return self.forecast.p75 if self.forecast else None

    @property
    def break_even_tickets(self) -> int | None:
        return self.break_even.tickets if self.break_even else None

    @property
    def break_even_outlook(self) -> str:
        """Whether the tickets to break even are sold, or would be by the forecast."""
        if self.break_even is None:
            return "Not known"
        if self.break_even.tickets is None:
            return "Not within capacity"
        if self.seats >= self.break_even.tickets:
            return "Reached"
        if self.forecast is None:
            return NO_FORECAST
        return _CHANCES[sum(end >= self.break_even.tickets for end in _ends(self.forecast))]


_CHANCES = ("Unlikely", "Possible", "Likely", "Very likely")
"""By how many of the three ends of the forecast pay for the show."""


def _ends(seats: Quartiles) -> tuple[int, int, int]:
    return seats.p25, seats.p50, seats.p75


def pace_in_words(seats: int, usual: Quartiles | None) -> str:
    """Behind: fewer seats than three quarters of the comparable shows; ahead: more."""
    if usual is None:
        return NO_FORECAST
    if seats < usual.p25:
        return BEHIND
    return AHEAD if seats > usual.p75 else AS_USUAL


def pacing(period: Period, show_type: ShowType | None = None, pace: str = "") -> list[Pace]:
    """The planned shows of `period`, earliest first; those of one `pace` where it is given.

    As many queries for many shows as for one.
    """
    now = timezone.now()
    events = planned_shows(period, show_type, now)
    found = break_evens(events, event_money(events))
    rows = paces(events, now, found)
    return [row for row in rows if pace in ("", row.pace)]


def planned_shows(period: Period, show_type: ShowType | None, now: datetime) -> QuerySet[Event]:
    """Those of `period` that have not started, earliest first; of `show_type` where it is given."""
    events = events_of(period, show_type).filter(start_at__gt=now, is_series_parent=False)
    return events.exclude(status__in=NOT_PLAYED)


def pace_of(event: Event, break_even: BreakEven | None) -> Pace:
    """That of one show, also of one that is over. Seven queries."""
    found = {event.pk: break_even} if break_even else {}
    return paces(Event.objects.filter(pk=event.pk), timezone.now(), found)[0]


def paces(
    events: QuerySet[Event], now: datetime, break_evens: Mapping[int, BreakEven]
) -> list[Pace]:
    """How each of `events` sells against comparable shows that are over. Seven queries."""
    curves = curves_of(events)
    types = set(events.order_by().values_list("show_type_id", flat=True).distinct())
    history = History(_shows_over(now, types - {None}))
    found = []
    for *terms, zone, eventbrite_id, name, show_type, venue in events.values_list(*_SHOW, *_NAMES):
        show = Show(*terms)
        today = now.astimezone(ZoneInfo(zone)).date()
        pace = _sales(show, curves.get(show.pk, NOTHING_SOLD), history, today)
        found.append(
            Pace(
                show=show,
                eventbrite_id=eventbrite_id,
                name=name,
                show_type=show_type or NO_SHOW_TYPE.name,
                venue=venue or "",
                break_even=break_evens.get(show.pk),
                **pace,
            )
        )
    return found


def _sales(show: Show, curve: Curve, history: History[Curve], today: date) -> dict[str, Any]:
    """What a show sold until the end of yesterday, against what others had sold by then.

    Today is not over; its sales count for the show, and against none.
    """
    days_to_show = (show.starts_on - today).days
    comparison = history.compared(show, before=show.starts_on)
    known, is_over = max(days_to_show + 1, 0), days_to_show < 0
    return {
        "days_to_show": days_to_show,
        "curve": curve,
        "comparison": comparison,
        "usual": usual(comparison, known),
        "forecast": None if is_over else forecast(comparison, curve, known, show.capacity),
    }


def forecast_errors(now: datetime) -> list[HorizonError]:
    """How far off forecasts would have been for the shows that are over.

    One query; three more where the cache has none of today.
    """
    return kept_today("forecast-errors", (), now, lambda: back_test(_shows_over(now, None)))


def kept_today(name: str, of: object, now: datetime, work: Callable[[], Kept]) -> Kept:
    """What `work` finds out of shows, from the cache where it has that; `of` says out of which.

    It is kept for some hours, until the next day, or until a show is changed. One query.
    """
    known = Event.objects.aggregate(Count("pk"), Max("updated_at"))
    told = repr((of, timezone.localdate(now), known)).encode()
    key = f"{name}-{blake2b(told, digest_size=16).hexdigest()}"
    found: Kept | None = cache.get(key)
    if found is None:
        found = work()
        cache.set(key, found, _KEPT_SECONDS)
    return found


_KEPT_SECONDS = 6 * 60 * 60


def _shows_over(now: datetime, types: Iterable[int | None] | None) -> list[tuple[Show, Curve]]:
    """The shows of the last years that are over and sold something, with their curves."""
    over = Event.objects.played_or_planned().filter(
        start_at__lte=now, starts_on__gte=now.date() - LOOK_BACK
    )
    if types is not None:
        over = over.filter(show_type__in=types)
    curves = curves_of(over)
    shows = (Show(*row) for row in over.order_by().values_list(*_SHOW))
    return [(show, curves[show.pk]) for show in shows if show.pk in curves]
