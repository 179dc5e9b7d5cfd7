"""The list of what waits: one query for the rows, one for the counts, whatever the sources."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from integrations.inbox.source import Action, Person, Source, allows
from integrations.inbox.sources import SOURCES

PAGE = 50
_COLUMNS = (
    "matter_kind",
    "matter_id",
    "matter_record",
    "matter_reason",
    "matter_first_at",
    "matter_last_at",
)


@dataclass(frozen=True, slots=True)
class Matter:
    """One line: what it is about, why it waits, since when, and what can be done."""

    source: Source
    pk: int
    record: str
    reason: str
    first_at: datetime
    last_at: datetime
    url: str
    actions: tuple[Action, ...]

    @property
    def key(self) -> str:
        """By which a form names it: `problems:12`."""
        return f"{self.source.kind}:{self.pk}"


@dataclass(frozen=True, slots=True)
class Matters:
    """One page of the list, the latest first, and how many there are in all."""

    rows: list[Matter]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def sources_for(user: Person) -> list[Source]:
    """The kinds that this person may see."""
    return [source for source in SOURCES if allows(user, source.permission)]


def count_by_kind(user: Person, search: str = "") -> dict[str, int]:
    """How many of each kind wait; kinds without any are left out. One query."""
    return _counts(user, sources_for(user), search)


def waiting_count(user: Person) -> int:
    """How much waits for this person. One query."""
    return sum(count_by_kind(user).values())


def list_matters(user: Person, *, kind: str = "", search: str = "", page: int = 1) -> Matters:
    """A page of what waits, of one kind if `kind`; `search` looks in record and reason.

    One query to count, one for the page, and at most one more for each source on it.
    """
    sources = {s.kind: s for s in sources_for(user) if kind in ("", s.kind)}
    if not sources:
        return Matters([], 0, 1)
    total = sum(_counts(user, sources.values(), search).values())
    page = max(1, min(page, -(-total // PAGE)))
    together = _together([_rows(user, source, search) for source in sources.values()])
    ordered = together.order_by("-matter_last_at", "matter_kind", "-matter_id")
    rows = list(ordered[(page - 1) * PAGE : page * PAGE])
    return Matters(_matters(user, sources, rows), total, page)


def act(user: Person, name: str, keys: Iterable[str]) -> list[str]:
    """Does the action `name` to the matters with these keys; says what came of it, by kind.

    What is gone meanwhile, and kinds that have no such action for this person, are passed over.
    """
    chosen: dict[str, list[int]] = defaultdict(list)
    for key in keys:
        kind, _, pk = key.partition(":")
        if pk.isdecimal():
            chosen[kind].append(int(pk))
    told = []
    for source in sources_for(user):
        action = next((a for a in _allowed(user, source) if a.name == name), None)
        if action and chosen.get(source.kind):
            with transaction.atomic():
                told.append(
                    action.do(source.rows_for(user).filter(pk__in=chosen[source.kind]), user)
                )
    return told


def _counts(user: Person, sources: Iterable[Source], search: str) -> dict[str, int]:
    parts = [
        _found(user, source, search)
        .values("matter_kind")
        .annotate(matter_count=Count("pk"))
        .values_list("matter_kind", "matter_count")
        for source in sources
    ]
    return {kind: number for kind, number in _together(parts) if number} if parts else {}


def _found(user: Person, source: Source, search: str) -> QuerySet[Any]:
    """What waits of one kind, with what it is about and why."""
    rows = source.rows_for(user).order_by().annotate(matter_kind=Value(source.kind, TextField()))
    if not search:
        return rows
    rows = _worded(rows, source)
    return rows.filter(Q(matter_record__icontains=search) | Q(matter_reason__icontains=search))


def _worded(rows: QuerySet[Any], source: Source) -> QuerySet[Any]:
    return rows.annotate(
        matter_record=Cast(source.record, TextField()),
        matter_reason=Cast(source.reason, TextField()),
    )


def _rows(user: Person, source: Source, search: str) -> QuerySet[Any]:
    rows = _found(user, source, search)
    rows = rows if search else _worded(rows, source)
    return rows.annotate(
        matter_id=F("pk"), matter_first_at=source.first_at, matter_last_at=source.last_at
    ).values_list(*_COLUMNS)


def _together(parts: Sequence[QuerySet[Any]]) -> QuerySet[Any]:
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def _matters(user: Person, sources: dict[str, Source], rows: list[tuple[Any, ...]]) -> list[Matter]:
    keys: dict[str, list[int]] = defaultdict(list)
    for kind, pk, *_ in rows:
        keys[kind].append(pk)
    pages = {kind: sources[kind].pages(found) for kind, found in keys.items()}
    actions = {kind: _allowed(user, sources[kind]) for kind in keys}
    found = []
    for kind, pk, *told, first, last in rows:
        source, url = sources[kind], pages[kind].get(pk, "")
        record, reason = (say(text) for say, text in zip(source.reworded, told, strict=True))
        found.append(Matter(source, pk, record, reason, first, last, url, actions[kind]))
    return found


def _allowed(user: Person, source: Source) -> tuple[Action, ...]:
    return tuple(a for a in source.actions if allows(user, a.permission))
