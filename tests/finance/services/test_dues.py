from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Attendance, Order
from events.models import Event
from finance.models import (
    BonusStep,
    DealBase,
    DealKind,
    LedgerKind,
    LedgerLine,
    PerformerAgreement,
)
from finance.services.dues import Bonus, Terms, due, in_words, reckon, terms_of
from finance.services.figures import Figures
from finance.services.profit import event_money
from tests.factories import (
    make_agreement,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_performer,
    make_seat,
)

D = Decimal
FIGURES = Figures(
    currency="EUR",
    seats=92,
    gross=D("2200.00"),
    refunds=D("40.00"),
    tax=D("160.00"),
    eventbrite_fees=D("120.00"),
    processing_fees=D("40.00"),
    room_rental=D("300.00"),
    marketing=D("100.00"),
    production=D("90.00"),
    staff=D("110.00"),
    performers=D("5000.00"),
    shared_costs=D("77.00"),
)
"""Gross less refunds 2160, less tax 2000, net sales 1840, less own expenses 1240."""


def deal(kind: DealKind, **numbers: Any) -> Terms:
    amounts = {
        k: D(v) if isinstance(v, str) and k not in ("base", "currency") else v
        for k, v in numbers.items()
    }
    return Terms(kind=kind, **{"currency": "EUR"} | amounts)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (deal(DealKind.FLAT, guarantee="350.00"), "350.00"),
        (deal(DealKind.DOOR_SPLIT, percentage="70", base="gross"), "1512.00"),
        (deal(DealKind.DOOR_SPLIT, percentage="70", base="gross_less_tax"), "1400.00"),
        (deal(DealKind.DOOR_SPLIT, percentage="70"), "1288.00"),
        (deal(DealKind.DOOR_SPLIT, percentage="70", base="net_sales_less_expenses"), "868.00"),
        (
            deal(DealKind.PLUS, guarantee="500", percentage="60", split_point="1000"),
            "1004.00",
        ),  # 500 + 60 % of (1840 - 1000)
        (deal(DealKind.PLUS, guarantee="500", percentage="60", split_point="1840"), "500.00"),
        (deal(DealKind.PLUS, guarantee="500", percentage="60", split_point="9000"), "500.00"),
        (deal(DealKind.VERSUS, guarantee="500", percentage="70"), "1288.00"),
        (deal(DealKind.VERSUS, guarantee="1300", percentage="70"), "1300.00"),
        (deal(DealKind.PER_TICKET, per_seat="2.50"), "230.00"),
        (deal(DealKind.PER_TICKET, per_seat="2.50", above_seats=50), "105.00"),
        (deal(DealKind.PER_TICKET, per_seat="2.50", above_seats=92), "0.00"),
        (deal(DealKind.DOOR_SPLIT, percentage="33.33"), "613.27"),  # 613.272
        (deal(DealKind.DOOR_SPLIT, percentage="12.5", currency="JPY"), "230"),
    ],
)
def test_each_kind_of_deal_comes_to_what_is_worked_out_by_hand(terms, expected):
    assert due(terms, FIGURES) == D(expected)
    assert str(due(terms, FIGURES)) == expected


def test_half_a_cent_is_rounded_up_and_only_in_the_end():
    show = Figures(currency="EUR", gross=D("0.01"))

    assert due(deal(DealKind.DOOR_SPLIT, percentage="50"), show) == D("0.01")
    assert due(deal(DealKind.DOOR_SPLIT, percentage="49.99"), show) == D("0.00")


def test_a_loss_is_nobodys_share():
    show = Figures(currency="EUR", gross=D("100"), room_rental=D("400"))
    of_profit = {"percentage": "70", "base": "net_sales_less_expenses"}

    assert due(deal(DealKind.DOOR_SPLIT, **of_profit), show) == D("0.00")
    assert due(deal(DealKind.VERSUS, guarantee="50", **of_profit), show) == D("50.00")


@pytest.mark.parametrize(
    ("seats", "gross", "expected"),
    [(79, "1000", "300.00"), (80, "1000", "400.00"), (120, "2000", "700.00")],
)
def test_bonus_steps_add_up_once_they_are_reached(seats, gross, expected):
    terms = deal(
        DealKind.FLAT,
        guarantee="300",
        bonuses=(
            Bonus(amount=D("100"), from_seats=80),
            Bonus(amount=D("50"), from_seats=120),
            Bonus(amount=D("250"), from_base=D("2000")),
        ),
    )

    assert due(terms, Figures(currency="EUR", seats=seats, gross=D(gross))) == D(expected)


def test_the_calculation_is_shown_line_by_line():
    terms = deal(
        DealKind.VERSUS,
        guarantee="500",
        percentage="70",
        bonuses=(Bonus(amount=D("100"), from_seats=80),),
    )

    assert in_words(terms) == (
        "€500.00 or 70 % of net sales, whichever is more; €100.00 more from 80 seats"
    )
    assert [
        (step.words, str(step.amount.quantize(D("0.01")))) for step in reckon(terms, FIGURES)
    ] == [
        ("Net sales", "1840.00"),
        ("70 % of it", "1288.00"),
        ("Guarantee", "500.00"),
        ("The greater of the two", "1288.00"),
        ("Bonus: 80 seats are reached", "100.00"),
        ("Due", "1388.00"),
    ]


