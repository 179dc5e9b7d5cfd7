"""How planned shows sell, against comparable shows at the same distance."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from finance.reports.columns import SEATS
from finance.reports.drilldown import to_event
from finance.reports.filters import ShowForm, programme_span
from finance.services.behind import ComingShow
from finance.services.comparison import FEWEST
from finance.services.pacing import (
    AHEAD,
    AS_USUAL,
    BEHIND,
    NO_FORECAST,
    Pace,
    forecast_errors,
    pacing,
)
from nova_project.admin import link
from nova_project.panels import Panel
from nova_project.periods import Period
from nova_project.reports import Arguments, Column, Kind, Report, Topic, register

_YEAR = timedelta(days=364)


class PacingForm(ShowForm):
    """Period and show type, and how shows sell; from today for a year, without dates."""

    currency = None  # type: ignore[assignment]  # seats are in no currency
    pace = forms.ChoiceField(
        label="Pace",
        required=False,
        choices=[("", "All"), *((word, word) for word in (BEHIND, AS_USUAL, AHEAD, NO_FORECAST))],
    )
    field_order = ("start", "end", "show_type", "pace")

    def currencies(self) -> list[str]:
        return []

    def usual_period(self, last: date) -> Period:
        return Period.inclusive(last, max(last, timezone.localdate() + _YEAR))


def _seats(heading: str, attribute: str, definition: str) -> Column:
    return Column(heading, attribute, Kind.COUNT, definition)


def _usual(percentile: str, what: str) -> Column:
    return _seats(
        f"Usual {percentile.upper()}",
        f"usual_{percentile}",
        f"{what} the comparable shows had sold fewer seats by the end of yesterday's distance "
        "to the show.",
    )


def _forecast(percentile: str, what: str) -> Column:
    return _seats(
        f"Forecast {percentile.upper()}",
        f"forecast_{percentile}",
        f"Seats in the end, {what}: those sold, and what comparable shows still sold from here, "
        "within the capacity.",
    )


COLUMNS = [
    Column("Event ID", "reference", help="Eventbrite's id, or Nova's for an event of its own."),
    Column("Event", "name", link=to_event, names_row=True),
    Column("Date", "starts_on", Kind.DATE, help="The day of the show in its own time zone."),
    Column("Show type", "show_type"),
    Column("Venue", "venue"),
    _seats("Days to show", "days_to_show", "From today at the place of the show."),
    SEATS,
    _seats("Capacity", "capacity", "As on Eventbrite. A dash where it is not known."),
    Column("Sold %", "sold", Kind.PERCENT, help="Seats in percent of the capacity."),
    Column(
        "Pace",
        "pace",
        help="Behind: fewer seats than usual P25. Ahead: more than usual P75.",
    ),
    _usual("p25", "A quarter of"),
    _usual("p50", "Half of"),
    _usual("p75", "Three quarters of"),
    _forecast("p25", "if it goes as for the weaker quarter of comparable shows"),
    _forecast("p50", "if it goes as for the middle of comparable shows"),
    _forecast("p75", "if it goes as for the stronger quarter of comparable shows"),
    _seats("Comparable shows", "comparable", "Shows of the last two years that are over."),
    Column(
        "Compared by",
        "basis",
        help="The narrowest of show type, weekday and venue that at least "
        f"{FEWEST} shows have in common with it.",
    ),
    _seats(
        "Break-even tickets",
        "break_even_tickets",
        "The least number of tickets at the current mix for which net revenue is not negative.",
    ),
    Column(
        "Break-even",
        "break_even_outlook",
        help="Reached, or by how many of the three forecasts it will be: very likely by all, "
        "likely by P50, possible by P75 alone, unlikely by none.",
    ),
]


def errors_panel(request: HttpRequest) -> list[Panel]:
    """How good the forecast would have been for shows that are over."""
    rows = [
        (
            f"{line.days} day{'s' if line.days != 1 else ''} before",
            f"{line.shows:,}",
            "–" if line.error is None else f"{line.error:,.1f} %",
        )
        for line in forecast_errors(timezone.now())
        if line.shows
    ]
    return [
        Panel(
            "How far off the forecast was",
            columns=("Forecast made", "Shows", "Mean error"),
            numbers=("Shows", "Mean error"),
            rows=rows,
            note="Tried on the shows of the last two years, with what was known then: how far the "
            "middle forecast (P50) was from the seats in the end, up or down, in percent of these.",
            empty=f"No show that is over had {FEWEST} comparable shows before it.",
        )
    ]


def behind_panel(
    rows: Sequence[Pace | ComingShow], more: tuple[str, str] | None = None
) -> Panel | None:
    """The shows among `rows` that sell slower than usual; None where none can be compared."""
    compared = [(row, row.usual) for row in rows if row.usual]
    if not compared:
        return None
    behind = [(row, usual) for row, usual in compared if row.pace == BEHIND]
    of_all = f"{len(compared):,} coming show{'s' if len(compared) != 1 else ''}"
    return Panel(
        "Shows behind pace",
        columns=("Date", "Show", "Days to show", "Seats", "Usual by now"),
        numbers=("Days to show", "Seats", "Usual by now"),
        rows=[
            (
                f"{row.starts_on:%a %-d %b}",
                link(to_event(row, {}), row.name),
                f"{row.days_to_show:,}",
                f"{row.seats:,}",
                f"{usual.p25:,}–{usual.p75:,}",
            )
            for row, usual in behind[:_MOST_BEHIND]
        ],
        note=f"{len(behind):,} of {of_all} with at least {FEWEST} comparable ones: fewer seats "
        "than three quarters of these had so many days before. Usual is the middle half of them."
        if behind
        else "",
        empty=f"None: {of_all} can be compared with at least {FEWEST} others, and none sells "
        "slower than usual.",
        more=more,
    )


_MOST_BEHIND = 8


def behind_of_report(rows: Sequence[Pace], arguments: Arguments) -> list[Panel]:
    """The shows behind pace, unless the page lists shows of one pace anyway."""
    if arguments["pace"]:
        return []
    period = arguments["period"]
    panel = behind_panel(rows, ("All with their figures", behind_url(period)))
    return [panel] if panel else []


def behind_url(period: Period) -> str:
    """The report with the shows of `period` that are behind."""
    filters = {"start": period.start, "end": period.last, "pace": BEHIND}
    return f"{reverse('reports:report', args=['pacing'])}?{urlencode(filters)}"


def without_forecast(arguments: Arguments) -> list[str]:
    return [
        f"There is no forecast for a show with fewer than {FEWEST} comparable shows: shows of the "
        "same type of the last two years that are over and had valid seats. Seats that were given "
        "back later count on no day."
    ]


@register
class Pacing(Report):
    slug, title = "pacing", "Pacing"
    description = "How planned shows sell against comparable ones, and where they may end."
    permission_required = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
    rests_on = (Topic.SALES,)
    form_class = PacingForm
    columns = COLUMNS
    summaries = staticmethod(behind_of_report)
    panels = staticmethod(errors_panel)
    notes = staticmethod(without_forecast)
    span = staticmethod(programme_span)
    empty_hint = "Only shows that have not started are listed. Choose later days."

    @staticmethod
    def rows(**arguments: Any) -> Sequence[Any]:
        return pacing(**arguments)
