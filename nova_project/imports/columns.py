"""What a column holds: how its cells are read, refused and shown.

Widgets and fields are django-import-export's: `clean` reads a cell and raises ValueError with a
sentence for staff, `render` gives the value for an export (text, date or Decimal).
A blank cell never reaches `clean`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from import_export.declarative import ModelDeclarativeMetaclass
from import_export.fields import Field
from import_export.widgets import Widget

_NAMED = 8
"""How many choices a sentence lists."""


class Column(Field):
    """A column of a file. Its heading is the label of the model's field unless one is given.

    `readonly` columns are exported, and passed over on import. A `required` one must be in the
    file, and filled in for new rows.
    """

    def __init__(
        self,
        attribute: str,
        widget: Widget,
        *,
        heading: str = "",
        is_required: bool = False,
        readonly: bool = False,
        example: str = "",
        help: str = "",
    ) -> None:
        super().__init__(attribute, heading or None, widget, readonly=readonly)
        self.heading = heading
        self.is_required = is_required
        self.example = example
        self.help = help

    @property
    def hint(self) -> str:
        """What may stand in a cell, for the page that asks for the file."""
        return self.help or getattr(self.widget, "hint", "")


class DeclaredOnly(ModelDeclarativeMetaclass):
    """The columns are those declared, in that order; no others are made up from the model."""

    def __new__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        inherited = [column for base in bases for column in getattr(base, "fields", ())]
        declared = [attribute for attribute, value in attrs.items() if isinstance(value, Column)]
        names = list(dict.fromkeys([*inherited, *declared]))
        if declared:
            attrs["Meta"].fields = names
        new_class = super().__new__(cls, name, bases, attrs)
        new_class.fields = {attribute: new_class.fields[attribute] for attribute in names}
        return new_class


class TextWidget(Widget):
    """Text up to `longest` characters; outer spaces do not count."""

    def __init__(self, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest
        if longest and not hasattr(self, "hint"):
            self.hint = f"Text, up to {longest} characters."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        text = value.strip() if type(value) is str else as_text(value)
        if self.longest and len(text) > self.longest:
            raise ValueError(f"Has {len(text)} characters; {self.longest} fit.")
        if "\0" in text:
            raise ValueError("Holds a character that cannot be kept (NUL).")
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


def as_text(value: Any) -> str:
    """A cell as text: Excel's 17.0 is 17, a date is ISO."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value).strip()


class ChoiceWidget(Widget):
    """One of the choices of a model's field, by its label or its stored value, in any case."""

    def __init__(self, choices: type[models.TextChoices]) -> None:
        super().__init__()
        self.labels = {str(value): str(label) for value, label in choices.choices}
        self.hint = "One of: " + ", ".join(self.labels.values()) + "."
        self._known = {value.casefold(): value for value in self.labels}
        self._known |= {label.casefold(): value for value, label in self.labels.items()}

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str:
        try:
            return self._known[as_text(value).casefold()]
        except KeyError:
            raise ValueError(
                f"“{as_text(value)}” is none of: {', '.join(self.labels.values())}."
            ) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.labels.get(value, value or "")


class NameWidget(Widget):
    """A row of another table by its unique name, in any case. One query a run."""

    def __init__(self, queryset: models.QuerySet[Any], *, noun: str, field: str = "name") -> None:
        super().__init__()
        self.queryset = queryset
        self.noun = noun
        self.field = field
        self.hint = f"The name of a {noun} that Nova knows."
        self._names: dict[int, str] | None = None
        self._ids: dict[str, int] = {}

    @property
    def names(self) -> dict[int, str]:
        if self._names is None:
            self._names = dict(self.queryset.order_by("pk").values_list("pk", self.field))
            self._ids = {name.casefold(): pk for pk, name in self._names.items()}
            self._ids |= {name: pk for pk, name in self._names.items()}
        return self._names

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> int:
        names, text = self.names, as_text(value)
        pk = self._ids.get(text) or self._ids.get(text.casefold())
        if pk:
            return pk
        some = sorted(names.values())[:_NAMED]
        known = f" Known are: {', '.join(some)}{' …' if len(names) > _NAMED else ''}."
        raise ValueError(
            f"There is no {self.noun} “{text}”.{known if some else ''} Add it first, or mend the "
            "name."
        )

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.names.get(value, "")


class DayWidget(Widget):
    """A day: 2026-03-14, 14.03.2026 or 14/03/2026 (the day comes first)."""

    hint = "A day such as 2026-03-14, 14.03.2026 or 14/03/2026 (day first)."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> date:
        if isinstance(value, datetime):
            return value.date()
        return value if isinstance(value, date) else read_day(as_text(value))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> date | str:
        return "" if value is None else value


_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_OUR_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")


@lru_cache(maxsize=4096)
def read_day(text: str) -> date:
    """Raises ValueError: no day of the calendar, or not in one of the three spellings."""
    if found := _ISO_DAY.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _OUR_DAY.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        raise ValueError(f"“{text}” is no day. Write it like 2026-03-14 or 14.03.2026.")
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(
            f"“{text}” is no day of the calendar: day {day}, month {month}. The day comes first; "
            "2026-03-14 is understood everywhere."
        ) from None


class MomentWidget(Widget):
    """A day and time in the organiser's zone; a day alone is its midnight."""

    hint = "A day and time such as 2026-03-14 19:30 or 14.03.2026 19:30."

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> datetime:
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        moment = value if isinstance(value, datetime) else read_moment(as_text(value))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.get_default_timezone())
        return moment.astimezone(UTC)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        local = value.astimezone(timezone.get_default_timezone())
        plain = local.replace(tzinfo=None)
        if is_told_twice(plain, local.tzinfo):
            return str(local.isoformat(" "))
        return plain.isoformat(" ", "minutes" if plain.time() == _to_minute(plain) else "auto")


def _to_minute(moment: datetime) -> time:
    return moment.time().replace(second=0, microsecond=0)


def is_told_twice(moment: datetime, zone: Any) -> bool:
    """Is it within the hour that clocks show twice in autumn?"""
    if not isinstance(zone, ZoneInfo):
        return False
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return first.utcoffset() != second.utcoffset()


def read_moment(text: str) -> datetime:
    """With a zone only where the text names one. Raises ValueError."""
    day, _, clock = text.replace("T", " ", 1).partition(" ")
    try:
        hours = time.fromisoformat(clock.strip()) if clock.strip() else time()
    except ValueError:
        raise ValueError(f"“{text}” is no time. Write it like 2026-03-14 19:30.") from None
    return datetime.combine(read_day(day), hours)


class ShownWidget(Widget):
    """A figure that Nova keeps itself, as it is."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else value
