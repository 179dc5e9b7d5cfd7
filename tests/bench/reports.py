"""Finance at 5,000 events and 1,000,000 seats, on PostgreSQL: reports, pages and nightly work.

Each report stands against one statement written by hand that returns the same rows, which are
compared first: a faster report with other figures is a failure. A report's time is that of its
rows, as its page and files are made of them.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.bench import _sql_others as others
from tests.bench import _sql_profit as profit
from tests.bench._compare import assert_equal, fetch, median_ms
from tests.bench._world import FIRST_DAY, LARGE, WAITING, make_world

ROUNDS = 7
AS_OF = date(2026, 3, 1)
"""A past day; half of what is in the ledger was not known by then."""
END = date(2027, 10, 1)
"""Whole months, which are compared with those of the year before."""

REPORTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Profit by event", "event-profit", profit.EVENT_PROFIT, {}),
    ("The same of a past day", "event-profit", profit.EVENT_PROFIT_THEN, {"as_of": AS_OF}),
    ("Margin by show type", "show-type-margin", profit.SHOW_TYPE_MARGIN, {}),
    ("Profit by month", "profit-by-month", profit.BY_MONTH, {}),
    ("Profit by venue", "profit-by-venue", profit.BY_VENUE, {}),
    ("Profit by show type", "profit-by-show-type", profit.BY_SHOW_TYPE, {}),
    ("Profit by performer", "profit-by-performer", profit.BY_PERFORMER, {}),
    ("Budget against actual", "budget", others.BUDGET, {}),
    ("Reconciliation", "reconciliation", others.RECONCILIATION, {}),
    ("Programming heatmap", "heatmap", others.HEATMAP, {}),
)
"""Name, slug, the SQL by hand, and filters besides the period."""


def run(report: Callable[..., None]) -> None:
    from django.db import connection

    from tests.bench import _pages
    from tests.bench.syncs import new_database

    if connection.vendor != "postgresql":
        return
    with new_database():
        begun = time.perf_counter()
        make_world(LARGE)
        made = time.perf_counter() - begun
        report(
            f"Finance reports, {LARGE}, made in {made:.0f} s",
            ("Report", "Rows", "Milliseconds", "By hand", "Ratio"),
            [measure(*one) for one in REPORTS] + [measure_pacing()],
        )
        report("Pages of finance", ("Page", "Milliseconds", "Queries"), list(_pages.measure()))
        report("Work in the background", ("Work", "Records", "Seconds"), list(work()))


def measure(name: str, slug: str, sql: str, filters: dict[str, Any]) -> list[str]:
    from nova_project.periods import Period
    from nova_project.reports import find_report

    found = find_report(slug)
    assert found is not None
    period = Period(FIRST_DAY, END)

    def rows() -> list[Any]:
        return list(found.rows(period=period, show_type=None, currency="", **filters))

    shown = [[column.value(row) for column in found.columns] for row in rows()]
    return compare(name, rows, shown, sql)


def compare(name: str, rows: Callable[[], list[Any]], shown: list[Any], sql: str) -> list[str]:
    """The figures of one report. Raises AssertionError: the SQL by hand has other rows."""

    def by_hand() -> list[Any]:
        return fetch(sql, _days())

    assert_equal(shown, by_hand())
    own, hand = median_ms(rows, by_hand, rounds=ROUNDS)
    return [name, f"{len(shown):,}", f"{own:,.0f}", f"{hand:,.0f}", f"{own / hand:.2f}"]


def measure_pacing() -> list[str]:
    """What is usual and still to come for each planned show, without break-even."""
    from django.utils import timezone

    from events.models import Event
    from finance.services.pacing import paces

    def rows() -> list[Any]:
        now = timezone.now()
        events = Event.objects.filter(start_at__gt=now, starts_on__lt=_soon())
        return paces(events.order_by("pk"), now, {})

    shown = [
        (row.event_id, row.usual.p25, row.usual.p50, row.usual.p75, row.forecast.p50 - row.seats)
        for row in rows()
        if row.usual and row.forecast
    ]
    return compare("Pacing", rows, shown, others.PACING)


def _soon() -> date:
    from django.utils import timezone

    return timezone.localdate() + timedelta(days=120)


def _days() -> dict[str, Any]:
    """The days that these reports are about, for the SQL by hand."""
    from django.utils import timezone

    today = timezone.localdate()
    so_far = min(today + timedelta(days=1), END) - FIRST_DAY
    return {
        "start": FIRST_DAY,
        "end": END,
        "today": today,
        "soon": _soon(),
        "year_before": min(date(2024, 1, 1) + so_far, date(2026, 10, 1)),
        "moment": datetime.combine(
            AS_OF + timedelta(days=1), datetime.min.time(), ZoneInfo("Europe/Berlin")
        ),
    }


def work() -> Iterator[tuple[str, str, str]]:
    """What runs by itself: matching of deposits, and the nightly check, which must find nothing."""
    from finance.models import LedgerLine
    from finance.services import check_ledger, match_certain

    start = time.perf_counter()
    matched = match_certain()
    seconds = time.perf_counter() - start
    assert matched >= WAITING / 3, matched
    yield f"Matching of deposits, {matched} were certain", f"{WAITING:,}", f"{seconds:.1f}"
    start = time.perf_counter()
    check = check_ledger()
    seconds = time.perf_counter() - start
    assert not check.difference_count, list(check.differences.values_list("figure", "kept")[:5])
    yield "check_ledger", f"{LedgerLine.objects.count():,}", f"{seconds:.1f}"
