from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from finance.models import (
    Deposit,
    DepositMatch,
    DepositSource,
    Expense,
    LockedMonth,
    MatchOrigin,
    Spread,
)
from finance.services.deposits import (
    leave_deposits,
    match_certain,
    match_deposit,
    suggestions_for,
    undo_match,
)
from finance.services.locks import lock_month, unlock_month
from nova_project.bulk import upsert
from tests.factories import make_account, make_deposit, make_expense, make_paid_event

pytestmark = pytest.mark.django_db

ID = "1996456922398"


def suggested(deposit: Deposit):
    return suggestions_for(list(Deposit.objects.with_matched().filter(pk=deposit.pk)))[deposit.pk]


def matched() -> list[tuple[int, int, Decimal]]:
    rows = DepositMatch.objects.order_by("deposit", "event")
    return list(rows.values_list("deposit", "event", "amount"))


def code_of(error) -> str:
    return error.value.error_list[0].code if hasattr(error.value, "error_list") else ""


# What is certain


def test_the_only_show_with_exactly_this_amount_in_its_days_is_certain():
    event = make_paid_event("512.40")
    make_paid_event("99.00")
    deposit = make_deposit("512.40")

    assert match_certain() == 1

    match = DepositMatch.objects.get()
    assert (match.deposit, match.event, match.origin) == (deposit, event, MatchOrigin.AUTOMATIC)
    assert match.evidence == (
        "Exactly what is expected for it, booked 5 days after the show; nothing else fits."
    )
    assert match.history.count() == 1


@pytest.mark.parametrize("day", [date(2026, 3, 16), date(2026, 3, 29)])
def test_the_right_amount_outside_the_usual_days_is_only_suggested(day):
    make_paid_event("512.40")
    deposit = make_deposit("512.40", booked_on=day)

    assert match_certain() == 0

    assert "Exactly what is expected for it, but booked" in suggested(deposit)[0].evidence


def test_an_id_in_the_reference_with_the_exact_amount_is_certain_on_any_day():
    event = make_paid_event("100.00", eventbrite_id=ID)
    make_paid_event("100.00")
    make_deposit("100.00", description=f"EB PAYOUT {ID}/2026", booked_on=date(2026, 6, 1))

    match_certain()

    assert [row[1] for row in matched()] == [event.pk]


def test_one_deposit_pays_for_several_shows_whose_ids_it_names():
    first = make_paid_event("100.00", eventbrite_id=ID)
    second = make_paid_event("50.50", eventbrite_id="1996456922399")
    deposit = make_deposit("150.50", description=f"{ID} and 1996456922399")

    match_certain()

    assert matched() == [(deposit.pk, first.pk, 100), (deposit.pk, second.pk, Decimal("50.50"))]


def test_a_chargeback_that_names_its_show_takes_back_what_was_paid_too_much():
    event = make_paid_event("80.00", eventbrite_id=ID)
    paid = make_deposit("100.00")
    match_deposit(deposit=paid, parts={event.pk: Decimal(100)})
    back = make_deposit("-20.00", description=f"CHARGEBACK {ID}", booked_on=date(2026, 7, 1))

    match_certain()

    assert matched()[-1] == (back.pk, event.pk, Decimal(-20))


def test_several_deposits_pay_for_one_show():
    event = make_paid_event("100.00", eventbrite_id=ID)
    first = make_deposit("60.00", description=f"PART {ID}")
    assert match_certain() == 0
    assert suggested(first)[0].evidence == (
        f"The reference names show {ID}; €100.00 are expected for it."
    )

    match_deposit(deposit=first, parts=suggested(first)[0].amounts)
    make_deposit("40.00", description=f"REST {ID}")
    match_certain()

    assert [amount for _, found, amount in matched() if found == event.pk] == [60, 40]


# What is never guessed


def test_two_shows_of_the_same_amount_are_suggested_and_not_chosen():
    make_paid_event("100.00", name="Open mic")
    make_paid_event("100.00", name="Comedy night")
    deposit = make_deposit("100.00", description="EVENTBRITE COMEDY NIGHT")

    assert match_certain() == 0

    words = [suggestion.evidence for suggestion in suggested(deposit)]
    assert len(words) == 2
    assert all("but 1 other show or sum of shows fits" in word for word in words)
    assert sum("The reference bears its name" in word for word in words) == 1


def test_two_deposits_of_the_same_amount_are_not_given_to_one_show():
    make_paid_event("100.00")
    deposits = [make_deposit("100.00"), make_deposit("100.00")]

    assert match_certain() == 0

    assert "another deposit of the same amount" in suggested(deposits[0])[0].evidence


def test_a_sum_of_shows_is_suggested_and_stands_in_the_way_of_a_single_one():
    parts = [make_paid_event("60.00"), make_paid_event("40.00")]
    deposit = make_deposit("100.00")
    assert match_certain() == 0
    assert suggested(deposit)[0].amounts == {parts[0].pk: 60, parts[1].pk: 40}

    make_paid_event("100.00")

    assert match_certain() == 0
    assert len(suggested(deposit)) == 2


