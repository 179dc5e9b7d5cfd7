import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Attendance, AttendanceStatus, Order
from events.models import Event, EventStatus
from finance.models import LedgerKind
from finance.services.behind import coming_shows
from finance.services.curves import Curve, curves_of
from finance.services.pacing import pacing
from nova_project.periods import Period
from tests.factories import (
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
    make_venue,
)

URL = "/admin/reports/pacing/"
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
SHOW_DAY = date(2026, 3, 13)  # in ten days
HEADINGS = (
    "Event ID,Event,Date,Show type,Venue,Days to show,Seats,Capacity,Sold %,Pace,Usual P25,"
    "Usual P50,Usual P75,Forecast P25,Forecast P50,Forecast P75,Comparable shows,Compared by,"
    "Break-even tickets,Break-even"
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def third_of_march():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def sell(event: Event, seats: int, days_before: int) -> Order:
    """An order of so many seats, at noon UTC so many days before the show; 10.00 each."""
    day = event.starts_on - timedelta(days=days_before)
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    order = make_order(event, f"{seats * 10}.00", ordered_at=at)
    for _ in range(seats):
        make_seat(order)
    make_line(order, LedgerKind.SALE, order.gross)
    return order


def make_past(count: int, **fields) -> None:
    """Shows of the Fridays before: the first sold 1 early and 1 late, the second 2 and 2, …"""
    for number in range(1, count + 1):
        event = make_event(date(2026, 1, 2) + timedelta(days=7 * number), **fields)
        sell(event, number, 20)
        sell(event, number, 5)


def exported(client, **filters) -> list[dict[str, str]]:
    response = client.get(URL, {"export": "csv", **filters})
    text = b"".join(response.streaming_content).decode()
    assert text.splitlines()[0] == HEADINGS
    return list(csv.DictReader(StringIO(text)))


def test_a_planned_show_stands_beside_what_is_usual_and_where_it_may_end(admin_client):
    same = {"show_type": make_show_type("Improv"), "venue": make_venue(name="Cellar")}
    make_past(5, **same)
    event = make_event(SHOW_DAY, name="Late Night", eventbrite_id="777", capacity=10, **same)
    sell(event, 4, 15)
    make_expense("55.00", event=event)

    (row,) = exported(admin_client)

    assert row == {
        "Event ID": "777",
        "Event": "Late Night",
        "Date": "2026-03-13",
        "Show type": "Improv",
        "Venue": "Cellar",
        "Days to show": "10",
        "Seats": "4",
        "Capacity": "10",
        "Sold %": "40.00",
        "Pace": "As usual",
        "Usual P25": "2",
        "Usual P50": "3",
        "Usual P75": "4",
        "Forecast P25": "6",
        "Forecast P50": "7",
        "Forecast P75": "8",
        "Comparable shows": "5",
        "Compared by": "Same show type, weekday and venue",
        "Break-even tickets": "6",
        "Break-even": "Very likely",
    }


def test_with_four_comparable_shows_there_is_no_forecast_and_the_page_says_so(admin_client):
    improv = make_show_type("Improv")
    make_past(4, show_type=improv)
    event = make_event(SHOW_DAY, show_type=improv)
    sell(event, 1, 15)

    (row,) = exported(admin_client)
    page = admin_client.get(reverse("admin:events_event_change", args=[event.pk]))

    assert (row["Pace"], row["Usual P50"], row["Forecast P50"]) == ("No forecast", "", "")
    assert row["Compared by"] == "4 of the 5 comparable shows that a forecast needs"
    assert "No forecast: 4 of the 5 comparable shows" in page.content.decode()


def test_the_list_of_shows_behind_pace_holds_those_below_p25(admin_client):
    improv = make_show_type("Improv")
    make_past(5, show_type=improv)
    slow = make_event(SHOW_DAY, show_type=improv, name="Slow")
    sell(slow, 1, 12)
    usual = make_event(SHOW_DAY, show_type=improv, name="Usual")
    sell(usual, 2, 12)

    behind = exported(admin_client, pace="Behind")

    assert [row["Event"] for row in behind] == ["Slow"]
    assert {row["Event"] for row in exported(admin_client)} == {"Slow", "Usual"}


def test_the_report_lists_shows_behind_above_its_table_unless_it_shows_one_pace(admin_client):
    improv = make_show_type("Improv")
    make_past(5, show_type=improv)
    slow = make_event(SHOW_DAY, show_type=improv, name="Slow")
    sell(slow, 1, 12)
    sell(make_event(SHOW_DAY, show_type=improv, name="Usual"), 2, 12)

    panel = admin_client.get(URL).context["panels"][0]

    assert panel.title == "Shows behind pace"
    assert [(row[0], *row[2:]) for row in panel.rows] == [("Fri 13 Mar", "10", "1", "2–4")]
    assert "Slow" in panel.rows[0][1]
    assert panel.note.startswith("1 of 2 coming shows")
    alone = admin_client.get(panel.more[1])
    assert [row.name for row in alone.context["table"].rows] == ["Slow"]
    assert "Shows behind pace" not in [panel.title for panel in alone.context["panels"]]


def test_the_home_page_lists_shows_behind_pace_of_the_next_weeks(admin_client):
    improv = make_show_type("Improv")
    make_past(5, show_type=improv)
    sell(make_event(SHOW_DAY, show_type=improv, name="Slow"), 1, 12)
    make_event(SHOW_DAY + timedelta(days=90), show_type=improv, name="Far away")

    panel = panel_of_home(admin_client)

    assert [row[0] for row in panel.rows] == ["Fri 13 Mar"]
    rows = admin_client.get(panel.more[1]).context["table"].rows
    assert [row.name for row in rows] == ["Slow"]


def test_the_home_page_reads_past_shows_once_and_the_seats_of_now_each_time(admin_client):
    improv = make_show_type("Improv")
    make_past(5, show_type=improv)
    slow = make_event(SHOW_DAY, show_type=improv)
    sell(slow, 1, 12)
    with CaptureQueriesContext(connection) as first:
        coming_shows()

    with CaptureQueriesContext(connection) as second:
        assert [show.pace for show in coming_shows()] == ["Behind"]
    sell(slow, 1, 10)

    assert (len(first), len(second)) == (10, 3)
    assert [show.pace for show in coming_shows()] == ["As usual"]


def test_the_home_page_has_no_list_where_nothing_can_be_compared(admin_client):
    improv = make_show_type("Improv")
    make_past(4, show_type=improv)
    make_event(SHOW_DAY, show_type=improv)
    assert panel_of_home(admin_client) is None

    make_past(1, show_type=improv)

    assert panel_of_home(admin_client) is not None


def panel_of_home(client):
    columns = client.get(reverse("admin:index")).context["home_columns"]
    panels = [panel for column in columns for panel in column]
    return next((panel for panel in panels if panel.title == "Shows behind pace"), None)


def test_days_are_those_at_the_place_and_only_valid_seats_are_on_a_curve():
    event = make_event(SHOW_DAY, time_zone="America/New_York")
    for hour in (3, 5):  # 10 p.m. of 1 March there, and 1 a.m. of 2 March
        order = make_order(event, ordered_at=datetime(2026, 3, 2, hour, tzinfo=UTC))
        make_seat(order)
        make_seat(order, status=AttendanceStatus.REFUNDED)
    make_seat(make_order(event, status="cancelled"))

    assert Attendance.objects.count() == 5
    assert curves_of(Event.objects.all()) == {event.pk: Curve((-12, -11), (1, 2))}


def test_shows_that_are_over_cancelled_or_drafts_are_not_listed(admin_client):
    make_event(date(2026, 3, 2))
    make_event(SHOW_DAY, status=EventStatus.CANCELLED)
    make_event(SHOW_DAY, status=EventStatus.DRAFT)
    planned = make_event(SHOW_DAY)

    rows = exported(admin_client, start="2026-03-01")

    assert [row["Event ID"] for row in rows] == [planned.eventbrite_id]


def test_the_panel_leaves_days_to_come_blank_and_draws_break_even(admin_client):
    improv = make_show_type("Improv")
    make_past(5, show_type=improv)
    event = make_event(SHOW_DAY, show_type=improv)
    sell(event, 4, 15)
    make_expense("55.00", event=event)

    page = admin_client.get(reverse("admin:events_event_change", args=[event.pk]))

    panel = next(panel for panel in page.context["panels_below"] if panel.title == "Pacing")
    rows = {row[0]: row[1:] for row in panel.rows}
    assert rows["14"] == ("4", "4 %", "2", "3", "4")
    assert rows["10"] == ("4", "4 %", "2", "3", "4")
    assert rows["7"] == ("", "", "2", "3", "4")
    assert rows["0"] == ("", "", "4", "6", "8")
    lines = {series.name: series.values for series in panel.chart.series}
    assert lines["This show"][-11:] == [4] + [None] * 10
    assert set(lines["Break-even"]) == {6}


def test_many_shows_cost_as_many_queries_as_one(django_assert_num_queries):
    period = Period(SHOW_DAY, SHOW_DAY + timedelta(days=9))
    make_past(1, show_type=make_show_type("Improv"))
    sell(make_event(SHOW_DAY, show_type=make_show_type("Improv")), 1, 11)
    with CaptureQueriesContext(connection) as one:
        pacing(period)
    make_past(2, show_type=make_show_type("Music"))
    for _ in range(2):
        sell(make_event(SHOW_DAY, show_type=make_show_type("Music")), 2, 11)

    with django_assert_num_queries(len(one)):
        assert len(pacing(period)) == 3


def test_the_page_shows_how_far_off_forecasts_were(admin_client):
    make_past(7, show_type=make_show_type("Improv"))
    make_event(SHOW_DAY)

    page = admin_client.get(URL)

    panel = page.context["panels"][-1]
    # Seven days before, the sixth show had 6 seats, and the middle of five sold 3 after that: 9
    # of 12 is 25 % off. The seventh had 7, and 3.5 by the middle of six: 11 of 14 is 21.4 % off.
    assert panel.rows == [
        ("14 days before", "1", "28.6 %"),
        ("7 days before", "2", "23.2 %"),
        ("3 days before", "2", "0.0 %"),
        ("1 day before", "2", "0.0 %"),
    ]
