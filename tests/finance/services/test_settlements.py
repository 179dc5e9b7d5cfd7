from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Event
from finance.models import (
    BankAccount,
    Deposit,
    DepositMatch,
    LedgerKind,
    MovedSettlement,
    Settlement,
)
from finance.services import (
    close_settlement,
    compare_settlements,
    reopen_settlement,
    to_be_settled,
)
from finance.services.settlements import Move, moves
from finance.services.settling import as_figures, frozen_sheet, sheet_of
from tests.factories import (
    make_agreement,
    make_event,
    make_expense,
    make_line,
    make_order,
    make_performer,
    make_seat,
)

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def bookkeeper():
    return User.objects.create(username="vera")


def played() -> Event:
    """A show with a gross of 100.00, 10.00 tax, 6.00 fees, 20.00 refunded, and costs of 15.00."""
    event = make_event()
    order = make_order(event, gross="100.00")
    for kind, amount in (
        (LedgerKind.SALE, "100.00"),
        (LedgerKind.TAX, "-10.00"),
        (LedgerKind.EVENTBRITE_FEE, "-4.00"),
        (LedgerKind.PROCESSING_FEE, "-2.00"),
        (LedgerKind.REFUND, "-20.00"),
    ):
        make_line(order, kind, amount)
    make_seat(order)
    make_expense("15.00", event=event)
    return event


def test_the_ladder_leads_from_buyers_to_net_revenue():
    event = played()
    make_agreement(event, kind="door_split", percentage=D("50"), performer=make_performer("Foxes"))
    account = BankAccount.objects.create(name="Shows", currency="EUR")
    deposit = Deposit.objects.create(account=account, amount=D("60"), currency="EUR")
    DepositMatch.objects.create(
        deposit=deposit, event=event, amount=D("60"), currency="EUR", origin="by_hand"
    )

    sheet = sheet_of(event)

    assert {rung.key: str(rung.amount.quantize(D("0.01"))) for rung in sheet.rungs} == {
        "gross": "100.00",
        "tax": "-10.00",
        "eventbrite_fees": "-4.00",
        "processing_fees": "-2.00",
        "refunds": "-20.00",
        "net_sales": "64.00",
        "expected_payout": "64.00",
        "deposited": "60.00",
        "room_rental": "-15.00",
        "marketing": "0.00",
        "production": "0.00",
        "staff": "0.00",
        "shared_costs": "0.00",
        "performers": "-32.00",
        "net_revenue": "17.00",
    }
    rungs = [rung for rung in sheet.rungs if not rung.is_result and not rung.is_aside]
    assert sum(rung.amount for rung in rungs) == sheet.net_revenue
    assert sheet.owed == {"EUR": D("32.00")}
    [foxes] = sheet.performers
    assert (foxes.name, foxes.terms, foxes.due) == ("Foxes", "50 % of net sales", D("32.00"))


def test_what_is_not_certain_is_warned_of():
    event = played()
    make_order(event, is_refund_provisional=True)
    make_expense("9.00", event=event, status="planned")
    make_agreement(event, status="draft")

    warnings = " ".join(sheet_of(event).warnings)

    assert "1 order counts as refunded in full" in warnings
    assert "1 planned expense is not counted" in warnings
    assert "1 agreement is a draft" in warnings


def test_closing_freezes_a_version_and_a_second_one_needs_a_reopening(bookkeeper):
    event = played()

    first = close_settlement(event=event, user=bookkeeper)
    with pytest.raises(ValidationError, match="closed already, as version 1"):
        close_settlement(event=event, user=bookkeeper)
    with pytest.raises(ValidationError):
        reopen_settlement(event=event, user=bookkeeper, reason="  ")
    reopen_settlement(event=event, user=bookkeeper, reason="A late invoice")
    make_expense("5.00", event=event)
    second = close_settlement(event=event, user=bookkeeper)

    assert (first.version, first.net_revenue) == (1, D("49.000"))
    assert (second.version, second.net_revenue) == (2, D("44.000"))
    assert first.reopening.reason == "A late invoice"
    assert list(Settlement.objects.standing()) == [second]
    assert first.figures["rungs"]["net_revenue"] == "49.00"


