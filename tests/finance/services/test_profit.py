from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from customers.models import AttendanceStatus, OrderStatus
from events.models import Event, EventStatus
from finance.models import (
    Basis,
    Category,
    Expense,
    ExpenseShare,
    ExpenseStatus,
    LedgerKind,
    LedgerLine,
)
from finance.services import share_expenses
from finance.services.figures import EventMoney
from finance.services.profit import (
    NO_SHOW_TYPE,
    event_money,
    events_of,
    listed_money,
    period_totals,
    show_type_money,
)
from finance.services.totals import month_totals, show_type_totals, totals
from nova_project.periods import Period
from tests.factories import (
    make_event,
    make_expense,
    make_line,
    make_order,
    make_seat,
    make_show_type,
)

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def money_of(event: Event) -> EventMoney:
    [row] = event_money(Event.objects.filter(pk=event.pk))
    return row


def make_sale(event: Event, **amounts: str) -> None:
    """An order with a seat and the ledger lines of `amounts`, signed as the ledger has them."""
    order = make_order(event)
    make_seat(order)
    for kind, amount in amounts.items():
        make_line(order, LedgerKind[kind.upper()], amount)


@pytest.mark.django_db
def test_an_events_money_is_worked_out_from_its_ledger_costs_and_seats():
    event = make_event()
    make_sale(event, sale="119.00", tax="-19.00", eventbrite_fee="-4.20", processing_fee="-2.75")
    make_sale(event, sale="59.50", tax="-9.50", refund="-59.50")
    make_expense("25.00", event=event, category=Category.ROOM_RENTAL)
    make_expense("10.00", event=event, category=Category.MARKETING)
    make_expense("7.50", event=event, category=Category.PRODUCTION)
    make_expense("4.25", event=event, category=Category.STAFF)
    make_expense("3.00", shared_from=MARCH.start, shared_until=MARCH.last)
    share_expenses()

    row = money_of(event)

    assert (row.seats, row.currency) == (2, "EUR")
    assert (row.gross, row.refunds, row.tax) == (
        Decimal("178.50"),
        Decimal("59.50"),
        Decimal("28.50"),
    )
    assert (row.eventbrite_fees, row.processing_fees) == (Decimal("4.20"), Decimal("2.75"))
    assert row.net_sales == Decimal("83.55")
    assert (row.room_rental, row.marketing) == (Decimal("25.00"), Decimal("10.00"))
    assert (row.production, row.staff) == (Decimal("7.50"), Decimal("4.25"))
    assert (row.performers, row.shared_costs) == (Decimal("0.00"), Decimal("3.00"))
    assert row.expenses == Decimal("49.75")
    assert row.net_revenue == Decimal("33.80")
    assert row.margin == Decimal("33.80") * 100 / Decimal("90.50")
    assert row.cost_per_attendee == Decimal("5.00")


@pytest.mark.django_db
def test_ratios_are_undefined_where_they_would_divide_by_zero():
    event = make_event()
    make_expense("80.00", event=event, category=Category.MARKETING)

    row = money_of(event)

    assert row.net_revenue == Decimal("-80.00")
    assert (row.margin, row.cost_per_attendee) == (None, None)


@pytest.mark.django_db
def test_planned_costs_and_budgets_do_not_count_and_credit_notes_do():
    event = make_event()
    make_expense("100.00", event=event, status=ExpenseStatus.COMMITTED)
    make_expense("50.00", event=event, status=ExpenseStatus.PLANNED)
    make_expense("70.00", event=event, basis=Basis.BUDGET)
    make_expense("-20.00", event=event)

    row = money_of(event)

    assert row.room_rental == row.expenses == Decimal("80.00")


@pytest.mark.django_db
def test_only_valid_seats_count():
    order = make_order()
    for status in AttendanceStatus:
        make_seat(order, status=status)
    make_seat(make_order(order.event, status=OrderStatus.CANCELLED))

    row = money_of(order.event)

    assert row.seats == 2  # attending and checked in


@pytest.mark.django_db
def test_a_cost_in_another_currency_has_a_row_of_its_own_and_no_seats():
    event = make_event()
    make_sale(event, sale="40.00")
    make_expense("5000", event=event, currency="JPY", category=Category.MARKETING)

    own, yen = event_money(Event.objects.all())

    assert (own.currency, own.gross, own.marketing, own.seats) == ("EUR", 40, 0, 1)
    assert (yen.currency, yen.gross, yen.marketing, yen.seats) == ("JPY", 0, 5000, 0)
    assert yen.cost_per_attendee is None
    assert [(total.currency, total.net_revenue) for total in totals([own, yen])] == [
        ("EUR", 40),
        ("JPY", -5000),
    ]


@pytest.mark.django_db
def test_what_never_was_on_sale_is_listed_only_with_money():
    shown = make_event(name="Played")
    make_event(name="Draft", status=EventStatus.DRAFT)
    make_event(name="Parent", is_series_parent=True)
    cancelled = make_event(name="Cancelled with a bill", status=EventStatus.CANCELLED)
    make_expense("30.00", event=cancelled)
    refunded = make_event(name="Cancelled with fees", status=EventStatus.CANCELLED)
    make_sale(refunded, sale="20.00", refund="-20.00", eventbrite_fee="-1.00")
    make_event(name="Cancelled in silence", status=EventStatus.CANCELLED)

    rows = listed_money(MARCH)

    assert {row.event_id for row in rows} == {shown.pk, cancelled.pk, refunded.pk}


