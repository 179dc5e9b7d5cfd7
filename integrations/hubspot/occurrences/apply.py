"""Sending the events that are planned, 500 at a time, and noting which HubSpot took."""

import re
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from integrations.hubspot.batches import Results, batches, input_of, keep_results, send_batch
from integrations.hubspot.client import BatchReply, Record
from integrations.hubspot.marketing_client import EVENTS_AT_ONCE, MarketingClient
from integrations.hubspot.occurrences.definitions import full_names
from integrations.hubspot.occurrences.due import (
    purchase_subject,
    purchases,
    visit_subject,
    visits,
)
from integrations.hubspot.occurrences.plan import KIND, KIND_FIELD, OBJECT_TYPE, TIME_FIELD
from integrations.models import ContactLink, Occurrence, OccurrenceKind, RemoteWrite
from integrations.sync import RunLog

_MOVED = "The order or the visit changed since the plan, or was sent. The next run plans anew."
_KINDS = {kind.label: kind for kind in OccurrenceKind}


def apply_occurrences(client: MarketingClient, log: RunLog, *, only_approved: bool = False) -> None:
    """Sends what is planned and still holds; with `only_approved` what staff said yes to.

    What was sent and what is noted of it are not one step: an event that was sent before a crash
    is sent again, and HubSpot drops it, because it bears the same uuid.
    """
    rows = RemoteWrite.objects.filter(object_type=OBJECT_TYPE)
    pending = rows.approved() if only_approved else rows.pending()
    total, done = pending.count(), 0
    if not total:
        return
    names = full_names(client)
    for batch in batches(pending, EVENTS_AT_ONCE):
        _send(client, log, batch, names)
        done += len(batch)
        log.progress("Events sent", done, total)


def _send(
    client: MarketingClient,
    log: RunLog,
    batch: list[RemoteWrite],
    names: dict[OccurrenceKind, str],
) -> None:
    holds = _holding(batch)
    linked = ContactLink.objects.linked().filter(pk__in=[write.link_id for write in batch])
    contacts = dict(linked.values_list("pk", "hubspot_id"))
    results, events = Results(), dict[str, Record]()
    for write in batch:
        contact = contacts.get(write.link_id or 0)
        name = names[_kind(write)]
        if write.subject in holds and contact and name:
            events[write.remote_id] = _event(write, name, contact)
        else:
            results.skipped[write.pk] = _MOVED
    inputs = [input_of(w, w.remote_id, w.after) for w in batch if w.remote_id in events]

    def send(given: list[Record]) -> BatchReply:
        client.send_events([events[entry["id"]] for entry in given])
        return BatchReply(given)

    send_batch(send, inputs, results)
    with transaction.atomic():
        sent = [write for write in batch if write.pk in results.written]
        Occurrence.objects.bulk_create([_noted(write, holds[write.subject]) for write in sent])
        keep_results(batch, results, log, kind=KIND, record_of=record_of_write)


class _Held(NamedTuple):
    """Whom and what a planned event is about, as it stands now."""

    customer_id: int
    event_id: int
    order_id: int | None = None


def _holding(batch: list[RemoteWrite]) -> dict[str, _Held]:
    """What in this batch is still to be told, by subject. Three queries."""
    numbers = [(_kind(write), re.findall(r"\d+", write.subject)) for write in batch]
    orders = [int(ids[0]) for kind, ids in numbers if kind == OccurrenceKind.PURCHASED]
    events = {int(ids[0]) for kind, ids in numbers if kind == OccurrenceKind.ATTENDED}
    bought = purchases().filter(pk__in=orders).values_list("buyer_id", "event_id", "pk")
    holds = {purchase_subject(row[2]): _Held(*row) for row in bought}
    for event_id, customer_id in visits(events):
        holds[visit_subject(event_id, customer_id)] = _Held(customer_id, event_id)
    return holds


def _event(write: RemoteWrite, name: str, contact: str) -> Record:
    values = {n: text for n, text in write.after.items() if n not in (KIND_FIELD, TIME_FIELD)}
    return {
        "eventName": name,
        "objectId": contact,
        "occurredAt": write.after[TIME_FIELD],
        "uuid": str(UUID(write.remote_id)),
        "properties": values,
    }


def _noted(write: RemoteWrite, held: _Held) -> Occurrence:
    return Occurrence(
        kind=_kind(write),
        **held._asdict(),
        uuid=UUID(write.remote_id),
        occurred_at=datetime.fromisoformat(write.after[TIME_FIELD]),
    )


def _kind(write: RemoteWrite) -> OccurrenceKind:
    return _KINDS[write.after[KIND_FIELD]]


def record_of_write(write: RemoteWrite) -> str:
    return f"event “{write.after[KIND_FIELD]}” of {write.subject}"
