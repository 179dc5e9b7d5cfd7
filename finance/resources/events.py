"""Naming an event in a file: by Eventbrite's id, or by name and date."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from import_export.widgets import Widget

from events.models import Event
from nova_project.imports.columns import as_text, read_day


@dataclass(slots=True)
class _Programme:
    """All events, by the ways to name them."""

    labels: dict[int, str] = field(default_factory=dict)
    by_reference: dict[str, int] = field(default_factory=dict)
    by_name: dict[tuple[str, date], list[int]] = field(default_factory=lambda: defaultdict(list))
    days: dict[str, list[date]] = field(default_factory=lambda: defaultdict(list))
    references: dict[int, str] = field(default_factory=dict)
    currencies: dict[int, str] = field(default_factory=dict)
    starts: dict[int, datetime] = field(default_factory=dict)


def _read_programme() -> _Programme:
    known = _Programme()
    rows = Event.objects.order_by("starts_on", "pk")
    for pk, eventbrite_id, name, day, start_at, currency in rows.values_list(
        "pk", "eventbrite_id", "name", "starts_on", "start_at", "currency"
    ):
        reference = eventbrite_id or f"nova-{pk}"
        known.references[pk] = reference
        known.starts[pk], known.currencies[pk] = start_at, currency
        known.by_reference[reference] = pk
        known.labels[pk] = f"{name}, {day}"
        known.by_name[_folded(name), day].append(pk)
        known.days[_folded(name)].append(day)
    for alike in known.by_name.values():
        if len(alike) > 1:
            known.labels |= {pk: known.references[pk] for pk in alike}
    return known


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


class EventWidget(Widget):
    """An event. Shown as “name, date”, or as its id where two of one name share a day.

    Reads the whole programme once a run, in one query.
    """

    hint = "Eventbrite's id of the event, or its name and date: Comedy Night, 2026-03-14."

    def __init__(self) -> None:
        super().__init__()
        self._programme: _Programme | None = None

    @property
    def programme(self) -> _Programme:
        if self._programme is None:
            self._programme = _read_programme()
        return self._programme

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> int:
        text = as_text(value)
        if pk := self.programme.by_reference.get(text):
            return pk
        name, comma, day = (part.strip() for part in text.rpartition(","))
        if not comma:
            raise ValueError(self._no_date(text))
        try:
            found = self.programme.by_name.get((_folded(name), read_day(day)), [])
        except ValueError as error:
            raise ValueError(f"{error} After the last comma stands the event's date.") from None
        if len(found) == 1:
            return found[0]
        raise ValueError(self._several(text, found) if found else self._unknown(text, name))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.programme.labels.get(value, "")

    def _no_date(self, text: str) -> str:
        days = self.programme.days.get(_folded(text))
        if days:
            return f"Which one? Add the date: “{text}, {days[-1]}”."
        if text.isdigit():
            return f"No event in Nova has the Eventbrite id {text}."
        return (
            f"“{text}” is no event in Nova. Write Eventbrite's id of it, or its name and date as "
            "in “Comedy Night, 2026-03-14”."
        )

    def _several(self, text: str, pks: list[int]) -> str:
        ids = ", ".join(self.programme.references[pk] for pk in pks)
        return f"There are {len(pks)} events “{text}”. Write the id of the right one: {ids}."

    def _unknown(self, text: str, name: str) -> str:
        days = self.programme.days.get(_folded(name), [])
        if days:
            known = ", ".join(str(day) for day in days[-3:])
            return f"There is no event “{text}”. “{name}” is on: {known}."
        return f"There is no event “{text}” in Nova. Check the name, or add the event first."
