"""Applying a plan: re-read, write in batches of 100, keep what became of each record."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Customer, Suppression
from integrations.errors import Misconfigured
from integrations.hubspot.agreement import (
    Agreed,
    agreed_after,
    as_agreed,
    merge_contact,
    to_send,
)
from integrations.hubspot.batches import (
    Results,
    batches,
    input_of,
    keep_results,
    note_sent,
    send_batch,
    sent_in,
)
from integrations.hubspot.client import CONTACTS, HubSpotClient, Record
from integrations.hubspot.connection import CALLS_AT_ONCE
from integrations.hubspot.mapping import PROPERTIES, Contact, changes, to_wire
from integrations.hubspot.match import archive_links, readable_contacts, store_contacts
from integrations.hubspot.plan import KIND, Known, known_of, record_of_write
from integrations.merge import Merge
from integrations.models import ContactLink, Operation, RemoteWrite
from integrations.pipeline import Work, side_by_side
from integrations.sync import RunLog
from nova_project.bulk import amend

_GONE = "The contact is no longer in HubSpot."
_MOVED = "The contact or the customer changed since the plan. The next run plans anew."
_ERASED = "The person asked to be forgotten since the plan was made."
_EXISTS = "HubSpot has a contact with this address by now. The next run brings it in step."


def apply_plan(client: HubSpotClient, log: RunLog, *, only_approved: bool = False) -> None:
    """Writes what is planned, updates first. Only what still is as the plan saw it is written.

    What staff rejected and what is held back is left alone; with `only_approved` also what they
    have not decided on.

    Each batch and its results are saved in one transaction; a batch that HubSpot took and Nova
    did not live to save is recognised by the next run.
    Raises Misconfigured: more new contacts than allowed; nothing was written then.
    """
    rows = RemoteWrite.objects.filter(object_type=CONTACTS)
    planned = rows.approved() if only_approved else rows.pending()
    check_new_contacts(planned)
    total, done = planned.count(), 0
    for operation, apply in ((Operation.UPDATE, _update), (Operation.CREATE, _create)):
        works = (apply(client, log, b) for b in batches(planned.filter(operation=operation)))
        for number in side_by_side(works, most=CALLS_AT_ONCE):
            done += number
            log.progress("Contacts written", done, total)


def check_new_contacts(planned: QuerySet[RemoteWrite]) -> None:
    """Raises Misconfigured: the plan makes more contacts than HUBSPOT_MAX_NEW_CONTACTS."""
    new = planned.filter(operation=Operation.CREATE).count()
    most = settings.HUBSPOT_MAX_NEW_CONTACTS
    if new > most:
        raise Misconfigured(
            f"The plan would create {new:,} contacts in HubSpot; HUBSPOT_MAX_NEW_CONTACTS allows "
            f"{most:,}. Nothing was written. Look at the plan; raise the setting if it is right."
        )


def _update(client: HubSpotClient, log: RunLog, batch: list[RemoteWrite]) -> Work[int]:
    ids = [write.remote_id for write in batch]
    read: list[Record] = yield partial(client.read_objects, CONTACTS, ids, PROPERTIES)
    records = [record for record in read if str(record["id"]) in ids]
    spelt = {str(record["id"]): record["properties"] for record in records}
    found = {contact.id: contact for contact in readable_contacts(records, log)}
    merges = _merges(batch, found)
    results = Results()
    inputs: list[Record] = []
    for write in batch:
        wanted = merges[write.pk].wanted(write) if write.pk in merges else None
        if wanted is None:
            results.skipped[write.pk] = _GONE
        elif not wanted:
            results.equal.append(write.pk)
        elif wanted != write.after:
            results.skipped[write.pk] = _MOVED
        else:
            results.note_replaced(write, spelt[write.remote_id])
            inputs.append(input_of(write, write.remote_id, to_wire(wanted)))
    if inputs:
        note_sent(log, sent_in(inputs))
        yield partial(send_batch, partial(client.update_objects, CONTACTS), inputs, results)
    with transaction.atomic():
        archive_links([w.remote_id for w in batch if w.remote_id not in spelt])
        _keep_seen(merges, results)
        _keep_results(batch, results, log)
    return len(batch)


@dataclass(frozen=True, slots=True)
class _Now:
    """Both sides of a write as they are before it."""

    contact: Contact
    known: Known
    agreed: Agreed | None
    merged: Merge

    def wanted(self, write: RemoteWrite) -> dict[str, str]:
        """What is still to be written of the write."""
        wanted = changes(self.known.figures, self.contact.values) | to_send(self.merged)
        return {name: value for name, value in wanted.items() if name in write.after}


def _merges(batch: list[RemoteWrite], found: Mapping[str, Contact]) -> dict[int, _Now]:
    """Both sides of each write whose contact is there, by write. Two queries."""
    people = Customer.objects.filter(pk__among=[write.customer_id for write in batch])
    known = known_of(people.filter(erased_at=None))
    links = ContactLink.objects.filter(hubspot_id__among=list(found))
    agreed = dict(links.values_list("hubspot_id", "agreed"))
    sides = {}
    for write in batch:
        contact, ours = found.get(write.remote_id), known.get(write.customer_id or 0)
        if contact and ours:
            base = as_agreed(agreed.get(contact.id))
            merged = merge_contact(base, ours.shared, contact.values)
            sides[write.pk] = _Now(contact, ours, base, merged)
    return sides


def _create(client: HubSpotClient, log: RunLog, batch: list[RemoteWrite]) -> Work[int]:
    by_address = {write.after["email"]: write for write in batch}
    read = yield partial(client.read_objects, CONTACTS, list(by_address), PROPERTIES, by="email")
    existing = readable_contacts(read, log)
    erased = Suppression.objects.covering(by_address)
    taken = {a.lower() for contact in existing for a in (contact.email, *contact.other_emails)}
    results = Results()
    inputs: list[Record] = []
    for address, write in by_address.items():
        if address in erased:
            results.skipped[write.pk] = _ERASED
        elif address in taken:
            results.skipped[write.pk] = _EXISTS
        else:
            values = {name: value for name, value in write.after.items() if name != "email"}
            inputs.append(input_of(write, address, to_wire(values)))
    blank = {write.pk: Contact("", {"email": write.after["email"]}) for write in batch}
    upsert = partial(client.upsert_objects, CONTACTS, by="email")
    if inputs:
        note_sent(log, sent_in(inputs))
        yield partial(send_batch, upsert, inputs, results, by="email")
    written = _contacts(results, blank).values()
    with transaction.atomic():
        store_contacts(existing, log, None)
        store_contacts(written, log, None, created_here=True)
        ContactLink.objects.filter(hubspot_id__in=[c.id for c in written]).update(
            pushed_at=timezone.now(), is_push_due=False, updated_at=timezone.now()
        )
        _keep_results(batch, results, log)
    return len(batch)


def _contacts(results: Results, before: Mapping[int, Contact | None]) -> dict[int, Contact]:
    """The written contacts by write id; `before` holds them as they were read."""
    return {
        pk: _after(record, results.sent[pk], before[pk]) for pk, record in results.written.items()
    }


def _after(record: Record, sent: Mapping[str, str], before: Contact | None) -> Contact:
    """The contact after the write: what was read before it, and what the reply says.

    A reply holds the properties that were written, and may leave out blank ones.
    """
    reply = Contact.from_api(record)
    cleared = {name: reply.values.get(name, "") for name in sent}
    values = {**(before.values if before else {}), **reply.values}
    return Contact(reply.id, values, (), reply.changed_at).with_values(cleared)


def _keep_seen(sides: Mapping[int, _Now], results: Results) -> None:
    """What was read or written becomes what was last seen; what was written is agreed.

    What is new in HubSpot is left to the next comparison.
    """
    now = timezone.now()
    written = _contacts(results, {pk: side.contact for pk, side in sides.items()})
    by_id = {side.contact.id: pk for pk, side in sides.items()}
    links = ContactLink.objects.filter(hubspot_id__among=list(by_id)).select_for_update()
    rows = []
    for hubspot_id, agreed, pushed_at in links.values_list("hubspot_id", "agreed", "pushed_at"):
        pk = by_id[hubspot_id]
        side, contact = sides[pk], written.get(pk, sides[pk].contact)
        base = as_agreed(agreed)
        if base == side.agreed:
            base = agreed_after(base, side.merged, results.sent.get(pk, {}), contact.values)
        is_settled = (pk in written or pk in results.equal) and not side.merged.take
        at = now if pk in written else pushed_at
        rows.append((hubspot_id, contact.values, base, contact.changed_at, at, not is_settled))
    fields = ("hubspot_id", "seen", "agreed", "remote_changed_at", "pushed_at", "is_push_due")
    amend(ContactLink, rows, fields=fields, key="hubspot_id")


def _keep_results(batch: list[RemoteWrite], results: Results, log: RunLog) -> None:
    keep_results(batch, results, log, kind=KIND, record_of=record_of_write)
