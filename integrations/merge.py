"""Three-way merge per field: what both sides held when they were last in step tells who moved.

Plain Python. The caller brings all values of a field to one spelling; two values are equal when
their texts are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import NamedTuple


class Policy(StrEnum):
    """Who decides on a field."""

    NOVA = "nova"
    HUBSPOT = "hubspot"
    ASK = "ask"


class Held(NamedTuple):
    """What each side held of a field when they were last in step.

    The two may differ: a system may keep a telephone number in a spelling of its own, and at first
    sight each side keeps what it has.
    """

    local: str = ""
    remote: str = ""


Base = Mapping[str, Held | Sequence[str]]
"""By field. One that is blank on both sides is left out."""
Values = Mapping[str, str]
"""By field. A blank one may be left out."""

_NOTHING = Held()


@dataclass(slots=True)
class Merge:
    """What it takes to bring two records in step.

    `take` is to be stored here, `send` to be written there, `conflicts` are left alone until a
    person chooses. `base` is what to remember: with `take` stored. A field that is sent stays as
    it was until the other side has it: `confirmed` says so.
    """

    take: dict[str, str] = field(default_factory=dict)
    send: dict[str, str] = field(default_factory=dict)
    conflicts: dict[str, Held] = field(default_factory=dict)
    base: dict[str, Held] = field(default_factory=dict)


def merge(base: Base, local: Values, remote: Values, policy: Mapping[str, Policy]) -> Merge:
    """Merges the fields that `policy` names.

    Changed on one side only: the other side gets it. Changed on both to the same: nothing to do.
    Changed on both to different values: the side that the policy names wins, or nobody until a
    person was asked.
    """
    merged = Merge()
    for name, decides in policy.items():
        ours, theirs = local.get(name, ""), remote.get(name, "")
        if ours == theirs:
            held = Held(ours, theirs)
        else:
            held = Held(*base.get(name, _NOTHING))
            way = _way(decides, ours != held.local, theirs != held.remote)
            if way is _Way.IN:
                merged.take[name], held = theirs, Held(theirs, theirs)
            elif way is _Way.OUT:
                merged.send[name] = ours
            elif way is _Way.ASK:
                merged.conflicts[name] = Held(ours, theirs)
        if held != _NOTHING:
            merged.base[name] = held
    return merged


class _Way(Enum):
    NONE = 0
    IN = 1
    OUT = 2
    ASK = 3


def _way(decides: Policy, is_ours_new: bool, is_theirs_new: bool) -> _Way:
    """Which way a field flows whose two values differ."""
    if decides is not Policy.ASK:
        return _Way.OUT if decides is Policy.NOVA else _Way.IN
    if is_ours_new and is_theirs_new:
        return _Way.ASK
    if is_ours_new:
        return _Way.OUT
    return _Way.IN if is_theirs_new else _Way.NONE


def first_sight(local: Values, remote: Values, names: Iterable[str]) -> dict[str, Held]:
    """The base of two records that meet for the first time, neither knowing the other's past.

    What is blank on one side counts as news of the other, so it is filled. Where both hold
    something nobody is asked: each keeps its own until somebody changes it.
    """
    pairs = {name: Held(local.get(name, ""), remote.get(name, "")) for name in names}
    return {name: held for name, held in pairs.items() if held.local and held.remote}


def confirmed(base: Base, sent: Values, reply: Values) -> dict[str, Held]:
    """The base after `sent` was written and the other side holds `reply`, as it spells it."""
    news = {name: Held(value, reply.get(name, "")) for name, value in sent.items()}
    after = {name: Held(*held) for name, held in base.items()} | news
    return {name: held for name, held in after.items() if held != _NOTHING}
