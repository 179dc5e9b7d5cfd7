"""First-timers by show: whom to bring back, and with what."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Consent, FollowUp, FollowUpMessage
from customers.reports.first_timers import first_timers
from customers.services import erase_customers, refresh_rollups
from nova_project.periods import Period
from tests.factories import make_customer, make_event, make_order, make_seat, make_show_type

pytestmark = pytest.mark.django_db
SHOWN, NOW = date(2026, 3, 14), datetime(2026, 3, 20, 12, tzinfo=UTC)
MARCH = Period.month_of(SHOWN)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW)


def comes(show, *more, **fields):
    person = make_customer(**fields)
    for event in (show, *more):
        make_seat(make_order(event, buyer=person), holder=person)
    refresh_rollups(everyone=True)
    return person


def test_who_came_once_stands_with_the_next_show_like_it():
    stand_up, music = make_show_type("Stand-up"), make_show_type("Music")
    show = make_event(SHOWN, name="Open Mic", show_type=stand_up)
    make_event(date(2026, 4, 1), show_type=music)
    full = make_event(date(2026, 4, 2), show_type=stand_up, capacity=1)
    make_seat(make_order(full))
    make_event(date(2026, 4, 9), name="Open Mic 2", show_type=stand_up)
    ada = comes(show, address="ada@x.org", last_name="Once", consent=Consent.OPTED_IN)
    comes(show, make_event(date(2026, 5, 1)))
    erase_customers([comes(show).pk])
    one = FollowUp.objects.create(name="Thanks", trigger="vip")
    FollowUpMessage.objects.create(
        follow_up=one, customer=ada, event=show, state="sent", triggered_at=NOW, due_at=NOW,
        decided_at=NOW - timedelta(days=1),
    )  # fmt: skip

    (row,) = first_timers(MARCH)

    assert (row.name, row.address, row.show, row.days_since) == (
        "Ada Once",
        "ada@x.org",
        "Open Mic",
        6,
    )
    assert (row.next_show, row.next_on) == ("Open Mic 2", date(2026, 4, 9))
    assert (row.consent, row.written_on) == ("Opted in", date(2026, 3, 19))


def test_a_show_type_and_a_period_narrow_it():
    stand_up = make_show_type("Stand-up")
    comes(make_event(SHOWN, show_type=stand_up))
    comes(make_event(SHOWN, show_type=make_show_type("Music")))

    assert [row.show_type for row in first_timers(MARCH, stand_up)] == ["Stand-up"]
    assert first_timers(Period.month_of(date(2026, 2, 1))) == []


def test_more_people_cost_no_more_queries():
    counts = []
    for _ in range(2):
        for _ in range(3):
            comes(make_event(SHOWN, show_type=make_show_type()))
        with CaptureQueriesContext(connection) as queries:
            first_timers(MARCH)
        counts.append(len(queries))

    assert counts == [2, 2]
