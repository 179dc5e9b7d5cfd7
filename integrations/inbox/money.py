"""What waits for a person about the money of shows."""

from collections.abc import Sequence

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import reverse

from finance.models import MovedSettlement
from integrations.inbox.source import Source
from integrations.inbox.words import days_as_everywhere, words


def _moved() -> QuerySet[MovedSettlement]:
    """Closed shows whose figures are others by now; one that was reopened is looked at anyway."""
    return MovedSettlement.objects.filter(settlement__reopening=None)


def _pages(keys: Sequence[int]) -> dict[int, str]:
    rows = MovedSettlement.objects.filter(pk__in=keys).values_list("pk", "settlement__event")
    return {pk: reverse("admin:finance_settlement_of_event", args=[event]) for pk, event in rows}


SOURCES: list[Source] = [
    Source(
        kind="settlements",
        title="Moved settlements",
        help="Shows that were closed, and whose figures are others by now.",
        permission="finance.view_settlement",
        rows=_moved,
        record=words(
            F("settlement__event__name"),
            Value(", "),
            Cast("settlement__event__starts_on", CharField()),
        ),
        reason=words(
            Value("Moved since it was closed: "),
            F("words"),
            Value("."),
        ),
        urls=_pages,
        reworded=(days_as_everywhere, str),
    ),
]
