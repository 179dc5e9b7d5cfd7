"""Whatever points to a customer, found by walking the models, and how it moves to another one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from customers.models import Customer, EmailAddress
from customers.services.journal import Journal


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two customers about to be one, and what is changed on the way."""

    survivor: Customer
    merged: Customer
    journal: Journal


Move = Callable[[Meeting, "models.ForeignKey[Any, Any]"], None]
"""Takes the rows that point by this key to the merged customer to the survivor."""


def references() -> Iterator[models.ForeignKey[Any, Any]]:
    """Every foreign key to a customer in any app; histories, which tell of what was, left out."""
    for relation in Customer._meta.get_fields(include_hidden=True):
        field = getattr(relation, "field", None)
        if isinstance(field, models.ForeignKey) and getattr(field, "db_constraint", True):
            yield field


def label_of(field: models.ForeignKey[Any, Any]) -> str:
    """Such as `customers.Order.buyer`."""
    return f"{field.model._meta.label}.{field.name}"


def rows_of(field: models.ForeignKey[Any, Any], customer: Customer) -> models.QuerySet[Any]:
    return field.model._base_manager.filter(**{field.name: customer})


def move_rows(meeting: Meeting, field: models.ForeignKey[Any, Any]) -> None:
    """Moves all of them, but for those of which the survivor has an equal one: these go."""
    rows = rows_of(field, meeting.merged)
    if doubles := _doubles(meeting, field):
        meeting.journal.remove(rows.filter(pk__in=doubles))
    meeting.journal.change(rows, {field.attname: meeting.survivor.pk})


def _doubles(meeting: Meeting, field: models.ForeignKey[Any, Any]) -> set[Any]:
    """Rows that would break a rule of “only once” beside one of the survivor's."""
    found: set[Any] = set()
    for names, condition in _only_once(field):
        others = [name for name in names if name != field.name]
        theirs = rows_of(field, meeting.survivor).filter(condition).values_list(*others)
        held = set(theirs) if others else ({()} if theirs.exists() else set())
        mine = rows_of(field, meeting.merged).filter(condition).values_list("pk", *others)
        found |= {pk for pk, *values in mine if tuple(values) in held}
    return found


def _only_once(field: models.ForeignKey[Any, Any]) -> Iterator[tuple[tuple[str, ...], Q]]:
    if field.unique:
        yield (field.name,), Q()
    for constraint in field.model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and field.name in constraint.fields:
            yield tuple(constraint.fields), constraint.condition or Q()


def drop_rows(meeting: Meeting, field: models.ForeignKey[Any, Any]) -> None:
    """They go: what they tell is computed anew of the survivor."""
    meeting.journal.remove(rows_of(field, meeting.merged))


def move_addresses(meeting: Meeting, field: models.ForeignKey[Any, Any]) -> None:
    """All addresses stay in use; the survivor's primary one stays the primary."""
    mine = EmailAddress.objects.filter(customer=meeting.merged)
    values: dict[str, Any] = {field.attname: meeting.survivor.pk}
    if EmailAddress.objects.filter(customer=meeting.survivor, is_primary=True).exists():
        meeting.journal.change(
            mine.filter(is_primary=True), values | {"is_primary": False}, loose=["is_primary"]
        )
    meeting.journal.change(mine, values)


MOVES: Mapping[str, Move] = {
    "customers.EmailAddress.customer": move_addresses,
    "customers.Order.buyer": move_rows,
    "customers.Attendance.holder": move_rows,
    "customers.Touch.customer": move_rows,
    "customers.CustomerMerge.survivor": move_rows,
    "customers.FollowUpMessage.customer": move_rows,
    "customers.LeadScore.customer": drop_rows,
    "customers.FirstVisits.customer": drop_rows,
    "customers.TypeChange.customer": drop_rows,
}
"""What was thought of. A key that is not in the list moves by `move_rows`, until somebody has."""
