"""The data-driven model beside the rules: credit by how much each campaign would be missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from customers.models import Campaign
from finance.services.attribution import Scope
from finance.services.campaigns import NO_CAMPAIGN
from finance.services.crediting import EARNS, ask, names, touched_sales
from finance.services.profit import events_of
from finance.services.removal import NOTHING, ORDER, START, Steps, shares
from nova_project.money import ZERO, quantize
from nova_project.periods import Period

FEWEST_ORDERS = 100
"""With fewer touched orders, what would be missed is chance more than anything."""
_ORDER, _NOTHING = -1, -2
_STEPS = """,
missed AS (
    SELECT t.customer_id, t.id, t.occurred_at, coalesce(t.campaign_id, 0) AS state
    FROM {touch} AS t
    WHERE t.customer_id IS NOT NULL AND {earns} AND t.occurred_at >= %s AND t.occurred_at < %s
        AND t.customer_id NOT IN (SELECT buyer_id FROM sale WHERE buyer_id IS NOT NULL)
),
step AS (
    SELECT lag(coalesce(campaign_id, 0)) OVER (PARTITION BY order_id ORDER BY place) AS before,
        coalesce(campaign_id, 0) AS state, CASE WHEN place = touches THEN {ordered} END AS after
    FROM ranked
    UNION ALL
    SELECT lag(state) OVER in_turn, state,
        CASE WHEN row_number() OVER (
            PARTITION BY customer_id ORDER BY occurred_at DESC, id DESC) = 1 THEN {nothing} END
    FROM missed WINDOW in_turn AS (PARTITION BY customer_id ORDER BY occurred_at, id)
)
SELECT before, state, count(*) FROM step GROUP BY before, state
UNION ALL
SELECT state, after, count(*) FROM step WHERE after IS NOT NULL GROUP BY state, after
"""


@dataclass(frozen=True, slots=True)
class Missed:
    """One campaign: the part of touched orders that would be lost without it, and its credit."""

    campaign: str
    effect: float
    share: float
    net_sales: Decimal


@dataclass(frozen=True, slots=True)
class DataDriven:
    """What the paths say. `rows` is empty where too few of them end in an order.

    `orders` is how many paths ended in one, `others` how many people were reached in the period
    and ordered none of its shows.
    """

    orders: int
    others: int
    rows: Sequence[Missed]


def data_driven(scope: Scope, attributed: Decimal, *, fewest: int = FEWEST_ORDERS) -> DataDriven:
    """Shares `attributed` net sales of the one currency of `scope` by removal effects.

    Paths are the touches that earn, by campaign, those of none together. Two queries.
    """
    steps = _steps(scope)
    ends = {end: sum(count for _, after, count in steps if after == end) for end in _ENDS.values()}
    orders, others = ends[ORDER], ends[NOTHING]
    if orders < fewest:
        return DataDriven(orders, others, [])
    effects = Steps.of_pairs(steps).removal_effects()
    named = Campaign.objects.filter(pk__in=list(effects))
    names_of: dict[Any, str] = dict(named.values_list("pk", "name"))
    parts = shares(effects)
    credits = _split(attributed, parts, scope.currency)
    rows = [
        Missed(names_of.get(state, NO_CAMPAIGN), effects[state], parts[state], credits[state])
        for state in parts
    ]
    return DataDriven(orders, others, sorted(rows, key=lambda row: (-row.share, row.campaign)))


def _split(amount: Decimal, parts: dict[Any, float], currency: str) -> dict[Any, Decimal]:
    """To the cent: the running sum is rounded, so that nothing is lost."""
    found, running, given = {}, 0.0, ZERO
    for at, (state, part) in enumerate(parts.items(), start=1):
        running += part
        exact = amount if at == len(parts) else amount * Decimal(running)
        upto = quantize(exact, currency)
        found[state], given = upto - given, upto
    return found


_ENDS = {None: START, _ORDER: ORDER, _NOTHING: NOTHING}


def _steps(scope: Scope) -> list[tuple[Any, Any, int]]:
    shows = events_of(scope.period, scope.show_type).order_by().values("pk")
    tables, params = touched_sales(shows, days=scope.days, currency=scope.currency, by="campaign")
    sql = _STEPS.format(**names(), earns=EARNS.format(**names()), ordered=_ORDER, nothing=_NOTHING)
    return [
        (_ENDS.get(before, before), _ENDS.get(after, after), count)
        for before, after, count in ask(tables + sql, [*params, *_bounds(scope.period)])
    ]


def _bounds(period: Period) -> list[Any]:
    """The first moment of the period and that after its last, in the organiser's zone."""
    zone = timezone.get_current_timezone()
    moments = (datetime.combine(day, time(), zone) for day in (period.start, period.end))
    return [connection.ops.adapt_datetimefield_value(moment) for moment in moments]
