"""Which shows a show is compared with, and what their sales say of its own. Plain Python."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Generic, TypeVar

from finance.services.curves import Curve

FEWEST = 5
"""With fewer comparable shows there is no forecast."""
LOOK_BACK = timedelta(days=730)
"""Comparable shows are at most so much earlier."""
HORIZONS = (30, 14, 7, 3, 1)
"""Days to the show for which the forecast is tried on shows that are over."""


@dataclass(frozen=True, slots=True)
class Show:
    """A show as far as others are compared with it."""

    pk: int
    starts_on: date
    show_type_id: int | None
    venue_id: int | None
    capacity: int | None


Sold = TypeVar("Sold")
"""What of a show's sales is compared: all its curve, or the seats of one day."""

_Key = tuple[int, int, int]
"""Show type, weekday and venue; −1 where one of them does not matter."""

_LEVELS = (
    ("show type, weekday and venue", True, True),
    ("show type and venue", False, True),
    ("show type and weekday", True, False),
    ("show type", False, False),
)


def _key(show: Show, by_weekday: bool, by_venue: bool) -> _Key | None:
    """What shows of this level have in common; None for a show that cannot be compared so."""
    if show.show_type_id is None or (by_venue and show.venue_id is None):
        return None
    weekday = show.starts_on.weekday() if by_weekday else -1
    return show.show_type_id, weekday, (show.venue_id or 0) if by_venue else -1


@dataclass(frozen=True, slots=True)
class Comparison(Generic[Sold]):
    """What comparable shows sold. `words` says what they have in common with the show."""

    others: Sequence[Sold]
    words: str

    @property
    def is_enough(self) -> bool:
        return len(self.others) >= FEWEST


class History(Generic[Sold]):
    """The shows that are over and sold something, found by what they have in common."""

    def __init__(self, shows: Iterable[tuple[Show, Sold]]) -> None:
        self._days: dict[_Key, list[date]] = defaultdict(list)
        self._sold: dict[_Key, list[Sold]] = defaultdict(list)
        for show, sold in sorted(shows, key=lambda pair: (pair[0].starts_on, pair[0].pk)):
            for _, by_weekday, by_venue in _LEVELS:
                if key := _key(show, by_weekday, by_venue):
                    self._days[key].append(show.starts_on)
                    self._sold[key].append(sold)

    def compared(self, show: Show, before: date) -> Comparison[Sold]:
        """The shows before a day that have most in common with `show`, at least FEWEST of them.

        Where no level has so many, all of its show type.
        """
        found: Comparison[Sold] = Comparison((), "show type")
        for words, by_weekday, by_venue in _LEVELS:
            if (key := _key(show, by_weekday, by_venue)) is None:
                continue
            days = self._days.get(key, [])
            first, after = bisect_left(days, before - LOOK_BACK), bisect_left(days, before)
            found = Comparison(self._sold.get(key, [])[first:after], words)
            if found.is_enough:
                break
        return found


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Whole seats: a quarter of the comparable shows had fewer than p25, half fewer than p50."""

    p25: int
    p50: int
    p75: int


def percentile(values: Sequence[int], percent: int) -> Decimal:
    """Between the two nearest of the sorted `values`, in proportion: P50 is the median."""
    place = Decimal(len(values) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def quartiles(values: Iterable[int]) -> Quartiles:
    """Raises IndexError: no values."""
    ordered = sorted(values)
    return Quartiles(*(_whole(percentile(ordered, percent)) for percent in (25, 50, 75)))


def usual(comparison: Comparison[Curve], days_to_show: int) -> Quartiles | None:
    """What comparable shows had sold by the end of that day; None where they are too few."""
    if not comparison.is_enough:
        return None
    return quartiles(curve.at(days_to_show) for curve in comparison.others)


def forecast(
    comparison: Comparison[Curve], curve: Curve, days_to_show: int, capacity: int | None
) -> Quartiles | None:
    """How many seats a show ends with: those it had at the end of that day, and what comparable
    shows still sold from then on.

    Never less than are sold already, nor more than the capacity, unless more are sold. None where
    there are too few comparable shows.
    """
    if not comparison.is_enough:
        return None
    sold = curve.at(days_to_show)
    found = quartiles(sold + other.still_to_come(days_to_show) for other in comparison.others)
    ends = (found.p25, found.p50, found.p75)
    return Quartiles(*(_within(seats, curve.finish, capacity) for seats in ends))


def _within(seats: int, sold: int, capacity: int | None) -> int:
    """An end that is possible for a show that sold so many seats already."""
    seats = max(seats, sold)
    return min(seats, max(capacity, sold)) if capacity else seats


@dataclass(frozen=True, slots=True)
class HorizonError:
    """How far off the forecast was so many days before shows that are over.

    `error` is the mean of how far its P50 was from the seats in the end, in percent of these.
    """

    days: int
    shows: int
    error: Decimal | None


def back_test(shows: Sequence[tuple[Show, Curve]]) -> list[HorizonError]:
    """The forecast tried on each of `shows`, with what was known then: a line per horizon."""
    lines = []
    for days in HORIZONS:
        history = History((show, curve.still_to_come(days)) for show, curve in shows)
        errors = [error for pair in shows if (error := _error(history, *pair, days)) is not None]
        mean = sum(errors, Decimal(0)) / len(errors) if errors else None
        lines.append(HorizonError(days, len(errors), mean))
    return lines


def _error(history: History[int], show: Show, curve: Curve, days: int) -> Decimal | None:
    """How far off the P50 was, in percent; None where there was no forecast.

    `history` has what shows still sold from that day on.
    """
    comparison = history.compared(show, before=show.starts_on - timedelta(days=days - 1))
    if not comparison.is_enough:
        return None
    sold = curve.at(days)
    more = _whole(percentile(sorted(comparison.others), 50))
    end = _within(sold + more, sold, show.capacity)
    return Decimal(abs(end - curve.finish) * 100) / curve.finish


def _whole(seats: Decimal) -> int:
    return int(seats.quantize(Decimal(1), ROUND_HALF_UP))
