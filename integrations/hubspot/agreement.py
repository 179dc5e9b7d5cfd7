"""The fields that contact and customer both keep: compared, sent and agreed on."""

from collections.abc import Mapping, Sequence

from customers.models import Customer
from integrations.hubspot.mapping import PERSONAL
from integrations.hubspot.policy import merge_person, spelt
from integrations.merge import Base, Held, Merge, confirmed
from integrations.models import ContactLink
from nova_project.bulk import amend

FIELDS = tuple(PERSONAL)
"""The customer's fields, in the order in which rows are read."""
LONGEST = {
    name: Customer._meta.get_field(name).max_length or 0  # type: ignore[union-attr]
    for name in FIELDS
}
_PLACES = tuple((ours, theirs, LONGEST[ours]) for ours, theirs in PERSONAL.items())
Agreed = dict[str, Held]


def as_agreed(stored: Base | None) -> Agreed | None:
    """What a link has in `agreed`, as a merge takes and gives it."""
    return None if stored is None else {name: Held(*pair) for name, pair in stored.items()}


def merge_contact(agreed: Base | None, here: Sequence[str], seen: Mapping[str, str]) -> Merge:
    """Merges a customer's values, in the order of FIELDS, with a contact's properties."""
    local, remote = {}, {}
    is_equal = True
    for value, (ours, theirs, longest) in zip(here, _PLACES, strict=True):
        local[ours] = spelt(value, longest) if value else ""
        there = seen.get(theirs, "")
        if there == value:
            remote[ours] = local[ours]
        else:
            remote[ours] = spelt(there, longest)
            is_equal = False
    if is_equal:  # most are, and a merge costs more
        return Merge(base={name: Held(value, value) for name, value in local.items() if value})
    return merge_person(agreed, local, remote)


def to_send(merged: Merge) -> dict[str, str]:
    """The properties that the merge wants written to HubSpot."""
    return {PERSONAL[name]: value for name, value in merged.send.items()}


def agreed_after(
    old: Agreed | None, merged: Merge, sent: Mapping[str, str], seen: Mapping[str, str]
) -> Agreed:
    """What is agreed once HubSpot took the properties in `sent` and answered with `seen`.

    What the merge found new in HubSpot is not taken over yet, so of that nothing is agreed.
    """
    base = merged.base | {name: (old or {}).get(name, Held()) for name in merged.take}
    mine = {name: value for name in FIELDS if (value := sent.get(PERSONAL[name])) is not None}
    theirs = {name: spelt(seen.get(PERSONAL[name], ""), LONGEST[name]) for name in mine}
    return confirmed(base, mine, theirs)


def keep_agreed(news: Mapping[int, tuple[Agreed | None, Agreed]]) -> None:
    """Saves by link what is agreed, from what to what; one that a person moved meanwhile stays.

    Four queries at most; call it in a transaction.
    """
    if not news:
        return
    links = ContactLink.objects.filter(pk__among=news).select_for_update()
    stored = dict(links.values_list("pk", "agreed"))
    rows = [(pk, new) for pk, (old, new) in news.items() if as_agreed(stored.get(pk)) == old]
    amend(ContactLink, rows, fields=("id", "agreed"), key="id")
