"""Reading again what HubSpot's webhooks tell of, by id, and keeping it as a pull does."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from customers.services import refresh_rollups
from integrations.errors import NotAllowed
from integrations.http import Patience
from integrations.hubspot.client import BATCH, CONTACTS, DEALS, HubSpotClient, Record
from integrations.hubspot.deals import sync as deals
from integrations.hubspot.pull import Contacts
from integrations.hubspot.sync import connect
from integrations.hubspot.walk import Reading
from integrations.hubspot.webhook import NO_SECRET
from integrations.models import System
from integrations.notices import DONE, Finding, Subject, Verdict
from integrations.privacy import erase_contact
from integrations.sync import RunLog, read_cursor

READINGS: dict[str, Callable[[HubSpotClient, RunLog], Reading]] = {
    CONTACTS: lambda client, log: Contacts(client, log, full=False),
    DEALS: deals.reading_of,
}
"""How the kinds of object that webhooks make Nova read are kept. Nova keeps no others."""

STREAMS: dict[str, Callable[[], str]] = {CONTACTS: lambda: Contacts.stream, DEALS: deals.stream}
"""Where each of these kinds keeps how far syncs have read it."""

_NO_DEALS = "HUBSPOT_DEALS is “off”: Nova leaves deals alone."
_LEFT_ACTIONS = {"associationChange": "What belongs to what is read by the next sync."}
_GONE = ("deletion", "privacyDeletion", "merge")
"""What makes a record vanish: it is marked as gone if it cannot be read."""

_READ_BY_SYNC = ("creation", "propertyChange")
"""What a sync of the changed records sees, too. It does not see what is no longer there."""

_GRAIN = timedelta(seconds=1)
"""A change may be stamped that much later than the record it changes."""


def why_left(object_type: str, action: str) -> str:
    """Why a webhook does not make Nova read; blank if it does."""
    if object_type not in READINGS:
        return f"Nova keeps nothing of HubSpot's {object_type}."
    if object_type == DEALS and settings.HUBSPOT_DEALS == "off":
        return _NO_DEALS
    return _LEFT_ACTIONS.get(event_of(action), "")


def event_of(action: str) -> str:
    """“deletion” of “contact.deletion”."""
    return action.rpartition(".")[2]


def read_by_syncs() -> Q:
    """The deliveries whose objects a sync has read since."""
    found = Q(pk__in=[])
    for kind, stream in STREAMS.items():
        done_to = read_cursor(System.HUBSPOT, stream()).get("done_to")
        if done_to:
            until = datetime.fromtimestamp(done_to / 1000, UTC)
            event = Q()
            for name in _READ_BY_SYNC:
                event |= Q(action__endswith=f".{name}")
            found |= event & Q(object_type=kind, due_at__lt=until)
    return found


class Rereading:
    """One run's reading of what webhooks told of. Asks HubSpot nothing until there is something."""

    most = BATCH
    """So many objects are read together."""

    def __init__(self, log: RunLog, *, patience: Patience | None = None) -> None:
        self._log = log
        self._patience = patience
        self._client: HubSpotClient | None = None
        self._readings: dict[str, Reading] = {}

    def read(self, subjects: Iterable[Subject]) -> dict[Subject, Finding]:
        """Reads and keeps the objects, of each kind by one request, and a few to begin with.

        Raises RetryLater, Misconfigured: what they say.
        """
        by_kind: dict[str, list[Subject]] = defaultdict(list)
        for subject in subjects:
            by_kind[subject.object_type].append(subject)
        findings: dict[Subject, Finding] = {}
        for kind, wanted in by_kind.items():
            try:
                findings |= self._read(kind, wanted)
            except NotAllowed as error:
                if kind != DEALS:
                    raise
                told = deals.leave_out(self._log, error)
                findings |= {s: Finding(Verdict.NOT_YET, told) for s in wanted}
        return findings

    def finish(self) -> None:
        """What follows from the whole: links that can be decided now, shares, figures of people."""
        self._log.settle(NO_SECRET)  # what is processed here had a signature
        for reading in self._readings.values():
            reading.finish()
        if CONTACTS in self._readings:
            refresh_rollups()

    def _read(self, kind: str, subjects: list[Subject]) -> dict[Subject, Finding]:
        reading = self._reading(kind)
        ids = [subject.object_id for subject in subjects]
        records = reading.client.read_objects(kind, ids, reading.properties)
        found = {str(record["id"]): record for record in records}
        gone = [s for s in subjects if s.object_id not in found and _may_be_gone(s)]
        reading.prepare(list(found.values()))
        with transaction.atomic():
            reading.store(list(found.values()))
            reading.archive([subject.object_id for subject in gone])
            for subject in filter(_is_forgotten, gone):
                erase_contact(subject.object_id)
        return {
            s: DONE if s in gone else _finding(kind, s, found.get(s.object_id)) for s in subjects
        }

    def _reading(self, kind: str) -> Reading:
        if self._client is None:
            self._client = connect(self._log.meter, patience=self._patience)
        if kind not in self._readings:
            self._readings[kind] = READINGS[kind](self._client, self._log)
        return self._readings[kind]


def _may_be_gone(subject: Subject) -> bool:
    return any(event_of(action) in _GONE for action in subject.actions)


def _is_forgotten(subject: Subject) -> bool:
    """Did HubSpot delete the person for good, on their wish? Only where the contact is gone."""
    is_told = any(event_of(action) == "privacyDeletion" for action in subject.actions)
    return is_told and subject.object_type == CONTACTS


def _finding(kind: str, subject: Subject, record: Record | None) -> Finding:
    what = f"{kind.removesuffix('s')} {subject.object_id}"
    if record is None:
        return Finding(Verdict.NOT_YET, f"HubSpot does not show {what}: not yet, or no longer.")
    changed_at = record.get("updatedAt")
    if changed_at and datetime.fromisoformat(changed_at) < subject.told_at - _GRAIN:
        return Finding(Verdict.NOT_YET, f"HubSpot still shows {what} as it was before.")
    return DONE
