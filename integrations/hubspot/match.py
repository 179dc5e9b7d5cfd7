"""Contacts as read become links, and links find their customers. One transaction per page."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from customers.models import EmailAddress, Suppression, clean_address
from customers.services import find_or_add_people
from integrations.hubspot.addresses import keep_addresses
from integrations.hubspot.client import Record
from integrations.hubspot.conflicts import note_conflicts
from integrations.hubspot.customers import Meeting, person_of, update_customers
from integrations.hubspot.mapping import Contact
from integrations.hubspot.survivors import follow_merges
from integrations.merge import Base, Merge
from integrations.models import ContactLink, LinkState, MatchRule
from integrations.models.links import ERASED, LINKED
from integrations.sync import RunLog
from nova_project.bulk import Upserted, recorded, upsert

_SETTLED = {*LINKED, LinkState.SUGGESTED, LinkState.REJECTED}
_DECIDED = ("customer_id", "state", "rule", "evidence")
_KEPT = ("agreed", "also_id", "is_also_other", "email")
_FIELDS = (
    "hubspot_id",
    *_DECIDED,
    "agreed",
    "also_id",
    "is_also_other",
    "email",
    "other_emails",
    "seen",
    "archived_at",
    "remote_changed_at",
    "is_push_due",
    "erased_at",
)


@dataclass(slots=True)
class _Entry:
    """A contact on its way to its link. `addresses` are the usable ones, the first one first."""

    contact: Contact
    addresses: list[str]
    customer_id: int | None = None
    state: str = LinkState.UNMATCHED
    rule: str = MatchRule.NONE
    evidence: str = "The contact has no usable address."
    agreed: Base | None = None
    merged: Merge | None = None
    also_id: int | None = None
    is_also_other: bool = False
    email_before: str = ""
    is_new_person: bool = False
    is_back: bool = False
    was_gone: bool = False
    erased_at: datetime | None = None
    is_as_seen: bool = False

    @property
    def is_linked(self) -> bool:
        return self.state in LINKED

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    def erase(self, at: datetime) -> None:
        self.contact = Contact(self.contact.id, changed_at=self.contact.changed_at)
        self.addresses, self.evidence, self.erased_at = [], ERASED, at

    def note_other_owner(self, owner_id: int | None) -> None:
        """Another customer has one of the contact's addresses: perhaps the two are one person."""
        if owner_id is not None and owner_id != self.also_id:
            self.also_id, self.is_also_other = owner_id, False

    def row(self) -> tuple[Any, ...]:
        return (
            self.contact.id,
            self.customer_id,
            str(self.state),
            str(self.rule),
            self.evidence,
            self.agreed,
            self.also_id,
            self.is_also_other,
            self.addresses[0] if self.addresses else "",
            ";".join(self.addresses[1:]),
            self.contact.values,
            None,
            self.contact.changed_at,
            not self.is_erased,
            self.erased_at,
        )


def readable_contacts(records: Iterable[Record], log: RunLog) -> list[Contact]:
    """The contacts of an answer; one with a value of the wrong kind is set aside."""
    contacts = []
    for record in records:
        try:
            contacts.append(Contact.from_api(record))
        except ValueError as error:
            log.problem(
                "unreadable",
                f"contact {record['id']}",
                f"Contact {record['id']} cannot be read: {error}. Correct it in HubSpot.",
                kind="contacts",
            )
    return contacts


def store_contacts(
    contacts: Iterable[Contact],
    log: RunLog,
    owners: Mapping[str, str] | None,
    *,
    created_here: bool = False,
    trusts_times: bool = False,
) -> Upserted:
    """Keeps contacts as last read, links each to its customer, and takes over what the CRM says.

    An address, the contact's first or one of its others, finds its customer; without one a usable
    address makes a new customer. A second contact of a person becomes a suggestion and changes
    nothing. Links that exist keep their customer. `owners` None leaves the owners as they are;
    `created_here` says that Nova made these contacts; with `trusts_times` a contact that bears the
    time of change that was seen last is not compared.

    Call it in a transaction. The number of queries does not depend on the number of contacts.
    """
    entries = [_Entry(contact, _addresses(contact)) for contact in contacts]
    if not entries:
        return Upserted()
    follow_merges([entry.contact for entry in entries])
    _erase_suppressed(entries)
    _recall_links(entries)
    given = len(entries)
    if trusts_times:
        entries = [entry for entry in entries if not entry.is_as_seen]
    _find_customers(entries)
    _add_customers(entries, log, owners)
    _link(entries)
    if created_here:
        for entry in entries:
            if entry.is_linked and entry.rule == MatchRule.PRIMARY_ADDRESS:
                entry.rule, entry.evidence = MatchRule.CREATED_HERE, "Created in HubSpot by Nova."
    linked = {e.customer_id: e for e in entries if e.is_linked and e.customer_id is not None}
    _bring_in_step(linked, log, owners)
    keep_addresses(linked)
    stored = _save(entries)
    stored.unchanged += given - len(entries)
    note_conflicts({e.contact.id: e.merged for e in linked.values() if e.merged}, log)
    return stored


def _save(entries: list[_Entry]) -> Upserted:
    back = [entry.contact.id for entry in entries if entry.was_gone]
    links = (
        ContactLink.objects.filter(hubspot_id__among=back) if back else ContactLink.objects.none()
    )
    keys = list(links.values_list("pk", flat=True))
    with recorded(ContactLink, keys, "Back in HubSpot.") if keys else nullcontext():
        return upsert(
            ContactLink,
            [entry.row() for entry in entries],
            fields=_FIELDS,
            key="hubspot_id",
            along=("remote_changed_at", "is_push_due"),
        )


