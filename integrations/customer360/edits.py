"""How the timeline tells of what staff changed: each version beside the one before it."""

from typing import Any

from django.db.models import F, Max, OuterRef, Subquery

from customers.models import Customer, EmailAddress
from integrations.customer360.places import in_nova
from integrations.customer360.telling import Rows, Told

_UNTOLD = ("id", "created_at", "updated_at", "customer")


def customer_edits(ids: Rows) -> dict[int, Told]:
    return _edits(Customer, ids, "customer")


def address_edits(ids: Rows) -> dict[int, Told]:
    return _edits(EmailAddress, ids, "e-mail address")


_VERBS = {"+": "Added", "~": "Changed", "-": "Deleted"}


def _edits(model: Any, ids: Rows, what: str) -> dict[int, Told]:
    """Each version beside the one before it. Two queries."""
    versions = model.history.model.objects
    before = versions.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by()
    before = before.values("id").annotate(last=Max("history_id")).values("last")
    rows = list(
        versions.filter(pk__in=ids)
        .select_related("history_user")
        .annotate(before_id=Subquery(before), person=F(_person_of(model)))
    )
    earlier = versions.in_bulk([row.before_id for row in rows if row.before_id])
    return {
        row.pk: Told(
            f"{_VERBS[row.history_type]}: {what}",
            _difference(row, earlier.get(row.before_id)),
            who=str(row.history_user or ""),
            nova_url=in_nova(Customer, row.person),
        )
        for row in rows
    }


def _person_of(model: Any) -> str:
    return "id" if model is Customer else "customer_id"


def _difference(row: Any, before: Any | None) -> str:
    """The fields that a version changed: `Phone: – → 0170 1`; all that it set, where it is new."""
    parts = []
    for field in row.tracked_fields:
        new, old = _shown(row, field.name), _shown(before, field.name) if before else ""
        if field.name not in _UNTOLD and new != old and row.history_type != "-":
            label = str(field.verbose_name).capitalize()
            parts.append(f"{label}: {old or '–'} → {new or '–'}" if before else f"{label}: {new}")
    return "; ".join(parts) or row.history_change_reason or ""


def _shown(row: Any, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
