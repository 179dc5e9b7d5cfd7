"""The removal effect against published examples, and on the paths of our own touches."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from finance.models import LedgerKind
from finance.services.attribution import Scope
from finance.services.datadriven import data_driven
from finance.services.removal import Steps, shares
from nova_project.periods import Period
from tests.factories import (
    make_campaign,
    make_customer,
    make_event,
    make_line,
    make_order,
    make_touch,
)

MARCH = Scope(Period(date(2026, 3, 1), date(2026, 4, 1)), currency="EUR", days=90)


def test_effects_are_those_of_a_published_example():
    """Source: https://analyzecore.com/2016/08/03/attribution-model-r-part-1/"""
    steps = Steps.of_paths([(("C1", "C2", "C3"), 1, 0), (("C1",), 0, 1), (("C2", "C3"), 0, 1)])

    effects = steps.removal_effects()

    assert steps.conversion() == pytest.approx(1 / 3)
    assert steps.conversion({"C1"}) == pytest.approx(1 / 6)
    assert effects == pytest.approx({"C1": 0.5, "C2": 1, "C3": 1})
    assert shares(effects) == pytest.approx({"C1": 0.2, "C2": 0.4, "C3": 0.4})


def test_effects_are_those_of_a_second_example_by_hand():
    """Paths of
    https://serhiipuzyrov.com/2019/07/markov-chain-attribution-simple-explanation-of-removal-effect/
    """
    steps = Steps.of_paths([(("ads",), 2, 1), (("mail",), 1, 0), (("ads", "mail"), 1, 0)])

    assert steps.conversion() == pytest.approx(0.8 * (0.5 + 0.25) + 0.2)
    assert steps.removal_effects() == pytest.approx({"ads": 1 - 0.2 / 0.8, "mail": 1 - 0.4 / 0.8})


def test_a_loop_comes_to_an_end():
    """Source: the example of pychattr, https://github.com/jmwoloso/pychattr, whose simulation gives
    1.99 and 1.01 of three orders."""
    steps = Steps.of_paths([(tuple("ABABBA"), 1, 0), (tuple("ABBAA"), 1, 0), (tuple("AA"), 1, 0)])

    parts = shares(steps.removal_effects())

    assert {state: 3 * part for state, part in parts.items()} == pytest.approx({"A": 2, "B": 1})


def test_no_order_means_no_effect():
    steps = Steps.of_paths([(("A",), 0, 3)])

    assert steps.removal_effects() == {}
    assert shares({}) == {}


@pytest.mark.django_db
def test_paths_are_those_of_buyers_and_of_people_who_only_were_reached():
    event = make_event()
    one, two = make_campaign("One"), make_campaign("Two")
    for path in [(one, two), (one,), (one, one)]:
        order = make_order(event, "10.00", buyer=make_customer())
        make_line(order, LedgerKind.SALE, "10.00")
        for days, campaign in enumerate(reversed(path)):
            at = order.ordered_at - timedelta(days=days)
            make_touch(campaign, customer=order.buyer, occurred_at=at)
    make_touch(two, customer=make_customer(), occurred_at=order.ordered_at)

    few = data_driven(MARCH, Decimal("30.00"))
    found = data_driven(MARCH, Decimal("30.00"), fewest=3)

    assert (few.orders, few.others, few.rows) == (3, 1, [])
    # One leads to an order in 2 of 3, else to Two, which does in 1 of 2: 3/4 × (2/3 + 1/6) + 1/8
    # of all paths; 1/8 without One, 1/2 without Two.
    assert [(row.campaign, row.net_sales) for row in found.rows] == [
        ("One", Decimal("21.43")),
        ("Two", Decimal("8.57")),
    ]
    assert found.rows[0].effect == pytest.approx(1 - 0.125 / 0.75)
    assert found.rows[1].effect == pytest.approx(1 - 0.5 / 0.75)