def _addresses(contact: Contact) -> list[str]:
    found = [clean_address(contact.email), *map(clean_address, contact.other_emails)]
    return [address for address in dict.fromkeys(found) if address]


def archive_links(hubspot_ids: Collection[str]) -> int:
    """Marks the links of contacts that are gone from HubSpot; returns how many were live.

    The contact may have been merged into another: then the next read of that one says so.
    """
    if not hubspot_ids:
        return 0
    live = ContactLink.objects.live().filter(hubspot_id__among=list(hubspot_ids))
    gone = list(live.values_list("pk", flat=True))
    if gone:
        with recorded(ContactLink, gone, "Gone from HubSpot: deleted, or merged into another."):
            now = timezone.now()
            ContactLink.objects.filter(pk__in=gone).update(archived_at=now, updated_at=now)
    return len(gone)


def _bring_in_step(
    linked: Mapping[int, _Entry], log: RunLog, owners: Mapping[str, str] | None
) -> None:
    meetings = {pk: Meeting(e.contact, e.agreed, e.is_new_person) for pk, e in linked.items()}
    for customer_id, merged in update_customers(meetings, log, owners).items():
        entry = linked[customer_id]
        entry.merged, entry.agreed = merged, merged.base


def _erase_suppressed(entries: list[_Entry]) -> None:
    """Contacts of erased people, known by an address or, whatever that is by now, by their id."""
    if not Suppression.objects.exists():
        return
    ids = [id_ for e in entries for id_ in (e.contact.id, *e.contact.merged_ids)]
    links = ContactLink.objects.erased().filter(hubspot_id__among=ids)
    now = timezone.now()
    known = {link: at or now for link, at in links.values_list("hubspot_id", "erased_at")}
    erased = Suppression.objects.covering(a for entry in entries for a in entry.addresses)
    for entry in entries:
        before = [known[i] for i in (entry.contact.id, *entry.contact.merged_ids) if i in known]
        if before or not erased.isdisjoint(entry.addresses):
            entry.erase(before[0] if before else now)


def _recall_links(entries: list[_Entry]) -> None:
    """Links that exist keep their customer and what was decided about them."""
    links = {
        link[0]: link
        for link in ContactLink.objects.filter(hubspot_id__among=[e.contact.id for e in entries])
        .select_for_update()
        .values_list("hubspot_id", *_DECIDED, *_KEPT, "archived_at", "remote_changed_at")
    }
    for entry in entries:
        link = links.get(entry.contact.id)
        if link is None or entry.is_erased:
            continue
        entry.agreed, entry.also_id, entry.is_also_other, entry.email_before = link[5:9]
        archived_at, changed_at = link[9:]
        entry.is_as_seen = archived_at is None and changed_at == entry.contact.changed_at
        if link[2] in _SETTLED:
            entry.customer_id, entry.state, entry.rule, entry.evidence = link[1:5]
            entry.is_back = archived_at is not None and entry.is_linked
            entry.was_gone = archived_at is not None


def _open(entries: list[_Entry]) -> list[_Entry]:
    return [e for e in entries if e.state == LinkState.UNMATCHED and e.addresses]


def _find_customers(entries: list[_Entry]) -> None:
    wanted = [address for entry in _open(entries) for address in entry.addresses]
    if not wanted:
        return
    rows = EmailAddress.objects.filter(address__among=wanted)
    known = dict(rows.values_list("address", "customer_id"))
    for entry in _open(entries):
        address = next((a for a in entry.addresses if a in known), None)
        if address is None:
            continue
        entry.customer_id = known[address]
        if address == entry.addresses[0]:
            entry.rule, entry.evidence = MatchRule.PRIMARY_ADDRESS, f"Both have {address}."
        else:
            entry.rule = MatchRule.SECONDARY_ADDRESS
            entry.evidence = f"The contact has {address} among its other addresses."[:250]


def _add_customers(entries: list[_Entry], log: RunLog, owners: Mapping[str, str] | None) -> None:
    new = [entry for entry in _open(entries) if entry.customer_id is None]
    if not new:
        return
    found = find_or_add_people(person_of(e.contact, e.addresses[0], owners) for e in new)
    for entry in new:
        entry.customer_id = found.get(entry.addresses[0])
        entry.rule, entry.is_new_person = MatchRule.NEW_PERSON, True
        entry.evidence = f"Nobody in Nova had {entry.addresses[0]}."
    log.add("customers", "created", len({e.customer_id for e in new if e.customer_id}))


def _link(entries: list[_Entry]) -> None:
    """Puts a link in force for each person who has none; further ones are suggestions."""
    undecided = [e for e in entries if e.is_back or e.state == LinkState.UNMATCHED]
    pairs = [(e, e.customer_id) for e in undecided if e.customer_id is not None]
    known = {pk for entry, pk in pairs if not entry.is_new_person}
    links = ContactLink.objects.linked().filter(customer__in=known)
    in_force = dict(links.values_list("customer_id", "hubspot_id"))
    for entry, customer_id in pairs:
        holder = in_force.setdefault(customer_id, entry.contact.id)
        if holder != entry.contact.id:
            entry.state = LinkState.SUGGESTED
            entry.evidence = f"{entry.evidence} Contact {holder} stands for the person."[:250]
        elif not entry.is_back:
            entry.state = LinkState.AUTO