@pytest.mark.django_db
def test_the_dues_of_several_performers_reduce_net_revenue_once():
    event = make_event()
    order = make_order(event, gross="1000.00")
    make_line(order, LedgerKind.SALE, "1000.00")
    make_line(order, LedgerKind.TAX, "-100.00")
    make_seat(order)
    make_expense("200.00", event=event)
    make_agreement(event, guarantee=D("150"))
    make_agreement(
        event, kind=DealKind.DOOR_SPLIT, percentage=D("10"), status="paid", paid_on=event.starts_on
    )
    make_agreement(event, guarantee=D("999"), status="draft")
    make_agreement(event, guarantee=D("80"), currency="USD")

    euros, dollars = event_money(Event.objects.all())

    assert euros.performers == D("240.00")
    assert (euros.expenses, euros.costs) == (D("200.00"), D("440.00"))
    assert euros.net_revenue == D("900") - D("200") - D("240")
    assert (dollars.currency, dollars.performers, dollars.net_revenue) == ("USD", 80, -80)


# The same in SQL

amounts = st.integers(0, 2_000_000).map(lambda units: D(units).scaleb(-3))
signed = st.integers(-500_000, 2_000_000).map(lambda units: D(units).scaleb(-3))


@st.composite
def deals(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(DealKind))
    has_share = kind in (DealKind.DOOR_SPLIT, DealKind.PLUS, DealKind.VERSUS)
    is_fixed = kind in (DealKind.FLAT, DealKind.PLUS, DealKind.VERSUS)
    is_per_seat = kind == DealKind.PER_TICKET
    steps = st.one_of(
        st.fixed_dictionaries({"from_seats": st.integers(0, 4)}),
        st.fixed_dictionaries({"from_base": amounts}),
    )
    return {
        "currency": draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        "terms": {
            "kind": kind,
            "base": draw(st.sampled_from(DealBase)),
            "guarantee": draw(amounts) if is_fixed else None,
            "percentage": D(draw(st.integers(1, 10_000))) / 100 if has_share else None,
            "split_point": draw(amounts) if kind == DealKind.PLUS else None,
            "per_seat": draw(amounts) + D("0.001") if is_per_seat else None,
            "above_seats": draw(st.none() | st.integers(0, 4)) if is_per_seat else None,
        },
        "lines": draw(st.lists(st.tuples(st.sampled_from(LedgerKind), signed), max_size=4)),
        "costs": draw(st.lists(amounts, max_size=2)),
        "seats": draw(st.integers(0, 3)),
        "steps": draw(st.lists(steps, max_size=2, unique_by=lambda step: next(iter(step)))),
    }


def enter(shows: Sequence[dict[str, Any]]) -> None:
    """A show, its money and its agreement for each of `shows`."""
    for show in shows:
        event = make_event(currency=show["currency"])
        order = make_order(event)
        lines = [(kind, amount) for kind, amount in show["lines"] if amount]
        LedgerLine.objects.bulk_create(
            LedgerLine(
                order=order,
                event=event,
                kind=kind,
                amount=amount,
                currency=event.currency,
                occurred_at=order.ordered_at,
                known_at=order.ordered_at,
            )
            for kind, amount in lines
        )
        Attendance.objects.bulk_create(
            Attendance(order=order, event=event, changed_at=order.changed_at, currency="EUR")
            for _ in range(show["seats"])
        )
        for amount in filter(None, show["costs"]):
            make_expense(amount, event=event)
        agreement = make_agreement(event, **show["terms"])
        BonusStep.objects.bulk_create(
            BonusStep(agreement=agreement, amount=D("12.345"), **step) for step in show["steps"]
        )


@pytest.mark.django_db
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(deals(), min_size=3, max_size=6))
def test_sql_and_python_come_to_the_same_dues(shows):
    for model in (BonusStep, PerformerAgreement, LedgerLine, Attendance, Order):
        model.objects.all().delete()
    enter(shows)
    own = {row.event_id: row for row in event_money(Event.objects.all())}

    listed = PerformerAgreement.objects.with_due().select_related("event")

    for agreement in listed:
        figures = own[agreement.event_id]
        expected = due(terms_of(agreement), figures)
        assert agreement.due == expected >= 0
        assert figures.performers == expected


@pytest.mark.django_db
def test_the_list_of_dues_takes_one_query_whatever_its_length(django_assert_num_queries):
    act = make_performer()
    for _ in range(3):
        make_agreement(performer=act)

    with django_assert_num_queries(1):
        assert [agreement.due for agreement in PerformerAgreement.objects.with_due()] == [100] * 3


@pytest.mark.django_db
def test_a_past_day_shows_the_dues_of_that_day():
    with time_machine.travel("2026-03-10 12:00", tick=False):
        event = make_event()
        agreement = make_agreement(event, guarantee=D("100"))
        BonusStep.objects.create(agreement=agreement, amount=D("30"), from_seats=0)
    with time_machine.travel("2026-03-12 12:00", tick=False):
        agreement.guarantee = D("150")
        agreement.save()
    shows = Event.objects.all()

    days = [date(2026, 3, day) for day in (10, 11, 12)]

    assert [event_money(shows, day)[0].performers for day in days] == [130, 130, 180]
    assert event_money(shows)[0].performers == 180
