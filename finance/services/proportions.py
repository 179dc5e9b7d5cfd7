"""How sure one can be of a share, and of the difference between two."""

from math import sqrt
from typing import NamedTuple

_Z = 1.959963984540054
"""Of 95 %."""


class Interval(NamedTuple):
    """From where to where, as shares of 1."""

    low: float
    high: float


def wilson(hits: int, people: int) -> Interval:
    """The 95 % score interval of a share; for nobody it is everything.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927).
    """
    if not people:
        return Interval(0.0, 1.0)
    share, square = hits / people, _Z**2
    middle = share + square / (2 * people)
    reach = _Z * sqrt(share * (1 - share) / people + square / (4 * people**2))
    whole = 1 + square / people
    return Interval(max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole))


def difference(hits: int, people: int, other_hits: int, other_people: int) -> Interval:
    """The 95 % interval of a share less another one, of two groups of different people.

    Source: Newcombe, Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17 (1998), method 10.
    """
    share, other = hits / people, other_hits / other_people
    own, others = wilson(hits, people), wilson(other_hits, other_people)
    return Interval(
        share - other - sqrt((share - own.low) ** 2 + (others.high - other) ** 2),
        share - other + sqrt((own.high - share) ** 2 + (other - others.low) ** 2),
    )
