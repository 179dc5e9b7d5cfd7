from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import Attendance, Order
from events.models import Event, EventStatus
from finance.models import (
    Basis,
    Expense,
    ExpenseShare,
    ExpenseStatus,
    LedgerKind,
    LedgerLine,
    Spread,
)
from finance.services import share_expenses
from finance.services.shares import is_equal_for_want_of, split
from nova_project.money import EXPONENTS, from_minor
from tests.factories import (
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)


@given(st.integers(-(10**9), 10**9), st.sampled_from(sorted(EXPONENTS)), st.integers(1, 400))
def test_the_parts_add_up_and_differ_by_one_smallest_unit_at_most(value, currency, parts):
    amount = from_minor(value, currency)

    shares = split(amount, currency, [1] * parts)

    assert sum(shares) == amount
    assert len(shares) == parts
    assert max(shares) - min(shares) <= from_minor(1, currency)


@given(
    st.integers(-(10**14), 10**14),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.lists(st.integers(0, 10**12), min_size=1, max_size=30),
)
def test_parts_by_weight_add_up_and_are_within_one_smallest_unit_of_their_due(
    value, currency, weights
):
    amount, whole = from_minor(value, currency), sum(weights)

    shares = split(amount, currency, weights)

    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        due = Fraction(value * weight, whole) if whole else Fraction(value, len(weights))
        assert abs(Fraction(share) / Fraction(from_minor(1, currency)) - due) < 1
    assert split(amount, currency, weights) == shares


def shares():
    rows = ExpenseShare.objects.order_by("event__starts_on", "event_id")
    return list(rows.values_list("event_id", "amount"))


@pytest.mark.django_db
def test_a_shared_cost_falls_on_the_events_of_its_type_and_month():
    improv = make_show_type("Improv")
    first = make_event(date(2026, 3, 1), show_type=improv)
    last = make_event(date(2026, 3, 31), show_type=improv)
    make_event(date(2026, 4, 1), show_type=improv)
    make_event(date(2026, 3, 5), show_type=make_show_type("Music"))
    make_event(date(2026, 3, 6), show_type=improv, currency="JPY")
    make_event(date(2026, 3, 7), show_type=improv, status=EventStatus.CANCELLED)
    make_expense("100.01", show_type=improv, spent_on=date(2026, 3, 20))

    assert share_expenses() == 2

    assert shares() == [(first.pk, Decimal("50.01")), (last.pk, Decimal("50.00"))]
    assert share_expenses() == 0


@pytest.mark.django_db
def test_a_given_period_decides_and_its_last_day_is_in():
    first, last = make_event(date(2026, 1, 1)), make_event(date(2026, 6, 30))
    make_event(date(2026, 7, 1))
    make_expense("-10.00", shared_from=date(2026, 1, 1), shared_until=date(2026, 6, 30))

    share_expenses()

    assert shares() == [(first.pk, Decimal("-5")), (last.pk, Decimal("-5"))]


@pytest.mark.django_db
def test_budgets_and_plans_are_not_shared_out():
    make_event(date(2026, 3, 1))
    make_expense(basis=Basis.BUDGET)
    make_expense(status=ExpenseStatus.PLANNED)

    assert share_expenses() == 0


@pytest.mark.django_db
def test_a_new_show_takes_its_part_from_the_others():
    event = make_event(date(2026, 3, 1))
    make_expense("90.00")
    share_expenses()
    assert shares() == [(event.pk, Decimal("90"))]

    other = make_event(date(2026, 3, 2))
    share_expenses()

    assert shares() == [(event.pk, Decimal("45")), (other.pk, Decimal("45"))]


@pytest.mark.django_db
def test_a_cost_that_is_shared_no_more_leaves_no_shares_behind():
    event = make_event(date(2026, 3, 1))
    moved, planned, kept = make_expense("30.00"), make_expense("20.00"), make_expense("10.00")
    share_expenses()
    Expense.objects.filter(pk=moved.pk).update(event=event)
    Expense.objects.filter(pk=planned.pk).update(status=ExpenseStatus.PLANNED)

    assert share_expenses() == 2

    assert list(ExpenseShare.objects.values_list("expense_id", "amount")) == [(kept.pk, 10)]


