"""How rows of this app move when two customers become one."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.services.references import Meeting, Move, move_rows, rows_of
from integrations.hubspot.client import CONTACTS
from integrations.hubspot.plan import subject_of
from integrations.models import (
    Conflict,
    ConflictState,
    ContactLink,
    LinkState,
    MatchSuggestion,
    RemoteWrite,
    Resolution,
    SuggestionState,
    WriteExclusion,
)
from integrations.models.matching import pair_of_contact, pair_of_customers

Key = models.ForeignKey[Any, Any]

_DEMOTED = (
    "Customer {} became this one. Contact {} stands for the person. If both contacts are the "
    "person, merge them in HubSpot; Nova follows."
)


def _move_links(meeting: Meeting, key: Key) -> None:
    """At most one contact stays in force: the survivor's, if there is one; the other becomes a
    suggestion. What was agreed with the customer who goes is not agreed with the one who stays."""
    journal, survivor = meeting.journal, meeting.survivor
    in_force = ContactLink.objects.linked().filter(customer=survivor).first()
    standing = ContactLink.objects.linked().filter(customer=meeting.merged)
    values: dict[str, Any] = {"customer_id": survivor.pk, "agreed": None, "is_push_due": True}
    loose = ["agreed", "is_push_due", "evidence"]
    _close_conflicts(meeting, standing)
    if in_force is not None:
        told = _DEMOTED.format(meeting.merged.pk, in_force.hubspot_id)
        values |= {"state": str(LinkState.SUGGESTED), "evidence": told, "is_push_due": False}
    journal.change(standing, values, loose=loose)
    journal.change(rows_of(key, meeting.merged), {"customer_id": survivor.pk})


def _close_conflicts(meeting: Meeting, links: models.QuerySet[ContactLink]) -> None:
    """A conflict was about the customer who goes; if it is still there, it comes up anew."""
    conflicts = Conflict.objects.open().filter(link__in=list(links))
    closed = {
        "state": str(ConflictState.RESOLVED),
        "resolution": str(Resolution.SETTLED),
        "resolved_at": timezone.now(),
    }
    meeting.journal.change(conflicts, closed)


def _move_doubles(meeting: Meeting, key: Key) -> None:
    """A contact that seemed to be both is one person's now."""
    both = [meeting.survivor.pk, meeting.merged.pk]
    doubled = ContactLink.objects.filter(customer__in=both, also__in=both)
    meeting.journal.change(doubled, {"also_id": None, "is_also_other": False})
    meeting.journal.change(rows_of(key, meeting.merged), {"also_id": meeting.survivor.pk})


def _move_writes(meeting: Meeting, key: Key) -> None:
    """What is planned about a contact of the one who goes is dropped: the next plan comes to it."""
    rows = RemoteWrite.objects.filter(customer=meeting.merged)
    meeting.journal.remove(rows & RemoteWrite.objects.open().filter(object_type=CONTACTS))
    own = rows.filter(subject=subject_of(meeting.merged.pk))
    values = {"customer_id": meeting.survivor.pk}
    meeting.journal.change(own, values | {"subject": subject_of(meeting.survivor.pk)})
    meeting.journal.change(rows, values)


def _move_exclusions(meeting: Meeting, key: Key) -> None:
    """What staff never want written stays so."""
    old, new = subject_of(meeting.merged.pk), subject_of(meeting.survivor.pk)
    rows = WriteExclusion.objects.filter(customer=meeting.merged)
    own, theirs = rows.filter(subject=old), WriteExclusion.objects.filter(subject=new)
    held = set(theirs.values_list("object_type", "field"))
    doubles = [
        pk for pk, *which in own.values_list("pk", "object_type", "field") if tuple(which) in held
    ]
    meeting.journal.remove(own.filter(pk__in=doubles))
    meeting.journal.change(own, {"customer_id": meeting.survivor.pk, "subject": new})
    move_rows(meeting, key)


def _move_suggestions(meeting: Meeting, key: Key) -> None:
    """Open suggestions go: the finders come to those that are left. Rejections move along."""
    merged, survivor = meeting.merged.pk, meeting.survivor.pk
    rows = MatchSuggestion.objects.filter(Q(customer=merged) | Q(other=merged))
    rejected = list(rows.filter(state=SuggestionState.REJECTED))
    meeting.journal.remove(rows.exclude(state=SuggestionState.REJECTED))
    for row in rejected:
        values = _renamed(row, merged, survivor)
        itself = MatchSuggestion.objects.filter(pk=row.pk)
        taken = MatchSuggestion.objects.filter(pair=values["pair"])
        if values["customer_id"] == values["other_id"]:
            meeting.journal.remove(itself)
            continue
        meeting.journal.remove(taken)
        meeting.journal.change(itself, values)


def _renamed(row: MatchSuggestion, merged: int, survivor: int) -> dict[str, Any]:
    """The pair with the survivor in the place of the one who goes."""
    one = survivor if row.customer_id == merged else row.customer_id
    if row.link_id is not None:
        return {"customer_id": one, "other_id": None, "pair": pair_of_contact(row.link_id, one)}
    two = survivor if row.other_id == merged else (row.other_id or 0)
    one, two = sorted((one, two))
    return {"customer_id": one, "other_id": two, "pair": pair_of_customers(one, two)}


HUBSPOT_MOVES: Mapping[str, Move] = {
    "integrations.ContactLink.customer": _move_links,
    "integrations.ContactLink.also": _move_doubles,
    "integrations.RemoteWrite.customer": _move_writes,
    "integrations.WriteExclusion.customer": _move_exclusions,
    "integrations.Occurrence.customer": move_rows,
    "integrations.MatchSuggestion.customer": _move_suggestions,
    "integrations.MatchSuggestion.other": _move_suggestions,
}
