"""What was known of each person at a moment, and nothing that came later.

Only dated facts count: orders, seats, check-ins and touches by their own times. What HubSpot says
today without a date (counts of mails, stage, owner) is left out: nobody knows what it said then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from customers.models import Customer, Order, TouchKind
from customers.models.ticketing import PAID_STATUSES
from nova_project.money import company_currency

HORIZON = timedelta(days=90)
"""A person “books” who orders within so long of the moment."""

RAW = (
    "days_known",
    "bookings",
    "shows",
    "bookings_90",
    "bookings_365",
    "days_since_first",
    "days_since_last",
    "days_since_new_show",
    "spend",
    "upcoming",
    "guest_seats",
    "check_ins",
    "days_since_check_in",
    "clicks_90",
    "opens_90",
    "other_touches_90",
)
"""The columns of `Facts.raw`: counts, days before the moment (NaN: never), money of the company's
currency. An order counts as booked whatever became of it later, for that was not known."""

_AT_ONCE = 20_000

_SQL = """
WITH visit AS (
    SELECT buyer_id AS person, event_id, MIN(ordered_at) AS first_at, MAX(ordered_at) AS last_at,
           COUNT(*) AS bookings,
           SUM(CASE WHEN ordered_at >= %(since_90)s THEN 1 ELSE 0 END) AS bookings_90,
           SUM(CASE WHEN ordered_at >= %(since_365)s THEN 1 ELSE 0 END) AS bookings_365,
           SUM(CASE WHEN currency = %(currency)s THEN gross_paid ELSE 0 END) AS spend
    FROM customers_order
    WHERE status IN {paid} AND ordered_at < %(moment)s AND {buyer}
    GROUP BY buyer_id, event_id
), bought AS (
    SELECT v.person, SUM(bookings) AS bookings, COUNT(*) AS shows,
           SUM(bookings_90) AS bookings_90, SUM(bookings_365) AS bookings_365,
           MIN(first_at) AS first_at, MAX(last_at) AS last_at, MAX(first_at) AS new_show_at,
           SUM(spend) AS spend,
           SUM(CASE WHEN e.start_at > %(moment)s THEN 1 ELSE 0 END) AS upcoming
    FROM visit v JOIN events_event e ON e.id = v.event_id
    GROUP BY v.person
), seated AS (
    SELECT s.holder_id AS person, MIN(o.ordered_at) AS first_at,
           SUM(CASE WHEN o.buyer_id = s.holder_id THEN 0 ELSE 1 END) AS guest_seats,
           SUM(CASE WHEN s.checked_in_at < %(moment)s THEN 1 ELSE 0 END) AS check_ins,
           MAX(CASE WHEN s.checked_in_at < %(moment)s THEN s.checked_in_at END) AS checked_in_at
    FROM customers_attendance s JOIN customers_order o ON o.id = s.order_id
    WHERE o.status IN {paid} AND o.ordered_at < %(moment)s AND {holder}
    GROUP BY s.holder_id
), touched AS (
    SELECT customer_id AS person, MIN(occurred_at) AS first_at,
           SUM(CASE WHEN kind = %(click)s AND occurred_at >= %(since_90)s THEN 1 ELSE 0 END)
               AS clicks_90,
           SUM(CASE WHEN kind = %(open)s AND occurred_at >= %(since_90)s THEN 1 ELSE 0 END)
               AS opens_90,
           SUM(CASE WHEN kind NOT IN (%(click)s, %(open)s) AND occurred_at >= %(since_90)s
                    THEN 1 ELSE 0 END) AS other_touches_90
    FROM customers_touch
    WHERE occurred_at < %(moment)s AND {toucher}
    GROUP BY customer_id
)
SELECT c.id, {outcome},
       {first_known},
       COALESCE(b.bookings, 0), COALESCE(b.shows, 0), COALESCE(b.bookings_90, 0),
       COALESCE(b.bookings_365, 0), {first}, {last}, {new_show}, COALESCE(b.spend, 0),
       COALESCE(b.upcoming, 0), COALESCE(s.guest_seats, 0), COALESCE(s.check_ins, 0),
       {check_in}, COALESCE(t.clicks_90, 0), COALESCE(t.opens_90, 0),
       COALESCE(t.other_touches_90, 0)
