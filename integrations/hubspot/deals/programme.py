"""Which event a deal means, and how a deal names an event."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from django.db.models import Q

from events.models import Event
from integrations.hubspot.deals.mapping import EVENT, Deal, event_text

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def events_of(deals: Collection[Deal]) -> dict[str, int]:
    """The event that each deal names, by the deal's id; deals that name no single one are left out.

    The property `nova_event` holds an Eventbrite id, or a name with its date; where it is blank,
    the deal's own name may hold both. A name alone will do where only one event bears it.
    One query.
    """
    texts = {deal.id: deal.values.get(EVENT) or deal.name for deal in deals}
    by_id, others = _candidates(set(texts.values()))
    found = {}
    for deal in deals:
        text = texts[deal.id]
        keys = [by_id[text]] if text in by_id and deal.values.get(EVENT) else _named(text, others)
        if len(keys) == 1:
            found[deal.id] = keys[0]
    return found


_Candidate = tuple[int, str, str]
"""Key, name in lower case, date."""


def _candidates(texts: set[str]) -> tuple[dict[str, int], list[_Candidate]]:
    dates = {day for text in texts for day in _DATE.findall(text)}
    days = [day for day in dates if _is_day(day)]
    wanted = Q(eventbrite_id__among=texts) | Q(starts_on__in=days) | Q(name__among=texts)
    rows = Event.objects.filter(wanted, is_series_parent=False)
    by_id, others = {}, []
    for pk, eventbrite_id, name, starts_on in rows.values_list(
        "pk", "eventbrite_id", "name", "starts_on"
    ):
        if eventbrite_id:
            by_id[eventbrite_id] = pk
        others.append((pk, name.casefold(), starts_on.isoformat()))
    return by_id, others


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _named(text: str, events: Iterable[_Candidate]) -> list[int]:
    """The events whose name and date are in the text, or whose name is the text."""
    plain = text.casefold()
    return [
        pk for pk, name, day in events if plain == name or (name and name in plain and day in plain)
    ]


def event_texts(keys: Collection[str]) -> Mapping[str, str]:
    """How deals name these events, by key as text. One query."""
    rows = Event.objects.filter(pk__in=[key for key in keys if key])
    values = rows.values_list("pk", "eventbrite_id", "name", "starts_on")
    return {"": ""} | {str(pk): event_text(remote, name, on) for pk, remote, name, on in values}
