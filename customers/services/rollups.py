"""The figures on a customer, recomputed by the database for those whom a change touched."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from customers.models import Attendance, Customer, Order
from customers.services.bookings import SEATS_OF_DUE, parameters, type_of, with_statuses
from customers.services.stages import refresh_stages
from events.models import Event

_BATCH = 2_000


class Refreshed(NamedTuple):
    """How many customers were recomputed, and how many of them had other figures than before."""

    checked: int
    changed: int


def mark_rollups_due(customer_ids: Collection[int]) -> None:
    """These customers' orders or seats changed; the next `refresh_rollups` recomputes them."""
    if customer_ids:
        due = Customer.objects.filter(pk__in=customer_ids, is_rollup_due=False)
        due.update(is_rollup_due=True)


def mark_started_events_due(start: datetime, end: datetime) -> None:
    """Marks all who booked an event that started in (start, end]: it now counts as attended."""
    mark_events_due(Event.objects.started_between(start, end).values_list("pk", flat=True))


def mark_events_due(event_ids: Iterable[int]) -> None:
    """Marks the buyers and seat holders of these events. One statement."""
    events = list(event_ids)
    if events:
        orders = Order.objects.filter(event__in=events).exclude(buyer=None)
        seats = Attendance.objects.filter(event__in=events).exclude(holder=None)
        Customer.objects.filter(
            Q(pk__in=orders.values("buyer")) | Q(pk__in=seats.values("holder")),
            is_rollup_due=False,
        ).update(is_rollup_due=True)


def refresh_rollups(*, everyone: bool = False) -> Refreshed:
    """Recomputes the figures of customers who are due, or of `everyone`.

    In batches of 2,000, each in a transaction of eight statements, so a killed refresh goes on
    where it stopped. Rows whose figures stay the same keep their `updated_at`.
    """
    checked = changed = 0
    last_id = 0
    while True:
        with transaction.atomic():
            queryset = Customer.objects.filter(pk__gt=last_id).order_by("pk")
            if not everyone:
                queryset = queryset.due_for_rollup()
            # The lock makes a change that arrives meanwhile wait, and be due again after it.
            ids = list(queryset.select_for_update().values_list("pk", flat=True)[:_BATCH])
            if not ids:
                return Refreshed(checked, changed)
            if everyone:
                mark_rollups_due(ids)
            given = parameters(timezone.now()) | {"first": ids[0], "last": ids[-1]}
            changed += _update(given)
            refresh_stages(given)
            Customer.objects.filter(pk__in=ids).update(is_rollup_due=False)
        checked += len(ids)
        last_id = ids[-1]


@transaction.atomic
def refresh_customers(customer_ids: Collection[int]) -> None:
    """Recomputes the figures and stages of these few customers at once."""
    for pk in sorted(customer_ids):
        Customer.objects.filter(pk=pk).update(is_rollup_due=True)
        given = parameters(timezone.now()) | {"first": pk, "last": pk}
        _update(given)
        refresh_stages(given)
        Customer.objects.filter(pk=pk).update(is_rollup_due=False)


# One row per customer who is due and within an id range. A booking is an event in which a person
# holds a valid seat or placed an order.
FIGURES = f"""
WITH due AS (
    SELECT id FROM customers_customer WHERE is_rollup_due AND id BETWEEN %(first)s AND %(last)s
), seat AS ({SEATS_OF_DUE}
), booking AS (
    SELECT customer_id, event_id, MAX(is_checked_in) AS is_checked_in, SUM(seats) AS seats
    FROM (
        SELECT customer_id, event_id, 1 AS seats,
               CASE WHEN status = %(checked_in)s THEN 1 ELSE 0 END AS is_checked_in
        FROM seat
        UNION ALL
        SELECT buyer_id, event_id, 0, 0 FROM customers_order
        WHERE status = %(placed)s AND buyer_id IN (SELECT id FROM due)
    ) AS either
    GROUP BY customer_id, event_id
), checked_in_event AS (
    SELECT DISTINCT s.event_id FROM customers_attendance s
    WHERE s.status = %(checked_in)s AND s.event_id IN (SELECT event_id FROM booking)
), booked AS (
    SELECT b.customer_id, COUNT(*) AS events_booked, SUM(b.seats) AS seats_count,
           SUM(CASE WHEN e.start_at <= %(now)s AND (c.event_id IS NULL OR b.is_checked_in = 1)
                    THEN 1 ELSE 0 END) AS events_attended,
           MIN(e.starts_on) AS first_event_on, MAX(e.starts_on) AS last_event_on
    FROM booking b
    JOIN events_event e ON e.id = b.event_id AND e.status NOT IN %(off)s
    LEFT JOIN checked_in_event c ON c.event_id = b.event_id
    GROUP BY b.customer_id
), spend AS (
    SELECT buyer_id AS customer_id, ROUND(SUM(gross_paid - refund), 3) AS total_spend
    FROM customers_order
    WHERE status IN %(paid)s AND currency = %(currency)s AND buyer_id IN (SELECT id FROM due)
    GROUP BY buyer_id
), figures AS (
    SELECT due.id AS customer_id,
           COALESCE(events_booked, 0) AS events_booked,
           COALESCE(events_attended, 0) AS events_attended,
           COALESCE(seats_count, 0) AS seats_count,
           COALESCE(total_spend, 0) AS total_spend,
           first_event_on, last_event_on,
           {type_of("COALESCE(events_booked, 0)", "COALESCE(total_spend, 0)")} AS customer_type
    FROM due
    LEFT JOIN booked ON booked.customer_id = due.id
    LEFT JOIN spend ON spend.customer_id = due.id
)
"""
COLUMNS = (
    "events_booked",
    "events_attended",
    "seats_count",
    "total_spend",
    "first_event_on",
    "last_event_on",
    "customer_type",
)


def _update(given: dict[str, Any]) -> int:
    """Writes the figures that differ to the due customers of an id range; returns how many."""
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    changes = " OR ".join(f"customers_customer.{c} {differs} figures.{c}" for c in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{with_statuses(FIGURES)} UPDATE customers_customer"
            f" SET {', '.join(f'{c} = figures.{c}' for c in COLUMNS)}, updated_at = %(now)s"
            f" FROM figures WHERE customers_customer.id = figures.customer_id AND ({changes})"
            " RETURNING customers_customer.id",
            given,
        )
        return len(cursor.fetchall())
