"""Scores go to the people: only what differs is written, and never to somebody who was erased."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from customers.models import Customer, LeadBand, LeadScore
from nova_project.bulk import amend, upsert

Numbers = NDArray[np.float64]

_WHY = ("customer_id", "chance", "reasons", "expected_visits", "chance_active")
_SHOWN = ("id", "lead_score", "lead_band")


class Scores(NamedTuple):
    """Of each person: 0 to 100, the band, and what LeadScore keeps; NaN for what is not known."""

    ids: NDArray[np.int64]
    shown: Numbers
    bands: Sequence[str]
    chances: Numbers
    reasons: Sequence[Any]
    visits: Numbers
    active: Numbers


@transaction.atomic
def write_scores(scores: Scores) -> set[int]:
    """Writes what differs; returns whose score, band or reasons changed.

    Waits for whoever erases one of them, and leaves that person out. Nine statements.
    """
    people = Customer.objects.filter(pk__among=scores.ids.tolist(), erased_at=None)
    known = set(people.order_by("pk").select_for_update().values_list("pk", flat=True))
    why, shown = [], []
    digits = zip(
        scores.ids.tolist(),
        np.rint(scores.shown).astype(int).tolist(),
        scores.bands,
        decimals(scores.chances, 2),
        scores.reasons,
        decimals(scores.visits, 2),
        decimals(scores.active, 1),
        strict=True,
    )
    for pk, number, band, chance, reasons, visits, active in digits:
        if pk in known:
            why.append((pk, chance, reasons, visits, active))
            shown.append((pk, number, band))
    changed = set(upsert(LeadScore, why, fields=_WHY, key="customer_id").changed)
    return changed | amend(Customer, shown, fields=_SHOWN, key="id")


def decimals(numbers: Numbers, digits: int) -> list[Decimal | None]:
    """Numbers as the database keeps them; NaN is None."""
    return [
        None if np.isnan(number) else Decimal(f"{number:.{digits}f}") for number in numbers.tolist()
    ]


def bands_of(numbers: Numbers, floors: dict[LeadBand, float]) -> list[str]:
    """The band of each number: the first whose floor it reaches, else cold."""
    ordered = sorted(floors.items(), key=lambda pair: -pair[1])
    names = np.select(
        [numbers >= floor for _, floor in ordered],
        [str(band) for band, _ in ordered],
        default=str(LeadBand.COLD),
    )
    return [str(name) for name in names]
