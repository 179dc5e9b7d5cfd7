"""What counts as booked and paid, and who is of which type: for the SQL that computes rollups."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from customers.models.ticketing import PAID_STATUSES, SEATED, OrderStatus
from events.models import EventStatus
from nova_project.money import company_currency

# The valid seats of due customers. A seat without holder speaks for the buyer. In two parts, for
# either is found by an index; asked in one, all the seats there are would be read.
SEATS_OF_DUE = """
    SELECT s.holder_id AS customer_id, s.event_id, s.status, o.id AS order_id, o.ordered_at
    FROM customers_attendance s JOIN customers_order o ON o.id = s.order_id
    WHERE s.status IN %(seated)s AND o.status = %(placed)s
      AND s.holder_id IN (SELECT id FROM due)
    UNION ALL
    SELECT o.buyer_id, s.event_id, s.status, o.id, o.ordered_at
    FROM customers_order o JOIN customers_attendance s ON s.order_id = o.id
    WHERE s.status IN %(seated)s AND o.status = %(placed)s
      AND s.holder_id IS NULL AND o.buyer_id IN (SELECT id FROM due)"""


def type_of(events: str, spend: str) -> str:
    """The SQL of the type of a customer with so many booked events and so much spend."""
    return (
        f"CASE WHEN {events} >= %(vip_events)s OR {spend} >= %(vip_spend)s THEN 'vip'"
        f" WHEN {events} >= 2 THEN 'returning' WHEN {events} = 1 THEN 'new' ELSE 'lead' END"
    )


def parameters(now: datetime) -> dict[str, Any]:
    """What the SQL is computed by, besides the customers whom it is computed for."""
    return {
        "now": connection.ops.adapt_datetimefield_value(now),
        "checked_in": str(SEATED[1]),
        "placed": str(OrderStatus.PLACED),
        "currency": company_currency(),
        "vip_events": settings.NOVA_VIP_EVENTS,
        "vip_spend": settings.NOVA_VIP_SPEND,
    }


def with_statuses(sql: str) -> str:
    """`sql` with the lists of statuses put in, which no parameter can be."""
    lists = {
        "seated": SEATED,
        "paid": PAID_STATUSES,
        "off": (EventStatus.CANCELLED, EventStatus.DELETED),
    }
    for name, values in lists.items():
        marks = ", ".join(f"'{value.value}'" for value in values)  # our own constants
        sql = sql.replace(f"%({name})s", f"({marks})")
    return sql
