"""What follow-ups brought: two groups side by side, and how sure one can be."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from customers.models import FollowUp, FollowUpMessage, OrderStatus
from finance.models import LedgerKind
from finance.services.followups import follow_up_results
from finance.services.proportions import difference, wilson
from nova_project.periods import Period
from tests.factories import make_customer, make_event, make_line, make_order, make_seat

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SENT = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW)


def told(follow_up, state="sent", at=SENT, person=None, event=None):
    person = person or make_customer()
    FollowUpMessage.objects.create(
        follow_up=follow_up, customer=person, event=event or make_event(), state=state,
        is_held_out=state == "held_out", triggered_at=at, due_at=at, decided_at=at,
    )  # fmt: skip
    return person


def buys(person, at, net="20.00", **fields):
    order = make_order(make_event(date(2026, 7, 1)), buyer=person, ordered_at=at, **fields)
    make_line(order, LedgerKind.SALE, net, currency=fields.get("currency", "EUR"))
    return order


def many(follow_up, state, people, won):
    for number in range(people):
        person = told(follow_up, state)
        if number < won:
            buys(person, SENT + timedelta(days=3))


@pytest.fixture
def thanks(db):
    return FollowUp.objects.create(name="Thanks", trigger="vip", result_days=30)


def test_bookings_within_the_days_count_and_no_others(thanks):
    early, late, right = (told(thanks) for _ in range(3))
    refunded, guest = told(thanks), told(thanks)
    buys(early, SENT - timedelta(hours=1))
    buys(late, SENT + timedelta(days=30, minutes=1))
    buys(right, SENT + timedelta(days=30))
    back = buys(refunded, SENT + timedelta(days=1), status=OrderStatus.REFUNDED)
    make_line(back, LedgerKind.REFUND, "-20.00")
    make_seat(buys(make_customer(), SENT + timedelta(days=1)), holder=guest)

    (result,) = follow_up_results()

    assert (result.reached.people, result.reached.won) == (5, 2)
    assert result.reached.net_sales == Decimal("20.00")
    assert result.reached.net_sales_each == Decimal("4.00")


def test_people_whose_days_are_not_over_wait(thanks):
    told(thanks, at=NOW - timedelta(days=29))
    told(thanks, "held_out", at=NOW - timedelta(days=29))
    told(thanks, "handed", at=NOW - timedelta(days=31))

    (result,) = follow_up_results()

    assert (result.open, result.reached.people, result.held.people) == (2, 1, 0)


def test_a_person_counts_once_from_the_first_message_on(thanks):
    person = told(thanks)
    told(thanks, at=SENT + timedelta(days=20), person=person)
    buys(person, SENT + timedelta(days=40))

    (result,) = follow_up_results()

    assert (result.reached.people, result.reached.won) == (1, 0)


def test_what_did_not_go_out_counts_nowhere(thanks):
    for state in ("planned", "sending", "skipped", "failed"):
        told(thanks, state)

    assert follow_up_results() == []


def test_amounts_of_other_currencies_are_left_out(thanks):
    person = told(thanks)
    buys(person, SENT + timedelta(days=1), net="9000", currency="JPY")

    (result,) = follow_up_results()

    assert (result.reached.won, result.reached.net_sales, result.currency) == (1, 0, "EUR")


def test_too_few_people_are_said_to_be_too_few(thanks):
    many(thanks, "sent", 30, 20)
    many(thanks, "held_out", 19, 1)

    (result,) = follow_up_results()

    assert (result.lift, result.interval) == (None, None)
    assert result.verdict == "Too few to tell: it takes 20 people in each group."


def test_a_difference_is_told_with_its_interval(thanks):
    many(thanks, "sent", 40, 24)
    many(thanks, "held_out", 20, 3)

    (result,) = follow_up_results()

    assert (result.reached.share, result.held.share, result.lift) == (60, 15, 45)
    assert result.verdict == "It brings people back: between +18.9 and +61.8 points."


def test_a_period_is_about_the_day_of_the_first_message(thanks):
    told(thanks)

    april, may = Period.month_of(date(2026, 4, 1)), Period.month_of(date(2026, 5, 1))

    assert [len(follow_up_results(period)) for period in (april, may)] == [1, 0]


def test_more_follow_ups_and_people_cost_no_more_queries(thanks):
    counts = []
    for number in range(2):
        other = FollowUp.objects.create(name=f"Other {number}", trigger="vip")
        for one in (thanks, other):
            many(one, "sent", 3, 1)
        with CaptureQueriesContext(connection) as queries:
            follow_up_results()
        counts.append(len(queries))

    assert counts == [2, 2]


def test_the_report_has_a_row_for_each(thanks, admin_client):
    many(thanks, "sent", 20, 10)
    many(thanks, "held_out", 20, 10)
    url = "/admin/reports/follow-up-results/?start=2026-04-01&end=2026-04-30"

    page = admin_client.get(url)
    lines = b"".join(admin_client.get(f"{url}&export=csv").streaming_content).decode()
    own = admin_client.get(f"/admin/customers/followup/{thanks.pk}/change/")

    assert "No difference shown: between −28.4 and +28.4 points." in page.text
    assert lines.splitlines()[1].startswith("Thanks,20,20,50.00,50.00,0.00,-28.")
    assert "Did it bring people back within 30 days?" in own.text


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_intervals_are_those_of_newcombes_table(counts, low, high):
    found = difference(*counts)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_an_interval_holds_the_difference_and_turns_round_with_it(hits, people, others, of):
    hits, others = min(hits, people), min(others, of)

    found, turned = difference(hits, people, others, of), difference(others, of, hits, people)

    lift, hair = hits / people - others / of, 1e-9
    assert -1 - hair <= found.low <= lift + hair
    assert lift - hair <= found.high <= 1 + hair
    assert found.low == pytest.approx(-turned.high)
    assert wilson(hits, people).low - hair <= hits / people <= wilson(hits, people).high + hair