@pytest.mark.django_db
def test_both_ends_of_the_period_go_by_the_events_local_date():
    inside = [make_event(date(2026, 3, 1)), make_event(date(2026, 3, 31))]
    make_event(date(2026, 2, 28))
    make_event(date(2026, 4, 1))

    rows = listed_money(MARCH)

    assert [row.event_id for row in rows] == [event.pk for event in inside]


@pytest.mark.django_db
def test_shows_can_be_narrowed_to_a_type_or_to_those_without_one():
    improv = make_show_type("Improv")
    typed, untyped = make_event(show_type=improv), make_event()

    assert [event.pk for event in events_of(MARCH, improv)] == [typed.pk]
    assert [event.pk for event in events_of(MARCH, NO_SHOW_TYPE)] == [untyped.pk]
    assert events_of(MARCH).count() == 2


@pytest.mark.django_db
def test_the_margin_of_a_show_type_is_a_ratio_of_sums_and_no_mean_of_percentages():
    improv = make_show_type("Improv")
    for gross, cost in (("100.00", "90.00"), ("900.00", "100.00")):
        event = make_event(show_type=improv)
        make_sale(event, sale=gross)
        make_expense(cost, event=event)
    make_sale(make_event(), sale="10.00")

    typed, untyped = show_type_money(MARCH)

    assert (typed.show_type, typed.events, typed.seats) == ("Improv", 2, 2)
    assert typed.margin == Decimal(81)
    assert (untyped.show_type, untyped.show_type_id) == ("No show type", None)
    assert untyped.margin == Decimal(100)


@pytest.mark.django_db
def test_amounts_of_two_currencies_are_never_added(settings):
    settings.NOVA_CURRENCY = "USD"
    for currency, gross in (("EUR", "10.50"), ("JPY", "1500"), ("USD", "20.25"), ("EUR", "4.50")):
        make_sale(make_event(currency=currency), sale=gross)

    found = [(row.currency, row.events, row.gross) for row in period_totals(MARCH)]

    assert found == [("USD", 1, Decimal("20.25")), ("EUR", 2, 15), ("JPY", 1, 1500)]


@pytest.mark.django_db
def test_months_without_a_show_are_there_with_nothing():
    make_sale(make_event(date(2026, 1, 31)), sale="10.00")
    make_sale(make_event(date(2026, 3, 1)), sale="30.00")

    months = month_totals(listed_money(YEAR), "EUR")

    assert [(month, row.gross) for month, row in months] == [
        (date(2026, 1, 1), 10),
        (date(2026, 2, 1), 0),
        (date(2026, 3, 1), 30),
    ]
    assert month_totals([], "EUR") == []


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_events(django_assert_num_queries):
    make_sale(make_event(), sale="10.00")
    with django_assert_num_queries(7):
        listed_money(YEAR)
    for _ in range(300):
        event = make_event()
        make_expense("5.00", event=event)
        make_sale(event, sale="10.00")

    with django_assert_num_queries(7):
        rows = listed_money(YEAR)

    assert len(rows) == 301


AMOUNTS = st.decimals("-9999.99", "9999.99", places=2).filter(bool)
LINES = st.tuples(
    st.integers(0, 3), st.sampled_from(["EUR", "JPY"]), st.sampled_from(list(LedgerKind)), AMOUNTS
)
COSTS = st.tuples(
    st.integers(-1, 3), st.sampled_from(["EUR", "JPY"]), st.sampled_from(list(Category)), AMOUNTS
)


class TestSums(TestCase):
    @given(st.lists(LINES, max_size=12), st.lists(COSTS, max_size=8))
    def test_all_rows_together_are_the_ledger_less_the_expenses_of_each_currency(
        self, lines, costs
    ):
        statuses = [EventStatus.LIVE, EventStatus.DRAFT, EventStatus.CANCELLED, EventStatus.LIVE]
        currencies = ["EUR", "EUR", "EUR", "JPY"]
        types = [make_show_type("Improv"), None, make_show_type("Music"), None]
        events = [
            make_event(status=status, currency=currency, show_type=show_type)
            for status, currency, show_type in zip(statuses, currencies, types, strict=True)
        ]
        orders = [make_order(event) for event in events]
        for at, currency, kind, amount in lines:
            make_line(orders[at], kind, amount, currency=currency)
        for at, currency, category, amount in costs:
            event = events[at] if at >= 0 else None
            amount = amount.quantize(Decimal(1)) or Decimal(1) if currency == "JPY" else amount
            make_expense(amount, event=event, currency=currency, category=category)
        share_expenses()

        rows = listed_money(YEAR)

        expected = expected_by_currency()
        assert sums(rows) == expected
        assert sums(totals(rows)) == expected
        assert sums(show_type_totals(rows)) == expected


def expected_by_currency() -> dict[str, Decimal]:
    """Σ ledger − Σ counted expenses, read row by row."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in LedgerLine.objects.all():
        found[line.currency] += line.amount
    for expense in Expense.objects.all():
        found[expense.currency] -= expense.amount
    unshared = Expense.objects.filter(event=None).exclude(
        pk__in=ExpenseShare.objects.values("expense")
    )
    assert not unshared.exists()
    return {currency: amount for currency, amount in found.items() if amount}


def sums(rows) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.currency] += row.net_revenue
    return {currency: amount for currency, amount in found.items() if amount}
