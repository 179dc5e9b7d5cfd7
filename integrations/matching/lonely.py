"""Contacts that stand for nobody, and who they may be."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import QuerySet

from customers.models import Customer, EmailAddress
from customers.models.keys import AddressKey, NamePhoneKey, address_key, name_phone_keys
from integrations.matching.evidence import Holder, Speaks, of_addresses, of_name_phone
from integrations.matching.pairs import Pair, holders_of
from integrations.models import ContactLink, LinkState


class _Alone(NamedTuple):
    """A contact that stands for nobody. `not_id` is whom staff said it is not."""

    link_id: int
    not_id: int | None
    who: Holder
    addresses: list[str]


def find_contacts() -> dict[str, Pair]:
    """Pairs of a contact without a customer and a customer with the same mailbox, or the same name
    and phone, by name.

    These contacts are few, so all of them are looked at, whoever changed. Four queries.
    """
    alone = list(_alone())
    if not alone:
        return {}
    by_phone, by_box = _by_phone(alone), _by_box(alone)
    ids = {pk for pks in by_phone.values() for pk in pks}
    holders = holders_of(ids | {pk for rows in by_box.values() for pk, _ in rows})
    found: dict[str, Pair] = {}
    for one in alone:
        for pk, speaks in _speaks_for(one, holders, by_phone, by_box):
            pair = Pair(pk, link_id=one.link_id)
            found.setdefault(pair.name, pair).speaks.append(speaks)
    return found


def _by_phone(alone: list[_Alone]) -> dict[str, list[int]]:
    wanted = {key for one in alone for key in name_phone_keys(*one.who)}
    key = NamePhoneKey("first_name", "last_name", "phone")
    people: QuerySet[Any] = Customer.objects.filter(erased_at=None).annotate(key=key)
    found = defaultdict(list)
    for shared, pk in people.filter(key__among=wanted).order_by().values_list("key", "pk"):
        found[shared].append(pk)
    return found


def _by_box(alone: list[_Alone]) -> dict[str, list[tuple[int, str]]]:
    wanted = {address_key(address) for one in alone for address in one.addresses}
    keyed: QuerySet[Any] = EmailAddress.objects.annotate(key=AddressKey("address"))
    found = defaultdict(list)
    rows = keyed.filter(key__among=wanted).order_by()
    for shared, pk, address in rows.values_list("key", "customer_id", "address"):
        found[shared].append((pk, address))
    return found


def _speaks_for(
    one: _Alone,
    holders: dict[int, Holder],
    by_phone: dict[str, list[int]],
    by_box: dict[str, list[tuple[int, str]]],
) -> Iterator[tuple[int, Speaks]]:
    phones = {pk for key in name_phone_keys(*one.who) for pk in by_phone.get(key, ())}
    for pk in sorted(phones):
        if pk != one.not_id and pk in holders:
            told = (one.who.phone, holders[pk].phone)
            if speaks := of_name_phone(one.who, holders[pk], told):
                yield pk, speaks
    for address in one.addresses:
        for pk, theirs in by_box.get(address_key(address), ()):
            if pk == one.not_id or pk not in holders:
                continue
            if speaks := of_addresses(one.who, holders[pk], (address, theirs)):
                yield pk, speaks


def _alone() -> Iterator[_Alone]:
    lonely = ContactLink.objects.live().filter(erased_at=None)
    lonely = lonely.filter(state__in=[LinkState.UNMATCHED, LinkState.REJECTED])
    rows = lonely.values_list("pk", "customer_id", "email", "other_emails", "seen")
    for pk, not_id, email, others, seen in rows:
        told = (str(seen.get(n) or "").strip() for n in ("firstname", "lastname", "phone"))
        addresses = [a for a in (email, *others.split(";")) if a]
        yield _Alone(pk, not_id, Holder(*told), addresses)
