from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.services.comparison import (
    HORIZONS,
    History,
    HorizonError,
    Quartiles,
    Show,
    back_test,
    forecast,
    percentile,
    quartiles,
    usual,
)
from finance.services.curves import NOTHING_SOLD, Curve

FRIDAY = date(2026, 3, 13)
WEEK = timedelta(days=7)


def show(pk: int, starts_on: date = FRIDAY, venue: int | None = 1, capacity: int | None = 100):
    return Show(pk, starts_on, 1, venue, capacity)


def curve(before: int, finish: int, days: int = 10) -> Curve:
    """`before` seats until ten days before the show, all of them on the day itself."""
    return Curve((-days, 0), (before, finish))


def past(finishes: list[int], before: int = 0) -> list[tuple[Show, Curve]]:
    """Shows of the Fridays before, the latest last."""
    count = len(finishes)
    return [
        (show(place, FRIDAY - WEEK * (count - place)), curve(before, finish))
        for place, finish in enumerate(finishes)
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10, 20, 30, 40, 50], ("20", "30", "40")),
        ([10, 20, 30, 40], ("17.5", "25", "32.5")),
        ([7], ("7", "7", "7")),
    ],
)
def test_percentiles_lie_between_the_two_nearest_values(values, expected):
    found = tuple(percentile(values, percent) for percent in (25, 50, 75))

    assert found == tuple(Decimal(value) for value in expected)


def test_quartiles_are_whole_seats_rounded_half_up():
    assert quartiles([40, 10, 30, 20]) == Quartiles(18, 25, 33)


def test_a_curve_tells_what_was_sold_by_the_end_of_each_day():
    sold = Curve((-20, -7, 1), (3, 8, 9))

    assert [sold.at(days) for days in (21, 20, 8, 7, 0, -1)] == [0, 3, 3, 8, 8, 9]
    assert (sold.finish, NOTHING_SOLD.finish, NOTHING_SOLD.at(3)) == (9, 0, 0)


def test_the_forecast_adds_what_comparable_shows_still_sold_to_what_is_sold():
    history = History(past([30, 40, 50, 60, 70], before=20))  # still sold: 10, 20, 30, 40, 50
    found = history.compared(show(9), FRIDAY)

    assert usual(found, 10) == Quartiles(20, 20, 20)
    assert forecast(found, Curve((-12,), (15,)), 10, None) == Quartiles(35, 45, 55)
    assert forecast(found, Curve((-12,), (65,)), 10, 100) == Quartiles(85, 95, 100)
    assert forecast(found, Curve((-12, -9), (15, 40)), 10, 100) == Quartiles(40, 45, 55)


def test_under_five_comparable_shows_there_is_no_forecast():
    history = History(past([30, 40, 50, 60]))
    found = history.compared(show(9), FRIDAY)

    assert (len(found.others), found.is_enough) == (4, False)
    assert usual(found, 10) is None
    assert forecast(found, NOTHING_SOLD, 10, 100) is None


def test_the_narrowest_likeness_that_five_shows_have_decides():
    fridays = past([10, 20, 30, 40, 50])
    elsewhere = [(show(20 + n, FRIDAY - WEEK * n, venue=2), curve(0, 99)) for n in range(1, 5)]
    history = History([*fridays, *elsewhere])

    own = history.compared(show(9), FRIDAY)
    other = history.compared(show(9, venue=2), FRIDAY)
    saturday = history.compared(show(9, FRIDAY + timedelta(days=1)), FRIDAY)

    assert (own.words, len(own.others)) == ("show type, weekday and venue", 5)
    assert (other.words, len(other.others)) == ("show type and weekday", 9)
    assert (saturday.words, len(saturday.others)) == ("show type and venue", 5)
    assert len(history.compared(Show(9, FRIDAY, None, 1, 100), FRIDAY).others) == 0


def test_shows_of_more_than_two_years_before_are_no_comparison():
    history = History(past([10, 20, 30, 40, 50]))

    assert len(history.compared(show(9), FRIDAY + timedelta(days=700)).others) == 4


def test_the_back_test_knows_only_what_was_known_then():
    # Each of the first five sold 20 in its last ten days; the sixth, after 10 seats, sold 30. With
    # 10 + 20 = 30 forecast and 40 in the end, the forecast was 25 % off from ten days on.
    shows = past([20, 20, 20, 20, 20], before=0)
    shows.append((show(5, FRIDAY), curve(10, 40)))

    found = {line.days: line for line in back_test(shows)}

    assert tuple(found) == HORIZONS
    assert found[7] == HorizonError(7, 1, Decimal(25))
    assert found[1] == HorizonError(1, 1, Decimal(25))
    assert found[14] == HorizonError(14, 0, None)  # the fifth was not over yet
    assert found[30] == HorizonError(30, 0, None)


@settings(max_examples=30)
@given(
    sold=st.lists(st.integers(1, 60), min_size=5, max_size=12),
    own=st.integers(0, 60),
    capacity=st.integers(1, 80),
)
def test_a_forecast_is_in_order_and_between_what_is_sold_and_the_capacity(sold, own, capacity):
    found = History(past(sold)).compared(show(99), FRIDAY)

    ends = forecast(found, Curve((-12,), (own,)), 10, capacity)

    assert own <= ends.p25 <= ends.p50 <= ends.p75 <= max(own, capacity)
