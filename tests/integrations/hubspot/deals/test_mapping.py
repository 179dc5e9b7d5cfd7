"""Deals and expenses in words of each other."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.models import Category, ExpenseStatus
from integrations.hubspot.deals.account import CANCELLED, STATUSES, Account, Pipeline
from integrations.hubspot.deals.mapping import (
    PIPELINE,
    Deal,
    expense_of,
    expense_to_api,
)
from integrations.hubspot.values import number

STAGES = {str(place): label for place, label in enumerate((*STATUSES, CANCELLED))}
HOME = Pipeline("9", "Nova expenses", STAGES)
CURRENCIES = {"options": [{"value": "EUR"}, {"value": "USD"}]}
ACCOUNT = Account("EUR", {"9": HOME}, {"deal_currency_code": CURRENCIES})


@given(
    amount=st.decimals(-(10**9), 10**9, places=2).filter(bool),
    day=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    category=st.sampled_from(Category.values),
    status=st.sampled_from(ExpenseStatus.values),
    currency=st.sampled_from(["EUR", "USD"]),
    vendor=st.text(st.characters(exclude_categories=["C"]), max_size=50),
    zone=st.sampled_from(["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "UTC"]),
)
def test_an_expense_that_went_out_comes_back_the_same(
    amount, day, category, status, currency, vendor, zone
):
    values = {
        "amount": number(str(amount)),
        "currency": currency,
        "spent_on": day.isoformat(),
        "category": category,
        "event": "12",
        "status": status,
        "vendor": vendor,
    }

    sent = expense_to_api(values, ACCOUNT, "700077") | {PIPELINE: "9"}
    deal = Deal.from_api({"id": "1", "properties": sent})

    assert expense_of(deal, ACCOUNT, 12, ZoneInfo(zone)) == values


@pytest.mark.parametrize(
    ("text", "spelt"),
    [("12.50", "12.5"), ("1E+3", "1000"), ("-0", "0"), ("0.10", "0.1"), ("-7.00", "-7")],
)
def test_a_number_has_one_spelling(text, spelt):
    assert number(text) == spelt


@pytest.mark.parametrize("text", ["a lot", "NaN", "Infinity", "1,5"])
def test_what_is_no_number_is_said(text):
    with pytest.raises(ValueError, match="is no number"):
        number(text)


def test_a_time_of_day_in_hubspot_is_the_organisers_day():
    deal = Deal.from_api({"id": "1", "properties": {"closedate": "2026-03-02T22:30:00Z"}})

    assert deal.day(ZoneInfo("Europe/Berlin")) == date(2026, 3, 2)
    assert deal.day(ZoneInfo("Asia/Tokyo")) == date(2026, 3, 3)


def test_without_currencies_of_its_own_a_deal_is_in_that_of_the_account():
    plain = Account("EUR", {"9": HOME})

    assert expense_to_api({"currency": "EUR"}, plain, "") == {}
    assert (plain.knows("EUR"), plain.knows("USD")) == (True, False)
    assert expense_of(Deal("1"), plain, None, ZoneInfo("UTC"))["currency"] == "EUR"


def test_an_amount_is_taken_to_the_cent():
    deal = Deal.from_api({"id": "1", "properties": {"amount": "0.30"}})

    assert Decimal(deal.values["amount"]) == Decimal("0.30")
