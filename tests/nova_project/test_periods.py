from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nova_project.periods import Period

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def test_people_include_both_ends():
    period = Period.inclusive(date(2026, 1, 1), date(2026, 1, 31))

    assert period == Period.month_of(date(2026, 1, 15))
    assert (period.last, period.days) == (date(2026, 1, 31), 31)
    assert str(period) == "1 Jan 2026 – 31 Jan 2026"


def test_a_period_cannot_run_backwards():
    with pytest.raises(ValueError, match="before it starts"):
        Period(date(2026, 1, 2), date(2026, 1, 1))


def test_twelve_months_end_with_the_month_of_the_day():
    assert Period.twelve_months_to(date(2026, 2, 10)) == Period(date(2025, 3, 1), date(2026, 3, 1))


@given(days, st.integers(0, 500))
def test_every_day_is_in_exactly_one_of_a_period_and_the_one_before(start, length):
    period = Period(start, start + timedelta(days=length))

    before = period.previous()

    assert before.end == period.start
    assert before.days == period.days
    assert (start in period) == (length > 0)
    assert start not in before


@given(days, st.integers(1, 800))
def test_its_months_cover_it_without_a_gap(start, length):
    period = Period(start, start + timedelta(days=length))

    months = list(period.months())

    assert months == sorted(set(months))
    assert {day.replace(day=1) for day in (period.start, period.last)} <= set(months)
    assert (months[0], months[-1]) == (period.start.replace(day=1), period.last.replace(day=1))
