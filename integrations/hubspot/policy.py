"""Who decides on each property of a contact: the one table, and the values that both sides keep.

Plain Python. docs/hubspot.md repeats the table in words; a test keeps the two equal.
"""

from collections.abc import Mapping
from typing import NamedTuple

from integrations.hubspot.mapping import (
    CRM_COUNTS,
    CRM_TEXTS,
    CRM_TIMES,
    FIGURES,
    FIRST_SOURCE_AT,
    LATEST_SOURCE_AT,
    OPTED_OUT,
    OWNER,
    PERSONAL,
    SCORE_STEP,
    SCORES,
    TAGS,
)
from integrations.merge import Base, Held, Merge, Policy, first_sight, merge

_BOTH = (
    "Changed on one side, the other side follows. Changed on both to different values, both keep "
    "their own until a person chooses."
)
_OURS = "Nova computes it; what is typed into it in HubSpot is put right with the next run."
_THEIRS = "Comes from HubSpot and is read-only in Nova."


class Rule(NamedTuple):
    """A line of the table, in words for staff."""

    properties: tuple[str, ...]
    policy: Policy
    words: str


RULES = (
    Rule(tuple(PERSONAL.values()), Policy.ASK, _BOTH),
    Rule(FIGURES, Policy.NOVA, _OURS),
    Rule(
        SCORES,
        Policy.NOVA,
        f"{_OURS} Written with HUBSPOT_LEAD_SCORES only, the score in steps of {SCORE_STEP}.",
    ),
    Rule((TAGS,), Policy.NOVA, "Nova adds its own tag to the others and takes none away."),
    Rule(
        ("email", "hs_additional_emails"),
        Policy.HUBSPOT,
        "Each address of the contact becomes one of the customer's, unless it is somebody else's. "
        "A first address that changed in HubSpot becomes the primary one in Nova, too, unless "
        "staff chose another there. Nova never changes the addresses of a contact.",
    ),
    Rule((OPTED_OUT,), Policy.HUBSPOT, "An opt-out holds in Nova until a person gives it back."),
    Rule(
        (
            *CRM_TEXTS.values(),
            FIRST_SOURCE_AT,
            LATEST_SOURCE_AT,
            OWNER,
            *CRM_TIMES.values(),
            *CRM_COUNTS.values(),
        ),
        Policy.HUBSPOT,
        _THEIRS,
    ),
)
"""Every property that Nova keeps of a contact, in the order in which staff read it."""

SHARED: Mapping[str, Policy] = dict.fromkeys(PERSONAL, Policy.ASK)
"""The customer's fields that are merged."""
_NAME = ("first_name", "last_name")

Texts = dict[str, str]


def spelt(text: str, longest: int) -> str:
    """A value in the one spelling in which the two sides are compared: as Nova can keep it."""
    return " ".join(text.split())[:longest].rstrip() if text else ""


def merge_person(agreed: Base | None, local: Texts, remote: Texts) -> Merge:
    """Merges the fields of `SHARED`; `agreed` is their base, None at first sight.

    Two telephone numbers of the same digits are two spellings of one, so nobody is asked.
    """
    merged = merge(_met(local, remote) if agreed is None else agreed, local, remote, SHARED)
    numbers = merged.conflicts.get("phone")
    if numbers and _digits(numbers.local) == _digits(numbers.remote) != "":
        merged.base["phone"] = merged.conflicts.pop("phone")
    return merged


def _met(local: Texts, remote: Texts) -> dict[str, Held]:
    """The base at first sight. Half a name is filled only where the other half is no other name."""
    base = first_sight(local, remote, SHARED)
    if any(name in base and len(set(base[name])) > 1 for name in _NAME):
        base |= {name: Held(local.get(name, ""), remote.get(name, "")) for name in _NAME}
    return base


def _digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isdecimal())