def test_a_show_that_is_not_over_cannot_be_closed(bookkeeper):
    event = make_event(timezone.localdate() + timedelta(days=3))

    with pytest.raises(ValidationError, match="not over yet"):
        close_settlement(event=event, user=bookkeeper)
    with pytest.raises(ValidationError, match="not closed"):
        reopen_settlement(event=event, user=bookkeeper, reason="Why not")


def test_shows_that_are_over_and_played_wait_for_their_settlement(bookkeeper):
    waiting, closed, reopened = make_event(), make_event(), make_event()
    make_event(status="cancelled")
    make_event(datetime(2999, 1, 1, tzinfo=UTC).date())
    for event in (closed, reopened):
        close_settlement(event=event, user=bookkeeper)
    reopen_settlement(event=reopened, user=bookkeeper, reason="A late invoice")

    assert set(to_be_settled(Event.objects.all())) == {waiting, reopened}


def test_later_changes_are_shown_rung_by_rung_and_noted_once(bookkeeper):
    event, still = played(), played()
    make_agreement(event, kind="door_split", percentage=D("50"))
    for show in (event, still):
        close_settlement(event=show, user=bookkeeper)
    assert compare_settlements() == 0
    order = event.orders.get()
    make_line(order, LedgerKind.REFUND, "-10.00")

    frozen = frozen_sheet(event.settlements.get())
    moved = moves(frozen, sheet_of(event))
    counts = compare_settlements(), compare_settlements([still.pk]), compare_settlements()

    assert [(m.key, m.frozen, m.now, m.change) for m in moved] == [
        ("refunds", D("-20.00"), D("-30.00"), D("-10.00")),
        ("net_sales", D("64.00"), D("54.00"), D("-10.00")),
        ("expected_payout", D("64.00"), D("54.00"), D("-10.00")),
        ("performers", D("-32.00"), D("-27.00"), D("5.00")),
        ("net_revenue", D("17.00"), D("12.00"), D("-5.00")),
    ]
    assert isinstance(moved[0], Move)
    assert counts == (1, 0, 1)
    [noted] = MovedSettlement.objects.all()
    assert noted.settlement.event == event
    assert "Refunds -€20.00 → -€30.00" in noted.words
    make_line(order, LedgerKind.REFUND, "10.00")
    assert (compare_settlements(), MovedSettlement.objects.count()) == (0, 0)


def test_comparing_takes_as_many_queries_for_three_shows_as_for_one(
    bookkeeper, django_assert_max_num_queries
):
    for _ in range(3):
        event = played()
        make_agreement(event)
        close_settlement(event=event, user=bookkeeper)
        make_expense("5.00", event=event)

    with django_assert_max_num_queries(20):
        assert compare_settlements() == 3


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.sampled_from(["refund", "cost", "deal", "close", "reopen"]), max_size=6))
def test_frozen_settlements_never_change(bookkeeper, changes):
    event = played()
    kept = {}
    act = make_agreement(event)

    for change in ["close", *changes]:
        if change == "refund":
            make_line(event.orders.get(), LedgerKind.REFUND, "-1.00")
        elif change == "cost":
            make_expense("3.00", event=event)
        elif change == "deal":
            act.guarantee += 1
            act.save()
        elif event.settlements.standing().exists() == (change == "reopen"):
            if change == "reopen":
                reopen_settlement(event=event, user=bookkeeper, reason="Again")
            else:
                version = close_settlement(event=event, user=bookkeeper)
                kept[version.version] = as_figures(sheet_of(event))
        compare_settlements([event.pk])

    versions = dict(event.settlements.values_list("version", "figures"))
    assert versions == kept
    assert sorted(versions) == list(range(1, len(kept) + 1))
    with pytest.raises(DatabaseError), transaction.atomic():
        event.settlements.update(net_revenue=0)


def test_a_sale_outside_eventbrites_payments_is_in_no_payout():
    event = played()
    make_line(make_order(event, eventbrite_id=None), LedgerKind.SALE, "25.00")

    amounts = {rung.key: rung.amount for rung in sheet_of(event).rungs}

    assert (amounts["net_sales"], amounts["expected_payout"]) == (D("89.00"), D("64.00"))
