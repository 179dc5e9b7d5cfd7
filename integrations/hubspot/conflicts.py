"""Fields of a contact and its customer that changed on both sides: kept until a person chooses."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from simple_history.utils import update_change_reason

from customers.models import Customer
from integrations.hubspot.agreement import FIELDS, LONGEST, as_agreed
from integrations.hubspot.deals.conflicts import choose
from integrations.hubspot.policy import spelt
from integrations.merge import Held, Merge
from integrations.models import Conflict, ConflictState, ContactLink, Resolution
from integrations.sync import RunLog


def note_conflicts(merges: Mapping[str, Merge], log: RunLog) -> None:
    """Keeps the conflicts of these contacts, by HubSpot id: new ones open, those that are gone
    settle, and the others follow both sides. One query if there are none."""
    found = {(pk, name): c for pk, m in merges.items() for name, c in m.conflicts.items()}
    rows = Conflict.objects.open().filter(link__hubspot_id__among=list(merges))
    rows = rows.annotate(hubspot_id=F("link__hubspot_id"))
    known = {(row.hubspot_id, row.field): row for row in rows}
    _settle(row for key, row in known.items() if key not in found)
    moved = {key: held for key, held in found.items() if not _is_noted(known.get(key), held)}
    if moved:
        log.add("contacts", "conflict", len(moved))
        _save(moved, known, {key: merges[key[0]].base.get(key[1], Held()) for key in moved})


def _is_noted(row: Conflict | None, held: Held) -> bool:
    return row is not None and (row.local_value, row.remote_value) == held


def _settle(rows: Iterable[Conflict]) -> None:
    now = timezone.now()
    Conflict.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=ConflictState.RESOLVED,
        resolution=Resolution.SETTLED,
        resolved_at=now,
        updated_at=now,
    )


Key = tuple[str, str]
"""HubSpot id and field."""


def _save(
    moved: Mapping[Key, Held], known: Mapping[Key, Conflict], before: Mapping[Key, Held]
) -> None:
    links = ContactLink.objects.filter(hubspot_id__among=[key[0] for key in moved])
    by_id = {link.hubspot_id: link for link in links.defer("seen").select_related("customer")}
    entered = _times_here([by_id[hubspot_id].customer_id for hubspot_id, _ in moved])
    new: list[Conflict] = []
    changed: list[Conflict] = []
    for key, held in moved.items():
        link, name = by_id[key[0]], key[1]
        row = known.get(key) or Conflict(link=link, field=name)
        row.local_value, row.remote_value = held
        row.base_value = before[key].remote
        row.local_changed_at = entered.get((link.customer_id or 0, name)) or _changed_at(link)
        row.remote_changed_at = link.remote_changed_at
        row.updated_at = timezone.now()
        (changed if row.pk else new).append(row)
    Conflict.objects.bulk_create(new)
    Conflict.objects.bulk_update(
        changed,
        ["local_value", "remote_value", "local_changed_at", "remote_changed_at", "updated_at"],
    )


def _changed_at(link: ContactLink) -> datetime | None:
    return link.customer.updated_at if link.customer else None


def _times_here(customer_ids: Iterable[Any]) -> dict[tuple[int, str], datetime]:
    """When each shared field of these customers got its present value, by their history."""
    times: dict[tuple[int, str], datetime] = {}
    values: dict[tuple[int, str], str] = {}
    rows = Customer.history.filter(id__in=set(customer_ids)).order_by("history_date", "history_id")
    for pk, at, *held in rows.values_list("id", "history_date", *FIELDS):
        for name, value in zip(FIELDS, held, strict=True):
            if values.get((pk, name)) != value:
                values[pk, name], times[pk, name] = value, at
    return times


# What a person chooses


@transaction.atomic
def resolve(
    *,
    conflict: Conflict,
    resolution: Resolution,
    user: AbstractBaseUser | AnonymousUser,
    value: str = "",
) -> Conflict:
    """Brings the chosen value to Nova now, and to HubSpot by the next run that writes.

    `value` counts with Resolution.TYPED only; "" clears the field on both sides. If HubSpot's side
    moves again before that run, the conflict comes up anew.
    Raises ValidationError: it is not open any more (`resolved`), HubSpot's value is another by now
    than in `conflict` (`moved`), or the value is too long (`value`).
    """
    row = Conflict.objects.select_for_update().get(pk=conflict.pk)
    if row.state != ConflictState.OPEN:
        raise ValidationError(f"{row} is resolved already.", code="resolved")
    if row.remote_value != conflict.remote_value:
        raise ValidationError(
            f"{row}: HubSpot's value has changed meanwhile. Look at it again.", code="moved"
        )
    if row.deal_id is not None:
        offered = {Resolution.NOVA: row.local_value, Resolution.HUBSPOT: row.remote_value}
        choose(row, offered.get(resolution, value.strip()), resolution)
    else:
        row.chosen_value = _carry_out(row, resolution, value)
    row.state, row.resolution = ConflictState.RESOLVED, resolution
    row.resolved_by_id, row.resolved_at = user.pk, timezone.now()
    row.save()
    return row


def _carry_out(row: Conflict, resolution: Resolution, typed: str) -> str:
    """Stores the chosen value of a contact's field here, and lets only Nova's side count as new."""
    link = ContactLink.objects.select_for_update().get(conflicts=row)
    customer = Customer.objects.select_for_update().get(contact_links=link)
    here = spelt(getattr(customer, row.field), LONGEST[row.field])
    chosen = {Resolution.NOVA: here, Resolution.HUBSPOT: row.remote_value}.get(resolution)
    if chosen is None:
        chosen = " ".join(typed.split())
    if len(chosen) > LONGEST[row.field]:
        most = LONGEST[row.field]
        raise ValidationError(f"Nova keeps {most} characters of this field.", code="value")
    if chosen != here:
        setattr(customer, row.field, chosen)
        customer.save(update_fields=[row.field, "updated_at"])
        update_change_reason(customer, f"Chosen, where HubSpot had another {_words(row.field)}")
    there = row.remote_value
    agreed = (as_agreed(link.agreed) or {}) | {row.field: Held(there, there)}
    ContactLink.objects.filter(pk=link.pk).update(
        agreed=agreed, is_push_due=True, updated_at=timezone.now()
    )
    return chosen


def _words(field: str) -> str:
    return field.replace("_", " ")
