"""What Eventbrite shows no more: seats that are gone from their order, events from the account."""

from collections.abc import Iterable, Iterator

from django.utils import timezone

from customers.models import Attendance, AttendanceStatus
from customers.models.ticketing import SEATED
from customers.services import mark_rollups_due
from customers.services.rollups import mark_events_due
from events.models import Event
from integrations.eventbrite.pull.state import Pull
from integrations.eventbrite.refusals import NotFound
from integrations.eventbrite.values import Json

_COUNTED = (*SEATED, AttendanceStatus.UNPAID)
"""Seats in these statuses are missed; the others count nowhere anyway."""


def find_vanished(pull: Pull, rows: list[Json]) -> list[str]:
    """The seats that Nova knows of these orders, that the orders do not name any more, and that
    Eventbrite does not show by id either: a list may be cut short, and proves nothing alone.

    One query, and a request per missing seat; an order beyond READS_BY_ID is read again later.
    """
    listed = {
        str(raw["id"]): {str(seat.get("id")) for seat in raw["attendees"]}
        for raw in rows
        if isinstance(raw, dict) and raw.get("id") and isinstance(raw.get("attendees"), list)
    }
    return list(_vanished(pull, listed)) if listed else []


def _vanished(pull: Pull, listed: dict[str, set[str]]) -> Iterator[str]:
    known = Attendance.objects.filter(
        order__eventbrite_id__among=listed, status__in=_COUNTED
    ).exclude(eventbrite_id=None)
    names = ("order__eventbrite_id", "event__eventbrite_id", "eventbrite_id")
    for order_id, event_id, seat_id in known.order_by("pk").values_list(*names):
        if seat_id in listed[str(order_id)]:
            continue
        if not pull.may_ask("seat", str(seat_id)):
            pull.unsure.add(str(order_id))
            continue
        try:
            pull.client.attendee(str(event_id), str(seat_id))
        except NotFound:
            yield str(seat_id)


def delete_seats(pull: Pull, seat_ids: Iterable[str]) -> None:
    """Marks seats as deleted, as Eventbrite does with those that it still shows."""
    ids = list(seat_ids)
    if not ids:
        return
    seats = Attendance.objects.filter(eventbrite_id__in=ids)
    touched = list(seats.values_list("holder_id", "order__buyer_id", "event_id", "status"))
    gone = seats.update(
        status=AttendanceStatus.DELETED, checked_in_at=None, updated_at=timezone.now()
    )
    pull.log.add("seats", "updated", gone)
    mark_rollups_due({pk for holder, buyer, *_ in touched for pk in (holder, buyer) if pk})
    mark_events_due({event for *_, event, was in touched if was == AttendanceStatus.CHECKED_IN})


def mark_missing_events(pull: Pull, organization_id: str, listed: set[str]) -> None:
    """Marks the organisation's events that neither its whole list (`listed`) nor a request by id
    shows any more. Nothing is deleted; an event that comes back is missing no more.

    READS_BY_ID of them in a run, the rest in the next ones.
    """
    known = Event.objects.filter(organization_id=organization_id, missing_since=None)
    ids = known.exclude(eventbrite_id=None).order_by("pk").values_list("eventbrite_id", flat=True)
    for event_id in [str(pk) for pk in ids if pk not in listed]:
        if not pull.may_ask("event", event_id):
            continue
        try:
            pull.client.event(event_id)
        except NotFound:
            lose_event(pull, event_id)


def lose_event(pull: Pull, event_id: str) -> None:
    """Marks an event that Eventbrite shows no more; it stays as it is."""
    now = timezone.now()
    events = Event.objects.filter(eventbrite_id=event_id, missing_since=None)
    pull.log.add("events", "updated", events.update(missing_since=now, updated_at=now))
