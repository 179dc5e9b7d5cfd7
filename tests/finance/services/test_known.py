from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import AttendanceStatus, Order
from events.models import Event
from finance.models import Basis, DealKind, Expense, ExpenseStatus
from finance.services import change_expense, post_orders, share_expenses
from finance.services.changes import change_totals, changes_since
from finance.services.figures import AMOUNTS
from finance.services.known import end_of
from finance.services.profit import event_money, listed_money
from nova_project.periods import Period
from tests.factories import make_agreement, make_event, make_expense, make_order, make_seat

FIRST = date(2026, 3, 2)
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def on(number: int) -> time_machine.travel:
    """Noon of the numbered day."""
    noon = datetime.combine(FIRST + timedelta(days=number), datetime.min.time(), UTC)
    return time_machine.travel(noon + timedelta(hours=12), tick=False)


def known(number: int):
    """The rows as known at the end of the numbered day, seats apart."""
    rows = listed_money(YEAR, as_of=FIRST + timedelta(days=number))
    return {(row.event_id, row.currency): amounts(row) for row in rows}


def amounts(row) -> dict[str, Decimal]:
    return {name: getattr(row, name) for name in AMOUNTS}


def test_a_day_ends_at_midnight_of_the_companys_zone(settings):
    settings.TIME_ZONE = "Europe/Berlin"

    assert end_of(date(2026, 3, 28)) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert end_of(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, tzinfo=UTC)  # summer time


@pytest.mark.django_db
def test_a_line_counts_from_the_day_on_which_nova_learned_of_it():
    with on(0):
        order = make_order(gross="40.00")
        post_orders([order.pk])
    with on(3):
        Order.objects.update(refund=Decimal("15.00"))
        post_orders([order.pk])

    [before] = event_money(Event.objects.all(), FIRST + timedelta(days=2))
    [after] = event_money(Event.objects.all(), FIRST + timedelta(days=3))

    assert (before.gross, before.refunds) == (Decimal("40.00"), 0)
    assert (after.gross, after.refunds) == (Decimal("40.00"), Decimal("15.00"))


@pytest.mark.django_db
def test_a_cost_has_the_amount_status_and_event_that_it_had_then():
    with on(0):
        first, second = make_event(), make_event()
        cost = make_expense("100.00", event=first, status=ExpenseStatus.PLANNED)
    with on(1):
        change_expense(expense=cost, status=ExpenseStatus.COMMITTED)
    with on(2):
        change_expense(expense=cost, amount=Decimal("120.00"), event=second)
    with on(3):
        cost.delete()

    def costs(number: int) -> dict[int, Decimal]:
        money = event_money(Event.objects.all(), FIRST + timedelta(days=number))
        return {row.event_id: row.expenses for row in money if row.expenses}

    assert costs(0) == {}
    assert costs(1) == {first.pk: Decimal("100.00")}
    assert costs(2) == {second.pk: Decimal("120.00")}
    assert costs(3) == {}


@pytest.mark.django_db
def test_a_cost_without_history_counts_from_the_day_of_its_creation():
    with on(1):
        make_expense("30.00", event=make_event())
        Expense.history.all().delete()

    assert known(0) == {}
    [figures] = known(1).values()
    assert figures["room_rental"] == Decimal("30.00")


@pytest.mark.django_db
def test_a_shared_cost_falls_on_the_shows_that_were_known_then():
    with on(0):
        first = make_event()
        make_expense("90.00")
        share_expenses()
    with on(1):
        second = make_event()
        share_expenses()

    def shares(number: int) -> dict[int, Decimal]:
        return {event: figures["shared_costs"] for (event, _), figures in known(number).items()}

    assert shares(0) == {first.pk: Decimal("90.00")}
    assert shares(1) == {first.pk: Decimal("45.00"), second.pk: Decimal("45.00")}


@pytest.mark.django_db
def test_seats_that_were_changed_since_are_never_shown_as_if_they_were_those_of_then():
    with on(0):
        kept, changed = make_event(), make_event()
        make_seat(make_order(kept))
        seat = make_seat(make_order(changed))
    with on(2):
        make_seat(kept.orders.get())
        seat.status = AttendanceStatus.CANCELLED
        seat.save()

    def seats(number: int) -> list[int | None]:
        return [row.seats for row in listed_money(YEAR, as_of=FIRST + timedelta(days=number))]

    assert seats(1) == [1, None]
    assert seats(2) == [2, 0]


