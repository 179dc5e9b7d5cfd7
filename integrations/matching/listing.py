"""The gaps counted and listed: a few queries, however many kinds and rows there are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from integrations.matching.gaps import EVERYTHING, GAPS, Gap, Group
from nova_project.periods import Period

MOST = 50_000
"""More rows than that are in no list: the same number as in an Excel file."""


@dataclass(frozen=True, slots=True)
class GapCount:
    """How many there are of a kind. `share` is in percent of `total`; None: there is nothing."""

    gap: Gap
    count: int
    total: int

    @property
    def group(self) -> str:
        return str(self.gap.group)

    @property
    def title(self) -> str:
        return self.gap.title

    @property
    def of(self) -> str:
        return str(self.gap.side)

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.count) * 100 / self.total if self.total else None

    @property
    def meaning(self) -> str:
        return self.gap.help


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a gap, and what speaks for its being there."""

    kind: str
    record: str
    address: str
    evidence: str
    since: date
    url: str


def count_gaps(period: Period) -> list[GapCount]:
    """Each kind among those who became known in `period`. Two queries."""
    counts = _counted((gap.slug, _within(gap.rows(), period)) for gap in GAPS)
    totals = _counted((side, _within(rows(), period)) for side, rows in EVERYTHING.items())
    return [GapCount(gap, counts.get(gap.slug, 0), totals.get(gap.side, 0)) for gap in GAPS]


def list_gap(period: Period, kind: str) -> list[Found]:
    """The rows of a kind, the newest first, at most MOST; without a kind all that staff can decide
    on. One query for each kind."""
    chosen = [gap for gap in GAPS if gap.slug == kind or (not kind and is_decidable(gap))]
    return [found for gap in chosen for found in _rows(gap, period)][:MOST]


def is_decidable(gap: Gap) -> bool:
    """Does it wait for a yes or no, rather than for a value that somebody has to find?"""
    return gap.group is Group.DOUBLES or gap.slug == "contact-suggested"


def _rows(gap: Gap, period: Period) -> Iterator[Found]:
    rows = _within(gap.rows(), period).annotate(
        gap_record=Cast(gap.record, CharField()),
        gap_address=Cast(gap.address, CharField()),
        gap_evidence=Cast(gap.evidence, CharField()),
    )
    columns = ("pk", "gap_record", "gap_address", "gap_evidence", "created_at")
    for pk, record, address, evidence, at in rows.order_by("-pk").values_list(*columns)[:MOST]:
        since = timezone.localdate(at)
        yield Found(gap.title, record.strip(), address.strip(" /"), evidence, since, gap.page(pk))


def _within(rows: QuerySet[Any], period: Period) -> QuerySet[Any]:
    start, end = (
        timezone.make_aware(datetime.combine(day, time.min)) for day in (period.start, period.end)
    )
    return rows.filter(Q(created_at__gte=start) & Q(created_at__lt=end))


def _counted(parts: Iterable[tuple[str, QuerySet[Any]]]) -> dict[str, int]:
    queries = [
        rows.annotate(gap_kind=Value(str(name), CharField()))
        .order_by()
        .values("gap_kind")
        .annotate(gap_count=Count("pk"))
        .values_list("gap_kind", "gap_count")
        for name, rows in parts
    ]
    return dict(queries[0].union(*queries[1:], all=True))
