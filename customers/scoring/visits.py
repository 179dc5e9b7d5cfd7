"""How often regulars will come again: the MBG/NBD model of buyers who may quietly stay away.

While active, a person books at a steady pace of their own; after each booking, the first included,
they may leave for good, with a chance of their own. So somebody who booked once and was not seen
since is probably gone, where the older BG/NBD would count them as active for ever.
Source: Batislam, Denizel, Filiztekin (2007), Empirical validation and comparison of models for
customer base analysis, IJRM 24(3); Wagner and Hoppe (2008), Erratum, IJRM 25(3).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Pace(NamedTuple):
    """What the model learned: `r`, `alpha` of the paces, `a`, `b` of the chances to leave.

    Times are in the unit of the data: here weeks.
    """

    r: float
    alpha: float
    a: float
    b: float


def fit(x: Numbers, t_x: Numbers, t: Numbers) -> Pace:
    """The parameters under which these people are the least surprising (maximum likelihood).

    Of each person: `x` bookings after the first, the last of them `t_x` after the first, and seen
    for `t` after the first. Equal people are counted once.
    """
    from scipy.optimize import minimize

    people, weights = np.unique(np.stack([x, t_x, t], axis=1), axis=0, return_counts=True)
    total = weights.sum()

    def surprise(logs: Numbers) -> float:
        pace = Pace(*np.exp(logs))
        return float(-(weights * log_likelihood(pace, *people.T)).sum() / total)

    start = np.log([1.0, max(float(np.mean(t)) / 2, 1e-3), 1.0, 2.0])
    options = {"ftol": 1e-13, "gtol": 1e-7}
    bounds = [(-7.0, 9.0)] * 4
    found = minimize(surprise, start, method="L-BFGS-B", bounds=bounds, options=options)
    return Pace(*(float(value) for value in np.exp(found.x)))


def log_likelihood(pace: Pace, x: Numbers, t_x: Numbers, t: Numbers) -> Numbers:
    """The log likelihood of each person."""
    from scipy.special import gammaln

    r, alpha, a, b = pace
    booking = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    staying = gammaln(a + b) + gammaln(b + x + 1) - gammaln(b) - gammaln(a + b + x + 1)
    result: Numbers = booking + staying - (r + x) * np.log(alpha + t)
    return result + np.logaddexp(0, _log_odds_gone(pace, x, t_x, t))


def chance_active(pace: Pace, x: Numbers, t_x: Numbers, t: Numbers) -> Numbers:
    """The chance that each of them has not left for good."""
    from scipy.special import expit

    result: Numbers = expit(-_log_odds_gone(pace, x, t_x, t))
    return result


def expected_bookings(pace: Pace, x: Numbers, t_x: Numbers, t: Numbers, *, ahead: float) -> Numbers:
    """How many bookings of each are expected within the time `ahead`."""
    from scipy.special import hyp2f1

    r, alpha, a, b = pace
    a += 1e-6 if abs(a - 1) < 1e-6 else 0  # at exactly 1 the formula divides by nothing
    rest = hyp2f1(r + x, b + x + 1, a + b + x, ahead / (alpha + t + ahead))
    rest = rest * ((alpha + t) / (alpha + t + ahead)) ** (r + x)
    result: Numbers = (a + b + x) / (a - 1) * (1 - rest)
    return np.maximum(result * chance_active(Pace(r, alpha, a, b), x, t_x, t), 0)


def _log_odds_gone(pace: Pace, x: Numbers, t_x: Numbers, t: Numbers) -> Numbers:
    r, alpha, a, b = pace
    pause = np.log(alpha + t) - np.log(alpha + t_x)
    result: Numbers = np.log(a) - np.log(b + x) + (r + x) * pause
    return result