def test_a_deposit_is_suggested_with_the_other_one_that_makes_up_the_rest():
    event = make_paid_event("100.00")
    deposit = make_deposit("70.00")
    make_deposit("30.00", booked_on=date(2026, 3, 20))

    (suggestion,) = suggested(deposit)

    assert suggestion.amounts == {event.pk: 70}
    assert suggestion.evidence == "With the €30.00 of 20 Mar exactly what is expected."


def test_a_show_of_another_currency_is_no_candidate():
    make_paid_event("100", currency="JPY", eventbrite_id=ID)
    deposit = make_deposit("100.00", description=ID)

    assert match_certain() == 0
    assert suggested(deposit) == []


def test_a_line_of_the_bank_is_left_where_the_payout_export_has_the_same_money():
    event = make_paid_event("100.00", eventbrite_id=ID)
    exported = make_deposit(
        "100.00", source=DepositSource.PAYOUT_EXPORT, external_id="PO-20391", description=ID
    )
    bank = make_deposit("100.00", source=DepositSource.STATEMENT, description="EB PO-20391 GMBH")

    match_certain()

    bank.refresh_from_db()
    assert "PO-20391" in bank.left_because
    assert matched() == [(exported.pk, event.pk, 100)]


# By hand


def test_matches_never_exceed_the_deposit():
    events = [make_paid_event("60.00"), make_paid_event("60.00")]
    deposit = make_deposit("100.00")
    match_deposit(deposit=deposit, parts={events[0].pk: Decimal(60)})

    with pytest.raises(ValidationError, match=r"€60\.00, and €40\.00 of this deposit is left"):
        match_deposit(deposit=deposit, parts={events[1].pk: Decimal(60)})

    assert len(matched()) == 1


def test_a_payout_less_an_older_chargeback_is_split_into_both():
    paid, charged = make_paid_event("500.00"), make_paid_event("80.00")
    deposit = make_deposit("480.00")

    match_deposit(deposit=deposit, parts={paid.pk: Decimal(500), charged.pk: Decimal(-20)})

    assert matched() == [(deposit.pk, paid.pk, 500), (deposit.pk, charged.pk, -20)]


@pytest.mark.parametrize("amount", ["0.00", "-10.00", "1.234"])
def test_amounts_that_make_no_sense_are_refused(amount):
    event = make_paid_event()

    with pytest.raises(ValidationError):
        match_deposit(deposit=make_deposit(), parts={event.pk: Decimal(amount)})

    assert matched() == []


def test_no_match_crosses_currencies():
    event = make_paid_event("100", currency="JPY")

    with pytest.raises(ValidationError, match="two currencies are never added"):
        match_deposit(deposit=make_deposit(), parts={event.pk: Decimal(100)})


def test_the_database_refuses_what_exceeds_a_deposit_or_changes_its_currency():
    event = make_paid_event()
    deposit = make_deposit("100.00")
    about = {"deposit": deposit, "event": event, "origin": MatchOrigin.BY_HAND}

    for amount, currency in (("100.01", "EUR"), ("-100.01", "EUR"), ("50.00", "USD")):
        with pytest.raises(IntegrityError), transaction.atomic():
            DepositMatch.objects.create(amount=Decimal(amount), currency=currency, **about)
    match = DepositMatch.objects.create(amount=Decimal(100), currency="EUR", **about)
    with pytest.raises(IntegrityError), transaction.atomic():
        DepositMatch.objects.filter(pk=match.pk).update(amount=101)
    with pytest.raises(IntegrityError), transaction.atomic():
        Deposit.objects.filter(pk=deposit.pk).update(amount=99)


def test_an_undone_match_lets_its_deposit_wait_again_and_stays_in_the_history():
    event = make_paid_event()
    deposit = make_deposit()
    (match,) = match_deposit(deposit=deposit, parts={event.pk: Decimal(100)})
    pk = match.pk
    assert not Deposit.objects.unmatched().exists()

    undo_match(match=match)

    assert Deposit.objects.unmatched().get() == deposit
    assert list(DepositMatch.history.filter(id=pk).values_list("history_type", flat=True)) == [
        "-",
        "+",
    ]


def test_a_deposit_that_was_left_waits_no_more_and_takes_no_match():
    event = make_paid_event()
    deposit = make_deposit()

    leave_deposits(deposits=Deposit.objects.all(), because="A gift.")

    assert not Deposit.objects.unmatched().exists()
    with pytest.raises(ValidationError, match="left as no payout"):
        match_deposit(deposit=deposit, parts={event.pk: Decimal(100)})


