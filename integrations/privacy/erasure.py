"""The erasure itself: one transaction over all places, then a look through every text."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from customers.models import Attendance, Customer, EmailAddress, Order, Suppression, clean_address
from customers.services import erase_customers, mark_rollups_due
from integrations.models import ContactLink
from integrations.privacy.places import PLACES
from integrations.privacy.subject import (
    Subject,
    subject_of_customers,
    subject_of_link,
    subject_with,
)
from integrations.privacy.sweep import erase_mentions, find_mentions

MENTIONS = "texts that quote them"
NOT_DONE_ELSEWHERE = (
    "Nova does not delete the person in HubSpot: open the contact there, then Actions, Delete, "
    "Permanently delete.",
    "Nova does not delete the person in Eventbrite: pass the request on to Eventbrite's support.",
    "Files that were exported, backups, and names in notes about others or about expenses stay.",
)


class NotErased(ValidationError):
    """Nobody was erased; the message says why."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did, or would do: how many rows by place. `customers` are Nova's ids.

    `refused` are rows of closed books that quote the person still, for staff to deal with.
    """

    customers: list[int]
    addresses: int
    counts: Mapping[str, int] = field(default_factory=dict)
    was_erased: bool = False
    refused: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        return "erased already" if self.was_erased else "erased"


def person_with(email: str) -> Subject:
    """Whom an erasure of this address is about. Of somebody erased before only the address is left.

    Raises NotErased: it is no address (`invalid`), or nobody has it or was erased with it
    (`not_found`).
    """
    address = _address(email)
    subject = subject_with(address)
    if not subject.is_known and not Suppression.objects.covering([address]):
        raise NotErased("Nobody in Nova has this address.", code="not_found")
    return subject


def foresee(subject: Subject) -> Erasure:
    """What `erase_everywhere` would do. Nothing is changed."""
    return _told(subject, _counts(subject))


@transaction.atomic
def erase_everywhere(subject: Subject) -> Erasure:
    """Erases the person, with all their addresses, in every place and text. Amounts stay.

    Somebody who was erased before is looked for once more. A few queries for each place, and one
    for each table, which reads the whole of it.
    """
    told = _told(subject, _counts(subject))
    erase_customers(subject.customers, addresses=subject.addresses)
    for place in PLACES:
        place.erase(place.rows(subject), subject)
    refused = erase_mentions(subject)
    mark_rollups_due(subject.customers)
    return replace(told, refused=refused)


def erase_contact(hubspot_id: str) -> Erasure | None:
    """Erases the person of a contact that HubSpot deleted for good; None: Nova knows no such."""
    link = ContactLink.objects.filter(hubspot_id=hubspot_id).first()
    return erase_everywhere(subject_of_link(link)) if link else None


def erase_links(link_ids: Collection[int]) -> None:
    """Empties contacts of erased people that a run filled again."""
    contacts = ContactLink.objects.filter(pk__in=link_ids).values_list("hubspot_id", flat=True)
    subject = Subject(links=frozenset(link_ids), contacts=frozenset(contacts))
    with transaction.atomic():
        for place in PLACES:
            place.erase(place.rows(subject), subject)


def keep_away(*, email: str) -> bool:
    """Has an address that nobody in Nova has refused from now on; False: it was already.

    Raises NotErased: it is no address, or somebody has it, who would have to be erased (`known`).
    """
    address = _address(email)
    if subject_with(address).is_known:
        raise NotErased("Somebody in Nova has this address. Erase the person.", code="known")
    with transaction.atomic():
        is_new = bool(Suppression.objects.keep_away([address]))
    erase_mentions(Subject(addresses=frozenset([address])))
    return is_new


def erase_returned() -> int:
    """Erases again whoever came back, through a run that was under way when they were erased.

    Returns how many. It hashes every address that Nova holds.
    """
    digests = set(Suppression.objects.values_list("digest", flat=True))
    erased = Customer.objects.erased()
    if not digests and not erased.exists():
        return 0
    done = 0
    people = _returned_customers() | _owners_of(digests)
    for pk in sorted(people):
        erase_everywhere(subject_of_customers([pk]))
        done += 1
    for link in ContactLink.objects.filter(erased_at=None).exclude(email="").iterator():
        addresses = (link.email, *link.other_emails.split(";"))
        if any(Suppression.digest_of(a) in digests for a in addresses if a):
            erase_everywhere(subject_of_link(link))
            done += 1
    return done


def _returned_customers() -> set[int]:
    erased = Customer.objects.erased()
    bare = Q(first_name="", last_name="", phone="", addresses=None)
    back = set(erased.exclude(bare).values_list("pk", flat=True))
    orders = Order.objects.filter(buyer__in=erased).exclude(buyer_name="")
    seats = Attendance.objects.filter(holder__in=erased).exclude(guest_name="")
    links = ContactLink.objects.filter(customer__in=erased)
    back |= set(orders.values_list("buyer_id", flat=True))
    back |= set(seats.values_list("holder_id", flat=True))
    return {pk for pk in back | set(links.values_list("customer_id", flat=True)) if pk}


def _owners_of(digests: set[str]) -> set[int]:
    rows = EmailAddress.objects.values_list("address", "customer_id")
    return {pk for address, pk in rows.iterator() if Suppression.digest_of(address) in digests}


def _address(email: str) -> str:
    if address := clean_address(email):
        return address
    raise NotErased("This is no e-mail address.", code="invalid")


def _counts(subject: Subject) -> dict[str, int]:
    """Rows by place; a text that quotes the person counts where it has no place of its own."""
    counts, placed = {}, set()
    for place in PLACES:
        rows = place.rows(subject)
        keys = {(rows.model, pk) for pk in rows.values_list("pk", flat=True)}
        counts[place.name] = len(keys)
        placed |= keys
    mentions = {(found.model, found.pk) for found in find_mentions(subject)}
    return counts | {MENTIONS: len(mentions - placed)}


def _told(subject: Subject, counts: Mapping[str, int]) -> Erasure:
    known = Customer.objects.filter(pk__in=subject.customers)
    was_erased = not subject.is_known or (known.exists() and not known.filter(erased_at=None))
    return Erasure(
        sorted(known.values_list("pk", flat=True)),
        len(subject.addresses),
        {name: count for name, count in counts.items() if count},
        bool(was_erased),
    )
