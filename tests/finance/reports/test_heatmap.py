from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import EventStatus
from finance.models import LedgerKind
from finance.services.heatmap import Slot, programme_heatmap
from nova_project.periods import Period
from nova_project.reports import GridCell
from tests.factories import make_event, make_expense, make_line, make_order, make_seat
from tests.factories import make_show_type as show_type

URL = "/admin/reports/heatmap/"
MARCH = {"start": "2026-03-01", "end": "2026-03-31"}
SATURDAY, SUNDAY = date(2026, 3, 14), date(2026, 3, 15)

pytestmark = pytest.mark.django_db


def make_show(day: date, hour: int, gross: str, cost: str = "10.00", **fields):
    """A show at so many o'clock UTC; Berlin is an hour ahead in March."""
    start_at = datetime.combine(day, time(hour), UTC)
    event = make_event(day, start_at=start_at, end_at=start_at, **fields)
    order = make_order(event, gross)
    make_seat(order)
    make_line(order, LedgerKind.SALE, gross)
    make_expense(cost, event=event)
    return event


@pytest.mark.parametrize(
    ("hour", "slot"),
    [
        ("04:59", Slot.LATE),
        ("05:00", Slot.AFTERNOON),
        ("16:59", Slot.AFTERNOON),
        ("17:00", Slot.EARLY),
        ("20:59", Slot.EARLY),
        ("21:00", Slot.LATE),
    ],
)
def test_a_slot_is_the_part_of_the_day_in_which_a_show_starts(hour, slot):
    assert Slot.at(time.fromisoformat(hour)) == slot


def test_a_cell_is_the_net_revenue_of_its_shows_divided_by_their_number(admin_client):
    improv = show_type("Improv")
    for gross in ("100.00", "200.00", "330.01"):
        make_show(SATURDAY, 19, gross, show_type=improv)
    make_show(SATURDAY, 20, "15.00", "40.00", show_type=improv)
    make_show(SUNDAY, 19, "3000", "4500", currency="JPY")

    response = admin_client.get(URL, {**MARCH, "export": "csv"})

    assert b"".join(response.streaming_content).decode().splitlines() == [
        "Show type,Weekday,Slot,Currency,Shows,Seats,Net revenue,Net revenue per show,Basis",
        "Improv,Saturday,Early evening,EUR,3,3,600.01,200.00,Enough shows",
        "Improv,Saturday,Late,EUR,1,1,-25.00,-25.00,Few shows",
        "No show type,Sunday,Early evening,JPY,1,1,-1500,-1500,Few shows",
    ]


def test_the_hour_is_that_of_the_place_of_the_show():
    make_show(SATURDAY, 20, "10.00", time_zone="Europe/Berlin")
    make_show(SATURDAY, 20, "10.00", time_zone="Europe/London")

    cells = programme_heatmap(Period(SATURDAY, SUNDAY))

    assert [(cell.slot, cell.shows) for cell in cells] == [("Early evening", 1), ("Late", 1)]


def test_shows_that_are_cancelled_or_not_yet_played_are_in_no_cell():
    make_show(SATURDAY, 19, "10.00", status=EventStatus.CANCELLED)
    make_show(date(2199, 3, 14), 19, "10.00")
    make_show(SUNDAY, 19, "10.00")

    cells = programme_heatmap(Period(SATURDAY, date(2199, 12, 31)))

    assert [(cell.weekday, cell.shows) for cell in cells] == [("Sunday", 1)]


def test_the_grid_says_in_text_what_its_colours_say(admin_client):
    for gross in ("110.00", "110.00", "110.00"):
        make_show(SATURDAY, 19, gross)
    make_show(SATURDAY, 21, "10.00", "60.00")

    page = admin_client.get(URL, MARCH)

    (early, late) = page.context["grid"].rows
    assert early == (
        "No show type, early evening",
        [None] * 5 + [GridCell("€100.00", Decimal(100), "3 shows"), None],
    )
    assert late[1][5] == GridCell("-€50.00", Decimal(-50), "1 show, few", is_thin=True)
    assert "is-gain-4" in page.content.decode()
    assert "is-loss-2 is-thin" in page.content.decode()


def test_the_smallest_loss_has_a_colour_too():
    shades = [
        GridCell("", Decimal(value)).shade(Decimal(100)) for value in (-1, 0, 1, 26, -75, -76, 100)
    ]

    assert shades == [-1, 0, 1, 2, -3, -4, 4]


def test_the_largest_value_has_the_last_colour_however_many_digits_it_has():
    share = Decimal(1500) / 44

    assert GridCell("", share).shade(share) == 4


def test_cells_cost_the_same_queries_however_many_there_are(django_assert_num_queries):
    period = Period(SATURDAY, date(2026, 4, 1))
    make_show(SUNDAY, 19, "10.00", show_type=show_type())
    with CaptureQueriesContext(connection) as one:
        programme_heatmap(period)
    for day in (SATURDAY, SUNDAY):
        make_show(day, 19, "10.00", show_type=show_type())

    with django_assert_num_queries(len(one)):
        assert len(programme_heatmap(period)) == 3


def test_without_a_started_show_the_page_says_what_to_do(admin_client):
    page = admin_client.get(URL, MARCH).content.decode()

    assert "Only shows that have started are counted." in page
