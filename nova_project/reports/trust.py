"""How far the figures of a report can be trusted: a strip of measures above its table.

An app registers what it can measure, with the topics that this matters for; a report names the
topics that it rests on. So a lower app's report tells of what only an upper app knows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.conf import settings
from django.core.cache import cache


class Topic(StrEnum):
    """What figures are made of."""

    SALES = "orders and seats"
    MONEY = "money at the bank"
    PEOPLE = "who the people are"
    SOURCES = "where they came from"


@dataclass(frozen=True, slots=True)
class Reading:
    """One measure as it stands: `shown` is the figure, `help` what it means and what is enough.

    `url` leads to what is behind it, for whoever has `permission`.
    """

    label: str
    shown: str
    help: str
    is_bad: bool = False
    url: str = ""
    permission: str = ""


Measure = Callable[[], Iterable[Reading]]

_measures: dict[str, tuple[int, frozenset[Topic], Measure]] = {}


def measure(*topics: Topic, place: int) -> Callable[[Measure], Measure]:
    """Registers a function that reads something which matters for `topics`; `place` orders it."""

    def add(function: Measure) -> Measure:
        name = f"{function.__module__}.{function.__qualname__}"
        _measures[name] = place, frozenset(topics), function
        return function

    return add


def readings(topics: Sequence[Topic]) -> list[Reading]:
    """What matters for any of `topics`. Read at most every NOVA_TRUST_SECONDS."""
    found: list[Reading] = []
    for name, (_, concerned, function) in sorted(_measures.items(), key=lambda item: item[1][0]):
        if not concerned.isdisjoint(topics):
            found += _kept(name, function)
    return found


def _kept(name: str, function: Measure) -> list[Reading]:
    seconds = settings.NOVA_TRUST_SECONDS
    if not seconds:
        return list(function())
    found: list[Reading] | None = cache.get(f"trust-{name}")
    if found is None:
        found = list(function())
        cache.set(f"trust-{name}", found, seconds)
    return found


def share(label: str, part: Decimal | int, whole: Decimal | int, least: int, words: str) -> Reading:
    """A reading in percent, rounded down and marked under `least`; a dash where there is none."""
    meaning = f"{words} Marked under {least} %."
    if not whole:
        return Reading(label, "–", meaning)
    percent = int(part * 100 // whole)
    return Reading(label, f"{percent} %", meaning, percent < least)
