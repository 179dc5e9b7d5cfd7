"""All that happened with one person, newest first, out of a dozen tables: one page at a time.

The database merges the tables (a UNION ALL of their times and ids) and cuts the page; only the rows
of the page are then read. So the number of queries depends on nothing but the kinds asked for.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, F, IntegerField, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from customers.models import Customer
from integrations.customer360.sources import SOURCES, Source
from integrations.customer360.telling import Told

KINDS = {source.kind: source.kind_label for source in SOURCES}
"""The kinds of entries, and what staff call them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

May = Callable[[str], bool]
"""Has the reader this permission?"""


class NotACursor(ValueError):
    """The text does not say where a page of the timeline begins."""


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many entries of a kind there are."""

    kind: str
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `key` names it for ever; `at` is UTC; `who` is who did it."""

    key: str
    kind: str
    at: datetime
    told: Told


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries, newest first; `next` is where the page after it begins, "" for nowhere."""

    entries: list[Entry]
    next: str
    kinds: list[KindCount]


@dataclass(frozen=True, slots=True)
class _Place:
    """An entry's place in the order: by time, then by source, then by id."""

    at: datetime
    rank: int
    row: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.rank}-{self.row}"

    @classmethod
    def read(cls, text: str) -> "_Place":
        parts = text.split("-")
        if len(parts) != 3 or not all(p.isascii() and p.isdecimal() for p in parts):
            raise NotACursor(text)
        at, rank, row = map(int, parts)
        try:
            return cls(_EPOCH + at * _MICROSECOND, rank, min(row, 2**63 - 1))
        except OverflowError:
            raise NotACursor(text) from None


def timeline(
    customer: Customer, may: May, *, kinds: Collection[str] = (), after: str = "", size: int = 50
) -> Timeline:
    """The entries that the reader may see, of `kinds` (all if none), after the place `after`.

    One query for the numbers, one for the page, one or two for each kind on it.
    Raises NotACursor: `after` is no place.
    """
    seen = [(rank, source) for rank, source in enumerate(SOURCES) if may(source.permission)]
    wanted = [(rank, source) for rank, source in seen if not kinds or source.kind in kinds]
    places = _places(customer.pk, wanted, _Place.read(after) if after else None, size + 1)
    page = places[:size]
    return Timeline(
        _entries(page),
        str(page[-1]) if len(places) > size else "",
        _counts(customer.pk, [source for _, source in seen]),
    )


def _places(
    customer_id: int, sources: Sequence[tuple[int, Source]], after: _Place | None, size: int
) -> list[_Place]:
    branches = [_branch(customer_id, rank, source, after) for rank, source in sources]
    if not branches:
        return []
    first, *others = branches
    merged = first.union(*others, all=True) if others else first
    return [_Place(*row) for row in merged.order_by("-when", "rank", "-row")[:size]]


def _branch(
    customer_id: int, rank: int, source: Source, after: _Place | None
) -> QuerySet[Any, tuple[Any, ...]]:
    rows = source.rows(customer_id).order_by()
    rows = rows.annotate(
        when=source.at if not isinstance(source.at, str) else F(source.at),
        rank=Value(rank, output_field=IntegerField()),
        row=F("pk"),
    )
    if after is not None:
        rows = rows.filter(_later(rank, after))
    return rows.values_list("when", "rank", "row")


def _later(rank: int, after: _Place) -> Q:
    """What comes after a place: older, or of the same time and behind it in the order."""
    if rank > after.rank:
        return Q(when__lte=after.at)
    older = Q(when__lt=after.at)
    return older | Q(when=after.at, row__lt=after.row) if rank == after.rank else older


def _entries(places: Sequence[_Place]) -> list[Entry]:
    by_rank: defaultdict[int, list[int]] = defaultdict(list)
    for place in places:
        by_rank[place.rank].append(place.row)
    told = {rank: SOURCES[rank].tell(rows) for rank, rows in by_rank.items()}
    return [
        Entry(f"{source.name}-{p.row}", source.kind, p.at.astimezone(UTC), told[p.rank][p.row])
        for p in places
        for source in [SOURCES[p.rank]]
        if p.row in told[p.rank]  # it may have gone since the page was cut
    ]


def _counts(customer_id: int, sources: Sequence[Source]) -> list[KindCount]:
    """One query, with a sub-query for each source."""
    if not sources:
        return []
    counted = {f"number_{source.name}": _number(source.rows(customer_id)) for source in sources}
    row = Customer.objects.filter(pk=customer_id).annotate(**counted).values(*counted).get()
    totals: dict[str, int] = dict.fromkeys((source.kind for source in sources), 0)
    for source in sources:
        totals[source.kind] += row[f"number_{source.name}"]
    return [KindCount(kind, KINDS[kind], number) for kind, number in totals.items()]


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = (
        rows.order_by()
        .annotate(all_of_them=Value(1))
        .values("all_of_them")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())
