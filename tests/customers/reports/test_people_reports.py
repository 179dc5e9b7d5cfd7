"""The reports about people as staff see them: funnel, cohorts, journeys, changes of type."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from customers.services import refresh_rollups
from events.models import EventStatus
from tests.factories import make_customer, make_event, make_order, make_show_type

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("autumn"),
]
YEAR = {"start": "2026-01-01", "end": "2026-12-31"}


@pytest.fixture
def autumn():
    with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False):
        yield


def make_visitor(*days: date, show_types=(), **fields) -> Customer:
    """Somebody who booked a show on each of these days, a week before it."""
    person = make_customer(**fields)
    for number, day in enumerate(days):
        show_type = show_types[number] if show_types else None
        make_order(make_event(day, show_type=show_type), buyer=person)
    return person


def exported(client, slug, **filters) -> list[str]:
    refresh_rollups()
    response = client.get(f"/admin/reports/{slug}/", {**YEAR, **filters, "export": "csv"})
    return b"".join(response.streaming_content).decode().splitlines()


def test_the_funnel_has_its_columns_and_a_group_before_them_where_asked(admin_client):
    make_visitor(date(2026, 3, 14), date(2026, 4, 14), source="PAID_SOCIAL")
    make_visitor(date(2026, 3, 14), source="PAID_SOCIAL")
    Customer.objects.create(crm_created_at=datetime(2026, 6, 1, tzinfo=UTC))

    assert exported(admin_client, "funnel") == [
        "Stage,People,Step conversion %,Overall conversion %,Median days,P75 days,P90 days,"
        "Skipped,In progress",
        "Lead,3,,100.00,,,,2,",
        "Contact,2,66.67,66.67,,,,2,1",
        "First ticket,2,100.00,66.67,,,,0,0",
        "Repeat customer,1,50.00,33.33,31.0,31.0,31.0,0,0",
    ]
    by_source = exported(admin_client, "funnel", by="source")
    assert by_source[0].startswith("Acquisition source,Stage,People")
    assert [line.split(",")[:3] for line in by_source[1:6]] == [
        ["Paid social", "Lead", "2"],
        ["Paid social", "Contact", "2"],
        ["Paid social", "First ticket", "2"],
        ["Paid social", "Repeat customer", "1"],
        ["Unknown", "Lead", "1"],
    ]


def test_the_funnel_page_draws_stages_or_groups_and_tells_wrong_filters(admin_client):
    make_visitor(date(2026, 3, 14))
    refresh_rollups()

    alone = admin_client.get("/admin/reports/funnel/", YEAR)
    apart = admin_client.get("/admin/reports/funnel/", {**YEAR, "by": "month"})
    wrong = admin_client.get(
        "/admin/reports/funnel/", {**YEAR, "by": "moon", "campaign": "7", "show_type": "Opera"}
    )

    assert alone.context["chart"].labels == ["Lead", "Contact", "First ticket", "Repeat customer"]
    assert apart.context["chart"].labels == ["2026-03"]
    assert "Nine of ten took the step" in alone.content.decode()
    assert len(wrong.context["form"].errors) == 3
    assert len(wrong.context["table"].rows) == 4


def test_a_cohort_is_a_worked_example(admin_client):
    """Of four whose first show was in March one came again in March and one in May; a fifth has a
    ticket for July, which is no visit yet. Of two of May one came again at once."""
    for again in (date(2026, 3, 28), date(2026, 5, 2), None, date(2026, 7, 4)):
        make_visitor(*[day for day in (date(2026, 3, 14), again) if day])
    make_visitor(date(2026, 5, 9), date(2026, 5, 16))
    make_visitor(date(2026, 5, 9))
    make_visitor(date(2026, 7, 4))
    gone = make_visitor(date(2026, 3, 14))
    gone.orders.get().event.__class__.objects.filter(pk=gone.orders.get().event_id).update(
        status=EventStatus.CANCELLED
    )

    lines = exported(admin_client, "cohorts")

    assert lines[0].startswith("First show in,People,Month 0 %,Month 1 %,Month 2 %,Month 3 %")
    assert lines[1] == "2026-03,4,25.00,25.00,50.00" + "," * 10
    assert lines[2] == "2026-05,2,50.00" + "," * 12
    page = admin_client.get("/admin/reports/cohorts/", YEAR)
    name, cells = page.context["grid"].rows[0]
    assert name == "Mar 2026, 4 people"
    assert [(cell.text, cell.note) if cell else None for cell in cells[:4]] == [
        ("25.0 %", "1"), ("25.0 %", "1"), ("50.0 %", "2"), None
    ]  # fmt: skip
    total = page.context["table"].total_rows()[0]
    assert (total.people, round(total.share(0), 1), total.share(2), total.share(3)) == (
        6, Decimal("33.3"), 50, None
    )  # fmt: skip


def test_journeys_lead_from_the_first_kind_of_show_to_the_second(admin_client):
    improv, music = make_show_type("Improv"), make_show_type("Music")
    march, may = date(2026, 3, 14), date(2026, 5, 2)
    make_visitor(march, may, show_types=[improv, music])
    make_visitor(march, may, show_types=[improv, improv])
    make_visitor(march, may, show_types=[improv, improv])
    make_visitor(march, date(2026, 7, 4), show_types=[improv, music])
    make_visitor(march, may)

    assert exported(admin_client, "journeys") == [
        "First show,Second show,People,Began there,Share %",
        "Improv,Improv,2,4,50.00",
        "Improv,Music,1,4,25.00",
        "Improv,None yet,1,4,25.00",
        "No show type,No show type,1,1,100.00",
    ]
    grid = admin_client.get("/admin/reports/journeys/", YEAR).context["grid"]
    assert grid.columns == ["Improv", "No show type", "Music", "None yet"]
    assert grid.rows[0][1][0].text == "50.0 %"


def test_changes_of_type_are_counted_by_month(admin_client):
    make_visitor(date(2026, 3, 14), date(2026, 4, 14))
    make_visitor(date(2026, 3, 14))

    assert exported(admin_client, "type-changes") == [
        "Month,Became new,Became returning,Became VIP",
        "2026-03,2,0,0",
        "2026-04,0,1,0",
    ]


@pytest.mark.parametrize("slug", ["funnel", "cohorts", "journeys", "type-changes"])
def test_a_report_costs_the_same_queries_however_many_people_there_are(admin_client, slug):
    def queries():
        refresh_rollups()
        with CaptureQueriesContext(connection) as found:
            admin_client.get(f"/admin/reports/{slug}/", {**YEAR, "by": "source"})
        return len(found)

    make_visitor(date(2026, 3, 14), source="A")
    few = queries()
    for number in range(3):
        day = date(2026, 3, 14) + timedelta(days=40 * number)
        make_visitor(day, day + timedelta(days=9), source=str(number))

    assert queries() == few


@pytest.mark.parametrize("slug", ["funnel", "cohorts", "journeys", "type-changes"])
def test_without_people_a_page_says_what_to_do(admin_client, slug):
    page = admin_client.get(f"/admin/reports/{slug}/", YEAR)

    assert "Nothing to show" in page.content.decode()
