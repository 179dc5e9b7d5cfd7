"""How a show sells, on its page: its curve beside those of comparable shows."""

from collections.abc import Sequence
from decimal import Decimal

from django.urls import reverse

from events.models import Event
from finance.services.breakeven import BreakEven
from finance.services.comparison import FEWEST, Quartiles, quartiles
from finance.services.pacing import Pace, pace_of
from nova_project.panels import Figure, Panel
from nova_project.reports import Chart, Series

_FIRST_DAYS, _MOST_DAYS = 30, 90
"""The chart begins so many days before the show at least, and at most."""
_TABLE_DAYS = (90, 60, 45, 30, 21, 14, 10, 7, 5, 3, 2, 1, 0)
_BLANK = "–"


def pacing_panel(event: Event, break_even: BreakEven | None) -> Panel:
    """Seats by days to the show, as number and share of the capacity; days to come are blank."""
    pace = pace_of(event, break_even)
    days = range(_first_day(pace), -1, -1)
    shown = [day for day in _TABLE_DAYS if day <= days[0]]
    return Panel(
        "Pacing",
        figures=_figures(pace),
        columns=("Days to show", "Seats", "Sold", "Usual P25", "Usual P50", "Usual P75"),
        numbers=("Days to show", "Seats", "Sold", "Usual P25", "Usual P50", "Usual P75"),
        rows=[_row(pace, day) for day in shown],
        chart=_chart(pace, days),
        note=_note(pace),
        more=("Pacing of all shows", reverse("reports:report", args=["pacing"])),
    )


def _first_day(pace: Pace) -> int:
    curves = [pace.curve, *pace.comparison.others]
    first = max((-curve.days[0] for curve in curves if curve.days), default=0)
    return min(max(first, _FIRST_DAYS), _MOST_DAYS)


def _note(pace: Pace) -> str:
    if pace.comparison.is_enough:
        return (
            f"Compared with {pace.comparable:,} shows of the same {pace.comparison.words} that "
            "are over: a quarter of them had fewer seats than P25 by the end of that day, half "
            "fewer than P50, three quarters fewer than P75. Seats that were given back later "
            "count on no day."
        )
    return (
        f"No forecast: {pace.basis[0].lower()}{pace.basis[1:]}. It begins with {FEWEST} shows of "
        "the same type that are over and had seats."
    )


def _figures(pace: Pace) -> list[Figure]:
    sold = _share(pace, pace.seats)
    figures = [Figure("Pace", pace.pace, "Seats sold, against comparable shows at this distance.")]
    if pace.usual:
        known = "at this distance to the show: P25, P50 and P75 of comparable shows"
        figures.append(Figure("Usual seats", _span(pace.usual), f"Sold {known}."))
    if pace.forecast:
        end = f"{_share(pace, pace.forecast.p50)} of the capacity at P50" if pace.capacity else ""
        words = "P25, P50 and P75: sold until now and what comparable shows still sold from here."
        figures.append(Figure("Seats in the end", _span(pace.forecast), words, note=end))
    seats = Figure("Seats now", f"{pace.seats:,}", "Valid seats of placed orders.", note=sold)
    return [seats, *figures]


def _span(seats: Quartiles) -> str:
    return f"{seats.p25:,} · {seats.p50:,} · {seats.p75:,}"


def _own(pace: Pace, day: int) -> int | None:
    """The show's own seats by the end of a day; None for days to come."""
    return pace.curve.at(day) if day >= pace.days_to_show else None


def _usual(pace: Pace, day: int) -> Quartiles | None:
    if not pace.comparison.is_enough:
        return None
    return quartiles(curve.at(day) for curve in pace.comparison.others)


def _row(pace: Pace, day: int) -> tuple[object, ...]:
    seats, others = _own(pace, day), _usual(pace, day)
    ends = (others.p25, others.p50, others.p75) if others else (None, None, None)
    own = ("", "") if seats is None else (f"{seats:,}", _share(pace, seats))
    return (f"{day:,}", *own, *(_BLANK if end is None else f"{end:,}" for end in ends))


def _share(pace: Pace, seats: int) -> str:
    share = pace.share(seats)
    return _BLANK if share is None else f"{share:.0f} %"


def _line(name: str, seats: Sequence[int | None], color: str) -> Series:
    values = [None if number is None else Decimal(number) for number in seats]
    shown = ["" if number is None else f"{number:,}" for number in seats]
    return Series(name, values, shown, color, is_line=True)


def _chart(pace: Pace, days: range) -> Chart:
    series = [_line("This show", [_own(pace, day) for day in days], "var(--color-primary-600)")]
    usual = [_usual(pace, day) for day in days]
    if pace.comparison.is_enough:
        for name, color in (("p25", "#d97706"), ("p50", "#64748b"), ("p75", "#7c3aed")):
            values = [getattr(found, name) for found in usual]
            series.append(_line(f"Usual {name.upper()}", values, color))
    if pace.break_even_tickets is not None:
        even = [pace.break_even_tickets] * len(days)
        series.append(_line("Break-even", even, "#dc2626"))
    return Chart(
        title="Seats by days to the show",
        heading="Days to show",
        labels=[str(day) for day in days],
        series=series,
        unit="seats",
    )
