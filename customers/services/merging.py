"""Making one customer of two, and two again."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from customers.models import Consent, Customer, CustomerMerge, MergeState
from customers.services.followups.optout import REASON, opt_out
from customers.services.journal import Journal, plain, take_back
from customers.services.references import (
    MOVES,
    Meeting,
    Move,
    label_of,
    move_rows,
    references,
    rows_of,
)
from customers.services.rollups import COLUMNS, refresh_customers

User = AbstractBaseUser | AnonymousUser | None

_OWN = {"id", "updated_at", "is_rollup_due", "erased_at", "lead_score", "lead_band", *COLUMNS}
"""What belongs to the row: it is neither taken over nor compared."""
_NAME = ("first_name", "last_name")
_EARLIEST = ("created_at", "crm_created_at", "first_engaged_at")
_UNTOLD = {*_EARLIEST, "last_contacted_at", "consent", "note"}
"""Of two values both count, so that none gives way."""


@transaction.atomic
def merge_customers(
    *,
    survivor: Customer,
    merged: Customer,
    user: User = None,
    evidence: str = "",
    moves: Mapping[str, Move] | None = None,
) -> CustomerMerge:
    """Makes one customer of two: all that `merged` has becomes `survivor`'s, and `merged` goes.

    Blanks of the survivor are filled; where both have a value the survivor's stays and the other
    is kept with the merge. An opt-out of either counts. `moves` says of keys in other apps how
    their rows move. Both figures are computed anew, so what the two spent together stays the same.
    Raises ValidationError: they are one row (`same`), one is gone (`gone`) or erased (`erased`).
    """
    survivor, merged = _locked(survivor.pk, merged.pk)
    journal = Journal(f"Merged with customer {merged.pk}")
    meeting = Meeting(survivor, merged, journal)
    known = {**MOVES, **(moves or {})}
    for field in references():
        known.get(label_of(field), move_rows)(meeting, field)
    conflicts = _conflicts(survivor, merged)
    for name, value in _taken(survivor, merged).items():
        journal.change(Customer.objects.filter(pk=survivor.pk), {name: value})
    merged_id = merged.pk
    journal.remove(Customer.objects.filter(pk=merged_id))
    refresh_customers([survivor.pk])
    merge = CustomerMerge(
        survivor=survivor,
        kept_id=survivor.pk,
        merged_id=merged_id,
        evidence=evidence[:400],
        conflicts=conflicts,
        steps=journal.steps,
        merged_by_id=user.pk if user else None,
    )
    merge.full_clean()
    merge.save()
    return merge


@transaction.atomic
def undo_merge(*, merge: CustomerMerge, user: User = None) -> CustomerMerge:
    """Makes two customers again, each with what was theirs.

    Rows that changed since the merge stay with the survivor, as do those that came in since;
    `left_behind` says in words which.
    Raises ValidationError: it is undone (`undone`), or the person was erased or deleted since
    (`sealed`); the survivor became part of another customer, whose merge has to be undone first
    (`later`).
    """
    merge = CustomerMerge.objects.select_for_update().get(pk=merge.pk)
    if merge.state == MergeState.UNDONE:
        raise ValidationError("This merge is undone already.", code="undone")
    if merge.state == MergeState.SEALED or merge.survivor is None:
        raise ValidationError("The person was erased or deleted since.", code="sealed")
    if merge.survivor_id != merge.kept_id:
        raise ValidationError(
            f"Customer {merge.kept_id} was merged into {merge.survivor} since. Undo that first.",
            code="later",
        )
    Customer.objects.select_for_update().get(pk=merge.kept_id)
    came_since = _came_since(merge)
    stayed = take_back(merge.steps, f"Merge with customer {merge.merged_id} undone")
    _keep_opt_out(merge)
    refresh_customers([merge.kept_id, merge.merged_id])
    merge.left_behind = _in_words(stayed, "changed since") + _in_words(came_since, "came in since")
    merge.state, merge.undone_at = MergeState.UNDONE, timezone.now()
    merge.undone_by_id = user.pk if user else None
    merge.save()
    return merge


def _keep_opt_out(merge: CustomerMerge) -> None:
    """Whoever unsubscribed as one person may have been either of the two, so both have."""
    ended = Customer.history.filter(id=merge.kept_id, history_change_reason=REASON)
    if ended.filter(history_date__gt=merge.created_at).exists():
        for customer in Customer.objects.filter(pk=merge.merged_id):
            opt_out(customer)


def _locked(survivor_id: int, merged_id: int) -> tuple[Customer, Customer]:
    """Both, so that neither changes meanwhile."""
    if survivor_id == merged_id:
        raise ValidationError("That is one and the same customer.", code="same")
    rows = Customer.objects.filter(pk__in=[survivor_id, merged_id]).order_by("pk")
    found = {row.pk: row for row in rows.select_for_update()}
    if len(found) < 2:
        raise ValidationError("One of the two is gone. Somebody was faster.", code="gone")
    if any(row.erased_at for row in found.values()):
        raise ValidationError("An erased person cannot be merged.", code="erased")
    return found[survivor_id], found[merged_id]


def _taken(survivor: Customer, merged: Customer) -> dict[str, Any]:
    """What of the survivor changes."""
    taken: dict[str, Any] = {
        "consent": _consent(survivor, merged),
        "last_contacted_at": max(
            filter(None, (survivor.last_contacted_at, merged.last_contacted_at)), default=None
        ),
        "note": "\n\n".join(dict.fromkeys(filter(None, (survivor.note, merged.note)))),
    }
    for name in _EARLIEST:
        known = filter(None, (getattr(survivor, name), getattr(merged, name)))
        taken[name] = min(known, default=None)
    if not survivor.name:
        taken |= {name: getattr(merged, name) for name in _NAME}
    for field in _comparable():
        if not getattr(survivor, field.attname) and getattr(merged, field.attname):
            taken.setdefault(field.attname, getattr(merged, field.attname))
    return {name: value for name, value in taken.items() if value != getattr(survivor, name)}


def _comparable() -> list["models.Field[Any, Any]"]:
    left_out = _OWN | _UNTOLD | set(_NAME)
    return [f for f in Customer._meta.concrete_fields if f.attname not in left_out]


def _consent(survivor: Customer, merged: Customer) -> str:
    given = {survivor.consent, merged.consent}
    if Consent.OPTED_OUT in given:
        return str(Consent.OPTED_OUT)
    return str(Consent.OPTED_IN) if Consent.OPTED_IN in given else survivor.consent


def _conflicts(survivor: Customer, merged: Customer) -> list[list[Any]]:
    """Field, the survivor's value, the one that gave way; of each that both have and differ in."""
    pairs = [("name", survivor.name, merged.name)]
    pairs += [
        (str(f.verbose_name), getattr(survivor, f.attname), getattr(merged, f.attname))
        for f in _comparable()
    ]
    if Consent.UNKNOWN not in (survivor.consent, merged.consent):
        pairs.append(("consent", survivor.get_consent_display(), merged.get_consent_display()))
    told = [(name, plain(kept), plain(lost)) for name, kept, lost in pairs if kept and lost]
    return [[name, kept, lost] for name, kept, lost in told if kept != lost]


def _came_since(merge: CustomerMerge) -> dict[str, int]:
    """Rows of the survivor that did not exist when the two became one, by kind."""
    found = {}
    for field in references():
        names = {f.name for f in field.model._meta.concrete_fields}
        if "created_at" in names and field.model is not CustomerMerge and merge.survivor:
            rows = rows_of(field, merge.survivor).filter(created_at__gt=merge.created_at)
            if number := rows.count():
                found[str(field.model._meta.verbose_name_plural)] = number
    return found


def _in_words(counts: Mapping[str, int], why: str) -> list[str]:
    return [f"{number:,} {kind} {why}" for kind, number in counts.items()]
