"""The plan: what each contact should hold against what it was last seen to hold.

A plan is rows of RemoteWrite. Making one writes nothing to HubSpot.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from customers.models import Customer, EmailAddress, Suppression
from integrations.hubspot.agreement import (
    FIELDS,
    as_agreed,
    keep_agreed,
    merge_contact,
    to_send,
)
from integrations.hubspot.conflicts import note_conflicts
from integrations.hubspot.customers import Meeting, update_customers
from integrations.hubspot.drafts import Draft, Drafts
from integrations.hubspot.mapping import PERSONAL, Contact, Figures, changes
from integrations.hubspot.since import changed_since, keys_of, note_compared
from integrations.merge import Merge, Values
from integrations.models import ContactLink, LinkState, Operation, RemoteWrite
from integrations.sync import RunLog

KIND = "HubSpot contacts"
"""How writes are counted on a run, beside the “contacts” that were read."""
STREAM = "plan"
_BATCH = 2_000
_FIGURES = (
    "events_booked",
    "events_attended",
    "total_spend",
    "first_event_on",
    "last_event_on",
    "customer_type",
)
_SCORES = ("lead_score", "lead_band")
_END = len(FIELDS)
_PERSON = tuple(f"customer__{name}" for name in FIELDS)
_WORDS = {
    **{theirs: ours.replace("_", " ") for ours, theirs in PERSONAL.items()},
    "nova_events_attended": "attended events",
    "nova_total_spend": "total spend",
    "nova_first_event_date": "first event",
    "nova_last_event_date": "last event",
    "nova_customer_type": "customer type",
    "nova_lead_score": "lead score",
    "nova_lead_band": "lead band",
    "nova_tags": "tag",
}


def make_plan(log: RunLog, *, full: bool = False) -> None:
    """Plans the writes that would bring HubSpot in step, in place of any plan that is left.

    Compares links whose contact or customer changed since the last plan; all of them if `full`, and
    where other figures are to be written than at that time.
    What staff decided about the same values before, they have decided.
    """
    started_at = timezone.now()
    planner = _Planner(log, retries_refused=full)
    given = {"figures": list(_figures())}
    planner.plan_updates(changed_since(STREAM, full=full, given=given))
    planner.plan_creates()
    planner.drafts.finish()
    note_compared(STREAM, started_at, **given)


class Known(NamedTuple):
    """What Nova has of a customer for HubSpot; `shared` in the order of FIELDS."""

    figures: Figures
    shared: tuple[str, ...]


def known_of(customers: QuerySet[Customer]) -> dict[int, Known]:
    """What Nova has of each of these customers, by id. One query."""
    rows = customers.values_list("pk", *FIELDS, *_figures())
    return {pk: Known(Figures(*row[_END:]), tuple(row[:_END])) for pk, *row in rows}


def _figures() -> tuple[str, ...]:
    """The customer's fields that `Figures` is made of; scores only where they are to be written."""
    return (*_FIGURES, *_SCORES) if settings.HUBSPOT_LEAD_SCORES else _FIGURES


def subject_of(customer_id: int) -> str:
    """Under what decisions about a customer's contact are kept, whichever contact that is."""
    return f"customer {customer_id}"


def record_of(hubspot_id: str, customer_id: int | None) -> str:
    """How staff are told which record a write is about."""
    return f"contact {hubspot_id}" if hubspot_id else f"customer {customer_id}"


def record_of_write(write: RemoteWrite) -> str:
    return record_of(write.remote_id, write.customer_id)


