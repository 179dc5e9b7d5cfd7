"""When which kind of show pays: by weekday, time of day and show type."""

from collections.abc import Sequence

from finance.reports.columns import NET_REVENUE, SEATS
from finance.reports.filters import ShowForm, chart_currency, programme_span
from finance.services.heatmap import FEW_SHOWS, SLOTS, WEEKDAYS, HeatCell, programme_heatmap
from nova_project.money import format_money
from nova_project.reports import Arguments, Column, Grid, GridCell, Kind, Report, Topic, register

COLUMNS = [
    Column("Show type", "show_type", names_row=True),
    Column("Weekday", "weekday", help="Of the day of the show in its own time zone."),
    Column(
        "Slot",
        "slot",
        help="When the show starts by the clock at its place: afternoon before 17:00, early "
        "evening from 17:00 to 20:59, late from 21:00 until 5:00.",
    ),
    Column("Currency", "currency"),
    Column(
        "Shows",
        "shows",
        Kind.COUNT,
        help="Shows that have started. Planned, cancelled and deleted ones are left out.",
    ),
    SEATS,
    NET_REVENUE,
    Column(
        "Net revenue per show",
        "per_show",
        Kind.MONEY,
        help="Net revenue of these shows divided by their number.",
    ),
    Column(
        "Basis",
        "basis",
        help=f"Few shows: fewer than {FEW_SHOWS}, so the mean may be chance.",
    ),
]


def week_grid(rows: Sequence[HeatCell], arguments: Arguments) -> Grid:
    """A row per show type and slot, a column per weekday, of one currency."""
    currency = chart_currency(rows, arguments)
    cells = {
        (row.show_type, row.slot, row.weekday): row for row in rows if row.currency == currency
    }
    names = dict.fromkeys(name for name, _, _ in cells)
    lines = [
        (name, slot.value)
        for name in names
        for slot in SLOTS
        if any((name, slot.value, day) in cells for day in WEEKDAYS)
    ]
    return Grid(
        title=f"Net revenue per show, {currency}",
        corner="Show type and slot",
        columns=WEEKDAYS,
        rows=[
            (f"{name}, {slot.lower()}", [_shown(cells.get((name, slot, day))) for day in WEEKDAYS])
            for name, slot in lines
        ],
        legend="Green is a gain, red with a minus a loss; the stronger, the larger. Below each "
        f"figure stands the number of shows. “Few” and a dashed frame mark fewer than {FEW_SHOWS}.",
    )


def _shown(row: HeatCell | None) -> GridCell | None:
    if row is None:
        return None
    shows = f"{row.shows:,} show{'s' if row.shows != 1 else ''}"
    note = f"{shows}, few" if row.is_thin else shows
    return GridCell(format_money(row.per_show, row.currency), row.per_show, note, row.is_thin)


@register
class Heatmap(Report):
    slug, title = "heatmap", "Programming heatmap"
    description = "On which weekday, at what time of day, which kind of show pays."
    permission_required = ("events.view_event", "finance.view_ledgerline", "finance.view_expense")
    rests_on = (Topic.SALES,)
    form_class = ShowForm
    columns = COLUMNS
    rows = staticmethod(programme_heatmap)
    grid = staticmethod(week_grid)
    span = staticmethod(programme_span)
    empty_hint = (
        "Only shows that have started are counted. Choose a longer period or another show type."
    )
