"""The plan that stands, as staff look at it: in groups, with filters, and what it would mean."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet

from customers.models import Customer
from integrations.hubspot.plan import STREAM
from integrations.hubspot.since import compared_at
from integrations.hubspot.sync import write_mode
from integrations.hubspot.undo import RESTORABLE
from integrations.models import Operation, RemoteWrite, WriteState
from integrations.models.writes import OPEN, RemoteWriteQuerySet

OBJECTS = {
    "contacts": ("contact", "contacts"),
    "deals": ("deal", "deals"),
    "lists": ("list", "lists"),
    "events": ("event", "events"),
    "associations": ("association", "associations"),
}
_VERBS = {Operation.CREATE: "Create", Operation.UPDATE: "Change"}


def objects_of(object_type: str, number: int) -> str:
    """How many of a kind: 1 contact, 1,200 deals."""
    one, many = OBJECTS.get(object_type, (object_type, object_type))
    return f"{number:,} {one if number == 1 else many}"


def kind_label(object_type: str, operation: str, *, is_one: bool = False) -> str:
    """Create contacts, Change deals; Change deal if `is_one`."""
    verb = _VERBS.get(Operation(operation), Operation(operation).label)
    one, many = OBJECTS.get(object_type, (object_type, object_type))
    return f"{verb} {one if is_one else many}"


@dataclass(frozen=True, slots=True)
class Group:
    """Writes of one kind for one reason. `key` is the first of them, by which a form names it."""

    key: int
    object_type: str
    operation: str
    reason: str
    counts: Mapping[str, int]

    @property
    def label(self) -> str:
        return kind_label(self.object_type, self.operation)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """What the plan as a whole comes to. `made_at` is None before the first one."""

    mode: str
    made_at: datetime | None
    groups: list[Group]
    limit: int = field(default_factory=lambda: settings.HUBSPOT_MAX_NEW_CONTACTS)

    def count(self, *states: str, operation: str = "", object_type: str = "") -> int:
        """How many writes of these states, all if none is named."""
        return sum(
            number
            for group in self.groups
            if operation in ("", group.operation) and object_type in ("", group.object_type)
            for state, number in group.counts.items()
            if not states or state in states
        )

    def by_kind(self, *states: str) -> dict[tuple[str, str], int]:
        """How many of each object type and operation."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for group in self.groups:
            found[group.object_type, group.operation] += sum(
                number for state, number in group.counts.items() if state in states
            )
        return {kind: number for kind, number in found.items() if number}

    def new_contacts(self, *states: str) -> int:
        return self.count(*states, operation=Operation.CREATE, object_type="contacts")

    @property
    def is_over_limit(self) -> bool:
        """Applying what is approved would stop before the first write."""
        return self.new_contacts(WriteState.APPROVED) > self.limit

    def final(self, *states: str) -> list[str]:
        """What of it could not be undone, a sentence each."""
        kinds = self.by_kind(*states)
        told = [
            f"{objects_of(kind, number)} would be created. Nova never deletes in HubSpot, so an "
            "undo leaves them there."
            for (kind, operation), number in kinds.items()
            if operation == Operation.CREATE and kind in RESTORABLE
        ]
        return told + [
            f"{kind_label(kind, operation)}, {number:,}: HubSpot has no way to take that back."
            for (kind, operation), number in kinds.items()
            if kind not in RESTORABLE
        ]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the plan is looked at; blank takes all."""

    kind: str = ""
    reason: str = ""
    field: str = ""
    state: str = ""
    search: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filters":
        return cls(
            kind=given.get("kind", ""),
            reason=given.get("reason", ""),
            field=given.get("field", ""),
            state=given.get("state", ""),
            search=given.get("q", "").strip(),
        )

    @property
    def is_blank(self) -> bool:
        return self == Filters()

    def narrow(self, writes: RemoteWriteQuerySet) -> RemoteWriteQuerySet:
        """The writes that it lets through."""
        if self.kind:
            object_type, _, operation = self.kind.partition(":")
            writes = writes.filter(object_type=object_type, operation=operation)
        if self.reason:
            writes = writes.filter(reason=self.reason)
        if self.field:
            writes = writes.filter(after__has_key=self.field)
        if self.state in OPEN:
            writes = writes.filter(state=self.state)
        if self.search:
            writes = writes.filter(customer__in=_people(self.search))
        return writes


def _people(search: str) -> "QuerySet[Customer, Any]":
    """Customers with every word in a name or an address."""
    found = Customer.objects.all()
    for word in search.split():
        found = found.filter(
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(addresses__address__icontains=word)
        )
    return found.values("pk")


def standing() -> Standing:
    """The plan that stands, by group, the largest first. Two queries."""
    rows = RemoteWrite.objects.open().order_by()
    by_group: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
    keys: dict[tuple[str, str, str], int] = {}
    columns = ("object_type", "operation", "reason", "state")
    counted = rows.values_list(*columns).annotate(number=Count("pk"), first=Min("pk"))
    for object_type, operation, reason, state, number, first in counted:
        group = (object_type, operation, reason)
        by_group[group][state] = number
        keys[group] = min(first, keys.get(group, first))
    groups = [Group(keys[group], *group, counts) for group, counts in by_group.items()]
    groups.sort(key=lambda g: (g.object_type, g.operation, -g.total, g.reason))
    return Standing(write_mode(), compared_at(STREAM), groups)


def in_groups(keys: Collection[int]) -> RemoteWriteQuerySet:
    """The open writes of the groups that these writes stand for."""
    chosen = Q(pk__in=[])
    columns = ("object_type", "operation", "reason")
    for row in RemoteWrite.objects.open().filter(pk__in=keys).values_list(*columns):
        chosen |= Q(**dict(zip(columns, row, strict=True)))
    return RemoteWrite.objects.open().filter(chosen)
