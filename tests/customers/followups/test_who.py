"""Who is due: to whom it happened, since when, and who is not, any more or yet."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import (
    AttendanceStatus,
    Consent,
    Customer,
    FollowUp,
    FollowUpMessage,
    OrderStatus,
    Trigger,
)
from customers.services import erase_customers, refresh_rollups
from customers.services.followups import foresee, pause_all, send_follow_ups
from events.models import EventStatus
from tests.customers.followups.conftest import AFTER, SHOW_DAY, a_show, book, visitor
from tests.factories import make_customer, make_order, make_seat, make_show_type

pytestmark = pytest.mark.django_db


def due(*follow_ups):
    rows = foresee(follow_ups or FollowUp.objects.on())
    return [(row.customer.email, row.event, str(row.verdict)) for row in rows]


def test_the_first_show_that_somebody_attended(follow_up):
    show = a_show()
    ada = visitor("ada@x.org", show=show)
    thanks = follow_up()

    (row,) = foresee([thanks])

    assert (row.customer, row.event, row.at) == (ada, show, show.end_at)
    assert (row.why, row.due_at) == ("First event attended", show.end_at + timedelta(days=1))
    assert str(row.verdict) == "Send"


def test_whoever_was_not_checked_in_did_not_attend(follow_up):
    show = a_show()
    visitor("absent@x.org", show=show)
    there = visitor("there@x.org", show=show)
    there.seats.update(status=AttendanceStatus.CHECKED_IN)
    follow_up()

    assert [row[0] for row in due()] == ["there@x.org"]


def test_only_the_first_of_two_shows_counts(follow_up):
    person = visitor("ada@x.org", show=a_show(date(2026, 2, 1)))
    book(person, a_show())
    new = visitor("new@x.org", show=a_show())
    book(new, a_show(SHOW_DAY + timedelta(days=1)))
    follow_up()

    assert [row[0] for row in due()] == ["new@x.org"]


def test_what_happened_before_the_switching_on_counts_only_as_far_as_staff_look_back(follow_up):
    visitor("long-ago@x.org", show=a_show(date(2026, 1, 1)))
    visitor("lately@x.org", show=a_show(date(2026, 3, 1)))
    visitor("now@x.org")

    plain, looking_back = follow_up("Plain"), follow_up("Back", look_back_days=20)

    assert [row[0] for row in due(plain)] == ["now@x.org"]
    assert [row[0] for row in due(looking_back)] == ["lately@x.org", "now@x.org"]


def test_one_that_is_off_shows_who_would_be_due_if_it_were_switched_on(follow_up, time_machine):
    visitor("ada@x.org")
    time_machine.move_to(AFTER + timedelta(days=60))
    off, blind = follow_up(is_on=False, look_back_days=90), follow_up("Blind", is_on=False)

    assert [row[0::2] for row in due(off)] == [("ada@x.org", "Send")]
    assert due(blind) == []
    assert FollowUpMessage.objects.count() == 0


def test_the_delay_passes_first(follow_up):
    visitor("ada@x.org")
    slow = follow_up(delay_hours=72)

    assert due(slow) == []


def test_the_first_ticket_counts_from_its_order(follow_up):
    show = a_show(date(2026, 6, 1))
    person = make_customer("ada@x.org", consent=Consent.OPTED_IN)
    book(person, show, ordered_at=AFTER - timedelta(days=2))
    follow_up(trigger=Trigger.FIRST_TICKET)

    assert due() == [("ada@x.org", show, "Send")]


def test_whoever_became_vip_by_an_order(follow_up):
    person = make_customer("ada@x.org", consent=Consent.OPTED_IN)
    show = a_show(date(2026, 6, 1))
    make_order(show, gross="600.00", buyer=person, ordered_at=AFTER - timedelta(days=3))
    refresh_rollups(everyone=True)
    follow_up(trigger=Trigger.VIP)

    assert due() == [("ada@x.org", show, "Send")]


def test_so_many_days_since_the_last_show_and_none_booked(follow_up):
    gone = a_show(AFTER.date() - timedelta(days=91))
    away = visitor("away@x.org", show=gone)
    book(away, a_show(date(2025, 6, 1)))
    back = visitor("back@x.org", show=gone)
    book(back, a_show(date(2026, 8, 1)))
    visitor("long-ago@x.org", show=a_show(date(2025, 3, 1)))
    follow_up(trigger=Trigger.ABSENT, days_absent=90, delay_hours=0)

    (row,) = foresee(FollowUp.objects.on())

    assert (row.customer, row.event, row.why) == (away, gone, "90 days since the last event")


def test_a_seat_without_holder_speaks_for_its_buyer(follow_up):
    buyer, guest = make_customer("b@x.org", consent="in"), make_customer("g@x.org", consent="in")
    order = make_order(a_show(), buyer=buyer)
    make_seat(order)
    make_seat(order, holder=guest)
    refresh_rollups(everyone=True)
    follow_up()

    assert {row[0] for row in due()} == {"b@x.org", "g@x.org"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"consent": Consent.UNKNOWN}, "Has not opted in to marketing."),
        ({"consent": Consent.OPTED_OUT}, "Has opted out of marketing."),
    ],
)
def test_only_those_are_written_to_who_said_yes(follow_up, change, reason):
    person = visitor()
    follow_up()
    Customer.objects.filter(pk=person.pk).update(**change)

    assert [row[2] for row in due()] == [f"Leave out: {reason}"]


def test_without_a_usable_address_nobody_is_written_to(follow_up):
    visitor().addresses.update(is_primary=False)
    follow_up()

    assert [row[2] for row in due()] == ["Leave out: Has no usable e-mail address."]


def test_a_ticket_that_is_no_longer_valid_and_a_cancelled_show_are_left_out(follow_up, post):
    refunded, cancelled = a_show(), a_show()
    person, other = visitor("a@x.org", show=refunded), visitor("b@x.org", show=cancelled)
    thanks = follow_up(send_from="00:00", send_until="00:01")
    send_follow_ups()  # plans, outside of its hours

    person.orders.update(status=OrderStatus.REFUNDED)
    type(cancelled).objects.filter(pk=cancelled.pk).update(status=EventStatus.CANCELLED)

    assert due(thanks) == [
        ("a@x.org", refunded, "Leave out: Holds no valid ticket of the show any more."),
        ("b@x.org", cancelled, "Leave out: The show was cancelled."),
    ]
    assert other.follow_up_messages.count() == 1


def test_whoever_has_booked_again_needs_no_rescue(follow_up):
    person = visitor("ada@x.org")
    book(person, a_show(date(2026, 6, 1)))
    follow_up(is_unless_booked=True)

    assert [row[2] for row in due()] == ["Leave out: Has booked a later show."]


def test_it_waits_for_a_next_show_of_the_type_that_is_not_sold_out(follow_up):
    person = visitor("ada@x.org")
    make_order(full := a_show(date(2026, 6, 1), capacity=1))
    make_seat(full.orders.get())
    a_show(date(2026, 6, 2), show_type=make_show_type("Music"))
    follow_up(is_with_next_show=True)
    before = [row[2] for row in due()]

    a_show(date(2026, 6, 3))

    assert before == ["Wait: No next show of this type is on sale for them."]
    assert [row[2] for row in due()] == ["Send"]
    assert person.follow_up_messages.count() == 0


def test_hours_and_weekdays_are_those_of_the_house(follow_up, time_machine):
    visitor()
    follow_up(send_from="10:00", send_until="19:00", weekdays="1")
    times = {}
    for when in (
        datetime(2026, 3, 16, 8, 59, tzinfo=UTC),  # 9:59 in Berlin, a Monday
        datetime(2026, 3, 16, 9, 0, tzinfo=UTC),
        datetime(2026, 3, 16, 18, 0, tzinfo=UTC),  # 19:00
        datetime(2026, 3, 17, 12, 0, tzinfo=UTC),  # a Tuesday
    ):
        time_machine.move_to(when)
        times[when.hour] = due()[0][2]

    waits = "Wait: Sent from 10:00 to 19:00, Mon only."
    assert times == {8: waits, 9: "Send", 18: waits, 12: waits}


def test_a_pause_of_everything_shows(follow_up, django_user_model):
    visitor()
    follow_up()

    pause_all(user=django_user_model.objects.create(username="x"))

    assert [row[2] for row in due()] == ["Wait: All follow-ups are paused."]


def test_an_erased_person_is_never_due(follow_up):
    person = visitor()
    follow_up()

    erase_customers([person.pk])

    assert due() == []


@pytest.mark.parametrize("trigger", Trigger.values)
def test_more_people_cost_no_more_queries(follow_up, trigger):
    absent = {"days_absent": 1} if trigger == Trigger.ABSENT else {}
    one = follow_up(trigger=trigger, look_back_days=3_650, **absent)
    counts = []
    for _ in range(2):
        for _ in range(3):
            visitor()
        with CaptureQueriesContext(connection) as queries:
            foresee([one])
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 14
