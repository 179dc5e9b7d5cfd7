"""The model of regulars against published figures, and against a simulation of what it says."""

from datetime import date

import numpy as np
import pytest

from customers.scoring.visits import Pace, chance_active, expected_bookings, fit
from tests.customers.scoring import cdnow

PUBLISHED = Pace(0.525, 6.183, 0.891, 1.614)
"""MBG/NBD of CDNOW's first 39 weeks. Source: the R package BTYDplus, mbgcnbd.EstimateParameters."""


@pytest.fixture(scope="module")
def cdnow_39_weeks():
    return [
        np.array(column, dtype=float)
        for column in zip(*cdnow.histories(date(1997, 9, 30)), strict=True)
    ]


def test_the_public_data_give_the_published_parameters(cdnow_39_weeks):
    x, t_x, t, _ = cdnow_39_weeks

    assert fit(x, t_x, t) == pytest.approx(PUBLISHED, abs=0.0006)


def test_the_next_39_weeks_of_the_public_data_are_foreseen_within_a_fifth(cdnow_39_weeks):
    x, t_x, t, later = cdnow_39_weeks

    foreseen = expected_bookings(PUBLISHED, x, t_x, t, ahead=39).sum()

    assert (foreseen, later.sum()) == (pytest.approx(1577, abs=2), 1882)


def test_expectations_are_those_of_a_simulation():
    new = np.zeros(2)

    foreseen = expected_bookings(PUBLISHED, new, new, new, ahead=np.array([31.8571, 78.0]))

    # 2,000,000 people simulated: 1.0336 (standard error 0.0015) and 1.8042 (0.0027).
    assert foreseen == pytest.approx([1.0336, 1.8042], abs=0.005)


def test_who_booked_once_long_ago_is_probably_gone():
    once = chance_active(PUBLISHED, np.zeros(3), np.zeros(3), np.array([0.0, 20.0, 100.0]))

    assert once[0] == pytest.approx(1.614 / (0.891 + 1.614))
    assert once[0] > once[1] > once[2]


def test_the_longer_a_regular_stays_away_the_fewer_visits_are_expected():
    away = np.array([0.0, 10.0, 40.0, 120.0])

    foreseen = expected_bookings(PUBLISHED, np.full(4, 6.0), np.full(4, 50.0), 50 + away, ahead=52)

    assert list(foreseen) == sorted(foreseen, reverse=True)
    assert foreseen[0] > 3 > 0.1 > foreseen[3] > 0


def test_parameters_at_the_edge_give_numbers():
    pace = Pace(0.5, 6.0, 1.0, 1.6)

    foreseen = expected_bookings(
        pace, np.array([40.0]), np.array([1.0]), np.array([500.0]), ahead=52
    )

    assert 0 <= foreseen[0] < 0.01
