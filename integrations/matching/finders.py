"""Customers who may be one person. Keys in the database find them; each pair is then weighed.

No finder compares everybody with everybody: rows with one key come together, and only they.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import combinations
from typing import Any

from django.db.models import Count, Q, QuerySet

from customers.models import Customer, EmailAddress
from customers.models.keys import AddressKey, NamePhoneKey
from integrations.matching.evidence import Holder, Speaks, of_addresses, of_name_phone, of_secondary
from integrations.matching.pairs import Pair, holders_of
from integrations.models import ContactLink

_SMALL = 4
"""Of more rows with one key than that, each is paired with the oldest only."""
_MOST = 25
"""A key that so many share says nothing: a family's phone, the address of a ticket office."""

Changed = Collection[int] | None
"""The customers to look at; None stands for all."""


def find_customers(changed: Changed) -> dict[str, Pair]:
    """All pairs of customers in which one of `changed` is, by name. Six queries."""
    met: dict[tuple[int, int], list[tuple[str, Any]]] = defaultdict(list)
    for ids, rule, told in (*_by_mailbox(changed), *_by_name_phone(changed), *_by_link(changed)):
        met[ids].append((rule, told))
    holders = holders_of({pk for ids in met for pk in ids})
    found: dict[str, Pair] = {}
    for (one, two), reasons in met.items():
        if one not in holders or two not in holders:
            continue
        pair = Pair(one, other_id=two)
        for weigh, told in reasons:
            speaks = _WEIGH[weigh](holders[one], holders[two], told)
            pair.speaks += [speaks] if speaks else []
        if pair.speaks:
            found[pair.name] = pair
    return found


_WEIGH: dict[str, Callable[[Holder, Holder, Any], Speaks | None]] = {
    "mailbox": of_addresses,
    "phone": of_name_phone,
    "link": of_secondary,
}

Met = Iterator[tuple[tuple[int, int], str, Any]]


def _by_mailbox(changed: Changed) -> Met:
    keyed: QuerySet[Any] = EmailAddress.objects.order_by().annotate(key=AddressKey("address"))
    rows = keyed.filter(key__among=_shared(keyed, changed, "customer__pk"))
    for group in _groups(rows.values_list("key", "customer_id", "address")):
        for (one, a), (two, b) in _pairs(group):
            yield (one, two), "mailbox", (a, b)


def _by_name_phone(changed: Changed) -> Met:
    people = Customer.objects.filter(erased_at=None).order_by()
    keyed: QuerySet[Any] = people.annotate(key=NamePhoneKey("first_name", "last_name", "phone"))
    rows = keyed.filter(key__among=_shared(keyed, changed, "pk"))
    for group in _groups(rows.values_list("key", "pk", "phone")):
        for (one, a), (two, b) in _pairs(group):
            yield (one, two), "phone", (a, b)


def _by_link(changed: Changed) -> Met:
    """Contacts in force that have an address of a second customer."""
    doubled = ContactLink.objects.doubled()
    if changed is not None:
        doubled = doubled.filter(Q(customer__in=changed) | Q(also__in=changed))
    for one, two, hubspot_id in doubled.values_list("customer_id", "also_id", "hubspot_id"):
        if one != two:
            yield (min(one, two), max(one, two)), "link", hubspot_id


def _shared(keyed: QuerySet[Any], changed: Changed, owner: str) -> list[str]:
    """The keys that several customers may share: those of the changed ones, or all."""
    if changed is not None:
        chosen = keyed.filter(**{f"{owner}__among": list(changed)}).exclude(key=None)
        return list(chosen.values_list("key", flat=True).distinct())
    several = keyed.exclude(key=None).values("key").annotate(owners=Count(owner, distinct=True))
    return list(several.filter(owners__gt=1).values_list("key", flat=True))


def _groups(rows: Iterable[tuple[str, int, str]]) -> Iterator[dict[int, str]]:
    """What each customer has, for every key that several have; the oldest customer first."""
    groups: dict[str, dict[int, str]] = defaultdict(dict)
    for key, owner, told in rows:
        groups[key].setdefault(owner, told)
    for group in groups.values():
        if 1 < len(group) <= _MOST:
            yield dict(sorted(group.items()))


def _pairs(group: dict[int, str]) -> Iterator[tuple[tuple[int, str], tuple[int, str]]]:
    members = list(group.items())
    if len(members) <= _SMALL:
        yield from combinations(members, 2)
    else:
        yield from ((members[0], other) for other in members[1:])
