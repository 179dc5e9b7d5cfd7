"""How good scores were, against what people then did. Pure arithmetic."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def auc(scores: Numbers, booked: Numbers) -> float | None:
    """The chance that one who booked has a higher score than one who did not; ties count half.

    None where all did the same.
    """
    hits = float(booked.sum())
    misses = len(booked) - hits
    if not hits or not misses:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]
    return float((ranks[booked > 0].sum() - hits * (hits + 1) / 2) / (hits * misses))


def brier(chances: Numbers, booked: Numbers) -> float:
    """The mean square of chance less outcome: 0 is perfect, lower is better."""
    return float(np.mean((chances - booked) ** 2))


def caught(scores: Numbers, booked: Numbers, share: float = 0.1) -> float:
    """How many bookings are expected among the `share` of people with the highest scores.

    Where the border falls into a tie, each of those who tie counts in part.
    """
    wanted = len(scores) * share
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], booked[order]
    border = ranked[min(len(ranked) - 1, max(0, int(np.ceil(wanted)) - 1))]
    above, tied = ranked > border, ranked == border
    part = (wanted - above.sum()) / tied.sum()
    return float(hits[above].sum() + part * hits[tied].sum())


def lift(scores: Numbers, others: Numbers, booked: Numbers) -> float | None:
    """Bookings among the best tenth by `scores`, for each among the best tenth by `others`."""
    base = caught(others, booked)
    return caught(scores, booked) / base if base else None


def calibration(chances: Numbers, booked: Numbers, parts: int = 10) -> list[dict[str, Any]]:
    """People in `parts` equal parts by chance: how many, the mean chance, the share that booked."""
    order = np.argsort(chances, kind="stable")
    return [
        {
            "people": len(part),
            "expected": float(chances[part].mean()),
            "booked": float(booked[part].mean()),
        }
        for part in np.array_split(order, parts)
        if len(part)
    ]
