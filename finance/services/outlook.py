"""The break-even of shows as they sell now, or at list prices before the first ticket."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet

from events.models import Event, TicketClass
from finance.services.breakeven import BreakEven, Mix, break_even
from finance.services.figures import EventMoney
from finance.services.performers import deals_of
from nova_project.money import ZERO

MOST_STEPS = 20_000
"""Larger houses are not stepped through on a page."""


def break_evens(events: QuerySet[Event], rows: Iterable[EventMoney]) -> dict[int, BreakEven]:
    """Where each of `events` breaks even by its costs and agreements of now, in its own currency.

    `rows` are their money. The mix is that of the tickets sold, else the list prices, weighted by
    how many there are. A show without either, or without a capacity, is left out. Four queries.
    """
    sizes = events.filter(capacity__gt=0, capacity__lte=MOST_STEPS).order_by()
    capacities = {(pk, own): size for pk, own, size in sizes.values_list(*_SIZE)}
    deals, prices = deals_of(events), _list_prices(events)
    found = {}
    for row in rows:
        capacity = capacities.get((row.event_id, row.currency))
        mix = Mix.of(row) or prices.get(row.event_id)
        if capacity and mix:
            terms = [deal for deal in deals.get(row.event_id, []) if deal.currency == row.currency]
            found[row.event_id] = break_even(costs=row, mix=mix, deals=terms, capacity=capacity)
    return found


_SIZE = ("pk", "currency", "capacity")


def mix_of(event: Event, row: EventMoney) -> Mix | None:
    """What tickets of a show bring in: those sold, else the list prices. At most one query."""
    return Mix.of(row) or _list_prices(Event.objects.filter(pk=event.pk)).get(event.pk)


def break_even_of(event: Event, rows: Iterable[EventMoney]) -> BreakEven | None:
    """That of one show with this money; None without a price or a capacity. Four queries."""
    return break_evens(Event.objects.filter(pk=event.pk), rows).get(event.pk)


def _list_prices(events: QuerySet[Event]) -> dict[int, Mix]:
    """All tickets that are for sale, once each; a ticket without a limit counts as one."""
    tickets_of = TicketClass.objects.filter(event__in=events.order_by().values("pk"))
    rows = tickets_of.filter(currency=F("event__currency")).order_by()
    sums: dict[int, list[Any]] = defaultdict(lambda: [0, ZERO, ZERO])
    for pk, price, fee, includes_fee, capacity in rows.values_list(
        "event_id", "price", "fee", "includes_fee", "capacity"
    ):
        number, extra = capacity or 1, fee or Decimal(0)
        each = (price or ZERO) + (ZERO if includes_fee else extra)
        for place, more in enumerate((number, number * each, number * extra)):
            sums[pk][place] += more
    return {
        pk: Mix(tickets=tickets, gross=gross, eventbrite_fees=fees)
        for pk, (tickets, gross, fees) in sums.items()
        if gross
    }
