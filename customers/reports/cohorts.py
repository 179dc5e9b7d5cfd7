"""Who came again: cohorts by month of the first show, and from which kind of show to which."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from customers.reports.filters import MAY_VIEW, FirstShowForm, PeopleForm, visits_span
from customers.services.cohorts import (
    MONTHS,
    NONE_YET,
    Cohort,
    Cohorts,
    Journey,
    cohorts,
    journeys,
)
from nova_project.reports import Arguments, Column, Grid, GridCell, Kind, Report, Topic, register

_DATES = "by the day of the first show"


@dataclass(frozen=True, slots=True)
class MonthColumn(Column):
    """The share that had come again by the end of a month after the first show."""

    months: int = 0

    def value(self, row: Any) -> Any:
        return row.share(self.months)


def _month(months: int) -> MonthColumn:
    when = "the month of their first show" if not months else f"month {months} after it"
    if months == 1:
        when = "the month after it"
    return MonthColumn(
        f"Month {months} %",
        "share",
        Kind.PERCENT,
        f"Of the people, those who had come to a second show by the end of {when}. Blank while "
        "that month is not over.",
        months=months,
    )


COLUMNS = [
    Column("First show in", "name", names_row=True, help="The month of the first booked event."),
    Column("People", "people", Kind.COUNT, "Whose first booked event was in the month."),
    *(_month(months) for months in range(MONTHS + 1)),
]


def cohort_grid(rows: Sequence[Cohort], arguments: Arguments) -> Grid:
    """A row per cohort, a column per month after the first show."""
    return Grid(
        title="Share that came again by month",
        corner="First show in",
        columns=[str(months) for months in range(MONTHS + 1)],
        rows=[
            (
                f"{row.month:%b %Y}, {row.people:,} people",
                [_cell(row, months) for months in range(MONTHS + 1)],
            )
            for row in rows
        ],
        legend="Of the people whose first show was in the month, how many percent had come to a "
        "second one by the end of month 0 (the same month), 1, 2 … Below each figure stands how "
        "many people that are. A month that is not over is blank.",
        blank="not over yet",
    )


def _cell(row: Cohort, months: int) -> GridCell | None:
    share = row.share(months)
    if share is None:
        return None
    return GridCell(f"{share:.1f} %", share, f"{row.returned[months]:,}")


@register
class CohortReport(Report):
    slug, title = "cohorts", "Cohorts"
    description = "Of those who came for the first time in a month, how many came again, by when."
    permission_required = MAY_VIEW
    rests_on = (Topic.SALES, Topic.PEOPLE)
    form_class = FirstShowForm
    columns = COLUMNS
    rows = staticmethod(cohorts)
    grid = staticmethod(cohort_grid)
    span = staticmethod(visits_span)
    dates = _DATES
    empty_hint = "Choose a longer period or another type of first show."

    @staticmethod
    def totals(rows: Sequence[Cohort]) -> Sequence[Any]:
        return [Cohorts(tuple(rows))]

    @staticmethod
    def total_name(row: Any) -> str:
        return "of months that are over"


JOURNEY_COLUMNS = [
    Column("First show", "first", names_row=True, help="The show type of the first booked event."),
    Column("Second show", "second", help="That of the second one; none yet: it has not come."),
    Column("People", "people", Kind.COUNT, "Whose first two shows were of these types."),
    Column("Began there", "started", Kind.COUNT, "Whose first show was of the first type."),
    Column("Share %", "share", Kind.PERCENT, "The people in percent of those who began there."),
]


def journey_grid(rows: Sequence[Journey], arguments: Arguments) -> Grid:
    """From the type of the first show to that of the second."""
    found = {(row.first, row.second): row for row in rows}
    firsts = list(dict.fromkeys(row.first for row in rows))
    seconds = [*firsts, *sorted({row.second for row in rows} - {*firsts, NONE_YET}), NONE_YET]
    return Grid(
        title="From the first show to the second",
        corner="First show",
        columns=seconds,
        rows=[
            (first, [_share(found.get((first, second))) for second in seconds]) for first in firsts
        ],
        legend="Of the people whose first show was of the type on the left, how many percent came "
        "to which type next. Below each figure stands how many people that are.",
        blank="nobody",
    )


def _share(row: Journey | None) -> GridCell | None:
    if row is None:
        return None
    value = Decimal(0) if row.second == NONE_YET else row.share
    return GridCell(f"{row.share:.1f} %", value, f"{row.people:,}")


@register
class JourneyReport(Report):
    slug, title = "journeys", "Journeys"
    description = "Which kind of show people come to next, after which kind of first show."
    permission_required = MAY_VIEW
    rests_on = (Topic.SALES, Topic.PEOPLE)
    form_class = PeopleForm
    columns = JOURNEY_COLUMNS
    rows = staticmethod(journeys)
    grid = staticmethod(journey_grid)
    span = staticmethod(visits_span)
    dates = _DATES