@pytest.mark.django_db
def test_more_costs_than_are_read_at_a_time_are_all_shared_and_then_rest(
    django_assert_max_num_queries,
):
    first, second = make_event(date(2026, 3, 1)), make_event(date(2026, 3, 2))
    cost = make_expense("1.01")
    fields = ("category", "amount", "currency", "spent_on")
    like = {name: getattr(cost, name) for name in fields}
    Expense.objects.bulk_create(Expense(**like) for _ in range(2_000))

    assert share_expenses() == 4_002

    sums = ExpenseShare.objects.order_by().values_list("event_id").annotate(Sum("amount"))
    assert dict(sums) == {first.pk: Decimal("1020.51"), second.pk: Decimal("1000.50")}
    with django_assert_max_num_queries(11):
        assert share_expenses() == 0


def sold(event, seats, gross):
    order = make_order(event, gross=gross)
    make_line(order, LedgerKind.SALE, gross)
    for _ in range(seats):
        make_seat(order)


@pytest.mark.django_db
def test_costs_fall_by_seats_or_by_gross_and_odd_cents_on_the_largest_remainders():
    small, large, empty = (make_event(date(2026, 3, day)) for day in (1, 2, 3))
    sold(small, 1, "10.00")
    sold(large, 2, "90.00")
    by_seats = make_expense("100.00", spread=Spread.SEATS)
    by_gross = make_expense("-0.05", spread=Spread.GROSS)

    share_expenses()

    def of(expense):
        return dict(expense.shares.values_list("event_id", "amount"))

    assert of(by_seats) == {small.pk: Decimal("33.33"), large.pk: Decimal("66.67")}
    assert of(by_gross) == {small.pk: Decimal("-0.01"), large.pk: Decimal("-0.04")}
    assert empty.expense_shares.count() == 0
    assert not is_equal_for_want_of(by_seats)


@pytest.mark.django_db
def test_without_any_seats_a_cost_falls_equally_and_says_so():
    first, second = make_event(date(2026, 3, 1)), make_event(date(2026, 3, 2))
    cost = make_expense("0.03", spread=Spread.SEATS)

    share_expenses()

    assert shares() == [(first.pk, Decimal("0.02")), (second.pk, Decimal("0.01"))]
    assert is_equal_for_want_of(cost)


@pytest.mark.django_db
def test_reclaimable_tax_is_not_shared_and_a_cost_without_a_show_waits():
    event = make_event(date(2026, 3, 1))
    make_expense("119.00", tax_amount=Decimal("19.00"))
    make_expense("19.00", tax_amount=Decimal("19.00"))
    waiting = make_expense("50.00", spent_on=date(2026, 9, 1))

    share_expenses()

    assert shares() == [(event.pk, Decimal("100"))]
    assert list(Expense.objects.unplaced()) == [waiting]


@pytest.mark.django_db
@settings(max_examples=15, deadline=None)
@given(
    events=st.lists(
        st.tuples(
            st.integers(1, 31),
            st.sampled_from(["live", "live", "cancelled"]),
            st.integers(0, 3),
            st.integers(0, 10_000),
        ),
        max_size=5,
    ),
    costs=st.lists(
        st.tuples(st.integers(-99_999, 99_999).filter(bool), st.sampled_from(Spread.values)),
        min_size=1,
        max_size=4,
    ),
)
def test_the_shares_of_every_cost_add_up_to_it_as_soon_as_one_show_can_bear_it(events, costs):
    for table in (ExpenseShare, Expense, LedgerLine, Attendance, Order, Event):
        table.objects.all().delete()
    for day, status, seats, gross in events:
        event = make_event(date(2026, 3, day), status=status)
        sold(event, seats, str(from_minor(gross + 1, "EUR")))
    made = [make_expense(from_minor(cents, "EUR"), spread=spread) for cents, spread in costs]

    share_expenses()

    can_be_borne = any(status == "live" for _, status, _, _ in events)
    waiting = set(Expense.objects.unplaced())
    for expense in made:
        total = sum(expense.shares.values_list("amount", flat=True))
        assert total == (expense.amount if can_be_borne else 0)
        assert (expense in waiting) is not can_be_borne
        assert not expense.shares.filter(event__status="cancelled").exists()
