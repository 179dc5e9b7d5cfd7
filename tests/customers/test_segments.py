"""Segments: a worked example by the usual bands, their page, the list and the report."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction

from customers.models import Customer, Segment, SegmentBands
from customers.services.segments import segments
from nova_project.periods import Period
from tests.factories import make_customer
from tests.staff import client_of

TODAY = date(2026, 6, 15)
ALL = Period(date(2020, 1, 1), date(2027, 1, 1))
REPORT = "/admin/reports/segments/"
LIST = "/admin/customers/customer/"
BANDS = "/admin/customers/segmentbands/1/change/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summer")]


@pytest.fixture
def summer():
    with time_machine.travel(datetime(2026, 6, 15, 12, tzinfo=UTC), tick=False):
        yield


def make_visitor(days_ago: int, events: int, spend: str, **fields) -> Customer:
    last = TODAY - timedelta(days=days_ago)
    return make_customer(
        events_booked=events,
        total_spend=Decimal(spend),
        first_event_on=last,
        last_event_on=last,
        **fields,
    )


@pytest.mark.parametrize(
    ("days_ago", "events", "spend", "scores", "segment"),
    [
        (30, 5, "250", (5, 4, 4), Segment.CHAMPIONS),
        (90, 8, "500", (4, 5, 5), Segment.CHAMPIONS),
        (91, 8, "500", (3, 5, 5), Segment.LOYAL),
        (90, 5, "249.99", (4, 4, 3), Segment.LOYAL),
        (180, 3, "0", (3, 3, 1), Segment.LOYAL),
        (180, 1, "250", (3, 1, 4), Segment.BIG_SPENDERS),
        (0, 1, "20", (5, 1, 1), Segment.NEW),
        (-9, 1, "20", (5, 1, 1), Segment.NEW),
        (0, 2, "50", (5, 2, 2), Segment.PROMISING),
        (91, 1, "20", (3, 1, 1), Segment.PROMISING),
        (181, 3, "20", (2, 3, 1), Segment.AT_RISK),
        (366, 1, "250", (1, 1, 4), Segment.AT_RISK),
        (365, 2, "100", (2, 2, 3), Segment.LAPSED),
    ],
)
def test_the_usual_bands_say_who_belongs_where(days_ago, events, spend, scores, segment):
    person = make_visitor(days_ago, events, spend)

    found = Customer.objects.with_segment().get(pk=person.pk)

    assert (found.recency, found.frequency, found.monetary) == scores
    assert found.segment == segment


def test_who_booked_nothing_is_in_no_segment():
    make_customer()

    assert Customer.objects.with_segment().get().segment is None
    assert segments(ALL) == []


def test_the_report_adds_up_people_and_spend(admin_client):
    make_visitor(0, 1, "20")
    make_visitor(5, 1, "40")
    make_visitor(400, 1, "60.50")
    make_customer()

    page = admin_client.get(REPORT)
    rows = page.context["table"].rows

    found = {row.name: (row.people, row.spend, row.events_each) for row in rows if row.people}
    assert found == {
        "New": (2, Decimal("60.00"), Decimal("1.0")),
        "Lapsed": (1, Decimal("60.50"), Decimal("1.0")),
    }
    new = next(row for row in rows if row.name == "New")
    assert (round(new.people_share, 1), round(new.spend_share, 1)) == (
        Decimal("66.7"), Decimal("49.8")
    )  # fmt: skip
    assert new.spend_each == Decimal("30")
    assert [cell and (cell.text, cell.note) for cell in page.context["grid"].rows[0][1]] == [
        ("2", "€60.00"), None, None, None, None
    ]  # fmt: skip
    link = f"{LIST}?segment=new&amp;first_event_on_from=2025-05-11&amp;first_event_on_to=2026-06-15"
    assert link in page.content.decode()


def test_the_list_shows_one_segment_and_the_page_says_why(admin_client):
    person = make_visitor(0, 1, "20", last_name="Byron")
    make_visitor(400, 1, "20", last_name="Elsewhere")

    listed = admin_client.get(LIST, {"segment": "new"}).content.decode()
    page = admin_client.get(f"{LIST}{person.pk}/change/").content.decode()

    assert "Byron" in listed
    assert "Elsewhere" not in listed
    assert "Recency 5, frequency 1, spend 1" in page
    assert "Came in the last 90 days, to one show in all." in page


def test_marketing_moves_a_band_and_people_move_with_it():
    client = client_of("Marketing")
    make_visitor(95, 1, "20")
    bands = SegmentBands.objects.get()
    posted = {f.name: getattr(bands, f.name) for f in bands._meta.fields if "_" in f.name}

    wrong = client.post(BANDS, posted | {"recency_4": 200})
    right = client.post(BANDS, posted | {"recency_4": 100})

    assert "the higher the score, the fewer the days" in wrong.content.decode()
    assert right.status_code == 302
    assert Customer.objects.with_segment().get().segment == Segment.NEW
    assert client.get("/admin/customers/segmentbands/add/").status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"recency_5": 91}, {"frequency_2": 1}, {"monetary_4": 100}, {"monetary_2": 0}]
)
def test_the_database_refuses_bands_out_of_order(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentBands.objects.update(**wrong)


def test_there_is_one_set_of_bands_and_without_it_the_usual_ones_hold(admin_client):
    with pytest.raises(IntegrityError), transaction.atomic():
        SegmentBands.objects.create()
    SegmentBands.objects.all().delete()

    assert SegmentBands.current().recency_5 == 30
    person = make_visitor(0, 1, "20")
    page = admin_client.get(f"{LIST}{person.pk}/change/").content.decode()
    assert "Came in the last 90 days, to one show in all." in page
