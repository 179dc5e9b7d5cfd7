"""Comparing the figures on customers with what their orders and seats say. Changes nothing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.admin.utils import label_for_field
from django.db import connection
from django.utils import timezone

from customers.models import Customer
from customers.services.bookings import parameters, with_statuses
from customers.services.rollups import COLUMNS, FIGURES

_AT_A_TIME = 1_000
_DUE = "WHERE is_rollup_due AND id BETWEEN %(first)s AND %(last)s"
_LATELY = timedelta(days=1)


class WrongFigure(NamedTuple):
    """A figure of a customer that is not what orders and seats say."""

    customer_id: int
    figure: str
    kept: Any
    computed: Any


def wrong_rollups() -> Iterator[WrongFigure]:
    """The figures that differ, of all customers but those who are due to be computed anyway.

    Attended events of those who booked a show of the last day are left out: such a show counts
    from the next sync on. One statement; differences are read as they come.
    """
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    kept = [f"c.{name}" for name in COLUMNS]
    computed = [f"figures.{name}" for name in COLUMNS]
    changes = [
        f"({mine} {differs} {theirs}{_UNLESS_LATELY if name == 'events_attended' else ''})"
        for name, mine, theirs in zip(COLUMNS, kept, computed, strict=True)
    ]
    sql = with_statuses(FIGURES.replace(_DUE, "WHERE NOT is_rollup_due")) + (
        f"SELECT c.id, {', '.join(kept + computed)}, {', '.join(changes)} FROM customers_customer c"
        f" JOIN figures ON figures.customer_id = c.id WHERE {' OR '.join(changes)} ORDER BY c.id"
    )
    now = timezone.now()
    lately = connection.ops.adapt_datetimefield_value(now - _LATELY)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters(now) | {"lately": lately})
        while rows := cursor.fetchmany(_AT_A_TIME):
            for customer_id, *values in rows:
                yield from _wrong(customer_id, values)


_UNLESS_LATELY = """ AND NOT EXISTS (
    SELECT 1 FROM booking b JOIN events_event e ON e.id = b.event_id
    WHERE b.customer_id = c.id AND e.start_at > %(lately)s AND e.start_at <= %(now)s
)"""


def _wrong(customer_id: int, values: list[Any]) -> Iterator[WrongFigure]:
    size = len(COLUMNS)
    kept, computed, changed = values[:size], values[size : 2 * size], values[2 * size :]
    for name, before, after, is_other in zip(COLUMNS, kept, computed, changed, strict=True):
        if is_other:
            yield WrongFigure(customer_id, str(label_for_field(name, Customer)), before, after)
