"""How scores are judged, by hand and against counting pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.scoring.measures import auc, brier, calibration, caught, lift

people = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30)


@settings(max_examples=40)
@given(people)
def test_auc_is_the_share_of_pairs_that_are_in_order(found):
    scores, booked = (np.array(column, dtype=float) for column in zip(*found, strict=True))
    pairs = [(a, b) for a, did in found if did for b, other in found if not other]
    wins = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs)

    assert auc(scores, booked) == (pytest.approx(wins / len(pairs)) if pairs else None)


def test_brier_is_the_mean_square_of_what_the_chances_were_wrong_by():
    assert brier(np.array([0.8, 0.4]), np.array([1.0, 0.0])) == pytest.approx(0.1)


def test_of_people_who_tie_at_the_border_a_part_is_counted():
    scores = np.array([9.0, 5.0, 5.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    booked = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])

    assert caught(scores, booked, share=0.2) == pytest.approx(1 + 1 / 3)


def test_lift_compares_the_best_tenth_of_two_orders():
    booked = np.array([1.0, 1.0, 1.0] + [0.0] * 17)
    scores = np.arange(20, 0, -1.0)
    others = np.array([1.0, 20.0, 1.0, 19.0] + [0.0] * 16)

    assert lift(scores, others, booked) == pytest.approx(2.0)
    assert lift(scores, -booked, booked) is None


def test_calibration_sets_what_was_expected_beside_what_came_in_equal_parts():
    chances, booked = np.array([0.9, 0.1, 0.7, 0.3]), np.array([1.0, 0.0, 0.0, 1.0])

    assert calibration(chances, booked, parts=2) == [
        {"people": 2, "expected": pytest.approx(0.2), "booked": 0.5},
        {"people": 2, "expected": pytest.approx(0.8), "booked": 0.5},
    ]
