from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from customers.models import AttendanceStatus, Customer, CustomerType, OrderStatus
from customers.services import mark_rollups_due, mark_started_events_due, refresh_rollups
from events.models import EventStatus
from tests.factories import make_customer, make_event, make_order, make_seat

pytestmark = pytest.mark.django_db


def figures(customer):
    refresh_rollups()
    row = Customer.objects.get(pk=customer.pk)
    return (
        row.events_booked,
        row.events_attended,
        row.seats_count,
        row.total_spend,
        row.first_event_on,
        row.last_event_on,
        row.customer_type,
    )


def test_a_buyer_has_the_spend_and_a_guest_only_the_visit():
    event = make_event(date(2026, 3, 14))
    buyer, guest = make_customer(), make_customer()
    order = make_order(event, "50.00", buyer=buyer)
    make_seat(order, holder=buyer)
    make_seat(order, holder=guest)

    assert figures(buyer) == (
        1, 1, 1, Decimal("50"), date(2026, 3, 14), date(2026, 3, 14), CustomerType.NEW
    )  # fmt: skip
    assert figures(guest) == (
        1, 1, 1, Decimal(0), date(2026, 3, 14), date(2026, 3, 14), CustomerType.NEW
    )  # fmt: skip


def test_two_orders_for_one_event_are_one_booked_event():
    event, buyer = make_event(), make_customer()
    make_seat(make_order(event, buyer=buyer), holder=buyer)
    make_seat(make_order(event, buyer=buyer), holder=buyer)

    assert figures(buyer)[:4] == (1, 1, 2, Decimal("40"))


def test_unnamed_seats_count_for_their_buyer():
    buyer = make_customer()
    order = make_order(buyer=buyer)
    make_seat(order, guest_name="Info Requested")
    make_seat(order, guest_name="")

    assert figures(buyer)[:3] == (1, 1, 2)


def test_a_show_to_come_is_booked_and_not_attended():
    buyer = make_customer()
    make_order(make_event(timezone.localdate() + timedelta(days=9)), buyer=buyer)

    assert figures(buyer)[:2] == (1, 0)


def test_where_people_were_checked_in_only_they_attended():
    event = make_event()
    came, stayed_away = make_customer(), make_customer()
    make_seat(make_order(event, buyer=came), holder=came, status=AttendanceStatus.CHECKED_IN)
    make_seat(make_order(event, buyer=stayed_away), holder=stayed_away)

    assert figures(came)[:2] == (1, 1)
    assert figures(stayed_away)[:2] == (1, 0)


def test_a_cancelled_event_is_nobodys_booked_event_but_its_money_counts():
    buyer = make_customer()
    make_seat(make_order(make_event(status=EventStatus.CANCELLED), buyer=buyer), holder=buyer)

    assert figures(buyer) == (0, 0, 0, Decimal("20"), None, None, CustomerType.LEAD)


@pytest.mark.parametrize("status", [OrderStatus.STARTED, OrderStatus.PENDING, OrderStatus.UNPAID])
def test_an_order_that_is_not_placed_counts_nowhere(status):
    buyer = make_customer()
    make_seat(make_order(buyer=buyer, status=status), holder=buyer)

    assert figures(buyer)[:4] == (0, 0, 0, Decimal(0))


def test_refunds_reduce_spend_and_another_currency_is_left_out():
    buyer = make_customer()
    make_order(gross="80.00", buyer=buyer, refund=Decimal("30.00"))
    make_order(make_event(currency="JPY"), "9000", buyer=buyer)

    assert figures(buyer)[3] == Decimal("50")


@pytest.mark.parametrize(
    ("events", "gross", "expected"),
    [
        (0, "0", CustomerType.LEAD),
        (1, "499.99", CustomerType.NEW),
        (1, "500", CustomerType.VIP),
        (2, "1", CustomerType.RETURNING),
        (4, "1", CustomerType.RETURNING),
        (5, "1", CustomerType.VIP),
    ],
)
def test_the_type_follows_events_and_spend(events, gross, expected):
    buyer = make_customer()
    for _ in range(events):
        make_order(gross=gross, buyer=buyer)

    assert figures(buyer)[6] == expected


def test_only_customers_that_are_due_are_recomputed_and_equal_rows_are_not_touched():
    buyer, other = make_customer(), make_customer()
    order = make_order(buyer=buyer)
    make_order(buyer=other)
    refresh_rollups()
    before = Customer.objects.get(pk=buyer.pk).updated_at

    mark_rollups_due([buyer.pk])

    assert refresh_rollups() == (1, 0)
    assert Customer.objects.get(pk=buyer.pk).updated_at == before
    order.status = OrderStatus.CANCELLED
    order.save()
    mark_rollups_due([buyer.pk])
    assert refresh_rollups() == (1, 1)
    assert refresh_rollups() == (0, 0)


def test_people_become_attenders_when_their_show_starts():
    event, buyer = make_event(date(2026, 3, 14)), make_customer()
    make_order(event, buyer=buyer)
    refresh_rollups()

    mark_started_events_due(event.start_at, event.start_at + timedelta(hours=1))
    assert not Customer.objects.due_for_rollup().exists()
    mark_started_events_due(event.start_at - timedelta(hours=1), event.start_at)

    assert Customer.objects.due_for_rollup().get() == buyer


def test_everyone_gives_the_same_figures_as_those_who_are_due():
    for _ in range(3):
        make_order(buyer=make_customer())
    refresh_rollups()

    assert refresh_rollups(everyone=True) == (3, 0)
    assert not Customer.objects.due_for_rollup().exists()
