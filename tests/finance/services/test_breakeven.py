from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.models import DealKind
from finance.services.breakeven import BreakEven, Mix, at_tickets, break_even
from finance.services.dues import Bonus, Terms
from finance.services.figures import Figures

D = Decimal
COSTS = Figures(currency="EUR", room_rental=D("250"), staff=D("150"))
TICKET = Mix(tickets=1, gross=D("20"), eventbrite_fees=D("2"))
VERSUS = Terms(
    kind=DealKind.VERSUS, currency="EUR", guarantee=D("500"), percentage=D("70"), base="net_sales"
)


@pytest.mark.parametrize(
    ("capacity", "tickets", "at_capacity"),
    [(100, 75, "140.00"), (75, 75, "5.00"), (74, None, "-0.40"), (60, None, "-76.00")],
)
def test_a_versus_deal_breaks_even_at_75_tickets_and_not_at_50(capacity, tickets, at_capacity):
    found = break_even(costs=COSTS, mix=TICKET, deals=[VERSUS], capacity=capacity)

    assert found == BreakEven(tickets, capacity, D(at_capacity))


def test_without_a_deal_the_costs_alone_decide():
    assert break_even(costs=COSTS, mix=TICKET, deals=[], capacity=60).tickets == 23
    free = Figures(currency="EUR")
    assert break_even(costs=free, mix=TICKET, deals=[], capacity=60).tickets == 0


def test_a_bonus_step_may_put_a_show_back_into_loss():
    bonus = Terms(
        kind=DealKind.FLAT,
        currency="EUR",
        guarantee=D("0"),
        bonuses=(Bonus(amount=D("900"), from_seats=30),),
    )

    found = break_even(costs=COSTS, mix=TICKET, deals=[bonus], capacity=40)

    assert found == BreakEven(23, 40, D("-580.00"))


def test_the_mix_of_what_is_sold_is_exact_for_what_is_sold():
    sold = Figures(
        currency="EUR",
        seats=3,
        gross=D("100.00"),
        refunds=D("10.00"),
        tax=D("7.00"),
        performers=D("9.00"),
        marketing=D("20.00"),
    )

    mix = Mix.of(sold)
    again = at_tickets(sold, mix, 3, [])

    assert (again.gross, again.refunds, again.tax) == (D("90"), 0, D("7"))
    assert (again.performers, again.net_revenue) == (0, D("63"))
    assert Mix.of(Figures(currency="EUR")) is None


@settings(max_examples=30)
@given(
    price=st.integers(1, 50),
    guarantee=st.integers(0, 900),
    percentage=st.integers(1, 100),
    capacity=st.integers(1, 120),
)
def test_below_the_break_even_every_number_of_tickets_loses(price, guarantee, percentage, capacity):
    deal = Terms(
        kind=DealKind.VERSUS,
        currency="EUR",
        guarantee=D(guarantee),
        percentage=D(percentage),
    )
    mix = Mix(tickets=1, gross=D(price))

    found = break_even(costs=COSTS, mix=mix, deals=[deal], capacity=capacity)

    results = [at_tickets(COSTS, mix, n, [deal]).net_revenue for n in range(capacity + 1)]
    first = [n for n, result in enumerate(results) if result >= 0][:1]
    assert [found.tickets] == (first or [None])
    assert found.at_capacity == results[-1]
