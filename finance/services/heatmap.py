"""What shows of a type earned on each weekday at each time of day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils import timezone

from events.models import NOT_PLAYED, ShowType
from finance.services.figures import EventMoney
from finance.services.profit import events_of, listed_money
from nova_project.money import ZERO
from nova_project.periods import Period

FEW_SHOWS = 3
"""A mean of fewer shows says little, and is marked."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AFTERNOON, _EARLY, _LATE = time(5), time(17), time(21)


class Slot(StrEnum):
    """The part of the day in which a show starts, by the clock at its place."""

    AFTERNOON = "Afternoon"
    EARLY = "Early evening"
    LATE = "Late"

    @classmethod
    def at(cls, start: time) -> "Slot":
        """Afternoon is 5:00 to 16:59, early evening 17:00 to 20:59, late all the rest."""
        if _AFTERNOON <= start < _EARLY:
            return cls.AFTERNOON
        return cls.EARLY if _EARLY <= start < _LATE else cls.LATE


SLOTS: tuple[Slot, ...] = tuple(Slot)
_Place = tuple[int, Slot]
"""Weekday, Monday 0, and slot."""
_Key = tuple[int | None, str, _Place, str]
"""Show type by id and name, place and currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """The shows of one type on one weekday and slot, in one currency."""

    show_type_id: int | None
    show_type: str
    weekday: str
    slot: str
    currency: str
    shows: int
    seats: int
    net_revenue: Decimal

    @property
    def per_show(self) -> Decimal:
        return self.net_revenue / self.shows

    @property
    def is_thin(self) -> bool:
        return self.shows < FEW_SHOWS

    @property
    def basis(self) -> str:
        """How far the mean can be relied on."""
        return "Few shows" if self.is_thin else "Enough shows"


def programme_heatmap(
    period: Period, show_type: ShowType | None = None, currency: str = ""
) -> list[HeatCell]:
    """Net revenue of the shows of `period` that have started, by show type, weekday and slot.

    By show type, those without one last, then through the week. One query more than their money.
    """
    period = _begun(period)
    places = _places(period, show_type)
    cells: dict[_Key, list[EventMoney]] = defaultdict(list)
    for row in listed_money(period, show_type=show_type, currency=currency):
        if row.event_id in places:
            cells[row.show_type_id, row.show_type, places[row.event_id], row.currency].append(row)
    ordered = sorted(cells, key=_order)
    return [_cell(*key, cells[key]) for key in ordered]


def _begun(period: Period) -> Period:
    """The days of `period` on which a show may have started, by whichever clock."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    return Period(period.start, max(period.start, min(period.end, tomorrow + timedelta(days=1))))


def _places(period: Period, show_type: ShowType | None) -> dict[int, _Place]:
    """Weekday and slot of each show that has started. One query."""
    events = events_of(period, show_type).exclude(status__in=NOT_PLAYED)
    started = events.filter(is_series_parent=False, start_at__lte=timezone.now())
    rows = started.order_by().values_list("pk", "starts_on", "start_at", "time_zone")
    zones: dict[str, ZoneInfo] = {}
    found = {}
    for pk, starts_on, start_at, name in rows:
        zone = zones.setdefault(name, ZoneInfo(name))
        found[pk] = starts_on.weekday(), _slot(start_at, zone)
    return found


def _slot(start_at: datetime, zone: ZoneInfo) -> Slot:
    return Slot.at(start_at.astimezone(zone).time())


def _order(key: _Key) -> tuple[bool, str, int, int, str]:
    show_type_id, name, (weekday, slot), currency = key
    return show_type_id is None, name.casefold(), weekday, SLOTS.index(slot), currency


def _cell(
    show_type_id: int | None,
    show_type: str,
    place: _Place,
    currency: str,
    rows: Iterable[EventMoney],
) -> HeatCell:
    members = list(rows)
    return HeatCell(
        show_type_id=show_type_id,
        show_type=show_type,
        weekday=WEEKDAYS[place[0]],
        slot=place[1].value,
        currency=currency,
        shows=len(members),
        seats=sum(row.seats or 0 for row in members),
        net_revenue=sum((row.net_revenue for row in members), ZERO),
    )
