"""When people became customers: the first two shows, and the order behind each change of type."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from customers.models import Customer, FirstVisits, OrderStatus, TypeChange
from customers.services import mark_rollups_due, refresh_rollups
from events.models import EventStatus
from tests.factories import make_customer, make_event, make_order, make_seat

pytestmark = pytest.mark.django_db
MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def at(day: int) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC)


def visits(customer):
    refresh_rollups()
    return FirstVisits.objects.filter(customer=customer).first()


def changes(customer):
    refresh_rollups()
    rows = TypeChange.objects.filter(customer=customer).order_by("changed_at")
    return [(row.from_type, row.to_type, row.changed_at, row.order) for row in rows]


def test_the_second_show_may_be_booked_first():
    may, july = make_event(MAY), make_event(JULY)
    buyer = make_customer()
    make_order(july, buyer=buyer, ordered_at=at(3))
    make_order(july, buyer=buyer, ordered_at=at(5))
    make_order(may, buyer=buyer, ordered_at=at(9))

    found = visits(buyer)

    assert (found.booked_at, found.returned_at) == (at(3), at(9))
    assert (found.first_event, found.second_event) == (may, july)


def test_a_seat_makes_its_holder_a_visitor_and_not_the_buyer_of_another_seat():
    buyer, guest = make_customer(), make_customer()
    order = make_order(make_event(MAY), buyer=buyer, ordered_at=at(3))
    make_seat(order, holder=guest)

    assert visits(guest).booked_at == at(3)
    assert visits(buyer).second_event is None


def test_each_change_of_type_names_its_order():
    buyer = make_customer()
    first = make_order(make_event(MAY), "20", buyer=buyer, ordered_at=at(3))
    second = make_order(make_event(JUNE), "30", buyer=buyer, ordered_at=at(5))
    make_order(second.event, "30", buyer=buyer, ordered_at=at(6))
    dear = make_order(second.event, "420", buyer=buyer, ordered_at=at(8))

    assert changes(buyer) == [
        ("lead", "new", at(3), first),
        ("new", "returning", at(5), second),
        ("returning", "vip", at(8), dear),
    ]


def test_who_pays_enough_at_once_becomes_vip_at_once():
    buyer = make_customer()
    order = make_order(make_event(MAY), "500", buyer=buyer, ordered_at=at(3))

    assert changes(buyer) == [("lead", "vip", at(3), order)]


def test_what_a_refund_or_a_cancelled_show_takes_back_never_was():
    buyer = make_customer()
    order = make_order(make_event(MAY), "500", buyer=buyer, ordered_at=at(3))
    other = make_order(make_event(JUNE), "5", buyer=buyer, ordered_at=at(4))
    assert [to for _, to, _, _ in changes(buyer)] == ["vip"]

    order.refund = Decimal("480")
    order.save()
    other.event.status = EventStatus.CANCELLED
    other.event.save()
    mark_rollups_due([buyer.pk])

    assert changes(buyer) == [("lead", "new", at(3), order)]
    assert visits(buyer).returned_at is None


def test_whoever_has_no_ticket_left_has_no_first_visit():
    buyer = make_customer()
    order = make_order(make_event(MAY), buyer=buyer)
    assert visits(buyer)

    order.status = OrderStatus.CANCELLED
    order.refund = order.gross_paid
    order.save()
    mark_rollups_due([buyer.pk])

    assert visits(buyer) is None
    assert changes(buyer) == []


def test_a_second_refresh_writes_nothing():
    buyer = make_customer()
    for day in (MAY, JUNE):
        make_order(make_event(day), buyer=buyer)
    refresh_rollups()
    before = [*FirstVisits.objects.values_list(), *TypeChange.objects.values_list()]

    refresh_rollups(everyone=True)

    assert [*FirstVisits.objects.values_list(), *TypeChange.objects.values_list()] == before


orders = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose
        st.integers(0, 5),  # which show
        st.integers(1, 9),  # ordered on which day
        st.sampled_from(["10.01", "90.10", "250"]),
        st.sampled_from([OrderStatus.PLACED, OrderStatus.PLACED, OrderStatus.CANCELLED]),
    ),
    max_size=14,
)


@hypothesis_settings(max_examples=12)
@given(orders)
def test_changes_are_what_a_person_would_note_order_by_order(placed):
    people = [make_customer() for _ in range(3)]
    shows = [make_event(MAY + timedelta(days=n)) for n in range(5)]
    shows.append(make_event(JUNE, status=EventStatus.CANCELLED))
    for who, show, day, gross, status in placed:
        make_order(shows[show], gross, buyer=people[who], ordered_at=at(day), status=status)

    refresh_rollups()

    for who, person in enumerate(people):
        own = sorted((order for order in placed if order[0] == who), key=lambda order: order[2])
        noted, moments = noted_by_hand(own)
        rows = person.type_changes.order_by("changed_at")
        assert [(r.from_type, r.to_type, r.changed_at) for r in rows] == noted
        kind = Customer.objects.get(pk=person.pk).customer_type
        assert kind == (noted[-1][1] if noted else "lead")
        kept = FirstVisits.objects.filter(customer=person).values_list("booked_at", "returned_at")
        assert list(kept) == ([(moments[0], moments[1])] if moments[0] else [])


def noted_by_hand(own):
    """The changes of type of one person's orders, and when the first two shows were booked."""
    now, booked, spend, noted = "lead", {}, Decimal(0), []
    for day, of_day in groupby(own, key=lambda order: order[2]):
        for _, show, _, gross, status in of_day:
            spend += Decimal(gross)
            if status == OrderStatus.PLACED and show != 5:
                booked.setdefault(show, at(day))
        kind = type_by_hand(len(booked), spend)
        if kind != now:
            noted.append((now, kind, at(day)))
            now = kind
    moments = [*sorted(booked.values()), None, None]
    return noted, moments


def type_by_hand(events, spend):
    if events >= settings.NOVA_VIP_EVENTS or spend >= settings.NOVA_VIP_SPEND:
        return "vip"
    return ("lead", "new", "returning")[min(events, 2)]
