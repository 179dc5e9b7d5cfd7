"""Fields of contacts and deals, brought back to what they held."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet

from integrations.hubspot.batches import Results, batches, input_of, send_batch
from integrations.hubspot.client import CONTACTS, DEALS, HubSpotClient, Record
from integrations.hubspot.deals.account import read_account
from integrations.hubspot.deals.mapping import SEEN
from integrations.hubspot.deals.undo import deal_values, deals_restored
from integrations.hubspot.mapping import PERSONAL, PROPERTIES, Contact
from integrations.hubspot.undo.steps import RECORDS, Read, Values, count_only, keep, steps_of
from integrations.models import ContactLink, RemoteWrite
from integrations.sync import RunLog
from nova_project.bulk import amend


@dataclass(frozen=True, slots=True)
class Undoable:
    """How one kind of record is read for an undo, and what is kept of it here afterwards.

    `read` brings values to the spelling of the plan. `restored` gets what `account` read of the
    portal, what HubSpot answered, and the writes that were taken back; it runs in the transaction
    that saves them.
    """

    properties: tuple[str, ...]
    read: Read
    restored: Callable[[Any, Results, list[RemoteWrite]], None]
    account: Callable[[HubSpotClient], Any] = lambda client: None


def undo_fields(
    client: HubSpotClient,
    log: RunLog,
    object_type: str,
    writes: QuerySet[RemoteWrite],
    *,
    dry_run: bool,
) -> None:
    """Reads the records of these writes, and restores the fields that are as Nova left them."""
    total, done, kind = writes.count(), 0, UNDOABLE[object_type]
    account = kind.account(client) if total and not dry_run else None
    for batch in batches(writes):
        by_id = {write.remote_id: write for write in batch}
        records = client.read_objects(object_type, by_id, kind.properties)
        steps = steps_of(batch, {str(r["id"]): r for r in records}, kind.read)
        if dry_run:
            count_only(log, RECORDS, steps)
        else:
            results = Results()
            inputs = [input_of(s.write, s.write.remote_id, s.values) for s in steps if s.values]
            send_batch(partial(client.update_objects, object_type), inputs, results)
            keep(log, RECORDS, steps, results, partial(kind.restored, account))
        done += len(batch)
        log.progress("Records restored", done, total)


def _contact_values(record: Record) -> Values:
    return Contact.from_api(record).values


def _contacts_restored(account: None, results: Results, writes: list[RemoteWrite]) -> None:
    """What the contacts hold now is what was last seen, and the base of their next merge.

    So what Nova has counts as newer, and is planned again: held back, for staff to decide.
    """
    by_id = {write.remote_id: write for write in writes}
    rows = []
    links = ContactLink.objects.filter(hubspot_id__among=by_id)
    for hubspot_id, seen, agreed in links.values_list("hubspot_id", "seen", "agreed"):
        pk = by_id[hubspot_id].pk
        reply = Contact.from_api(results.written[pk])
        cleared = {name: reply.values.get(name, "") for name in results.sent[pk]}
        after = Contact(hubspot_id, seen).with_values({**reply.values, **cleared}).values
        base = _base(agreed, after, results.sent[pk])
        rows.append((hubspot_id, after, base, reply.changed_at, True))
    amend(
        ContactLink,
        rows,
        fields=("hubspot_id", "seen", "agreed", "remote_changed_at", "is_push_due"),
        key="hubspot_id",
    )


def _base(agreed: dict | None, after: Values, sent: Values) -> dict | None:
    if agreed is None:
        return None
    restored = {
        ours: [after.get(theirs, "")] * 2 for ours, theirs in PERSONAL.items() if theirs in sent
    }
    return agreed | restored


UNDOABLE: dict[str, Undoable] = {
    CONTACTS: Undoable(PROPERTIES, _contact_values, _contacts_restored),
    DEALS: Undoable(SEEN, deal_values, deals_restored, read_account),
}
"""The kinds of records whose fields can be restored."""
