"""Reading again what Eventbrite's webhooks tell of, by id, and keeping it as a pull does."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q

from integrations.errors import Rejected
from integrations.eventbrite.pull import client_from_settings, finish
from integrations.eventbrite.pull.programme import take_events, take_venues
from integrations.eventbrite.pull.seats import take_order, take_seats
from integrations.eventbrite.pull.state import READS_BY_ID, Pull
from integrations.eventbrite.pull.windows import OVERLAP
from integrations.eventbrite.refusals import NotFound
from integrations.eventbrite.values import Json, moment
from integrations.eventbrite.webhook import EVENTS, ORDERS, SEATS, VENUES
from integrations.http import Patience
from integrations.models import Cursor, System
from integrations.notices import DONE, Finding, Subject, Verdict
from integrations.sync import RunLog

_NAMES = {VENUES: "venue", EVENTS: "event", ORDERS: "order", SEATS: "seat"}
"""The kinds that are read, in the order in which they need each other."""


def why_left(object_type: str, action: str) -> str:
    """Why a webhook does not make Nova read; blank if it does."""
    if object_type not in _NAMES:
        return f"Nova keeps nothing of Eventbrite's {object_type}."
    return ""


def read_by_syncs() -> Q:
    """The deliveries whose objects syncs have read since, long enough after to have seen it.

    Every sync reads the whole programme before the orders, so the latter's place counts for all.
    """
    streams = Cursor.objects.filter(system=System.EVENTBRITE).filter(
        Q(stream__startswith="orders of ") | Q(stream__startswith="attendees of ")
    )
    places = [position.get("since") for position in streams.values_list("position", flat=True)]
    if not places or not all(places):
        return Q(pk__in=[])
    return Q(due_at__lt=min(datetime.fromisoformat(place) for place in places))


class Rereading:
    """One run's reading of what webhooks told of. Asks Eventbrite nothing until it must."""

    most = READS_BY_ID
    """So many objects are read together: each costs a request."""

    def __init__(self, log: RunLog, *, patience: Patience | None = None) -> None:
        self._log = log
        self._patience = patience or Patience(attempts=3, base_seconds=1, longest_seconds=10)
        self._opened: Pull | None = None
        self._seats_read: set[str] = set()
        self._reads: dict[str, Callable[[Pull, str], Json]] = {
            VENUES: self._read_venue,
            EVENTS: self._read_event,
            ORDERS: self._read_order,
            SEATS: self._read_seat,
        }

    def read(self, subjects: Iterable[Subject]) -> dict[Subject, Finding]:
        """Reads and keeps the objects, each by one request; seats of an order come with it.

        Raises RetryLater, Misconfigured: what they say.
        """
        kinds = list(_NAMES)
        in_order = sorted(subjects, key=lambda subject: kinds.index(subject.object_type))
        return {subject: self._find(subject) for subject in in_order}

    def finish(self) -> None:
        """What follows from the whole, as after a pull."""
        if self._opened:
            finish(self._log)

    def _find(self, subject: Subject) -> Finding:
        what = f"{_NAMES[subject.object_type]} {subject.object_id.rpartition('/')[2]}"
        written = self._written()
        try:
            raw = self._reads[subject.object_type](self._pull(), subject.object_id)
        except NotFound:
            message = f"Eventbrite does not show {what}: not yet, or no longer."
            return Finding(Verdict.NOT_YET, message)
        except Rejected as error:
            return Finding(Verdict.REFUSED, str(error))
        if self._written() == written and _is_old(raw, subject.told_at):
            return Finding(Verdict.NOT_YET, f"Eventbrite still shows {what} as it was before.")
        return DONE

    def _pull(self) -> Pull:
        if self._opened is None:
            client = client_from_settings(self._log.meter, patience=self._patience)
            self._opened = Pull(client, self._log)
        return self._opened

    def _written(self) -> int:
        return self._log.total("created") + self._log.total("updated")

    def _read_venue(self, pull: Pull, venue_id: str) -> Json:
        raw = pull.client.venue(venue_id)
        take_venues(pull, [raw])
        return raw

    def _read_event(self, pull: Pull, event_id: str) -> Json:
        raw = pull.client.event(event_id)
        take_events(pull, [raw])
        return raw

    def _read_order(self, pull: Pull, order_id: str) -> Json:
        raw = pull.client.order(order_id)
        take_order(pull, raw)
        self._seats_read |= {str(seat["id"]) for seat in raw.get("attendees") or []}
        return raw

    def _read_seat(self, pull: Pull, seat_id: str) -> Json:
        event_id, _, own_id = seat_id.partition("/")
        if own_id in self._seats_read:
            return {}  # it came with its order, and is as old or new as that
        raw = pull.client.attendee(event_id, own_id)
        take_seats(pull, [raw])
        return raw


def _is_old(raw: Json, told_at: datetime) -> bool:
    """Whether a record did not change shortly before a webhook told that it had."""
    changed_at = moment(raw.get("changed"))
    return changed_at is not None and changed_at < told_at - OVERLAP
