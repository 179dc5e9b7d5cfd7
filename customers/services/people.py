"""From addresses to customers: who is known already, who is new."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from customers.models import Consent, Customer, EmailAddress, Suppression, clean_address
from nova_project.bulk import amend, insert_many, reserve_ids

_FILLED = ("first_name", "last_name", "consent", "phone", "city", "country")


class CrmFacts(NamedTuple):
    """What the CRM says of a person: fields of Customer that nothing else writes."""

    lifecycle_stage: str = ""
    owner: str = ""
    source: str = ""
    latest_source: str = ""
    crm_created_at: datetime | None = None
    first_engaged_at: datetime | None = None
    last_contacted_at: datetime | None = None
    emails_delivered_count: int = 0
    emails_opened_count: int = 0
    emails_clicked_count: int = 0


_NO_FACTS = CrmFacts()
_NEW = ("id", "first_name", "last_name", "phone", "city", "country", "consent", *CrmFacts._fields)


@dataclass(frozen=True, slots=True)
class Person:
    """What a source tells of the owner of an address. `crm` counts for new customers only."""

    address: str
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    city: str = ""
    country: str = ""
    consent: Consent = Consent.UNKNOWN
    crm: CrmFacts = _NO_FACTS


def find_or_add_people(people: Iterable[Person]) -> dict[str, int]:
    """The customer of each address, by cleaned address; unknown addresses make new customers.

    Nobody is renamed: only blanks are filled, and a consent is only made known or withdrawn.
    Unusable addresses and those of erased people are left out of the answer. Of two people with
    one address the first counts. Call it in a transaction; at most nine queries, whatever the
    number of people.
    """
    wanted: dict[str, Person] = {}
    for person in people:
        if address := clean_address(person.address):
            wanted.setdefault(address, person)
    for address in Suppression.objects.covering(wanted):
        del wanted[address]
    if not wanted:
        return {}
    known = _known(wanted)
    _fill_blanks({pk: wanted[address] for address, pk in known.items()})
    return known | _add({a: person for a, person in wanted.items() if a not in known})


def _known(addresses: Iterable[str]) -> dict[str, int]:
    rows = EmailAddress.objects.filter(address__among=addresses)
    return dict(rows.values_list("address", "customer_id"))


def _add(new: dict[str, Person]) -> dict[str, int]:
    """Adds a customer per address; one that another process adds meanwhile is taken over."""
    if not new:
        return {}
    try:
        with transaction.atomic():
            return _insert(new)
    except IntegrityError:
        known = _known(new)
        if not known:
            raise
        return known | _add({a: person for a, person in new.items() if a not in known})


def _insert(new: dict[str, Person]) -> dict[str, int]:
    ids = dict(zip(new, reserve_ids(Customer, len(new)), strict=True))
    insert_many(Customer, [_row(ids[a], person) for a, person in new.items()], fields=_NEW)
    insert_many(
        EmailAddress,
        [(pk, address, True) for address, pk in ids.items()],
        fields=("customer_id", "address", "is_primary"),
    )
    return ids


def _row(pk: int, person: Person) -> tuple[Any, ...]:
    return (
        pk,
        person.first_name[:120],
        person.last_name[:120],
        person.phone[:40],
        person.city[:120],
        person.country[:80],
        str(person.consent),
        *person.crm,
    )


def _fill_blanks(people: dict[int, Person]) -> None:
    rows = Customer.objects.filter(pk__in=people).values_list("id", *_FILLED)
    changed = [filled for row in rows if (filled := _filled(row, people[row[0]])) != row]
    amend(Customer, changed, fields=("id", *_FILLED), key="id")


def _filled(row: tuple[Any, ...], person: Person) -> tuple[Any, ...]:
    """The row (id and _FILLED) with its blanks filled from what `person` tells."""
    pk, first_name, last_name, consent, *details = row
    if not first_name and not last_name:
        first_name, last_name = person.first_name[:120], person.last_name[:120]
    if person.consent == Consent.OPTED_OUT or consent == Consent.UNKNOWN:
        consent = person.consent or consent
    told = (person.phone[:40], person.city[:120], person.country[:80])
    return (
        pk,
        first_name,
        last_name,
        consent,
        *(old or new for old, new in zip(details, told, strict=True)),
    )