def test_the_number_of_queries_does_not_grow_with_what_waits(django_assert_num_queries):
    for _ in range(15):
        make_paid_event("100.00")
        make_deposit("100.00")
    waiting = list(Deposit.objects.unmatched())

    with django_assert_num_queries(5):
        suggestions_for(waiting)


# Locked months


def make_locked_march() -> LockedMonth:
    return lock_month(month=date(2026, 3, 20))


def test_deposits_matches_and_expenses_of_a_locked_month_stay_as_they_are():
    event = make_paid_event()
    deposit, expense = make_deposit(), make_expense()
    (match,) = match_deposit(deposit=deposit, parts={event.pk: Decimal(60)})
    make_locked_march()

    for change in (
        lambda: match_deposit(deposit=deposit, parts={event.pk: Decimal(1)}),
        lambda: undo_match(match=match),
        lambda: leave_deposits(deposits=Deposit.objects.filter(matches=None)) or expense.clean(),
    ):
        with pytest.raises(ValidationError, match="March 2026 is locked"):
            change()
    for change in (
        lambda: Deposit.objects.filter(pk=deposit.pk).update(description="Other"),
        lambda: Deposit.objects.filter(pk=make_deposit(booked_on=date(2026, 5, 1)).pk).update(
            booked_on=date(2026, 3, 1)
        ),
        lambda: make_deposit(booked_on=date(2026, 3, 31)),
        lambda: DepositMatch.objects.filter(pk=match.pk).update(amount=1),
        lambda: DepositMatch.objects.filter(pk=match.pk).delete(),
        lambda: Expense.objects.filter(pk=expense.pk).update(amount=1),
        lambda: Expense.objects.filter(pk=expense.pk).update(tax_amount=1),
        lambda: Expense.objects.filter(pk=expense.pk).update(spread=Spread.SEATS),
        lambda: Expense.objects.filter(pk=expense.pk).delete(),
        lambda: make_expense(spent_on=date(2026, 3, 1)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    Expense.objects.filter(pk=expense.pk).update(note="Seen by the auditor")
    make_expense(spent_on=date(2026, 4, 1))


def test_an_upsert_that_offers_an_equal_cost_of_a_locked_month_is_no_change():
    expense = make_expense()
    make_locked_march()
    fields = ("reference", "category", "amount", "currency", "spent_on")
    row = tuple(getattr(expense, name) for name in fields)

    with transaction.atomic():
        assert upsert(Expense, [row], fields=fields, key="reference").unchanged == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        upsert(Expense, [("R-9", *row[1:])], fields=fields, key="reference")


def test_what_is_certain_is_not_matched_in_a_locked_month():
    make_paid_event()
    make_deposit()
    make_locked_march()

    assert match_certain() == 0


def test_unlocking_needs_the_permission_and_a_reason_and_both_stay():
    lock = make_locked_march()
    user = User.objects.create(username="clerk")
    with pytest.raises(PermissionDenied):
        unlock_month(lock=lock, user=user, reason="Because.")
    user.user_permissions.add(Permission.objects.get(codename="unlock_lockedmonth"))
    user = User.objects.get(pk=user.pk)
    with pytest.raises(ValidationError, match="Say why"):
        unlock_month(lock=lock, user=user, reason=" ")

    unlock_month(lock=lock, user=user, reason="A late invoice.")

    make_deposit()
    lock.refresh_from_db()
    assert (lock.unlocked_by, lock.unlock_reason) == (user, "A late invoice.")
    make_locked_march()


def test_a_month_that_is_not_over_is_not_locked():
    with pytest.raises(ValidationError, match="is not over yet"):
        lock_month(month=date(2099, 1, 1))


# Whatever is done

CENTS = st.integers(-30_000, 30_000).filter(bool).map(lambda cents: Decimal(cents) / 100)
CURRENCIES = st.sampled_from(["EUR", "USD"])


class TestMatches(TestCase):
    @settings(max_examples=15)
    @given(
        st.lists(st.tuples(CENTS, CURRENCIES), min_size=1, max_size=3),
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), CENTS), max_size=6),
    )
    def test_are_never_more_than_their_deposit_and_never_of_another_currency(self, money, tries):
        accounts = {code: make_account(currency=code) for code in ("EUR", "USD")}
        deposits = [make_deposit(amount, account=accounts[code]) for amount, code in money]
        events = [make_paid_event("100.00", currency=code) for code in ("EUR", "EUR", "USD")]
        match_certain()
        for at, event, amount in tries:
            try:
                match_deposit(
                    deposit=deposits[at % len(deposits)], parts={events[event].pk: amount}
                )
            except ValidationError:
                continue

        for deposit in Deposit.objects.with_matched():
            assert abs(deposit.matched) <= abs(deposit.amount)
            assert deposit.matched * deposit.amount >= 0
        for match in DepositMatch.objects.select_related("deposit", "event"):
            assert match.currency == match.deposit.currency == match.event.currency
