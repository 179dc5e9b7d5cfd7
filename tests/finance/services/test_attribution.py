"""Who earns what of an order: worked examples, and against a count by hand in plain Python."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Order, OrderStatus, Touch, TouchKind
from finance.models import LedgerKind, LedgerLine
from finance.services.attribution import Credit, Grouping, Model, Scope, attribute
from nova_project.currencies import to_minor
from nova_project.periods import Period
from tests.factories import (
    make_campaign,
    make_customer,
    make_event,
    make_line,
    make_order,
    make_seat,
    make_show_type,
    make_touch,
)

pytestmark = pytest.mark.django_db

MARCH = Scope(Period(date(2026, 3, 1), date(2026, 4, 1)), days=90)
NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)
ALL = list(Model)


def sell(net="100.00", buyer=None, at=NOON, event=None, **fields):
    buyer = buyer or make_customer()
    order = make_order(event or make_event(), net, buyer=buyer, ordered_at=at, **fields)
    if Decimal(net):
        make_line(order, LedgerKind.SALE, net)
    return order


def touch(order, campaign, days, **fields):
    at = order.ordered_at - timedelta(days=days)
    return make_touch(campaign, customer=order.buyer, occurred_at=at, **fields)


def earned(scope=MARCH, models=ALL, by=Grouping.CAMPAIGN, currency="EUR"):
    """The amounts of each campaign (or label), in the order of the models; None: unattributed."""
    found = attribute(scope, models, by)
    rows = {
        (credit.campaign_id if by is Grouping.CAMPAIGN else credit.label): credit
        for credit in found.credits
        if credit.currency == currency
    }
    rows["unattributed"] = found.unattributed[currency]
    return {key: [str(credit.net_sales[model]) for model in models] for key, credit in rows.items()}


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        (Model.FIRST, ["100.00", "0.00", "0.00", "0.00"]),
        (Model.LAST, ["0.00", "0.00", "0.00", "100.00"]),
        (Model.LINEAR, ["25.00", "25.00", "25.00", "25.00"]),
        (Model.POSITION, ["40.00", "10.00", "10.00", "40.00"]),
        # 21, 14, 7 and 0 days: weights 1/8, 1/4, 1/2 and 1 of 15/8.
        (Model.DECAY, ["6.67", "13.33", "26.67", "53.33"]),
    ],
)
def test_each_model_shares_an_order_by_its_rule(model, shares):
    order = sell("100.00")
    campaigns = [make_campaign() for _ in shares]
    for campaign, days in zip(campaigns, (21, 14, 7, 0), strict=True):
        touch(order, campaign, days)

    found = earned(models=ALL)

    assert [found[campaign.pk][ALL.index(model)] for campaign in campaigns] == shares
    assert found["unattributed"] == ["0.00"] * 5


def test_one_touch_earns_all_and_two_share_in_halves_under_position():
    alone, both = sell("10.00"), sell("0.05")
    one, two = make_campaign(), make_campaign()
    touch(alone, one, 3)
    touch(both, one, 7)
    touch(both, two, 0)

    assert earned() == {
        one.pk: ["10.05", "10.00", "10.03", "10.03", "10.02"],
        two.pk: ["0.00", "0.05", "0.02", "0.02", "0.03"],
        "unattributed": ["0.00"] * 5,
    }


def test_touches_after_the_order_before_the_window_and_opened_emails_earn_nothing():
    order = sell("50.00")
    campaign = make_campaign()
    touch(order, campaign, -1)
    touch(order, campaign, 91)
    touch(order, campaign, 1, kind=TouchKind.OPEN)
    touch(order, None, 1, kind=TouchKind.FIRST_SOURCE, source="DIRECT_TRAFFIC")
    touch(sell("7.00"), campaign, 90)

    assert earned(models=[Model.LAST]) == {campaign.pk: ["7.00"], "unattributed": ["50.00"]}
    longer = Scope(MARCH.period, days=91)
    assert earned(longer, [Model.LAST]) == {campaign.pk: ["57.00"], "unattributed": ["0.00"]}


def test_a_code_of_an_order_without_buyer_earns_it_and_no_other():
    order = make_order(gross="20.00", buyer=None, ordered_at=NOON)
    make_line(order, LedgerKind.SALE, "20.00")
    campaign = make_campaign()
    make_touch(campaign, order=order)
    sell("5.00")

    assert earned(models=[Model.LAST]) == {campaign.pk: ["20.00"], "unattributed": ["5.00"]}


def test_a_source_of_no_campaign_earns_as_itself():
    order = sell("30.00")
    touch(order, None, 2, kind=TouchKind.LATEST_SOURCE, source="ORGANIC_SEARCH")
    touch(order, make_campaign(channel="email"), 1, source="News")

    by_source = earned(by=Grouping.SOURCE, models=[Model.LINEAR])
    by_channel = earned(by=Grouping.CHANNEL, models=[Model.LINEAR])

    assert by_source == {
        "latest organic_search": ["15.00"],
        "click news": ["15.00"],
        "unattributed": ["0.00"],
    }
    assert by_channel == {"": ["15.00"], "email": ["15.00"], "unattributed": ["0.00"]}


def test_refunded_and_free_orders_count_with_their_seats_as_they_are():
    campaign = make_campaign()
    buyer = make_customer()
    free = sell("0", buyer)
    make_seat(free)
    paid = sell("40.00", buyer, NOON + timedelta(days=1))
    make_seat(paid)
    make_seat(paid, status="refunded")
    gone = sell("25.00", buyer, NOON + timedelta(days=2), status=OrderStatus.CANCELLED)
    make_line(gone, LedgerKind.REFUND, "-25.00")
    make_line(gone, LedgerKind.EVENTBRITE_FEE, "-1.23")
    make_seat(gone)
    touch(free, campaign, 1)

    found = attribute(MARCH, [Model.FIRST])

    amounts = {Model.FIRST: Decimal("38.77")}
    assert found.credits == [Credit(campaign.pk, "", "EUR", 2, 2, 1, amounts)]
    assert found.whole["EUR"] == Credit(None, "", "EUR", 2, 2, 1, amounts)
    assert found.unattributed["EUR"].net_sales == {Model.FIRST: Decimal("0.00")}


def test_only_shows_of_the_period_and_type_count_and_currencies_stay_apart():
    music = make_show_type("Music")
    campaign = make_campaign()
    yen = make_event(currency="JPY", show_type=music)
    other = make_event(show_type=make_show_type("Magic"))
    for event in (yen, other, make_event(date(2026, 4, 1), show_type=music)):
        touch(sell("1001", event=event), campaign, 0)
        touch(sell("1001", event=event), None, 0, source="web")

    scope = Scope(MARCH.period, music, days=90)

    assert earned(scope, [Model.LINEAR], currency="JPY") == {
        campaign.pk: ["1001"],
        None: ["1001"],
        "unattributed": ["0"],
    }
    assert attribute(scope, [Model.LINEAR]).whole.keys() == {"JPY"}
    assert attribute(Scope(MARCH.period, currency="USD"), ALL).credits == []


DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}
AT = st.sampled_from([0, 0, 1, 3_600, 7 * 86_400, 30 * 86_400, 90 * 86_400, 90 * 86_400 + 1])
AMOUNT = st.integers(-500, 9_999)
ORDERS = st.lists(
    st.tuples(st.integers(0, 3), AT, AMOUNT, AMOUNT, st.sampled_from(list(DIGITS))),
    min_size=1,
    max_size=8,
)
TOUCHES = st.lists(
    st.tuples(st.integers(0, 3), AT, st.integers(0, 2), st.sampled_from(["click", "open"])),
    max_size=12,
)


@pytest.fixture
def market():
    """Four buyers, three campaigns, and a show in each of three currencies."""
    shows = {currency: make_event(currency=currency) for currency in DIGITS}
    return [make_customer() for _ in range(4)], [make_campaign() for _ in range(3)], shows


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=ORDERS, touches=TOUCHES)
def test_every_model_shares_all_there_is_to_the_cent_as_plain_python_does(market, orders, touches):
    with transaction.atomic():
        make_path(*market, orders, touches)

        found = attribute(MARCH, ALL)

        by_hand, whole = plain_attribution()
        transaction.set_rollback(True)
    assert by_hand == {
        (credit.campaign_id, credit.currency, model): to_minor(amount, credit.currency)
        for credit in found.credits
        for model, amount in credit.net_sales.items()
    }
    for currency, total in whole.items():
        for model in ALL:
            parts = [c for c in found.credits if c.currency == currency]
            parts.append(found.unattributed[currency])
            shares = sum(credit.net_sales[model] for credit in parts)
            assert to_minor(shares, currency) == total


def make_path(buyers, campaigns, shows, orders, touches):
    """Orders over ninety days, with a sale and what is taken from it, and touches before and after
    them, many at the same moment."""
    for who, ago, sale, less, currency in orders:
        at = NOON - timedelta(seconds=ago)
        order = make_order(shows[currency], buyer=buyers[who], ordered_at=at)
        for kind, units in ((LedgerKind.SALE, sale), (LedgerKind.REFUND, -less)):
            if units:
                make_line(order, kind, Decimal(units).scaleb(-DIGITS[currency]))
    for who, ago, which, kind in touches:
        at = NOON - timedelta(seconds=ago)
        make_touch(campaigns[which], customer=buyers[who], occurred_at=at, kind=kind)


def plain_attribution():
    """The credits by campaign, currency and model, and the net sales by currency, in units."""
    credits, whole = defaultdict(int), defaultdict(int)
    for order in Order.objects.all():
        lines = LedgerLine.objects.filter(order=order)
        units = to_minor(sum((line.amount for line in lines), Decimal(0)), order.currency)
        whole[order.currency] += units
        path = sorted(
            (
                touch
                for touch in Touch.objects.filter(customer=order.buyer).exclude(kind="open")
                if timedelta(0) <= order.ordered_at - touch.occurred_at <= timedelta(days=90)
            ),
            key=lambda touch: (touch.occurred_at, touch.pk),
        )
        ages = [(order.ordered_at - touch.occurred_at).total_seconds() for touch in path]
        for model in ALL:
            for touch, share in zip(path, shared(units, weights(model, ages)), strict=True):
                credits[touch.campaign_id, order.currency, model] += share
    return dict(credits), dict(whole)


def weights(model, ages):
    """What each touch of a path weighs, the earliest first."""
    count = len(ages)
    if model is Model.DECAY:
        return [max(round(1_000_000 * 2 ** (-age / 604_800)), 1) for age in ages]
    if count <= 2 and model is Model.POSITION:
        return [1] * count
    return {
        Model.FIRST: [1] + [0] * (count - 1),
        Model.LAST: [0] * (count - 1) + [1],
        Model.LINEAR: [1] * count,
        Model.POSITION: [2] + [Fraction(1, max(count - 2, 1))] * (count - 2) + [2],
    }[model][:count]


def shared(units, parts):
    """Whole units in proportion to `parts`: the running sum is rounded, so nothing is lost."""
    running, given_out = Fraction(0), 0
    for part in parts:
        running += part
        exact = abs(units) * running / sum(parts)
        upto = int(exact + Fraction(1, 2)) * (-1 if units < 0 else 1)
        yield upto - given_out
        given_out = upto
