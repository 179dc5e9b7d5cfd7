"""Whom an erasure is about: the rows that stand for the person, and the words that tell of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from customers.models import Customer, CustomerMerge, EmailAddress, Order, clean_address
from integrations.models import ContactLink, LinkState

_SOMEBODY_ELSE = LinkState.REJECTED
_SHORTEST_PHONE = 6
_SHORTEST_NAME = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """The person. `links` are contacts in HubSpot by Nova's id, `contacts` by HubSpot's.

    `addresses` are in small letters; `names` are first and last name together, for a first name
    alone says nothing; `phones` are in each spelling that is known.
    """

    customers: frozenset[int] = frozenset()
    links: frozenset[int] = frozenset()
    contacts: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Does Nova hold anything that stands for the person?"""
        return bool(self.customers or self.links)


def subject_with(address: str) -> Subject:
    """The person who has this address in Nova, or in HubSpot as last read."""
    addresses = {clean_address(address)}
    customers = set(Customer.objects.known_by(address).values_list("pk", flat=True))
    if not customers:
        links = _links(set(), set(), addresses)
        customers = {e.customer_id for e in links if e.customer_id and e.state != _SOMEBODY_ELSE}
    return _subject(customers, links=set(), addresses=addresses)


def subject_of_customers(customer_ids: Collection[int]) -> Subject:
    return _subject(set(customer_ids), links=set(), addresses=set())


def subject_of_link(link: ContactLink) -> Subject:
    """The person of a contact. Whom staff said the contact is not, is left alone."""
    addresses = _addresses_of([link])
    if link.state == _SOMEBODY_ELSE:
        owned = EmailAddress.objects.filter(address__in=addresses)
        addresses -= set(owned.values_list("address", flat=True))
        customers = set()
    elif link.customer_id is not None:
        customers = {link.customer_id}
    else:
        owners = EmailAddress.objects.filter(address__in=addresses)
        customers = set(owners.values_list("customer_id", flat=True))
    return _subject(customers, links={link.pk}, addresses=addresses)


def _subject(customers: set[int], *, links: set[int], addresses: set[str]) -> Subject:
    """Adds to what is known of the person what follows from it. Whoever was merged into a customer
    is the same person."""
    merged = CustomerMerge.objects.standing().filter(survivor__in=customers)
    customers = customers | set(merged.values_list("merged_id", flat=True))
    own = EmailAddress.objects.filter(customer__in=customers)
    addresses = addresses | set(own.values_list("address", flat=True))
    found = _links(customers, links, addresses)
    of_contacts = _addresses_of(link for link in found if link.customer_id in customers)
    others = EmailAddress.objects.exclude(customer__in=customers)
    earlier = EmailAddress.history.filter(customer_id__in=customers)
    more = of_contacts | set(earlier.values_list("address", flat=True))
    more -= set(others.filter(address__in=more).values_list("address", flat=True))
    names, phones = _names_and_phones(customers, found)
    return Subject(
        customers=frozenset(customers),
        links=frozenset(link.pk for link in found),
        contacts=frozenset(link.hubspot_id for link in found),
        addresses=frozenset((addresses | more) - {""}),
        names=frozenset(name for name in names if " " in name and len(name) >= _SHORTEST_NAME),
        phones=frozenset(phone for phone in phones if len(phone) >= _SHORTEST_PHONE),
    )


def _links(customers: set[int], links: set[int], addresses: set[str]) -> list[ContactLink]:
    """Contacts of the person, suggested ones with them, and any that has one of the addresses.

    Those that staff rejected for the customer are somebody else's.
    """
    own = Q(pk__in=links) | Q(customer__in=customers) & ~Q(state=_SOMEBODY_ELSE)
    has = Q(email__in=addresses - {""})
    rows = list(ContactLink.objects.filter(own | has))
    more = ContactLink.objects.exclude(other_emails="").exclude(pk__in=[link.pk for link in rows])
    known = more.values_list("pk", "other_emails")
    also = [pk for pk, text in known.iterator() if not addresses.isdisjoint(text.split(";"))]
    return rows + list(ContactLink.objects.filter(pk__in=also))


def _addresses_of(links: Iterable[ContactLink]) -> set[str]:
    given = (a for link in links for a in (link.email, *link.other_emails.split(";")))
    return {address for address in map(clean_address, given) if address}


def _names_and_phones(
    customers: set[int], links: Iterable[ContactLink]
) -> tuple[set[str], set[str]]:
    """As they are and as they were, in Nova, on orders and in HubSpot."""
    told: set[tuple[str, str, str]] = set()
    fields = ("first_name", "last_name", "phone")
    told |= set(Customer.objects.filter(pk__in=customers).values_list(*fields))
    told |= set(Customer.history.filter(id__in=customers).values_list(*fields))
    for link in links:
        first, last, phone = (
            str(link.seen.get(name) or "") for name in ("firstname", "lastname", "phone")
        )
        told.add((first, last, phone))
    buyers = Order.objects.filter(buyer__in=customers).exclude(buyer_name="")
    names = {f"{first} {last}".strip() for first, last, _ in told}
    return names | set(buyers.values_list("buyer_name", flat=True)), {row[2] for row in told}
