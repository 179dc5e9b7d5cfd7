"""The stand-in while there is too little data to learn from: points for recent, frequent bookings.

They put people in an order; they are no chance of anything, and are never shown as one.
"""

import numpy as np
from numpy.typing import NDArray

from customers.models import LeadBand
from customers.scoring.facts import Facts

Numbers = NDArray[np.float64]

HALF_LIFE = 180
"""The points for the last booking halve in so many days."""
BANDS = {LeadBand.HOT: 70.0, LeadBand.WARM: 45.0, LeadBand.COOL: 20.0}
"""From how many points on a person is in a band; cold below."""


def points_of(facts: Facts) -> Numbers:
    """0 to 100: up to 60 for the last booking, 10 for each doubling of bookings up to 40.

    People who never booked get 2 for each touch of 90 days, at most 10.
    """
    recent = 60 * np.nan_to_num(0.5 ** (facts.column("days_since_last") / HALF_LIFE))
    frequent = np.minimum(10 * np.log2(1 + facts.column("bookings")), 40)
    touches = sum(facts.column(f"{kind}_90") for kind in ("clicks", "opens", "other_touches"))
    never = np.minimum(2 * np.asarray(touches), 10)
    return np.where(facts.column("bookings") > 0, recent + frequent, never)
