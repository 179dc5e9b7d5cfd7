"""How cells are read, refused and shown."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import models

from nova_project.imports.amounts import AmountWidget, CurrencyWidget, amount_currency
from nova_project.imports.columns import ChoiceWidget, DayWidget, MomentWidget, TextWidget


class Colour(models.TextChoices):
    DARK_RED = "dark_red", "Dark red"
    BLUE = "blue", "Blue"


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("12", "12"),
        ("12.5", "12.5"),
        ("12,50", "12.50"),
        (" 1.234,56 ", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u202f234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("12.345,6", "12345.6"),
        ("1234,567", "1234.567"),
        ("0,125", "0.125"),
        ("-5", "-5"),
        ("-5,00 €", "-5.00"),
        ("€ -5", "-5"),
        ("5,00-", "-5.00"),
        ("(5.00)", "-5.00"),
        ("\u22125", "-5"),
        ("€1.234,00", "1234.00"),
        ("EUR 12", "12"),
        (12, "12"),
        (12.1, "12.1"),
        (0.1 + 0.2, "0.3"),
    ],
)
def test_an_amount_is_read_as_people_write_it(cell, amount):
    assert AmountWidget().clean(cell, row={"Currency": "EUR"}) == Decimal(amount)


@pytest.mark.parametrize("cell", ["1.234", "1,234", "-12.345"])
def test_an_amount_with_two_readings_is_refused(cell):
    with pytest.raises(ValueError, match="can be read in two ways"):
        AmountWidget().clean(cell, row={"Currency": "EUR"})


def test_three_digits_are_no_riddle_where_the_currency_has_three():
    assert AmountWidget().clean("1.234", row={"Currency": "KWD"}) == Decimal("1.234")


@pytest.mark.parametrize(
    "cell", ["abc", "1.2.3", "1,23,456", "12 dozen", "1-2", "--", "€", "12.34.56,7", True]
)
def test_what_is_no_amount_is_refused(cell):
    with pytest.raises(ValueError, match="is no amount"):
        AmountWidget().clean(cell, row={"Currency": "EUR"})


def test_the_sign_of_another_currency_is_refused():
    with pytest.raises(ValueError, match="says GBP, and the row is in EUR"):
        AmountWidget().clean("£5", row={"Currency": "EUR"})


def test_an_amount_too_large_to_keep_is_refused():
    with pytest.raises(ValueError, match="larger than Nova can keep"):
        AmountWidget().clean("100000000000", row={})


def test_a_dollar_sign_goes_with_every_dollar():
    assert AmountWidget().clean("$5", row={"Currency": "CAD"}) == 5


@pytest.mark.parametrize(
    ("cell", "code"), [("€ 5", "EUR"), ("5 GBP", "GBP"), ("-£5", "GBP"), ("5", None), (5, None)]
)
def test_an_amount_may_name_its_currency(cell, code):
    assert amount_currency(cell) == code


@pytest.mark.parametrize(("cell", "code"), [("eur", "EUR"), ("€", "EUR"), (" Jpy ", "JPY")])
def test_a_currency_is_a_code_or_a_sign(cell, code):
    assert CurrencyWidget().clean(cell) == code


def test_an_unknown_currency_is_refused():
    with pytest.raises(ValueError, match="“EURO” is no currency"):
        CurrencyWidget().clean("EURO")


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-04",
        "04.03.2026",
        "4.3.2026",
        "04/03/2026",
        "2026-03-04 00:00:00",
        "2026-03-04T00:00",
        date(2026, 3, 4),
        datetime(2026, 3, 4),  # noqa: DTZ001  as Excel gives it
    ],
)
def test_a_day_is_read_day_first(cell):
    assert DayWidget().clean(cell) == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("03/14/2026", "day 3, month 14"),
        ("2026-02-30", "no day of the calendar"),
        ("14.03.26", "“14.03.26” is no day. Write it like"),
        ("soon", "“soon” is no day"),
    ],
)
def test_what_is_no_day_is_refused(cell, problem):
    with pytest.raises(ValueError, match=problem):
        DayWidget().clean(cell)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-14 19:30", datetime(2026, 3, 14, 18, 30, tzinfo=UTC)),
        ("14.07.2026 19:30:15", datetime(2026, 7, 14, 17, 30, 15, tzinfo=UTC)),
        ("2026-03-14T19:30:00Z", datetime(2026, 3, 14, 19, 30, tzinfo=UTC)),
        ("2026-03-14", datetime(2026, 3, 13, 23, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_the_zone_of_the_organiser(cell, moment):
    assert MomentWidget().clean(cell) == moment


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # 02:30, the first time
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # 02:30 again
        datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
        datetime(2026, 7, 1, 18, 0, 1, 5, tzinfo=UTC),
    ],
)
def test_a_time_shown_is_the_time_read(moment):
    widget = MomentWidget()

    assert widget.clean(widget.render(moment)) == moment


@pytest.mark.parametrize("cell", ["dark red", "DARK_RED", " Dark red "])
def test_a_choice_goes_by_label_or_value(cell):
    assert ChoiceWidget(Colour).clean(cell) == "dark_red"


def test_an_unknown_choice_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"“green” is none of: Dark red, Blue\."):
        ChoiceWidget(Colour).clean("green")


@pytest.mark.parametrize(("cell", "text"), [(17.0, "17"), (17, "17"), ("  a b ", "a b")])
def test_text_comes_without_outer_spaces_and_empty_digits(cell, text):
    assert TextWidget(10).clean(cell) == text


def test_text_that_does_not_fit_says_how_much_does():
    with pytest.raises(ValueError, match="Has 4 characters; 3 fit"):
        TextWidget(3).clean("abcd")
