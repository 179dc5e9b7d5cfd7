from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from customers.models import PaidThrough
from events.models import Event
from finance.models import Deposit, LedgerKind, PayoutVariance, VarianceKind
from finance.services.deposits import match_deposit
from finance.services.payouts import PayoutStatus, deposited, expected_payout, payouts_of
from finance.services.reconciliation import by_age, overdue_events, reconciliation
from nova_project.periods import Period
from tests.factories import (
    make_deposit,
    make_event,
    make_line,
    make_order,
    make_paid_event,
)

pytestmark = pytest.mark.django_db

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def payout_of(event):
    return payouts_of(Event.objects.filter(pk=event.pk))[0]


def explain(event, amount, kind=VarianceKind.RESERVE):
    return PayoutVariance.objects.create(
        event=event, kind=kind, amount=Decimal(amount), currency=event.currency, note="Seen."
    )


def make_sale(event, *, eventbrite_fee="3.98", payment_fee="1.16", **fields):
    """An order as Eventbrite shows it: 51.00, of which 40.00 are the organiser's."""
    fees = {"eventbrite_fee": Decimal(eventbrite_fee), "payment_fee": Decimal(payment_fee)}
    order = make_order(event, gross="51.00", tax=Decimal("5.86"), **fees, **fields)
    make_line(order, LedgerKind.SALE, "51.00")
    make_line(order, LedgerKind.TAX, "-5.86")
    for kind, amount in (
        (LedgerKind.EVENTBRITE_FEE, eventbrite_fee),
        (LedgerKind.PROCESSING_FEE, payment_fee),
    ):
        if Decimal(amount):
            make_line(order, kind, -Decimal(amount))
    return order


def test_a_payout_is_what_eventbrite_processed_less_refunds_tax_and_fees():
    event = make_event()
    make_line(make_sale(event), LedgerKind.REFUND, "-10.00")

    row = payout_of(event)

    assert (row.gross, row.refunds, row.tax) == (51, 10, Decimal("5.86"))
    assert (row.eventbrite_fees, row.processing_fees) == (Decimal("3.98"), Decimal("1.16"))
    assert row.expected == 30


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 40),
        ({"eventbrite_id": None}, None),
        ({"paid_through": PaidThrough.ELSEWHERE}, None),
        ({"payment_fee": "0.00"}, None),
        ({"payment_fee": "0.00", "paid_through": PaidThrough.EVENTBRITE}, Decimal("41.16")),
    ],
    ids=["through Eventbrite", "at the door", "marked", "no processing fee", "marked as its own"],
)
def test_sales_that_eventbrite_does_not_process_stay_out(fields, expected):
    event = make_event()
    make_sale(event, **fields)
    annotated = Event.objects.annotate(payout=expected_payout()).get()

    rows = payouts_of(Event.objects.all())

    assert [row.expected for row in rows] == ([] if expected is None else [expected])
    assert annotated.payout == (expected or 0)


def test_tax_that_the_organiser_owes_is_paid_out_to_him(settings):
    settings.NOVA_EVENTBRITE_REMITS_TAX = False
    event = make_event()
    make_sale(event)

    row = payout_of(event)

    assert (row.tax, row.expected) == (0, Decimal("45.86"))


@pytest.mark.parametrize(
    ("days", "arrived", "explained", "status"),
    [
        (1, "", [], PayoutStatus.NOT_DUE),
        (5, "", [], PayoutStatus.AWAITING),
        (14, "", [], PayoutStatus.AWAITING),
        (15, "", [], PayoutStatus.OVERDUE),
        (15, "60.00", [], PayoutStatus.PARTIAL),
        (15, "100.00", [], PayoutStatus.MATCHED),
        (15, "60.00", [("-40.00", "reserve")], PayoutStatus.EXPLAINED),
        (15, "60.00", [("-30.00", "reserve")], PayoutStatus.PARTIAL),
        (15, "", [("-100.00", "write_off")], PayoutStatus.WRITTEN_OFF),
    ],
)
def test_the_status_follows_the_days_what_arrived_and_what_was_explained(
    days, arrived, explained, status
):
    event = make_paid_event("100.00", ago(days))
    if arrived:
        match_deposit(deposit=make_deposit(arrived), parts={event.pk: Decimal(arrived)})
    for amount, kind in explained:
        explain(event, amount, kind)

    row = payout_of(event)

    assert row.status == status
    assert row.variance == Decimal(arrived or 0) - 100


def test_amounts_of_two_currencies_stand_in_rows_of_their_own():
    event = make_paid_event("100.00")
    make_line(make_order(event, currency="USD"), LedgerKind.SALE, "7.00", currency="USD")

    rows = payouts_of(Event.objects.all())

    assert [(row.currency, row.expected) for row in rows] == [("EUR", 100), ("USD", 7)]


def test_unmatched_deposits_are_listed_with_what_is_left_of_them():
    event = make_paid_event("60.00")
    partly = make_deposit("100.00", description="PAYOUT 1")
    match_deposit(deposit=partly, parts={event.pk: Decimal("60.00")})
    make_deposit("50.00", booked_on=date(2026, 4, 1))

    rows = reconciliation(MARCH)

    assert [(row.name, row.status.value, row.deposited) for row in rows] == [
        (event.name, "Matched", 60),
        ("PAYOUT 1", "Unmatched deposit", 40),
    ]
    assert [row.name for row in reconciliation(MARCH, status="Unmatched deposit")] == ["PAYOUT 1"]


def test_what_is_open_is_added_up_by_its_age():
    for days, amount in ((5, "1.00"), (13, "20.00"), (40, "300.00"), (90, "4000.00")):
        make_paid_event(amount, ago(days))
    make_paid_event("5.00", ago(-5))
    make_deposit("7.00", booked_on=ago(10))

    spans = by_age(reconciliation(Period(ago(200), ago(-30))), "EUR")

    assert [(missing, unmatched) for _, missing, unmatched in spans] == [
        (1, 0),
        (20, 7),
        (300, 0),
        (4000, 0),
    ]


def test_overdue_events_are_those_since_deposits_are_kept():
    make_paid_event("10.00", ago(200))
    late = make_paid_event("100.00", ago(40))
    make_paid_event("100.00", ago(2))
    explained = make_paid_event("10.00", ago(41))
    explain(explained, "-10.00", VarianceKind.WRITE_OFF)
    assert not overdue_events().exists()

    make_deposit("5.00", booked_on=ago(60))

    assert [(event.pk, event.missing) for event in overdue_events()] == [(late.pk, 100)]


def test_the_number_of_queries_does_not_grow_with_events_and_deposits(django_assert_num_queries):
    for size in (1, 20):
        for _ in range(size):
            event = make_paid_event("100.00")
            match_deposit(deposit=make_deposit("30.00"), parts={event.pk: Decimal(30)})
            explain(event, "-70.00")
            make_deposit("3.00")
        with django_assert_num_queries(5):
            reconciliation(MARCH)


def test_an_upper_figure_of_deposits_is_had_as_an_expression():
    event = make_paid_event("100.00")
    match_deposit(deposit=make_deposit("30.00"), parts={event.pk: Decimal(30)})
    assert Deposit.objects.count() == 1

    assert Event.objects.annotate(arrived=deposited()).get().arrived == 30
