"""Two customers become one, and two again: nothing is lost, nothing is counted twice."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Count, Sum
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Attendance, Consent, Customer, CustomerMerge, EmailAddress, Order
from customers.services import erase_customers, merge_customers, refresh_rollups, undo_merge
from customers.services.references import MOVES, label_of, references
from integrations.matching.moves import HUBSPOT_MOVES
from tests.factories import make_buyer, make_customer, make_event, make_order, make_seat

pytestmark = pytest.mark.django_db

FIGURES = ("total_spend", "events_booked", "events_attended", "seats_count", "customer_type")


def state_of_people():
    """All that Nova holds of people, but for when each row was last written."""
    customers = Customer.objects.order_by("pk").values()
    addresses = EmailAddress.objects.order_by("pk").values("pk", "customer", "is_primary")
    orders = Order.objects.order_by("pk").values("pk", "buyer", "gross")
    seats = Attendance.objects.order_by("pk").values("pk", "holder")
    people = [{k: v for k, v in row.items() if k != "updated_at"} for row in customers]
    return [people, list(addresses), list(orders), list(seats)]


def test_every_key_to_a_customer_was_thought_of():
    known = {*MOVES, *HUBSPOT_MOVES}

    assert {label_of(key) for key in references()} == known


def test_all_of_the_other_becomes_the_survivors_and_blanks_are_filled():
    ada = make_buyer("ada@x.org", first_name="Ada", last_name="Byron", city="Rome")
    other = make_buyer("a.byron@y.org", events=2, first_name="A.", last_name="Byron", phone="12")
    Customer.objects.filter(pk=other.pk).update(city="London", country="UK", note="Sits in front")
    make_seat(other.orders.first(), holder=other)

    merge = merge_customers(survivor=ada, merged=other, evidence="Staff said so.")

    ada = Customer.objects.get()
    assert (ada.name, ada.phone, ada.city, ada.country) == ("Ada Byron", "12", "Rome", "UK")
    assert (ada.note, ada.orders.count(), ada.seats.count()) == ("Sits in front", 3, 1)
    assert (ada.total_spend, ada.events_booked, ada.is_rollup_due) == (Decimal("60"), 3, False)
    assert {a.address: a.is_primary for a in ada.addresses.all()} == {
        "ada@x.org": True,
        "a.byron@y.org": False,
    }
    assert merge.conflicts == [["name", "Ada Byron", "A. Byron"], ["city", "Rome", "London"]]
    assert merge.evidence == "Staff said so."


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [
        (Consent.OPTED_IN, Consent.OPTED_OUT, Consent.OPTED_OUT),
        (Consent.UNKNOWN, Consent.OPTED_IN, Consent.OPTED_IN),
        (Consent.OPTED_OUT, Consent.UNKNOWN, Consent.OPTED_OUT),
    ],
)
def test_an_opt_out_of_either_counts(one, two, both):
    survivor, merged = make_customer(consent=one), make_customer(consent=two)

    merge_customers(survivor=survivor, merged=merged)

    assert Customer.objects.get().consent == both


def test_an_erased_person_is_not_merged():
    ada, bob = make_customer(), make_customer()
    erase_customers([bob.pk])

    for survivor, merged in ((ada, bob), (bob, ada)):
        with pytest.raises(ValidationError, match="erased"):
            merge_customers(survivor=survivor, merged=merged)


def test_what_changed_since_stays_and_is_told_of():
    ada, bob = make_buyer("ada@x.org"), make_buyer("bob@x.org", events=2, city="Rome")
    cleo = make_customer("cleo@x.org")
    moved = bob.orders.first()
    merge = merge_customers(survivor=ada, merged=bob)
    Order.objects.filter(pk=moved.pk).update(buyer=cleo)
    Customer.objects.filter(pk=ada.pk).update(city="Paris")
    make_order(buyer=ada)

    undone = undo_merge(merge=merge)

    assert undone.left_behind == [
        "1 customers changed since",
        "1 orders changed since",
        "1 orders came in since",
    ]
    bob.refresh_from_db()
    ada.refresh_from_db()
    assert (bob.email, bob.orders.count(), bob.city, ada.city) == ("bob@x.org", 1, "Rome", "Paris")
    assert (ada.orders.count(), ada.total_spend) == (2, Decimal("40"))


def test_merges_are_undone_in_their_order_and_once():
    ada, bob, cleo = make_buyer(), make_buyer(), make_buyer()
    before = state_of_people()
    refresh_rollups()
    inner = merge_customers(survivor=bob, merged=cleo)
    outer = merge_customers(survivor=ada, merged=bob)

    with pytest.raises(ValidationError, match="Undo that first"):
        undo_merge(merge=inner)
    undo_merge(merge=outer)
    undo_merge(merge=inner)

    refresh_rollups()
    assert [row["id"] for row in state_of_people()[0]] == [row["id"] for row in before[0]]
    assert state_of_people()[1:] == before[1:]
    assert set(CustomerMerge.objects.values_list("state", flat=True)) == {"undone"}
    with pytest.raises(ValidationError, match="undone already"):
        undo_merge(merge=inner)


def sums():
    money = Order.objects.aggregate(spent=Sum("gross_paid"), orders=Count("pk"))
    people = Customer.objects.aggregate(spent=Sum("total_spend"), seats=Sum("seats_count"))
    return money | {f"people {name}": value for name, value in people.items()}


ORDERS = st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 3)), max_size=5)
DETAILS = st.fixed_dictionaries(
    {
        "phone": st.sampled_from(["", "1", "2"]),
        "city": st.sampled_from(["", "Rome", "Paris"]),
        "consent": st.sampled_from(Consent.values),
        "note": st.sampled_from(["", "x", "y"]),
        "source": st.sampled_from(["", "EMAIL"]),
        "emails_opened_count": st.integers(0, 2),
    }
)


class WhateverTheTwoHave(TestCase):
    @settings(max_examples=12)
    @given(DETAILS, DETAILS, ORDERS)
    def test_sums_stay_and_the_undo_restores_all(self, one, two, orders):
        ada, bob = make_customer(**one), make_customer(**two)
        shows = [make_event() for _ in range(3)]
        for is_adas, show, seats in orders:
            buyer, guest = (ada, bob) if is_adas else (bob, ada)
            order = make_order(shows[show], buyer=buyer)
            for number in range(seats):
                make_seat(order, holder=[None, buyer, guest][number % 3])
        refresh_rollups()
        before, people = sums(), state_of_people()

        merge = merge_customers(survivor=ada, merged=bob)

        assert sums() == before
        assert Customer.objects.count() == 1
        undone = undo_merge(merge=merge)
        assert state_of_people() == people
        assert undone.left_behind == []
