"""First visits and changes of type, recomputed by the database along with the rollups."""

from typing import Any

from django.db import connection

from customers.services.bookings import SEATS_OF_DUE, type_of, with_statuses

_DUE = """
due AS (
    SELECT id FROM customers_customer WHERE is_rollup_due AND id BETWEEN %(first)s AND %(last)s
)"""

# A row per due customer and booked event: the order that made it one.
_BOOKING = f"""
WITH {_DUE}, seat AS ({SEATS_OF_DUE}
), place AS (
    SELECT customer_id, event_id, order_id, ordered_at FROM seat
    UNION ALL
    SELECT buyer_id, event_id, id, ordered_at FROM customers_order
    WHERE status = %(placed)s AND buyer_id IN (SELECT id FROM due)
), booking AS (
    SELECT p.customer_id, p.event_id, p.order_id, p.ordered_at, e.starts_on, e.start_at
    FROM (
        SELECT place.*, ROW_NUMBER() OVER (
            PARTITION BY customer_id, event_id ORDER BY ordered_at, order_id
        ) AS number FROM place
    ) AS p
    JOIN events_event e ON e.id = p.event_id AND e.status NOT IN %(off)s
    WHERE p.number = 1
)"""
_VISITS = f"""{_BOOKING}, numbered AS (
    SELECT customer_id, event_id, ordered_at,
           ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id, event_id)
               AS by_order,
           ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY starts_on, start_at, event_id)
               AS by_day
    FROM booking
)
INSERT INTO customers_firstvisits AS kept
    (customer_id, booked_at, returned_at, first_event_id, second_event_id)
SELECT customer_id, MIN(ordered_at), MAX(CASE WHEN by_order = 2 THEN ordered_at END),
       MAX(CASE WHEN by_day = 1 THEN event_id END), MAX(CASE WHEN by_day = 2 THEN event_id END)
FROM numbered WHERE true GROUP BY customer_id
ON CONFLICT (customer_id) DO UPDATE
"""
_CHANGES = f"""{_BOOKING}, step AS (
    SELECT customer_id, ordered_at, order_id, 1 AS events, 0 AS spend FROM booking
    UNION ALL
    SELECT buyer_id, ordered_at, id, 0, gross_paid - refund FROM customers_order
    WHERE status IN %(paid)s AND currency = %(currency)s AND buyer_id IN (SELECT id FROM due)
), moment AS (
    SELECT customer_id, ordered_at, MIN(order_id) AS order_id, SUM(events) AS events,
           SUM(spend) AS spend
    FROM step GROUP BY customer_id, ordered_at
), total AS (
    SELECT customer_id, ordered_at, order_id,
           SUM(events) OVER so_far AS events, ROUND(SUM(spend) OVER so_far, 3) AS spend
    FROM moment WINDOW so_far AS (PARTITION BY customer_id ORDER BY ordered_at)
), typed AS (
    SELECT customer_id, ordered_at, order_id, {type_of("events", "spend")} AS to_type FROM total
), change AS (
    SELECT typed.*, LAG(to_type, 1, 'lead')
        OVER (PARTITION BY customer_id ORDER BY ordered_at) AS from_type
    FROM typed
), computed AS (
    SELECT customer_id, from_type, to_type, ordered_at, order_id FROM change
    WHERE to_type <> from_type
)"""
_STALE_VISITS = f"""WITH {_DUE}
DELETE FROM customers_firstvisits WHERE customer_id IN (
    SELECT due.id FROM due JOIN customers_customer c ON c.id = due.id WHERE c.events_booked = 0
)"""
_STALE_CHANGES = f"""{_CHANGES}
DELETE FROM customers_typechange WHERE customer_id IN (SELECT id FROM due) AND NOT EXISTS (
    SELECT 1 FROM computed c
    WHERE c.customer_id = customers_typechange.customer_id
      AND c.to_type = customers_typechange.to_type
)"""
_NEW_CHANGES = f"""{_CHANGES}
INSERT INTO customers_typechange AS kept (customer_id, from_type, to_type, changed_at, order_id)
SELECT customer_id, from_type, to_type, ordered_at, order_id FROM computed WHERE true
ON CONFLICT (customer_id, to_type) DO UPDATE
"""


def refresh_stages(given: dict[str, Any]) -> None:
    """Brings first visits and changes of type of the due customers of an id range up to date.

    Call it after their rollups, and before they cease to be due. Four statements, which write only
    what differs. `given` are the parameters of the rollups.
    """
    statements = (
        _STALE_VISITS,
        _VISITS + _set("booked_at returned_at first_event_id second_event_id"),
        _STALE_CHANGES,
        _NEW_CHANGES + _set("from_type changed_at order_id"),
    )
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(with_statuses(statement), given)


def _set(columns: str) -> str:
    """The end of an upsert that leaves equal rows alone."""
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    names = columns.split()
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names)
    changes = " OR ".join(f"kept.{name} {differs} excluded.{name}" for name in names)
    return f"SET {assignments} WHERE {changes}"
