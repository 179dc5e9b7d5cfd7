"""What the models see of a person, and how it is put in words for staff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from customers.scoring.facts import RAW, Facts

Numbers = NDArray[np.float64]
_MONTH = 30.44


def _log(column: str) -> Callable[[Facts], Numbers]:
    return lambda facts: np.log1p(np.nan_to_num(facts.column(column)))


def _fading(column: str, half_life: float) -> Callable[[Facts], Numbers]:
    """1 for today, half of it after so many days, 0 for never."""
    return lambda facts: np.nan_to_num(0.5 ** (facts.column(column) / half_life))


def _share(part: str, of: str) -> Callable[[Facts], Numbers]:
    return lambda facts: facts.column(part) / np.maximum(facts.column(of), 1)


def _has(column: str) -> Callable[[Facts], Numbers]:
    return lambda facts: (facts.column(column) > 0).astype(np.float64)


GROUPS: Mapping[str, tuple[str, tuple[Callable[[Facts], Numbers], ...]]] = {
    "last": (
        "How long ago they last booked",
        (
            _fading("days_since_last", 30),
            _fading("days_since_last", 120),
            _fading("days_since_last", 365),
        ),
    ),
    "pace": (
        "How often they booked in the last year",
        (_log("bookings_90"), _log("bookings_365")),
    ),
    "loyalty": (
        "How many shows they booked in all",
        (_has("bookings"), _log("bookings"), _log("shows")),
    ),
    "known": (
        "How long they have been known",
        (lambda facts: np.log1p(facts.column("days_known")), _log("days_since_first")),
    ),
    "spend": ("How much they paid", (_log("spend"),)),
    "upcoming": ("Whether they hold tickets for a show to come", (_log("upcoming"),)),
    "guest": ("Whether they came as a guest of others", (_log("guest_seats"),)),
    "door": (
        "Whether they were scanned at the door",
        (_share("check_ins", "shows"), _fading("days_since_check_in", 120)),
    ),
    "mail": ("Whether they open and click e-mails", (_log("clicks_90"), _log("opens_90"))),
    "touches": ("Whether a campaign or source brought them lately", (_log("other_touches_90"),)),
}
"""What belongs together, what it is called, and the columns that it gives the models."""

COLUMNS = [name for name, (_, parts) in GROUPS.items() for _ in parts]
"""The group of each column of the matrix."""


def matrix(facts: Facts) -> Numbers:
    """A row per person, a column per feature.

    Of whom nothing dated is known, it is not known how long, either: NaN. Such people are met only
    today, never at a moment of the past.
    """
    return np.stack([part(facts) for _, parts in GROUPS.values() for part in parts], axis=1)


def columns_of(group: str) -> list[int]:
    return [place for place, name in enumerate(COLUMNS) if name == group]


@dataclass(frozen=True, slots=True)
class Person:
    """One person's facts by name, for the words."""

    row: Numbers

    def count(self, name: str) -> int:
        return int(self.row[_AT[name]])

    def days(self, name: str) -> float | None:
        value = float(self.row[_AT[name]])
        return None if np.isnan(value) else value


_AT = {name: place for place, name in enumerate(RAW)}


def words_of(group: str, person: Person) -> str:
    """What a group comes to for one person, "" where there is nothing to say."""
    return _WORDS[group](person)


def _last(person: Person) -> str:
    days = person.days("days_since_last")
    return "has never booked" if days is None else f"last booked {_ago(days)}"


def _pace(person: Person) -> str:
    if not person.count("bookings"):
        return "has never booked"
    times = person.count("bookings_365")
    return f"booked {_times(times)} in the last year" if times else "booked nothing in a year"


def _loyalty(person: Person) -> str:
    shows = person.count("shows")
    if not shows:
        return "has never booked"
    return f"booked {shows:,} shows so far" if shows > 1 else "booked one show so far"


def _known(person: Person) -> str:
    days = person.days("days_known")
    return "" if days is None else f"first heard of {_ago(days)}"


def _spend(person: Person) -> str:
    if not person.count("bookings"):
        return ""
    spend = float(person.row[_AT["spend"]])
    return f"paid {spend / person.count('bookings'):,.0f} a booking" if spend else "paid nothing"


def _upcoming(person: Person) -> str:
    shows = person.count("upcoming")
    if not shows:
        return "holds no tickets for a show to come" if person.count("bookings") else ""
    return f"holds tickets for {shows:,} shows to come" if shows > 1 else "holds tickets for a show"


def _guest(person: Person) -> str:
    seats = person.count("guest_seats")
    return f"came as a guest of others {_times(seats)}" if seats else ""


def _door(person: Person) -> str:
    days = person.days("days_since_check_in")
    if days is None:
        return "was never scanned at the door" if person.count("bookings") else ""
    return f"was at a show {_ago(days)}"


def _mail(person: Person) -> str:
    if clicks := person.count("clicks_90"):
        return f"clicked in e-mails {_times(clicks)} in 90 days"
    opens = person.count("opens_90")
    return f"opened e-mails {_times(opens)} in 90 days" if opens else ""


def _touches(person: Person) -> str:
    return "came by a campaign or source lately" if person.count("other_touches_90") else ""


_WORDS: Mapping[str, Callable[[Person], str]] = {
    "last": _last,
    "pace": _pace,
    "loyalty": _loyalty,
    "known": _known,
    "spend": _spend,
    "upcoming": _upcoming,
    "guest": _guest,
    "door": _door,
    "mail": _mail,
    "touches": _touches,
}


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _ago(days: float) -> str:
    """Coarse on purpose: words that change every day would be written every day."""
    if days < 7:
        return "in the last week"
    if days < 31:
        return "in the last month"
    months = int(days / _MONTH)
    if months < 24:
        return f"{months} months ago" if months > 1 else "a month ago"
    return f"{months // 12} years ago"
