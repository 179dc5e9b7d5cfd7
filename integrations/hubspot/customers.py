"""What HubSpot says of a person comes to the customer: its own fields, and news of shared ones."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

from django.db.models import QuerySet

from customers.models import Consent, Customer
from customers.services import CrmFacts, Person
from integrations.hubspot.agreement import FIELDS, merge_contact
from integrations.hubspot.mapping import (
    CRM_COUNTS,
    CRM_TEXTS,
    CRM_TIMES,
    OWNER,
    PERSONAL,
    Contact,
)
from integrations.merge import Base, Merge
from integrations.sync import RunLog
from nova_project.bulk import amend, recorded

_COLUMNS = ("id", *FIELDS, "consent", *CrmFacts._fields)
_SHARED = slice(1, 1 + len(FIELDS))
_CONSENT = _COLUMNS.index("consent")
_TOLD = slice(1, _CONSENT + 1)
"""The columns whose changes staff find in the history of a customer."""
_OWNER = _COLUMNS.index("owner")
_LONGEST = {
    name: Customer._meta.get_field(name).max_length or 0  # type: ignore[union-attr]
    for name in (*CRM_TEXTS, "owner")
}


def person_of(contact: Contact, address: str, owners: Mapping[str, str] | None) -> Person:
    """The person whom a contact makes known, under one of its addresses."""
    return Person(
        address=address,
        consent=Consent.OPTED_OUT if contact.is_opted_out else Consent.UNKNOWN,
        crm=_facts(contact, (owners or {}).get(contact.values.get(OWNER, ""), "")),
        **{ours: contact.values.get(theirs, "") for ours, theirs in PERSONAL.items()},
    )


class Meeting(NamedTuple):
    """A contact in force, and what its link says was agreed with its customer."""

    contact: Contact
    agreed: Base | None
    is_new_person: bool = False


def update_customers(
    meetings: Mapping[int, Meeting], log: RunLog, owners: Mapping[str, str] | None
) -> dict[int, Merge]:
    """Brings what is new in each contact to its customer; returns what came of the shared fields.

    By the customer's id. Two queries if nothing differs. Otherwise the rows that do are locked and
    compared again, so that nothing is lost that staff enter meanwhile.
    """
    if not meetings:
        return {}
    merges = _meet_new(meetings)
    known = [pk for pk in meetings if pk not in merges]
    customers = Customer.objects.filter(pk__among=known).order_by("pk")
    changed = _changed(customers, meetings, owners, merges) if known else []
    different = [row[0] for row, _ in changed]
    updated: set[int] = set()
    if different:
        locked = customers.filter(pk__among=different).select_for_update()
        changed = _changed(locked, meetings, owners, merges)
        told = [row[0] for row, old in changed if row[_TOLD] != old[_TOLD]]
        with recorded(Customer, told, "From HubSpot") if told else nullcontext():
            rows = [row for row, _ in changed]
            updated = amend(Customer, rows, fields=_COLUMNS, key="id")
    log.add("customers", "updated", len(updated))
    log.add("customers", "unchanged", len(known) - len(updated))
    return merges


def _meet_new(meetings: Mapping[int, Meeting]) -> dict[int, Merge]:
    """First sight of people whom their contacts made known just now. One query.

    Somebody else may have been faster with one of them; then he is met like all others.
    """
    new = [pk for pk, meeting in meetings.items() if meeting.is_new_person]
    if not new:
        return {}
    rows = Customer.objects.filter(pk__among=new).values_list("pk", *FIELDS)
    merges = {pk: merge_contact(None, here, meetings[pk].contact.values) for pk, *here in rows}
    return {pk: merged for pk, merged in merges.items() if not merged.take}


def _changed(
    customers: QuerySet[Customer],
    meetings: Mapping[int, Meeting],
    owners: Mapping[str, str] | None,
    merges: dict[int, Merge],
) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The rows that are to change, as they should be and as they are; fills in `merges`."""
    found = []
    for row in customers.values_list(*_COLUMNS):
        contact, agreed, _ = meetings[row[0]]
        merged = merges[row[0]] = merge_contact(agreed, row[_SHARED], contact.values)
        wanted = _wanted(row, contact, merged, owners)
        if wanted != row:
            found.append((wanted, row))
    return found


def _wanted(
    row: tuple[Any, ...], contact: Contact, merged: Merge, owners: Mapping[str, str] | None
) -> tuple[Any, ...]:
    shared: Iterable[str] = row[_SHARED]
    if merged.take:
        shared = (merged.take.get(n, old) for n, old in zip(FIELDS, shared, strict=True))
    consent, owner = row[_CONSENT], row[_OWNER]
    if owners is not None:
        owner = owners.get(contact.values.get(OWNER, ""), "")
    return (row[0], *shared, _consent(consent, contact), *_facts(contact, owner))


def _facts(contact: Contact, owner: str) -> CrmFacts:
    values = contact.values
    facts: dict[str, Any] = {
        ours: values.get(theirs, "")[: _LONGEST[ours]] for ours, theirs in CRM_TEXTS.items()
    }
    facts |= {ours: contact.count(theirs) for ours, theirs in CRM_COUNTS.items()}
    facts |= {ours: contact.moment(theirs) for ours, theirs in CRM_TIMES.items()}
    return CrmFacts(owner=owner[: _LONGEST["owner"]], **facts)


def _consent(now: str, contact: Contact) -> str:
    """An opt-out in HubSpot counts, and stays until a person gives the consent back in Nova."""
    return str(Consent.OPTED_OUT) if contact.is_opted_out else now
