"""What the performers of many shows are due, from the shows' own figures."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from events.models import Event
from finance.models import AgreementStatus, BonusStep, PerformerAgreement
from finance.services.dues import Bonus, Terms, due
from finance.services.figures import Figures
from finance.services.known import end_of
from nova_project.money import ZERO

_Key = tuple[int, str]
"""An event and a currency."""
_TERMS = (
    "kind",
    "currency",
    "guarantee",
    "percentage",
    "base",
    "split_point",
    "per_seat",
    "above_seats",
)
_BONUS = ("amount", "from_seats", "from_base")


def deals_of(events: QuerySet[Event], as_of: date | None = None) -> dict[int, list[Terms]]:
    """The agreed and paid deals of each of `events` that has any. Two queries.

    With `as_of`, as they stood at the end of that day.
    """
    agreements, steps = _known(as_of)
    agreements = agreements.filter(event__in=events.order_by().values("pk"))
    agreements = agreements.exclude(status=AgreementStatus.DRAFT).order_by()
    rows = list(agreements.order_by("id").values_list("id", "event_id", *_TERMS))
    bonuses: dict[int, list[Bonus]] = defaultdict(list)
    found = steps.filter(agreement__in=agreements.values("id")).order_by("id")
    for pk, *bonus in found.values_list("agreement_id", *_BONUS):
        bonuses[pk].append(Bonus(**dict(zip(_BONUS, bonus, strict=True))))
    deals: dict[int, list[Terms]] = defaultdict(list)
    for pk, event_id, *values in rows:
        terms: dict[str, Any] = dict(zip(_TERMS, values, strict=True))
        deals[event_id].append(Terms(**terms, bonuses=tuple(bonuses[pk])))
    return deals


def _known(as_of: date | None) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Agreements and bonus steps as they are, or as they were at the end of a day."""
    if as_of is None:
        return PerformerAgreement.objects.all(), BonusStep.objects.all()
    moment = end_of(as_of)
    return PerformerAgreement.history.as_of(moment), BonusStep.history.as_of(moment)


def performers_due(
    events: QuerySet[Event],
    amounts: Mapping[_Key, Mapping[str, Decimal]],
    seats: Mapping[int, int | None],
    as_of: date | None = None,
) -> dict[_Key, Decimal]:
    """What performers of `events` are due together, by event and currency.

    `amounts` and `seats` are the shows' other figures: dues follow from them, and they never from
    dues. Two queries.
    """
    found: dict[_Key, Decimal] = defaultdict(lambda: ZERO)
    for event_id, deals in deals_of(events, as_of).items():
        for terms in deals:
            key = event_id, terms.currency
            figures = Figures(
                currency=terms.currency, seats=seats.get(event_id) or 0, **amounts.get(key, {})
            )
            found[key] += due(terms, figures)
    return found
