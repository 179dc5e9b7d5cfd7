"""Segments: who came lately, who comes often, who spends much."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.urls import reverse

from customers.models.segments import SCORES
from customers.reports.filters import MAY_VIEW, PeopleForm, visits_span
from customers.services.segments import SegmentRow, segments
from nova_project.admin import list_url
from nova_project.money import company_currency, format_money
from nova_project.periods import Period
from nova_project.reports import Arguments, Column, Grid, GridCell, Kind, Report, Topic, register


class SegmentForm(PeopleForm):
    """A period; without one, all people with a ticket."""

    def usual_period(self, last: date) -> Period:
        span = visits_span()
        return span if span and span.start <= last else super().usual_period(last)


def to_people(row: SegmentRow, arguments: Arguments) -> str:
    """The list of these customers."""
    period = arguments["period"]
    days = {"first_event_on_from": period.start, "first_event_on_to": period.last}
    return list_url("customers.customer", {"segment": row.segment.value, **days})


COLUMNS = [
    Column("Segment", "name", names_row=True, help="The first of the list that fits."),
    Column("Currency", "currency"),
    Column("People", "people", Kind.COUNT, "Who is in the segment today.", to_people),
    Column("People %", "people_share", Kind.PERCENT, "Of all people with a booked event."),
    Column("Spend", "spend", Kind.MONEY, "Their total spend, in the company's currency only."),
    Column("Spend %", "spend_share", Kind.PERCENT, "Of the spend of all of them."),
    Column("Spend per person", "spend_each", Kind.MONEY, "Their spend divided by their number."),
    Column("Events per person", "events_each", Kind.COUNT, "Booked events, on average."),
    Column("Who", "definition", help="The bands behind it are set under Segment bands."),
]


def score_grid(rows: Sequence[SegmentRow], arguments: Arguments) -> Grid:
    """People by recency and frequency score."""
    people: dict[tuple[int, int], int] = defaultdict(int)
    spend: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for row in rows:
        for cell in row.cells:
            people[cell.recency, cell.frequency] += cell.people
            spend[cell.recency, cell.frequency] += cell.spend

    def shown(place: tuple[int, int]) -> GridCell | None:
        if place not in people:
            return None
        money = format_money(spend[place], company_currency())
        return GridCell(f"{people[place]:,}", Decimal(people[place]), money)

    return Grid(
        title="People by recency and frequency",
        corner="Recency",
        columns=[f"Frequency {score}" for score in reversed(SCORES)],
        rows=[
            (f"Recency {recency}", [shown((recency, score)) for score in reversed(SCORES)])
            for recency in SCORES
        ],
        legend="Scores go from 1 to 5: the later the last show, and the more shows, the higher. "
        "Below the number of people stands what they spent.",
        blank="nobody",
    )


@register
class SegmentReport(Report):
    slug, title = "segments", "Segments"
    description = "Who comes often and spends much, who is new, and who has stayed away for long."
    permission_required = MAY_VIEW
    rests_on = (Topic.SALES, Topic.PEOPLE)
    form_class = SegmentForm
    columns = COLUMNS
    rows = staticmethod(segments)
    grid = staticmethod(score_grid)
    span = staticmethod(visits_span)
    dates = "by the day of the first booked event; segments as of today"
    empty_hint = "Choose a longer period."

    @staticmethod
    def links(arguments: Arguments) -> list[tuple[str, str]]:
        return [("Segment bands", reverse("admin:customers_segmentbands_changelist"))]
