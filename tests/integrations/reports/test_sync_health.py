"""The health of the syncs: what each day shows, how fresh each source is, and what waits."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django_celery_beat.models import PeriodicTask

from customers.models import Customer
from integrations.health import State, backlog, sources, system_days
from integrations.models import (
    Cursor,
    Delivery,
    DeliveryState,
    Operation,
    Outcome,
    Problem,
    RemoteWrite,
    SyncRun,
    System,
    WriteState,
)
from nova_project.periods import Period
from tests.factories import make_customer, make_event

URL = "/admin/reports/sync-health/"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
DAYS = {"start": "2026-03-13", "end": "2026-03-14"}
MARCH_14 = Period.inclusive(date(2026, 3, 14), date(2026, 3, 14))

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("connected", "midday")]


@pytest.fixture
def midday():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def connected(settings):
    settings.EVENTBRITE_TOKEN = settings.HUBSPOT_ACCESS_TOKEN = "token"
    settings.HUBSPOT_TIER = "professional"
    settings.EVENTBRITE_CALLS_PER_HOUR = 1_000


def make_run(started_at=NOON, seconds=30, **fields):
    """A run of Eventbrite that went through."""
    end = None if seconds is None else started_at + timedelta(seconds=seconds)
    defaults = {"system": System.EVENTBRITE, "command": "scheduled", "outcome": Outcome.DONE}
    times = {"started_at": started_at, "finished_at": end}
    return SyncRun.objects.create(**defaults | times | fields)


def make_delivery(**fields):
    defaults = {"system": System.HUBSPOT, "object_type": "contacts", "object_id": "51"}
    return Delivery.objects.create(**defaults | {"received_at": NOON} | fields)


def make_problem(record="order 1", **fields):
    return Problem.objects.create(
        system=System.EVENTBRITE, code="odd", record=record, message="Odd.", **fields
    )


def make_busy_day():
    """Three runs of Eventbrite, one of HubSpot, and all that goes with them."""
    make_run(NOON, 30, request_count=400, created_count=5, unchanged_count=4, failed_count=1)
    make_run(NOON + timedelta(minutes=10), 90, request_count=300, outcome=Outcome.FAILED)
    make_run(NOON - timedelta(hours=2), 60, request_count=500, outcome=Outcome.PAUSED)
    make_run(NOON, 15, system=System.HUBSPOT, request_count=50, write_count=20, day_calls=500_000)
    make_delivery()
    make_delivery(state=DeliveryState.FAILED)
    make_problem()


def exported(admin_client, **query):
    response = admin_client.get(URL, DAYS | query | {"export": "csv"})
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


def source(name):
    return next(one for one in sources() if one.name == name)


def waiting():
    return {one.what: (one.count, one.since) for one in backlog() if one.count}


def test_a_day_of_a_system_is_a_row(admin_client):
    make_busy_day()

    hubspot, eventbrite = exported(admin_client)

    assert eventbrite == {
        "Day": "2026-03-14",
        "System": "Eventbrite",
        "Runs": "3",
        "Failed runs": "1",
        "Failed runs %": "33.33",
        "Mean seconds": "60.0",
        "Longest seconds": "90.0",
        "API calls": "1200",
        "Writes": "0",
        "Busiest hour": "700",
        "Budget": "1000",
        "Budget used %": "70.00",
        "Changed records": "5",
        "Failed records": "1",
        "Failed records %": "10.00",
        "Webhooks": "0",
        "Failed webhooks": "0",
        "Failed webhooks %": "",
        "New problems": "1",
        "Last good run": "2026-03-14 13:00",
    }
    assert hubspot | {"Runs": "1", "Webhooks": "2", "Failed webhooks %": "50.00"} == hubspot
    assert (hubspot["Budget"], hubspot["Budget used %"]) == ("500000", "0.01")


def test_days_begin_at_local_midnight():
    make_run(datetime(2026, 3, 13, 22, 59, tzinfo=UTC))
    make_run(datetime(2026, 3, 13, 23, 0, tzinfo=UTC))
    make_delivery(system=System.EVENTBRITE, received_at=datetime(2026, 3, 13, 22, 59, tzinfo=UTC))

    (row,) = system_days(MARCH_14)

    assert (row.day, row.runs, row.webhooks) == (date(2026, 3, 14), 1, 0)


def test_a_day_on_which_nothing_ran_stands_there_too():
    make_run(NOON - timedelta(days=3))

    rows = system_days(Period.inclusive(date(2026, 3, 1), date(2026, 3, 31)))

    assert [(row.day.day, row.runs) for row in rows] == [(14, 0), (13, 0), (12, 0), (11, 1)]
    assert rows[0].failed_runs_share is None


def test_a_run_under_way_is_a_run_and_one_whose_process_is_gone_has_failed(admin_client):
    make_run(seconds=None, outcome=Outcome.RUNNING)

    (under_way,) = system_days(MARCH_14)
    (gone,) = exported(admin_client)

    assert (under_way.runs, under_way.failed_runs, under_way.mean_seconds) == (1, 0, None)
    assert (gone["Runs"], gone["Failed runs"]) == ("1", "1")


def test_a_run_that_waits_to_start_is_no_run_yet():
    make_run(outcome=Outcome.WAITING)

    assert system_days(MARCH_14) == []


def test_without_word_of_hubspot_the_tier_says_how_many_calls_a_day_has(settings):
    make_run(system=System.HUBSPOT, request_count=6_250)

    (row,) = system_days(MARCH_14)
    settings.HUBSPOT_TIER = "odd"
    (unknown,) = system_days(MARCH_14)

    assert (row.budget, row.budget_used) == (625_000, Decimal(1))
    assert (unknown.budget, unknown.budget_used) == (None, None)


def test_totals_stand_apart_for_each_system_and_take_the_highest_day(admin_client):
    make_busy_day()
    make_run(NOON - timedelta(days=1), 30, request_count=800)

    table = admin_client.get(URL, DAYS).context["table"]

    totals = [[cell.text for cell in row] for row in table.total_cells(table.total_rows())]
    assert [" ".join(row[:12]) for row in totals] == [
        "Total Eventbrite Eventbrite 4 1 25.0 52.5 90.0 2,000 0 800 1,000 80.0",
        "Total HubSpot HubSpot 1 0 0.0 15.0 15.0 50 20 50 500,000 0.0",
    ]


def test_one_system_alone_can_be_asked_for(admin_client):
    make_busy_day()

    page = admin_client.get(URL, DAYS | {"system": "hubspot"})
    odd = admin_client.get(URL, DAYS | {"system": "odd"})

    assert {row.system for row in page.context["table"].rows} == {System.HUBSPOT}
    assert "System: choose one of the list." in odd.content.decode()
    assert len(odd.context["table"].rows) == 2


def test_the_chart_shows_runs_and_the_budget_by_day(admin_client):
    make_busy_day()
    make_run(NOON - timedelta(days=1), request_count=800)

    chart = admin_client.get(URL, DAYS).context["chart"]

    assert [series.name for series in chart.series] == [
        "Runs that went well",
        "Failed runs",
        "Eventbrite budget %",
        "HubSpot budget %",
    ]
    assert chart.table == [
        ("13 Mar", ["1", "0", "80.0", ""]),
        ("14 Mar", ["3", "1", "70.0", "0.0"]),
    ]


def test_figures_lead_to_the_rows_behind_them(admin_client):
    make_busy_day()

    table = admin_client.get(URL, DAYS | {"sort": "system"}).context["table"]
    linked = {cell.column.heading: cell.url for cell in next(table.cells(table.rows)) if cell.url}

    assert set(linked) == {"Runs", "Failed runs", "New problems"}
    found = {name: admin_client.get(url).context["cl"].result_count for name, url in linked.items()}
    assert found == {"Runs": 3, "Failed runs": 1, "New problems": 1}


def test_without_days_it_is_about_the_last_two_weeks(admin_client):
    period = admin_client.get(URL).context["period"]

    assert period == Period.inclusive(date(2026, 3, 1), date(2026, 3, 14))


def test_it_takes_as_many_queries_for_one_day_as_for_many(admin_client, django_assert_num_queries):
    make_busy_day()
    with django_assert_num_queries(3):
        system_days(MARCH_14)
    with django_assert_num_queries(3):
        sources()
    with django_assert_num_queries(8):
        backlog()
    for number in range(20):
        make_run(NOON - timedelta(days=number))
        make_problem(f"order {number + 2}")

    with django_assert_num_queries(3):
        rows = system_days(Period.inclusive(date(2026, 2, 1), date(2026, 3, 14)))
    with django_assert_num_queries(3):
        sources()

    assert len(rows) == 21


def test_only_who_may_see_runs_may_see_it(client):
    user = User.objects.create_user("ada", is_staff=True)
    client.force_login(user)

    refused = client.get(URL)
    user.user_permissions.add(Permission.objects.get(codename="view_syncrun"))
    make_write()
    page = client.get(URL)

    assert (refused.status_code, page.status_code) == (403, 200)
    assert "Planned writes to HubSpot" in page.content.decode()
    assert "/admin/integrations/remotewrite/" not in page.content.decode()


def test_the_home_page_leads_to_it(admin_client):
    make_event()

    assert f'href="{URL}"' in admin_client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("minutes_ago", "state", "late"),
    [(9, State.IN_TIME, 0), (12, State.IN_TIME, 0), (30, State.LATE, 17.5)],
)
def test_a_source_is_late_when_the_next_reading_should_be_over(minutes_ago, state, late):
    make_run(NOON - timedelta(minutes=minutes_ago), 30)

    shows = source("Shows")

    assert (shows.state, shows.late) == (state, timedelta(minutes=late))
    assert shows.planned == "every 10 minutes"


def test_sources_are_known_up_to_where_their_reading_came():
    since = NOON - timedelta(minutes=15)
    Cursor.objects.create(
        system=System.EVENTBRITE, stream="orders of 7", position={"since": since.isoformat()}
    )
    Cursor.objects.create(
        system=System.HUBSPOT,
        stream="contacts",
        position={"done_to": int((NOON - timedelta(hours=2)).timestamp() * 1000)},
    )

    orders, contacts = source("Orders"), source("Contacts")

    assert (orders.read_to, orders.state) == (NOON - timedelta(minutes=5), State.IN_TIME)
    assert (contacts.read_to, contacts.state) == (NOON - timedelta(hours=2), State.LATE)
    assert contacts.late == timedelta(hours=2) - timedelta(minutes=17)


def test_a_long_reading_that_has_stopped_half_way_is_told():
    position = {"since": None, "began_at": NOON.isoformat(), "after": {"continuation": "x"}}
    Cursor.objects.create(system=System.EVENTBRITE, stream="attendees of 7", position=position)

    assert source("Seats").state == State.PARTLY_READ


def test_what_is_not_connected_or_not_on_schedule_says_so(settings):
    make_run()
    settings.HUBSPOT_ACCESS_TOKEN = ""
    never = source("Orders")
    PeriodicTask.objects.filter(task="integrations.tasks.sync_eventbrite").update(enabled=False)

    assert never.state == State.NEVER_READ
    assert source("Contacts").state == State.NOT_CONNECTED
    assert source("Shows").state == State.NOT_SCHEDULED


def test_readings_of_webhooks_and_writes_make_no_source_fresh():
    for command in ("webhooks", "apply_plan", "undo_hubspot 3"):
        make_run(command=command)

    assert source("Shows").state == State.NEVER_READ


def make_write(**fields):
    run = make_run(system=System.HUBSPOT)
    return RemoteWrite.objects.create(run=run, operation=Operation.CREATE, reason="New", **fields)


def test_what_waits_is_counted_with_the_oldest():
    make_write(state=WriteState.PLANNED)
    make_write(state=WriteState.APPLIED)
    make_delivery()
    make_delivery(received_at=NOON - timedelta(hours=1))
    make_run(outcome=Outcome.WAITING, system=System.HUBSPOT)
    make_customer()
    Customer.objects.update(is_rollup_due=True)

    assert waiting() == {
        "Planned writes to HubSpot": (1, NOON),
        "Webhooks of HubSpot": (2, NOON - timedelta(hours=1)),
        "Runs that wait to start": (1, NOON),
        "Customers whose figures are to be computed": (1, None),
    }
