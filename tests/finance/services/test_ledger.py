from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import Order, OrderStatus
from customers.models.ticketing import PAID_STATUSES
from finance.models import LedgerKind, LedgerLine
from finance.services import post_orders
from tests.factories import make_event, make_order


def lines_of(order):
    return {
        (line.kind, line.amount) for line in LedgerLine.objects.filter(order=order).order_by("pk")
    }


def net_of(order):
    return LedgerLine.objects.filter(order=order).aggregate(net=Sum("amount"))["net"] or Decimal(0)


@pytest.mark.django_db
def test_the_lines_of_an_order_are_its_costs():
    order = make_order(
        gross="51.00",
        tax=Decimal("5.86"),
        eventbrite_fee=Decimal("3.98"),
        payment_fee=Decimal("1.16"),
    )

    assert post_orders([order.pk]) == 4

    assert lines_of(order) == {
        (LedgerKind.SALE, Decimal("51.00")),
        (LedgerKind.TAX, Decimal("-5.86")),
        (LedgerKind.EVENTBRITE_FEE, Decimal("-3.98")),
        (LedgerKind.PROCESSING_FEE, Decimal("-1.16")),
    }
    assert net_of(order) == Decimal("40.00")


@pytest.mark.django_db
def test_posting_again_adds_nothing():
    order = make_order()
    post_orders([order.pk])

    assert post_orders([order.pk]) == 0
    assert LedgerLine.objects.count() == 1


@pytest.mark.django_db
def test_a_refund_adds_a_line_and_leaves_the_sale_alone():
    order = make_order(gross="51.00")
    post_orders([order.pk])
    sale = LedgerLine.objects.values().get()
    order.refund, order.changed_at = Decimal("20.00"), order.event.start_at
    order.save()

    assert post_orders([order.pk]) == 1

    refund = LedgerLine.objects.get(kind=LedgerKind.REFUND)
    assert (refund.amount, refund.occurred_at) == (Decimal("-20.00"), order.event.start_at)
    assert LedgerLine.objects.filter(kind=LedgerKind.SALE).values().get() == sale
    assert net_of(order) == Decimal("31.00")


@pytest.mark.django_db
def test_an_order_that_was_never_paid_has_no_lines_and_one_that_turns_out_so_is_reversed():
    order = make_order(status=OrderStatus.PENDING)
    assert post_orders([order.pk]) == 0

    order.status = OrderStatus.PLACED
    order.save()
    assert post_orders([order.pk]) == 1
    order.status = OrderStatus.ABANDONED
    order.save()
    assert post_orders([order.pk]) == 1

    assert net_of(order) == 0


@pytest.mark.django_db
def test_an_order_moved_to_another_event_takes_its_money_along():
    order, event = make_order(gross="30.00"), make_event()
    first = order.event
    post_orders([order.pk])
    order.event = event
    order.save()

    post_orders([order.pk])

    def total(of):
        return LedgerLine.objects.filter(event=of).aggregate(net=Sum("amount"))["net"]

    assert (total(first), total(event)) == (Decimal("0"), Decimal("30.00"))


@pytest.mark.django_db
def test_the_database_refuses_to_change_a_line():
    order = make_order()
    post_orders([order.pk])

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LedgerLine.objects.update(amount=Decimal("1.00"))


@pytest.mark.django_db
@pytest.mark.parametrize("number", [3, 30])
def test_the_number_of_queries_is_the_same_for_any_number_of_orders(
    number, django_assert_max_num_queries
):
    event = make_event()
    orders = [make_order(event).pk for _ in range(number)]

    with django_assert_max_num_queries(5):  # three and a savepoint
        post_orders(orders)


cents = st.integers(0, 10_000).map(lambda value: Decimal(value) / 100)
versions = st.lists(
    st.tuples(st.sampled_from(OrderStatus.values), cents, cents, cents, cents, cents),
    min_size=1,
    max_size=6,
)


class AnyHistory(TestCase):
    @given(versions)
    def test_lines_add_up_to_the_order_at_every_version(self, versions):
        order = make_order()
        for status, gross, tax, fee, payment_fee, refund in versions:
            amounts = {
                "gross_paid": gross,
                "tax": tax,
                "eventbrite_fee": fee,
                "payment_fee": payment_fee,
                "refund": min(refund, gross),
            }
            Order.objects.filter(pk=order.pk).update(status=status, **amounts)

            post_orders([order.pk])

            net = gross - tax - fee - payment_fee - min(refund, gross)
            assert net_of(order) == (net if status in PAID_STATUSES else 0)
            assert post_orders([order.pk]) == 0
