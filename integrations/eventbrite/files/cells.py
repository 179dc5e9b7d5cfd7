"""Single cells of Eventbrite's reports: numbers of orders and seats, times, states."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from nova_project.imports.columns import TextWidget, as_text, read_day

_EXACT = 2**53
"""Up to here a spreadsheet's number is exact."""

_ID = re.compile(r"\d{1,30}(?:-\d{1,8})*")


class IdWidget(TextWidget):
    """A number of an order, seat or event. Those that a spreadsheet has rounded are refused."""

    hint = "As Eventbrite gives it, digits only."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        text = as_text(value).lstrip("'#")
        if not _ID.fullmatch(text) or (isinstance(value, int | float) and value >= _EXACT):
            raise ValueError(
                f"“{text}” is no number of Eventbrite. A spreadsheet may have shortened it: export "
                "the file again and import it without opening it there."
            )
        return text


class MomentOfFileWidget(TextWidget):
    """A day and time; without a zone where the cell names none. Both 3/4 and 4/3 are refused."""

    hint = "As Eventbrite gives it, such as 2026-03-14 19:30:00."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time())
        return read_moment_of_file(as_text(value))


_LONG = ("%b %d, %Y at %I:%M %p", "%B %d, %Y at %I:%M %p", "%b %d, %Y %I:%M %p")
_WORDED = (*_LONG, "%B %d, %Y %I:%M %p", "%b %d, %Y", "%B %d, %Y")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})(?:[ ,]+(.+))?")
_DOTS = re.compile(r"(\d{1,2}\.\d{1,2}\.\d{4})(?:[ ,]+(.+))?")


def read_moment_of_file(text: str) -> datetime:
    """Raises ValueError: no time, or one that can be read in two ways."""
    if found := _SLASHES.fullmatch(text):
        return datetime.combine(_day_of_slashes(text, *found.group(1, 2, 3)), _clock(found[4]))
    if found := _DOTS.fullmatch(text):
        return datetime.combine(read_day(found[1]), _clock(found[2]))
    for pattern in _WORDED if text[:1].isalpha() else ():
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the event's
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is no time. Write it like 2026-03-14 19:30.") from None


def _day_of_slashes(text: str, first: str, second: str, year: str) -> date:
    one, other = int(first), int(second)
    if one <= 12 and other <= 12 and one != other:
        raise ValueError(
            f"“{text}” can be read in two ways: which one is the month? Write it like 2026-03-14."
        )
    month, day = (other, one) if one > 12 else (one, other)
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    except ValueError:
        raise ValueError(f"“{text}” is no day of the calendar.") from None


def _clock(text: str | None) -> time:
    for pattern in ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p") if text else ():
        try:
            return datetime.strptime(str(text).strip(), pattern).time()  # noqa: DTZ007 - no day
        except ValueError:
            continue
    if text:
        raise ValueError(f"“{text}” is no time of day. Write it like 19:30.")
    return time()


class TimeWidget(TextWidget):
    """A time of day."""

    hint = "Such as 19:30:00."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        if isinstance(value, datetime | time):
            return value if isinstance(value, time) else value.time()
        return _clock(as_text(value))


class WordWidget(TextWidget):
    """One of the words by which Eventbrite's reports name a state."""

    def __init__(self, states: Mapping[str, str]) -> None:
        super().__init__()
        self.states = states
        self.hint = f"One of: {', '.join(word.capitalize() for word in states)}."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        word = " ".join(as_text(value).casefold().split())
        try:
            return self.states[word]
        except KeyError:
            raise ValueError(
                f"“{as_text(value)}” is a state that Nova does not know. {self.hint}"
            ) from None


_PLACED = ("completed", "free order", "placed", "manual", "offline")
PARTLY_REFUNDED = "partly_refunded"
"""Placed, and some of it given back: how much, the report does not say."""
_GIVEN_BACK = ("refunded/canceled", "refunded/cancelled", "refunded")
_SAME = ("cancelled", "transferred", "pending", "unpaid", "abandoned", "deleted", "started")
ORDER_STATES = {
    **dict.fromkeys((*_PLACED, "partially transferred"), "placed"),
    "partially refunded": PARTLY_REFUNDED,
    **dict.fromkeys(_GIVEN_BACK, "refunded"),
    "canceled": "cancelled",
    **{word: word for word in _SAME},
}
SEAT_STATES = {
    "attending": "attending",
    "checked in": "checked_in",
    "not attending": "cancelled",
    "refunded": "refunded",
    "transferred": "transferred",
    "deleted": "deleted",
    "unpaid": "unpaid",
    "nimmt teil": "attending",
    "nimmt nicht teil": "cancelled",
    "eingecheckt": "checked_in",
}
