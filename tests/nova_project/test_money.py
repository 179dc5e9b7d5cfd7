from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from nova_project.money import (
    EXPONENTS,
    UnknownCurrency,
    check_amount_fits,
    format_money,
    from_minor,
    quantize,
    to_minor,
)

currencies = st.sampled_from(sorted(EXPONENTS))


@given(st.integers(-(10**12), 10**12), currencies)
def test_minor_units_survive_the_way_there_and_back(value, currency):
    assert to_minor(from_minor(value, currency), currency) == value


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [(1050, "EUR", "10.50"), (2311, "JPY", "2311"), (12345, "KWD", "12.345"), (-1, "EUR", "-0.01")],
)
def test_the_exponent_of_the_currency_decides(value, currency, amount):
    assert from_minor(value, currency) == Decimal(amount)


def test_an_unknown_currency_is_named():
    with pytest.raises(UnknownCurrency, match="XYZ"):
        from_minor(1, "XYZ")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "EUR", "€1,234.50"),
        ("-1234.5", "JPY", "-¥1,235"),
        ("12", "CHF", "CHF 12.00"),
        ("0.0004", "KWD", "KWD 0.000"),
        (None, "EUR", "–"),
    ],
)
def test_money_reads_as_people_write_it(amount, currency, text):
    assert format_money(amount and Decimal(amount), currency) == text


@given(st.decimals(-1000, 1000, places=3), currencies)
def test_only_amounts_with_the_digits_of_their_currency_fit(amount, currency):
    if quantize(amount, currency) == amount:
        check_amount_fits(amount, currency)
    else:
        with pytest.raises(ValidationError, match="digits after the point"):
            check_amount_fits(amount, currency)
