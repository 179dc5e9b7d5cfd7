"""How often people who booked two shows or more will book again, by the model in `visits`."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from customers.scoring.facts import Facts, facts_at
from customers.scoring.visits import Pace, chance_active, expected_bookings, fit

Numbers = NDArray[np.float64]

FEWEST_BUYERS, FEWEST_REGULARS = 200, 50
_WEEK = 7.0
_YEAR = 52.18
_MOST = 60_000


def learn_pace(moment: datetime) -> tuple[Pace | None, int, int]:
    """The pace of buyers as of the moment, of how many buyers, of how many regulars.

    None: fewer than 200 buyers or 50 regulars. Two bookings of one show count as one.
    """
    buyers = _buyers(facts_at(moment, most=_MOST))
    x, t_x, t = histories(buyers)
    counts = len(x), int((x > 0).sum())
    if counts[0] < FEWEST_BUYERS or counts[1] < FEWEST_REGULARS:
        return None, *counts
    return fit(x, np.round(t_x, 1), np.round(t, 1)), *counts


def histories(facts: Facts) -> tuple[Numbers, Numbers, Numbers]:
    """Of each buyer: shows after the first, weeks from the first to the last, weeks since the
    first."""
    since_first = facts.column("days_since_first")
    until_last = since_first - facts.column("days_since_new_show")
    return facts.column("shows") - 1, until_last / _WEEK, since_first / _WEEK


def outlook(pace: Pace, facts: Facts) -> tuple[Numbers, Numbers]:
    """Of each person: shows expected in the next 12 months, and the chance in percent that they
    are still active; NaN for those who booked fewer than two shows."""
    visits, active = np.full(len(facts), np.nan), np.full(len(facts), np.nan)
    regular = facts.column("shows") >= 2
    if regular.any():
        known = histories(_of(facts, regular))
        visits[regular] = expected_bookings(pace, *known, ahead=_YEAR)
        active[regular] = 100 * chance_active(pace, *known)
    return visits, active


def _buyers(facts: Facts) -> Facts:
    return _of(facts, facts.column("shows") > 0)


def _of(facts: Facts, wanted: NDArray[np.bool_]) -> Facts:
    return Facts(facts.ids[wanted], facts.booked[wanted], facts.raw[wanted])