@pytest.mark.django_db
def test_seats_checked_in_since_were_valid_then_and_pay_performers_by_the_seat():
    with on(0):
        event = make_event()
        order = make_order(event, "40.00")
        post_orders([order.pk])
        seats = [make_seat(order), make_seat(order)]
        make_agreement(event, kind=DealKind.PER_TICKET, per_seat=Decimal("4.00"))
    with on(2):
        seats[0].status = AttendanceStatus.CHECKED_IN
        seats[0].checked_in_at = timezone.now()
        seats[0].save()

    def then() -> tuple[int | None, Decimal]:
        [row] = event_money(Event.objects.all(), FIRST)
        return row.seats, row.performers

    assert then() == (2, Decimal("8.00"))
    with on(3):
        seats[1].status = AttendanceStatus.CANCELLED
        seats[1].save()
    assert then() == (None, 0)


@pytest.mark.django_db
def test_what_changed_since_is_told_by_part_and_the_parts_add_up():
    with on(0):
        event, quiet = make_event(), make_event()
        order = make_order(event, "100.00", tax=Decimal("16.00"))
        post_orders([order.pk])
        cost = make_expense("40.00", event=event)
        make_expense("5.00", event=quiet)
    with on(2):
        Order.objects.update(refund=Decimal("25.00"), tax=Decimal("12.00"))
        post_orders([order.pk])
        change_expense(expense=cost, amount=Decimal("50.00"))
        make_expense("1.00", event=event, basis=Basis.BUDGET)

    [row] = changes_since(YEAR, as_of=FIRST)

    assert (row.event_id, row.then, row.now) == (event.pk, Decimal("44.00"), Decimal("13.00"))
    assert (row.gross, row.refunds, row.tax_and_fees) == (0, Decimal("-25.00"), Decimal("4.00"))
    assert (row.own_costs, row.shared_costs, row.performers) == (Decimal("-10.00"), 0, 0)
    assert (row.lines, row.edits) == (2, 2)
    [total] = change_totals([row])
    assert (total.currency, total.change) == ("EUR", Decimal("-31.00"))
    assert changes_since(YEAR, as_of=FIRST + timedelta(days=2)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("number", [2, 40])
def test_the_queries_of_a_past_day_do_not_grow(number, django_assert_num_queries):
    with on(0):
        for _ in range(number):
            event = make_event()
            make_seat(make_order(event))
            make_expense("5.00", event=event)
            make_expense("7.00")

    with django_assert_num_queries(11):
        rows = listed_money(YEAR, as_of=FIRST)

    assert len(rows) == number


cents = st.integers(1, 9_000).map(lambda value: Decimal(value) / 100)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["sell", "refund", "cost", "edit", "move", "share", "delete", "show"]),
        st.integers(0, 5),
        cents,
        st.sampled_from(["EUR", "JPY"]),
    ),
    min_size=1,
    max_size=9,
)


class AnyWeek(TestCase):
    @given(STEPS)
    @settings(max_examples=12)
    def test_the_report_of_a_past_day_is_what_the_report_said_that_evening(self, steps):
        evenings = []
        with on(0):
            make_event()
            make_event(currency="JPY")
        for number, step in enumerate(steps):
            with on(number):
                take(*step)
                rows = listed_money(YEAR)
                evenings.append({(row.event_id, row.currency): amounts(row) for row in rows})

        with on(len(steps)):
            assert [known(number) for number in range(len(steps))] == evenings
            for number in range(len(steps)):
                told = changes_since(YEAR, as_of=FIRST + timedelta(days=number))
                parts = ("gross", "refunds", "tax_and_fees", "own_costs", "performers")
                for row in told:
                    by_part = sum(getattr(row, name) for name in (*parts, "shared_costs"))
                    assert row.change == by_part


def take(step: str, which: int, amount: Decimal, currency: str) -> None:
    """One thing that happens to the money of shows."""
    if currency == "JPY":
        amount = amount.quantize(Decimal(1)) or Decimal(1)
    event = pick(Event.objects.all(), which)
    if step == "show":
        make_event(currency=currency)
    elif step == "sell":
        post_orders([make_order(event, amount, currency=currency).pk])
    elif step == "refund" and (order := pick(Order.objects.all(), which)):
        Order.objects.filter(pk=order.pk).update(refund=min(amount, order.gross_paid))
        post_orders([order.pk])
    elif step in ("cost", "share"):
        make_expense(amount, event=event if step == "cost" else None, currency=currency)
    elif cost := pick(Expense.objects.all(), which):
        if step == "edit":
            change_expense(expense=cost, amount=amount.quantize(Decimal(1)) or Decimal(1))
        elif step == "move":
            change_expense(expense=cost, event=event)
        elif step == "delete":
            cost.delete()
    share_expenses()


def pick(rows, which: int):
    found = list(rows.order_by("pk"))
    return found[which % len(found)] if found else None
