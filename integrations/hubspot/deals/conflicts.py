"""Fields of an expense and its deal that changed on both sides: kept until a person chooses."""

import re
from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from events.models import Event
from finance.services import change_expense, share_expenses
from integrations.hubspot.deals.mapping import Deal, fields_of
from integrations.hubspot.deals.programme import events_of
from integrations.hubspot.values import number
from integrations.merge import Held, Merge
from integrations.models import Conflict, ConflictState, DealLink, Resolution
from integrations.sync import RunLog

EVENT = "event"
_NUMBERED = re.compile(r"#(\d+)$")
_ID = F("deal__hubspot_id")


def note_conflicts(merges: Mapping[str, Merge], log: RunLog) -> None:
    """Keeps the conflicts of these deals, by HubSpot id: new ones open, those that are gone
    settle, and the others follow both sides. One query if there are none."""
    found = {(pk, name): held for pk, m in merges.items() for name, held in m.conflicts.items()}
    rows = Conflict.objects.open().filter(deal__hubspot_id__among=list(merges))
    known = {(row.hubspot_id, row.field): row for row in rows.annotate(hubspot_id=_ID)}
    _settle([row.pk for key, row in known.items() if key not in found])
    if not found:
        return
    links = DealLink.objects.filter(hubspot_id__among=[key for key, _ in found])
    by_id = {link.hubspot_id: link for link in links.select_related("expense__vendor")}
    shown = _event_names({v for (_, name), held in found.items() if name == EVENT for v in held})
    for (hubspot_id, name), values in found.items():
        held = Held(*(shown.get(v, v) for v in values)) if name == EVENT else values
        row = known.get((hubspot_id, name)) or Conflict(deal=by_id[hubspot_id], field=name)
        if (row.local_value, row.remote_value) != held:
            before = merges[hubspot_id].base.get(name, Held()).remote
            row.base_value = shown.get(before, before) if name == EVENT else before
            _follow(row, by_id[hubspot_id], held)
            log.add("expenses", "conflict")


def _settle(keys: list[int]) -> None:
    if keys:
        now = timezone.now()
        Conflict.objects.filter(pk__in=keys).update(
            state=ConflictState.RESOLVED,
            resolution=Resolution.SETTLED,
            resolved_at=now,
            updated_at=now,
        )


def _event_names(keys: set[str]) -> dict[str, str]:
    """How staff are shown events, by key as text: “Jazz Night, 2026-05-14 #12”. One query."""
    rows = Event.objects.filter(pk__in=[key for key in keys if key]) if keys else ()
    return {str(row.pk): f"{row.name}, {row.starts_on.isoformat()} #{row.pk}" for row in rows}


def read_value(name: str, text: str) -> str:
    """A value of a field as a merge compares it, from how staff are shown it or type it.

    Raises ValidationError: it is none.
    """
    if name == EVENT and text:
        if found := _NUMBERED.search(text):
            return found[1]
        if key := events_of([Deal("", {"nova_event": text})]).get(""):
            return str(key)
        raise ValidationError(f"No single event of Nova is “{text}”.", code="value")
    try:
        if name == "amount":
            return number(text)
        return date.fromisoformat(text).isoformat() if name == "spent_on" else text
    except ValueError as error:
        raise ValidationError(f"“{text}” is not possible here.", code="value") from error


def _follow(row: Conflict, link: DealLink, held: Held) -> None:
    row.local_value, row.remote_value = held
    row.local_changed_at = link.expense.updated_at if link.expense else None
    row.remote_changed_at = link.remote_changed_at
    row.save()


@transaction.atomic
def choose(conflict: Conflict, value: str, resolution: Resolution) -> None:
    """Brings `value` to the expense now, and to the deal by the next run that writes.

    `value` is spelt as in the conflict: an amount, a date as 2026-05-14, an event by its name and
    date or its Eventbrite id.
    Raises ValidationError: an expense may not have it.
    """
    name = conflict.field
    chosen, theirs = read_value(name, value), read_value(name, conflict.remote_value)
    link = DealLink.objects.select_for_update().get(conflicts=conflict)
    if link.expense is not None and value != conflict.local_value:
        change_expense(expense=link.expense, **fields_of({name: chosen}))
        share_expenses()
    before = Held(*(link.agreed or {}).get(name, Held()))
    local = chosen if chosen == theirs else before.local
    link.agreed = (link.agreed or {}) | {name: Held(local, theirs)}
    link.is_push_due = True
    link.save(update_fields=["agreed", "is_push_due", "updated_at"])
    conflict.state, conflict.resolution = ConflictState.RESOLVED, resolution
    conflict.chosen_value, conflict.resolved_at = value, timezone.now()
    conflict.save()
