from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from customers.models import Customer, Order, OrderStatus
from customers.services import refresh_rollups
from events.models import Event
from finance.models import ExpenseShare, LedgerCheck, LedgerKind, LedgerLine
from finance.services import check_ledger, post_orders, share_expenses
from tests.factories import (
    make_agreement,
    make_customer,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
)

pytestmark = pytest.mark.django_db


def make_world() -> Order:
    """Two shows, an order with every kind of line and a customer, a performer, own and shared
    costs."""
    event = make_event()
    buyer = make_customer()
    order = make_order(
        event,
        "119.00",
        buyer=buyer,
        tax=Decimal("19.00"),
        eventbrite_fee=Decimal("4.20"),
        payment_fee=Decimal("2.75"),
        refund_requested=Decimal("20.00"),
        refund=Decimal("20.00"),
    )
    make_seat(order, holder=buyer)
    yen = make_order(make_event(currency="JPY"), "9000", buyer=buyer)
    cancelled = make_order(event, "30.00", status=OrderStatus.CANCELLED, refund=Decimal("30.00"))
    pending = make_order(event, "30.00", status=OrderStatus.PENDING)
    post_orders([order.pk, yen.pk, cancelled.pk, pending.pk])
    make_agreement(event, guarantee=Decimal("25.00"))
    make_expense("40.00", event=event)
    make_expense("100.00")
    share_expenses()
    refresh_rollups()
    return order


def found(check: LedgerCheck) -> list[tuple[str, ...]]:
    return [(d.rule, d.record, d.figure, d.kept, d.computed) for d in check.differences.all()]


def test_a_ledger_that_adds_up_has_no_differences():
    make_world()

    check = check_ledger()

    assert (found(check), check.difference_count) == ([], 0)
    assert check.finished_at is not None


def test_reclaimable_tax_of_a_shows_own_cost_is_no_difference():
    make_world()
    make_expense("119.00", event=Event.objects.first(), tax_amount=Decimal("19.00"))

    check = check_ledger()

    assert found(check) == []


def test_an_order_that_its_lines_do_not_add_up_to_is_named_with_both_values():
    order = make_world()
    Order.objects.filter(pk=order.pk).update(tax=Decimal("21.00"))

    check = check_ledger()

    assert found(check) == [("order", f"Order {order.eventbrite_id}", "Tax", "-19.00", "-21.00")]
    [difference] = check.differences.all()
    assert (difference.currency, difference.record_id) == ("EUR", order.pk)
    assert "check_ledger --repair" in difference.advice


def test_lines_in_another_currency_or_show_than_their_order_are_named():
    order = make_world()
    make_line(order, LedgerKind.SALE, "500", currency="JPY")
    make_line(order, LedgerKind.TAX, "-7.00", event=make_event())

    check = check_ledger()

    record = f"Order {order.eventbrite_id}"
    assert sorted(found(check)) == [
        ("stray", record, "Sale", "500", "0"),
        ("stray", record, "Tax", "-7.00", "0.00"),
    ]


def test_a_refund_that_nothing_tells_of_is_named():
    order = make_world()
    Order.objects.filter(pk=order.pk).update(refund_requested=Decimal("25.00"))

    assert found(check_ledger()) == [
        ("refund", f"Order {order.eventbrite_id}", "Refund", "20.00", "25.00")
    ]


def test_a_customers_figures_are_compared_with_orders_and_seats_unless_they_are_due_anyway():
    order = make_world()
    Customer.objects.update(total_spend=Decimal("1.00"), events_booked=7)
    due = make_customer()
    Customer.objects.filter(pk=due.pk).update(events_booked=7, is_rollup_due=True)

    check = check_ledger()

    record = f"Customer {order.buyer_id}"
    assert [row[1:3] for row in found(check)] == [
        (record, "booked events"),
        (record, "total spend"),
    ]
    assert [row[0] for row in found(check)] == ["customer", "customer"]


def test_a_show_of_the_last_day_is_no_difference_until_the_next_sync_counts_it():
    now = timezone.now()
    buyer = make_customer()
    event = make_event(start_at=now + timedelta(hours=1), end_at=now + timedelta(hours=2))
    make_seat(make_order(event, "0.00", buyer=buyer), holder=buyer)
    refresh_rollups()

    with time_machine.travel(now + timedelta(hours=3)):
        assert found(check_ledger()) == []
    with time_machine.travel(now + timedelta(hours=30)):
        assert [row[2:] for row in found(check_ledger())] == [("attended events", "0", "1")]


def test_a_shared_cost_whose_parts_are_not_the_cost_is_named():
    make_world()
    ExpenseShare.objects.update(amount=Decimal("99.00"))

    [share] = [row for row in found(check_ledger()) if row[0] == "share"]

    assert share[2:] == ("Parts", "99.00", "100.00")


def test_repair_posts_what_is_missing_and_changes_no_line():
    order = make_world()
    before = list(LedgerLine.objects.order_by("pk").values())
    Order.objects.filter(pk=order.pk).update(refund=Decimal("25.00"))
    Order.objects.filter(pk=order.pk).update(refund_requested=Decimal("25.00"))
    make_line(order, LedgerKind.SALE, "500", currency="JPY")
    Customer.objects.update(events_booked=7)
    ExpenseShare.objects.update(amount=Decimal("99.00"))

    check = check_ledger(repair=True)

    assert (found(check), check.repaired_count) == ([], 5)
    lines = list(LedgerLine.objects.order_by("pk").values())
    assert lines[: len(before)] == before
    assert len(lines) == len(before) + 3  # the stray line, its reversal, and the refund


def test_only_the_checks_of_some_months_are_kept():
    now = timezone.now()
    for _ in range(95):
        LedgerCheck.objects.create(started_at=now, finished_at=now)

    check_ledger()

    assert LedgerCheck.objects.count() == 90


@pytest.mark.parametrize("number", [2, 30])
def test_a_check_needs_the_same_statements_for_few_records_and_many(
    number, django_assert_num_queries
):
    for _ in range(number):
        make_world()
    Order.objects.update(tax=Decimal("1.00"))

    with django_assert_num_queries(20):
        assert check_ledger().difference_count > number
