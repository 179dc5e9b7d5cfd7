"""What was known at a moment: right, whole, and free of what came later."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Customer, Order, OrderStatus, Touch, TouchKind
from customers.scoring.facts import RAW, facts_at, facts_now
from tests.factories import make_customer, make_event, make_order, make_seat

MOMENT = datetime(2026, 6, 1, tzinfo=UTC)


def days_before(number):
    return MOMENT - timedelta(days=number)


def touch(customer, kind, at):
    return Touch.objects.create(
        key=f"{customer.pk} {kind} {at}", customer=customer, kind=kind, source="x", occurred_at=at
    )


def world():
    """A regular with a guest, a lead who was touched, and somebody of whom nothing is dated."""
    regular, guest, lead, _ = (make_customer() for _ in range(4))
    first, last = make_event(date(2026, 1, 20)), make_event(date(2026, 6, 20))
    old = make_order(first, buyer=regular, ordered_at=days_before(200), gross="30.00")
    new = make_order(last, buyer=regular, ordered_at=days_before(10), gross="50.00")
    make_order(last, buyer=regular, ordered_at=days_before(5), status=OrderStatus.STARTED)
    make_seat(old, holder=regular, checked_in_at=days_before(132))
    make_seat(new, holder=guest)
    touch(lead, TouchKind.CLICK, days_before(20))
    touch(lead, TouchKind.OPEN, days_before(120))
    return regular, guest, lead


def told(facts, person):
    row = facts.raw[list(facts.ids).index(person.pk)]
    return {n: round(float(v), 3) for n, v in zip(RAW, row, strict=True) if v and not np.isnan(v)}


@pytest.mark.django_db
def test_the_facts_of_a_small_world_are_as_counted_by_hand():
    regular, guest, lead = world()
    make_order(make_event(), buyer=regular, ordered_at=MOMENT + timedelta(days=89))
    make_order(make_event(), buyer=lead, ordered_at=MOMENT + timedelta(days=90))

    facts = facts_at(MOMENT, most=100)

    assert list(facts.ids) == [regular.pk, guest.pk, lead.pk]
    assert list(facts.booked) == [1, 0, 0]
    assert told(facts, regular) == {
        "days_known": 200,
        "bookings": 2,
        "shows": 2,
        "bookings_90": 1,
        "bookings_365": 2,
        "days_since_first": 200,
        "days_since_last": 10,
        "days_since_new_show": 10,
        "spend": 80,
        "upcoming": 1,
        "check_ins": 1,
        "days_since_check_in": 132,
    }
    assert told(facts, guest) == {"days_known": 10, "guest_seats": 1}
    assert told(facts, lead) == {"days_known": 120, "clicks_90": 1}


@pytest.mark.django_db
def test_everybody_is_scored_today_but_those_who_were_erased():
    regular, guest, lead = world()
    Customer.objects.filter(pk=guest.pk).update(erased_at=MOMENT)

    blocks = list(facts_now(MOMENT))

    unknown = Customer.objects.latest("pk")
    assert [list(facts.ids) for facts in blocks] == [[regular.pk, lead.pk, unknown.pk]]
    assert told(blocks[0], unknown) == {}


@pytest.mark.django_db
def test_of_many_people_every_second_is_taken():
    people = [make_customer() for _ in range(6)]
    for person in people:
        touch(person, TouchKind.OPEN, days_before(3))

    facts = facts_at(MOMENT, most=3)

    assert list(facts.ids) == [person.pk for person in people if person.pk % 2 == 0]


later = st.lists(
    st.tuples(
        st.sampled_from(["order", "seat", "check-in", "touch", "refund", "contact"]),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=6,
)


class TestNothingLeaks(TestCase):
    @hypothesis_settings(max_examples=20, deadline=None)
    @given(later)
    def test_what_happens_later_changes_nothing_of_what_was_known(self, happenings):
        regular, _, lead = world()
        before = facts_at(MOMENT, most=100)

        for kind, day in happenings:
            happen(kind, MOMENT + timedelta(days=day, minutes=1), regular, lead)
        after = facts_at(MOMENT, most=100)

        np.testing.assert_array_equal(after.ids, before.ids)
        np.testing.assert_array_equal(after.raw, before.raw)


def happen(kind, at, regular, lead):
    """Something that becomes known after the moment."""
    order = Order.objects.filter(buyer=regular).earliest("ordered_at")
    if kind == "order":
        make_order(make_event(), buyer=lead, ordered_at=at, gross="99.00")
    elif kind == "seat":
        make_seat(make_order(make_event(), ordered_at=at), holder=lead, checked_in_at=at)
    elif kind == "check-in":
        order.seats.filter(checked_in_at=None).update(checked_in_at=at)
        make_seat(make_order(order.event, ordered_at=at), holder=regular, checked_in_at=at)
    elif kind == "touch":
        Touch.objects.get_or_create(
            key=f"later {at}",
            defaults={"customer": lead, "kind": "click", "source": "x", "occurred_at": at},
        )
    elif kind == "refund":
        Order.objects.filter(pk=order.pk).update(
            status=OrderStatus.REFUNDED, refund=Decimal("30.00"), changed_at=at
        )
    else:
        Customer.objects.filter(pk=lead.pk).update(
            emails_clicked_count=50, lifecycle_stage="customer", last_contacted_at=at
        )
