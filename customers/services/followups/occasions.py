"""To whom did it happen lately? One query for each trigger, however many people there are."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef

from customers.models import (
    CustomerType,
    FirstVisits,
    FollowUp,
    FollowUpMessage,
    Trigger,
    TypeChange,
)
from customers.services.bookings import parameters, with_statuses
from events.models import Event, EventStatus

OFF = (EventStatus.CANCELLED, EventStatus.DELETED)
"""Shows that nobody booked or attended."""


class Occasion(NamedTuple):
    """What happened: to whom, with which event, and when it counts as having happened."""

    customer_id: int
    event_id: int
    at: datetime


def occasions(follow_up: FollowUp, now: datetime) -> list[Occasion]:
    """Whom the follow-up is due to by `now`, and who has no message for it; the earliest first.

    A follow-up that is off is looked at as if it were switched on now. Erased people are left out.
    """
    earliest = (follow_up.on_since or now) - timedelta(days=follow_up.look_back_days)
    latest = now - follow_up.delay
    if latest <= earliest:
        return []
    find = {
        Trigger.FIRST_TICKET: _first_tickets,
        Trigger.FIRST_VISIT: _first_visits,
        Trigger.ABSENT: _absences,
        Trigger.VIP: _vips,
    }[Trigger(follow_up.trigger)]
    found = find(follow_up, earliest, latest, now)
    return sorted(found, key=lambda occasion: (occasion.at, occasion.customer_id))


def _first_tickets(
    follow_up: FollowUp, earliest: datetime, latest: datetime, now: datetime
) -> Iterable[Occasion]:
    told = FollowUpMessage.objects.filter(follow_up=follow_up, customer=OuterRef("customer"))
    visits = FirstVisits.objects.filter(booked_at__gt=earliest, booked_at__lte=latest)
    visits = visits.filter(~Exists(told), customer__erased_at=None)
    rows = visits.values_list("customer_id", "first_event_id", "booked_at")
    return (Occasion(*row) for row in rows)


def _vips(
    follow_up: FollowUp, earliest: datetime, latest: datetime, now: datetime
) -> Iterable[Occasion]:
    told = FollowUpMessage.objects.filter(follow_up=follow_up, customer=OuterRef("customer"))
    changes = TypeChange.objects.filter(
        to_type=CustomerType.VIP, changed_at__gt=earliest, changed_at__lte=latest
    )
    changes = changes.filter(~Exists(told), customer__erased_at=None)
    rows = changes.values_list("customer_id", "order__event_id", "changed_at")
    return (Occasion(*row) for row in rows)


# Of everybody who booked an event that ended lately: all their booked events, and which of them
# comes first. As for the rollups, a seat without holder speaks for the buyer, and where an event
# used check-in only those who were checked in attended.
_BOOKED = """
WITH lately AS (
    SELECT id FROM events_event
    WHERE end_at > %(first)s AND end_at <= %(last)s AND status NOT IN %(off)s
), person AS (
    SELECT COALESCE(s.holder_id, o.buyer_id) AS id
    FROM customers_attendance s JOIN customers_order o ON o.id = s.order_id
    WHERE s.event_id IN (SELECT id FROM lately)
      AND s.status IN %(seated)s AND o.status = %(placed)s
    UNION
    SELECT buyer_id FROM customers_order
    WHERE event_id IN (SELECT id FROM lately) AND status = %(placed)s
), place AS (
    SELECT COALESCE(s.holder_id, o.buyer_id) AS customer_id, s.event_id,
           CASE WHEN s.status = %(checked_in)s THEN 1 ELSE 0 END AS is_checked_in
    FROM customers_attendance s JOIN customers_order o ON o.id = s.order_id
    WHERE s.status IN %(seated)s AND o.status = %(placed)s
      AND (s.holder_id IN (SELECT id FROM person)
           OR (s.holder_id IS NULL AND o.buyer_id IN (SELECT id FROM person)))
    UNION ALL
    SELECT buyer_id, event_id, 0 FROM customers_order
    WHERE status = %(placed)s AND buyer_id IN (SELECT id FROM person)
), booking AS (
    SELECT customer_id, event_id, MAX(is_checked_in) AS is_checked_in
    FROM place GROUP BY customer_id, event_id
), counted AS (
    SELECT b.customer_id, b.event_id, ROW_NUMBER() OVER (
        PARTITION BY b.customer_id ORDER BY {order}
    ) AS number
    FROM booking b JOIN events_event e ON e.id = b.event_id
    WHERE e.status NOT IN %(off)s {attended}
)
SELECT c.customer_id, c.event_id FROM counted c
JOIN customers_customer p ON p.id = c.customer_id AND p.erased_at IS NULL
WHERE c.number = 1 AND c.event_id IN (SELECT id FROM lately) AND NOT EXISTS (
    SELECT 1 FROM customers_followupmessage m
    WHERE m.follow_up_id = %(follow_up)s AND m.customer_id = c.customer_id {same}
)
"""
_ATTENDED = """AND e.start_at <= %(now)s AND (b.is_checked_in = 1 OR NOT EXISTS (
    SELECT 1 FROM customers_attendance s JOIN customers_order o ON o.id = s.order_id
    WHERE s.event_id = b.event_id AND s.status = %(checked_in)s AND o.status = %(placed)s
))"""


def _first_visits(
    follow_up: FollowUp, earliest: datetime, latest: datetime, now: datetime
) -> Iterable[Occasion]:
    sql = _BOOKED.format(order="e.start_at, e.id", attended=_ATTENDED, same="")
    return _ended(sql, follow_up, earliest, latest, now)


def _absences(
    follow_up: FollowUp, earliest: datetime, latest: datetime, now: datetime
) -> Iterable[Occasion]:
    """The last event is any that was booked: whoever has booked one to come is not absent."""
    away = timedelta(days=follow_up.days_absent or 0)
    same = "AND m.event_id = c.event_id"
    sql = _BOOKED.format(order="e.start_at DESC, e.id DESC", attended="", same=same)
    found = _ended(sql, follow_up, earliest - away, latest - away, now)
    return (occasion._replace(at=occasion.at + away) for occasion in found)


def _ended(
    sql: str, follow_up: FollowUp, first: datetime, last: datetime, now: datetime
) -> Iterable[Occasion]:
    """What happened at the end of an event. Two queries."""
    moment = connection.ops.adapt_datetimefield_value
    given: dict[str, Any] = parameters(now) | {
        "first": moment(first),
        "last": moment(last),
        "follow_up": follow_up.pk or 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(with_statuses(sql), given)
        rows = cursor.fetchall()
    events = Event.objects.filter(pk__in={event_id for _, event_id in rows})
    ends = dict(events.values_list("pk", "end_at"))
    return (Occasion(customer_id, event_id, ends[event_id]) for customer_id, event_id in rows)
