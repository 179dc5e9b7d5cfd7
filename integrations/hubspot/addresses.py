"""The addresses of a contact become its customer's, as far as they are nobody else's."""

from collections.abc import Mapping
from typing import Protocol

from customers.models import EmailAddress
from nova_project.bulk import recorded, upsert

_MOVED = "The first address of the contact changed in HubSpot"


class Addressed(Protocol):
    """A contact in force. `addresses` are its usable ones, the first one first."""

    addresses: list[str]
    email_before: str
    is_new_person: bool

    def note_other_owner(self, owner_id: int | None) -> None: ...


def keep_addresses(linked: Mapping[int, Addressed]) -> None:
    """Adds addresses that are nobody's yet to the customers, by id; says whose the others are.

    Where the first address changed, and the old one was the customer's primary, so does that. An
    address that the contact has no more stays the customer's: people write from old ones.
    """
    wanted = {a: pk for pk, e in linked.items() for a in e.addresses[e.is_new_person :]}
    if not wanted:
        return
    owned = EmailAddress.objects.filter(address__among=wanted)
    owners = dict(owned.values_list("address", "customer_id"))
    for customer_id, entry in linked.items():
        found = (owners.get(address, customer_id) for address in entry.addresses)
        entry.note_other_owner(next((pk for pk in found if pk != customer_id), None))
    new = sorted(set(wanted).difference(owners))
    if new:
        rows = [(address, wanted[address], False) for address in new]
        fields = ("address", "customer_id", "is_primary")
        upsert(EmailAddress, rows, fields=fields, key="address", keep=fields[1:])
    _change_primaries(linked, owners)


def _change_primaries(linked: Mapping[int, Addressed], owners: Mapping[str, int]) -> None:
    changed = {
        pk: (entry.email_before, entry.addresses[0])
        for pk, entry in linked.items()
        if entry.addresses
        and entry.email_before not in ("", entry.addresses[0])
        and owners.get(entry.addresses[0], pk) == pk
    }
    if not changed:
        return
    old = EmailAddress.objects.filter(customer__in=changed, is_primary=True)
    left = {a.customer_id: a.pk for a in old if a.address == changed[a.customer_id][0]}
    new = EmailAddress.objects.filter(address__in=[changed[pk][1] for pk in left])
    taken = list(new.values_list("pk", flat=True))
    with recorded(EmailAddress, [*left.values(), *taken], _MOVED):
        EmailAddress.objects.filter(pk__in=left.values()).update(is_primary=False)
        EmailAddress.objects.filter(pk__in=taken).update(is_primary=True)
