"""What marketing cost: the expenses of campaigns and those of the category marketing."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from finance.models import COST, Category, Expense, ExpenseShare
from finance.services.attribution import Scope
from finance.services.profit import events_of

Spend = dict[tuple[int | None, str], Decimal]
"""By campaign and currency; what names no campaign stands under None."""


def _is_marketing(way: str = "") -> Q:
    return Q(**{f"{way}campaign__isnull": False}) | Q(**{f"{way}category": Category.MARKETING})


def marketing_spend(scope: Scope) -> Spend:
    """Committed and paid costs that name a campaign or are marketing, less reclaimable tax.

    A cost falls where the profit by event has it: on its show, or on the shows that share it. What
    no show bears yet counts by its own date. Three queries.
    """
    found: Spend = defaultdict(Decimal)
    for source in (_own, _shared, _unplaced):
        for campaign_id, currency, amount in source(scope):
            if scope.currency in ("", currency):
                found[campaign_id, currency] += amount
    return dict(found)


def spend_on_shows(scope: Scope) -> dict[str, Decimal]:
    """The marketing of the shows themselves, as the profit by event counts it per attendee, by
    currency. One query."""
    own = _of_shows(scope).filter(category=Category.MARKETING)
    sums = own.values_list("currency").annotate(total=Sum(COST))
    return {code: total for code, total in sums if scope.currency in ("", code)}


def _of_shows(scope: Scope) -> Any:
    shows = events_of(scope.period, scope.show_type).values("pk")
    return Expense.objects.counted().direct().filter(event__in=shows).order_by()


def _own(scope: Scope) -> Iterator[tuple[int | None, str, Decimal]]:
    costs = _of_shows(scope).filter(_is_marketing())
    yield from costs.values_list("campaign_id", "currency").annotate(total=Sum(COST))


def _shared(scope: Scope) -> Iterator[tuple[int | None, str, Decimal]]:
    shows = events_of(scope.period, scope.show_type).values("pk")
    shares = ExpenseShare.objects.filter(_is_marketing("expense__"), event__in=shows).order_by()
    yield from shares.values_list("expense__campaign_id", "currency").annotate(total=Sum("amount"))


def _unplaced(scope: Scope) -> Iterator[tuple[int | None, str, Decimal]]:
    period = scope.period
    costs = (
        Expense.objects.unplaced()
        .filter(_is_marketing(), spent_on__gte=period.start, spent_on__lt=period.end)
        .order_by()
    )
    if scope.show_type is not None:
        costs = costs.filter(show_type=scope.show_type.pk)
    yield from costs.values_list("campaign_id", "currency").annotate(total=Sum(COST))
