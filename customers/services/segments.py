"""How many people each segment has, and what they spent."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from customers.models import Customer, Segment, SegmentBands
from nova_project.money import ZERO, company_currency
from nova_project.periods import Period


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """The people of a segment with one recency and one frequency score."""

    recency: int
    frequency: int
    people: int
    spend: Decimal
    events: int


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment; `of_people` and `of_spend` are those of all segments. Company currency."""

    segment: Segment
    definition: str
    cells: tuple[ScoreCell, ...]
    of_people: int
    of_spend: Decimal

    @property
    def name(self) -> str:
        return str(self.segment.label)

    @property
    def currency(self) -> str:
        return company_currency()

    @property
    def people(self) -> int:
        return sum(cell.people for cell in self.cells)

    @property
    def spend(self) -> Decimal:
        return sum((cell.spend for cell in self.cells), ZERO)

    @property
    def people_share(self) -> Decimal | None:
        return Decimal(self.people * 100) / self.of_people if self.of_people else None

    @property
    def spend_share(self) -> Decimal | None:
        return self.spend * 100 / self.of_spend if self.of_spend else None

    @property
    def spend_each(self) -> Decimal | None:
        return self.spend / self.people if self.people else None

    @property
    def events_each(self) -> Decimal | None:
        if not self.people:
            return None
        events = Decimal(sum(cell.events for cell in self.cells))
        return (events / self.people).quantize(Decimal("0.1"))


def segments(period: Period) -> list[SegmentRow]:
    """All segments as of today, of the people whose first booked event was in `period`.

    None where nobody booked anything then. Three queries.
    """
    today = timezone.localdate()
    people: Any = Customer.objects.with_tickets().filter(
        first_event_on__gte=period.start, first_event_on__lt=period.end
    )
    grouped = (
        people.with_segment(today)
        .order_by()
        .values("segment", "recency", "frequency")
        .annotate(people=Count("pk"), spend=Sum("total_spend"), events=Sum("events_booked"))
    )
    cells: dict[str, list[ScoreCell]] = defaultdict(list)
    for row in grouped:
        cells[row.pop("segment")].append(ScoreCell(**row))
    found = [cell for of_segment in cells.values() for cell in of_segment]
    if not found:
        return []
    bands = SegmentBands.current()
    of_people = sum(cell.people for cell in found)
    of_spend = sum((cell.spend for cell in found), ZERO)
    return [
        SegmentRow(
            segment, bands.definition(segment), tuple(cells[segment.value]), of_people, of_spend
        )
        for segment in Segment
    ]