FROM customers_customer c
LEFT JOIN bought b ON b.person = c.id
LEFT JOIN seated s ON s.person = c.id
LEFT JOIN touched t ON t.person = c.id
WHERE c.erased_at IS NULL AND {person} AND {is_known}
ORDER BY c.id
"""
# Its own query over its own days: what comes after the moment touches no other column.
_BOOKED_LATER = """
CASE WHEN EXISTS (
    SELECT 1 FROM customers_order n
    WHERE n.buyer_id = c.id AND n.status IN {paid}
      AND n.ordered_at >= %(moment)s AND n.ordered_at < %(end)s
) THEN 1 ELSE 0 END"""


@dataclass(frozen=True, slots=True)
class Facts:
    """People at a moment: a row of `raw` each, and whether they `booked` in the 90 days after."""

    ids: NDArray[np.int64]
    booked: NDArray[np.float64]
    raw: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str) -> NDArray[np.float64]:
        return self.raw[:, RAW.index(name)]


def facts_at(moment: datetime, *, most: int) -> Facts:
    """All who were known at `moment`, with what they did in the 90 days after. One query, streamed.

    If there are more than about `most`, every second, third … of them: by id, so always the same.
    """
    step = max(1, -(-Customer.objects.count() // most))
    condition = "{} %% %(step)s = 0" if step > 1 else "{} IS NOT NULL"
    sql = _sql(condition, outcome=_BOOKED_LATER, is_known=True)
    return _facts(_stream(sql, _parameters(moment) | {"step": step}))


def facts_now(moment: datetime) -> Iterator[Facts]:
    """Everybody who was not erased, 20,000 at a time by id; nothing is known of what comes after.

    One query for each 20,000, by the indexes of who bought, sat and was touched.
    """
    sql = _sql("{} BETWEEN %(first)s AND %(last)s", outcome="0", is_known=False)
    people = Customer.objects.filter(erased_at=None).order_by("pk")
    last = 0
    while ids := list(people.filter(pk__gt=last).values_list("pk", flat=True)[:_AT_ONCE]):
        bounds = {"first": ids[0], "last": ids[-1]}
        yield _facts(_stream(sql, _parameters(moment) | bounds))
        last = ids[-1]


def first_order_at(before: datetime) -> datetime | None:
    """When anybody first booked; None: nobody did before that time."""
    orders = Order.objects.paid().filter(ordered_at__lt=before).order_by("ordered_at")
    return orders.values_list("ordered_at", flat=True).first()


def _sql(condition: str, *, outcome: str, is_known: bool) -> str:
    """The query for people whose id meets `condition`; `is_known` leaves out who was not yet."""
    known = "(b.person IS NOT NULL OR s.person IS NOT NULL OR t.person IS NOT NULL)"
    marks = ", ".join(f"'{status.value}'" for status in PAID_STATUSES)  # our own constants
    parts = {
        "paid": f"({marks})",
        "buyer": condition.format("buyer_id"),
        "holder": condition.format("s.holder_id"),
        "toucher": condition.format("customer_id"),
        "person": condition.format("c.id"),
        "is_known": known if is_known else "1 = 1",
        "first_known": _first_known(),
        "first": _age("b.first_at"),
        "last": _age("b.last_at"),
        "new_show": _age("b.new_show_at"),
        "check_in": _age("s.checked_in_at"),
    }
    return _SQL.format(**parts, outcome=outcome.format(**parts))


def _age(column: str) -> str:
    """Days from the time in `column` to the moment, as SQL."""
    if connection.vendor == "postgresql":
        return f"EXTRACT(EPOCH FROM (%(moment)s - {column}))::float8 / 86400"
    return f"(julianday(%(moment)s) - julianday({column}))"


def _first_known() -> str:
    first = ", ".join(f"COALESCE({at}.first_at, %(moment)s)" for at in "bst")
    least = "LEAST" if connection.vendor == "postgresql" else "MIN"
    known = "COALESCE(b.first_at, s.first_at, t.first_at)"
    return f"CASE WHEN {known} IS NOT NULL THEN {_age(f'{least}({first})')} END"


def _parameters(moment: datetime) -> dict[str, Any]:
    def adapted(at: datetime) -> Any:
        return connection.ops.adapt_datetimefield_value(at)

    return {
        "moment": adapted(moment),
        "end": adapted(moment + HORIZON),
        "since_90": adapted(moment - timedelta(days=90)),
        "since_365": adapted(moment - timedelta(days=365)),
        "currency": company_currency(),
        "click": str(TouchKind.CLICK),
        "open": str(TouchKind.OPEN),
    }


def _stream(sql: str, parameters: dict[str, Any]) -> Iterator[NDArray[np.float64]]:
    """The rows of the query as blocks of numbers, so that Python holds few rows at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield np.array(rows, dtype=np.float64)


def _facts(blocks: Iterator[NDArray[np.float64]]) -> Facts:
    found = list(blocks)
    table = np.concatenate(found) if found else np.empty((0, 2 + len(RAW)))
    return Facts(table[:, 0].astype(np.int64), table[:, 1], table[:, 2:])
