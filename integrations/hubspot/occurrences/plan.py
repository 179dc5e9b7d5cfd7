"""Which events would be sent. Nothing is written to HubSpot here."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

from django.db import transaction

from integrations.hubspot.drafts import Draft, Drafts
from integrations.hubspot.marketing_client import MarketingClient
from integrations.hubspot.occurrences.definitions import LONGEST, full_names
from integrations.hubspot.occurrences.due import Due, due_purchases, due_visits
from integrations.models import OccurrenceKind, Operation, RemoteWrite
from integrations.sync import RunLog

OBJECT_TYPE = "events"
KIND = "HubSpot events"
KIND_FIELD, TIME_FIELD = "event", "occurred at"
"""Under which names a planned event says what it is and when it was."""

_UNDEFINED = "HubSpot does not know the event “{name}” yet. Run setup_hubspot."
_REASONS = {
    OccurrenceKind.PURCHASED: "Bought tickets. A sent event cannot be taken back.",
    OccurrenceKind.ATTENDED: "Attended a show. A sent event cannot be taken back.",
}


def plan_occurrences(
    client: MarketingClient, log: RunLog, since: datetime, *, full: bool = False
) -> None:
    """Plans all purchases and visits from `since` on that were not sent, in place of the last plan.

    One request if there is anything to send, else none.
    """
    drafts = Drafts(log, object_type=OBJECT_TYPE, kind=KIND, retries_refused=full)
    defined: dict[OccurrenceKind, str] | None = None
    done = 0
    for batch in _due(since):
        if batch and defined is None:
            defined = full_names(client)
            _tell_undefined(log, defined)
        with transaction.atomic():
            drafts.keep(_draft(due) for due in batch if defined and defined[due.kind])
        done += len(batch)
        log.progress("Events to send", done)
    drafts.finish()


def drop_plan() -> None:
    """Nothing of it is planned any more: events are off."""
    RemoteWrite.objects.open().filter(object_type=OBJECT_TYPE).delete()


def _due(since: datetime) -> Iterator[list[Due]]:
    return chain(due_purchases(since), due_visits(since))


def _tell_undefined(log: RunLog, defined: dict[OccurrenceKind, str]) -> None:
    for kind, name in defined.items():
        record = f"event “{kind.label}”"
        if name:
            log.checked([record])
        else:
            log.problem("undefined", record, _UNDEFINED.format(name=kind.label), kind=KIND)


def _draft(due: Due) -> Draft:
    at = due.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    values = {name: text[:LONGEST] for name, text in due.properties.items()}
    return Draft(
        subject=due.subject,
        record=f"event “{due.kind.label}” of {due.subject}",
        operation=Operation.CREATE,
        remote_id=due.uuid.hex,
        before={},
        after={KIND_FIELD: due.kind.label, TIME_FIELD: at} | values,
        reason=_REASONS[due.kind],
        link_id=due.link_id,
        customer_id=due.customer_id,
    )