class _Planner:
    def __init__(self, log: RunLog, *, retries_refused: bool) -> None:
        self._log = log
        self.drafts = Drafts(
            log, object_type="contacts", kind=KIND, retries_refused=retries_refused
        )

    def plan_updates(self, since: datetime | None) -> None:
        """Compares links in force with their customers, 2,000 at a time, six queries each."""
        links = ContactLink.objects.linked().order_by("pk")
        columns = ("pk", "hubspot_id", "customer_id", "seen", "agreed")
        figures = tuple(f"customer__{name}" for name in _figures())
        done = 0
        for keys in keys_of(ContactLink.objects.due_for_push(since), _BATCH):
            rows = list(links.filter(pk__among=keys).values_list(*columns, *_PERSON, *figures))
            if rows:
                with transaction.atomic():
                    self._compare(rows)
            done += len(rows)
            self._log.progress("Contacts compared", done)

    def _compare(self, rows: list[tuple[Any, ...]]) -> None:
        merges = self._merge(rows)
        equal: list[int] = []
        writes: list[Draft] = []
        for pk, hubspot_id, customer_id, seen, _, *held in rows:
            sent = to_send(merges[hubspot_id])
            after = changes(Figures(*held[_END:]), seen)
            if sent or after:
                record = record_of(hubspot_id, customer_id)
                reason = _reason(after, sent, seen)
                after |= sent
                before = {name: seen.get(name, "") for name in after}
                told = (Operation.UPDATE, hubspot_id, before, after, reason, pk, customer_id)
                writes.append(Draft(subject_of(customer_id), record, *told))
            else:
                equal.append(pk)
        self.drafts.keep(writes)
        links = ContactLink.objects.filter(pk__gte=rows[0][0], pk__lte=rows[-1][0])
        links.filter(pk__among=equal, is_push_due=True).update(is_push_due=False)
        links.filter(pk__among=[w.link_id for w in writes], is_push_due=False).update(
            is_push_due=True
        )

    def _merge(self, rows: list[tuple[Any, ...]]) -> dict[str, Merge]:
        """What is new on either side of the shared fields, by HubSpot id; what the contacts have
        to give is taken over at once."""
        merges, new, meetings = {}, {}, {}
        for pk, hubspot_id, customer_id, seen, agreed, *held in rows:
            old = as_agreed(agreed)
            merged = merges[hubspot_id] = merge_contact(old, held[:_END], seen)
            if merged.take:
                meetings[customer_id] = Meeting(Contact(hubspot_id, seen), old)
            if merged.base != old:
                new[pk] = (old, merged.base)
        if meetings:
            update_customers(meetings, self._log, None)
        keep_agreed(new)
        note_conflicts(merges, self._log)
        return merges

    def plan_creates(self) -> None:
        """Plans a contact for each buyer or guest of a booked event whom HubSpot does not know."""
        columns = ("pk", "address", *FIELDS, *_figures())
        others: set[str] | None = None
        for keys in keys_of(_without_contact(), _BATCH):
            customers = _to_create(Customer.objects.filter(pk__among=keys)).order_by("pk")
            rows = list(customers.values_list(*columns))
            others = _other_addresses() if others is None and rows else others
            with transaction.atomic():
                self.drafts.keep(_creates(rows, others or set()))


def _reason(figures: Values, sent: Values, seen: Values) -> str:
    """Why a contact is to be written, in words."""
    groups = {
        "Differs from Nova": figures,
        "Changed in Nova": [name for name in sent if seen.get(name)],
        "Missing in HubSpot": [name for name in sent if not seen.get(name)],
    }
    return " ".join(
        f"{why}: {', '.join(_WORDS[name] for name in names)}."
        for why, names in groups.items()
        if names
    )


def _creates(rows: list[tuple[Any, ...]], others: set[str]) -> Iterator[Draft]:
    suppressed = Suppression.objects.covering(row[1] for row in rows)
    for pk, address, *held in rows:
        if address in suppressed or address in others:
            continue
        known = Figures(*held[_END:])
        person = dict(zip(PERSONAL.values(), held[:_END], strict=True))
        after = {name: value for name, value in person.items() if value}
        after = {"email": address} | after | changes(known, {})
        events = "1 event" if known.events_booked == 1 else f"{known.events_booked} events"
        reason = f"Booked {events}; HubSpot has no contact with this address."
        yield Draft(
            subject_of(pk), record_of("", pk), Operation.CREATE, "", {}, after, reason, None, pk
        )


def _without_contact() -> QuerySet[Customer]:
    """People with a booked event whom no contact stands for or ever stood for.

    A contact that was deleted in HubSpot is not made again.
    """
    linked = ContactLink.objects.filter(customer=OuterRef("pk")).exclude(state=LinkState.REJECTED)
    return Customer.objects.with_tickets().filter(~Exists(linked))


def _to_create(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Those of them with an address. Where a contact has one of their addresses there is one
    already, whosever it is."""
    contacts = ContactLink.objects.live().filter(email=OuterRef("address"))
    known = EmailAddress.objects.filter(Exists(contacts), customer=OuterRef("pk"))
    primary = EmailAddress.objects.filter(customer=OuterRef("pk"), is_primary=True)
    with_address = customers.annotate(address=primary.values("address")[:1])
    return with_address.filter(~Exists(known)).exclude(address=None)


def _other_addresses() -> set[str]:
    """The addresses that contacts have besides their first."""
    links = ContactLink.objects.live().exclude(other_emails="")
    texts = links.values_list("other_emails", flat=True).iterator()
    return {address for text in texts for address in text.split(";")}
