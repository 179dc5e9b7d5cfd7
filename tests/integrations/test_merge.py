"""The three-way merge: whatever both sides did, it ends with both in step or a person asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.merge import Held, Policy, confirmed, first_sight, merge

ASK = {"phone": Policy.ASK}
NAMES = ("first", "phone", "city")
texts = st.sampled_from(["", "a", "b", "c"])
values = st.dictionaries(st.sampled_from(NAMES), texts)
bases = st.dictionaries(st.sampled_from(NAMES), st.builds(Held, texts, texts))
policies = st.fixed_dictionaries(dict.fromkeys(NAMES, st.sampled_from(Policy)))
asking = dict.fromkeys(NAMES, Policy.ASK)
MIRRORED = {
    Policy.NOVA: Policy.HUBSPOT,
    Policy.HUBSPOT: Policy.NOVA,
    Policy.ASK: Policy.ASK,
}


def of_phone(base, local, remote, policy=Policy.ASK):
    """What a merge does with one field: (taken, sent, in conflict, remembered)."""
    merged = merge({"phone": base}, {"phone": local}, {"phone": remote}, {"phone": policy})
    parts = merged.take, merged.send, merged.conflicts, merged.base
    return tuple(part.get("phone") for part in parts)


def blankless(row):
    return {name: value for name, value in row.items() if value}


def swapped(base):
    return {name: Held(held.remote, held.local) for name, held in base.items()}


@pytest.mark.parametrize(
    ("base", "local", "remote", "outcome"),
    [
        (("1", "1"), "1", "1", (None, None, None, ("1", "1"))),
        (("1", "1"), "1", "2", ("2", None, None, ("2", "2"))),
        (("1", "1"), "2", "1", (None, "2", None, ("1", "1"))),
        (("1", "1"), "2", "2", (None, None, None, ("2", "2"))),
        (("1", "1"), "2", "3", (None, None, ("2", "3"), ("1", "1"))),
        (("1", "1"), "", "1", (None, "", None, ("1", "1"))),
        (("1", "1"), "1", "", ("", None, None, None)),
        (("1", "1"), "", "", (None, None, None, None)),
        (("1", "1"), "", "2", (None, None, ("", "2"), ("1", "1"))),
        (("", ""), "1", "", (None, "1", None, None)),
        (("1", "+1"), "1", "+1", (None, None, None, ("1", "+1"))),
        (("1", "+1"), "1", "+2", ("+2", None, None, ("+2", "+2"))),
        (("1", "+1"), "2", "+1", (None, "2", None, ("1", "+1"))),
        (("1", "+1"), "1", "1", (None, None, None, ("1", "1"))),
    ],
)
def test_the_side_that_moved_is_followed(base, local, remote, outcome):
    assert of_phone(base, local, remote) == outcome


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        (Policy.NOVA, (None, "2", None, ("1", "1"))),
        (Policy.HUBSPOT, ("3", None, None, ("3", "3"))),
    ],
)
def test_where_one_side_decides_nobody_is_asked(policy, outcome):
    assert of_phone(("1", "1"), "2", "3", policy) == outcome


def test_fields_without_a_policy_are_left_alone():
    merged = merge({}, {"note": "here"}, {"note": "there"}, ASK)

    assert (merged.take, merged.send, merged.conflicts, merged.base) == ({}, {}, {}, {})


def test_at_first_sight_blanks_are_filled_and_the_rest_stays():
    local = {"first": "Ada", "phone": "1"}
    remote = {"first": "A.", "city": "Bonn"}

    merged = merge(first_sight(local, remote, asking), local, remote, asking)

    assert (merged.take, merged.send) == ({"city": "Bonn"}, {"phone": "1"})
    assert merged.conflicts == {}
    assert merged.base == {"first": ("Ada", "A."), "city": ("Bonn", "Bonn")}


def test_what_the_other_side_made_of_a_value_is_remembered():
    base = confirmed({"first": ("Ada", "Ada")}, {"phone": "030 1"}, {"phone": "+49301"})

    merged = merge(
        base, {"first": "Ada", "phone": "030 1"}, {"first": "Ada", "phone": "+49301"}, ASK
    )

    assert base == {"first": ("Ada", "Ada"), "phone": ("030 1", "+49301")}
    assert (merged.take, merged.send, merged.conflicts) == ({}, {}, {})


@given(bases, values, values, policies)
def test_a_second_merge_does_nothing_but_ask_again(base, local, remote, policy):
    first = merge(base, local, remote, policy)
    local, remote = local | first.take, remote | first.send
    base = confirmed(first.base, first.send, remote)

    second = merge(base, local, remote, policy)

    assert (second.take, second.send) == ({}, {})
    assert second.conflicts == first.conflicts
    assert second.base == base


@given(bases, values, values, policies)
def test_both_sides_are_treated_alike(base, local, remote, policy):
    mirror = {name: MIRRORED[decides] for name, decides in policy.items()}

    here = merge(base, local, remote, policy)
    there = merge(swapped(base), remote, local, mirror)

    assert (here.take, here.send) == (there.send, there.take)
    assert here.conflicts == swapped(there.conflicts)


@given(bases, values, values)
def test_a_side_that_did_not_move_overrides_nothing(base, local, remote):
    merged = merge(base, local, remote, asking)

    for name in merged.take:
        assert local.get(name, "") == base.get(name, Held()).local
    for name in merged.send:
        assert remote.get(name, "") == base.get(name, Held()).remote


@given(bases, values, values)
def test_a_person_is_asked_exactly_where_both_moved_to_different_values(base, local, remote):
    merged = merge(base, local, remote, asking)

    moved_apart = {
        name
        for name in NAMES
        if local.get(name, "") != base.get(name, Held()).local
        and remote.get(name, "") != base.get(name, Held()).remote
        and local.get(name, "") != remote.get(name, "")
    }
    assert merged.conflicts.keys() == moved_apart


@given(bases, values, values)
def test_no_edit_is_lost(base, local, remote):
    merged = merge(base, local, remote, asking)

    for name in NAMES:
        held = base.get(name, Held())
        ours, theirs = local.get(name, ""), remote.get(name, "")
        if ours not in (held.local, theirs):
            assert merged.send.get(name) == ours or merged.conflicts[name].local == ours
        if theirs not in (held.remote, ours):
            assert merged.take.get(name) == theirs or merged.conflicts[name].remote == theirs


@given(values, values)
def test_at_first_sight_nobody_is_asked_and_nothing_is_written_over(local, remote):
    merged = merge(first_sight(local, remote, NAMES), local, remote, asking)

    assert merged.conflicts == {}
    assert blankless(local | merged.take) == blankless(merged.take | blankless(local))
    assert blankless(remote | merged.send) == blankless(merged.send | blankless(remote))
    assert not blankless(local).keys() & merged.take.keys()
    assert not blankless(remote).keys() & merged.send.keys()
