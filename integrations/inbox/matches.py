"""Pairs that may be one person, as one line however many there are."""

from collections.abc import Sequence

from django.db.models import CharField, Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast
from django.urls import reverse

from integrations.inbox.source import Source
from integrations.inbox.words import words
from integrations.models import MatchSuggestion, SuggestionState


def _line() -> QuerySet[MatchSuggestion]:
    """The latest pair stands for all of them, with how many there are."""
    waiting = MatchSuggestion.objects.filter(state=SuggestionState.OPEN).order_by()
    of_all = waiting.filter(state=OuterRef("state")).values("state").annotate(n=Count("pk"))
    latest = waiting.order_by("-pk").values("pk")[:1]
    counted = MatchSuggestion.objects.filter(pk=Subquery(latest))
    return counted.annotate(waiting=Subquery(of_all.values("n")))


def _pages(keys: Sequence[int]) -> dict[int, str]:
    return dict.fromkeys(keys, reverse("matches"))


SOURCES: list[Source] = [
    Source(
        kind="matches",
        title="Matches to review",
        help="Customers and contacts that may be one person. Open the line to compare them.",
        permission="integrations.view_matchsuggestion",
        rows=_line,
        record=Value("Customers who may be one person", output_field=CharField()),
        reason=words(
            Cast("waiting", CharField()),
            Value(" pairs wait. The latest: "),
            F("evidence"),
        ),
        urls=_pages,
    ),
]
