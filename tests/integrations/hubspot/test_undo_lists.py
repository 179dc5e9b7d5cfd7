"""An undo gives lists their members back, except where somebody changed that since."""

import pytest

from customers.models import Audience, AudienceRule, Consent
from integrations.hubspot.undo import outlook, undo_run
from integrations.models import AudienceLink, ListState, RemoteWrite, WriteState
from tests.factories import make_buyer

CHANGE = "PUT /crm/v3/lists/{id}/memberships/add-and-remove"


@pytest.fixture
def undo(patience):
    def run(log, **options):
        return undo_run(run_id=log.run.pk, command="test", patience=patience, **options)

    return run


@pytest.fixture
def mirrored(db) -> None:
    Audience.objects.filter(rule=AudienceRule.REPEAT).update(is_mirrored=True)


def members(world):
    """The addresses on the one list that there is."""
    addresses = {row["id"]: row["properties"]["email"] for row in world.dump("contacts")}
    (row,) = world.dump("lists")
    return sorted(addresses[member] for member in row["_members"])


def put(world, *addresses):
    """Somebody sets the members of the list by hand."""
    ids = {row["properties"]["email"]: row["id"] for row in world.dump("contacts")}
    (row,) = world.dump("lists")
    world.store.put("lists", row | {"_members": {ids[one]: "x" for one in addresses}})


@pytest.fixture
def moved(world, sync, mirrored):
    """A run in which Ada left the list, and two new people joined it."""
    ada = make_buyer("ada@x.org", events=2)
    sync()
    ada.consent = Consent.OPTED_OUT
    ada.save()
    make_buyer("new@x.org", events=2)
    make_buyer("kim@x.org", events=2)
    log = sync()
    assert members(world) == ["kim@x.org", "new@x.org"]
    return log


def test_who_joined_leaves_and_who_left_is_back(world, portal, moved, undo):
    told = outlook(moved.run)
    portal.stats.reset()

    log = undo(moved)

    assert members(world) == ["ada@x.org"]
    assert portal.stats.by_route[CHANGE] == 1
    assert (told.members, told.created) == (3, 2)
    assert "3 places on lists restored." in log.run.message
    assert "2 records that this run created." in log.run.message


def test_undone_places_are_held_back_and_no_later_run_writes(world, portal, moved, undo, sync):
    undo(moved)
    portal.stats.reset()

    again = [sync(), sync(full=True)]

    held = RemoteWrite.objects.open().filter(object_type="lists", state=WriteState.HELD)
    assert [run.meter.writes for run in again] == [0, 0]
    assert (portal.stats.writes, held.count()) == (0, 3)
    assert members(world) == ["ada@x.org"]


def test_what_somebody_put_back_by_hand_already_is_no_write(world, portal, moved, undo):
    put(world, "ada@x.org")
    portal.stats.reset()

    log = undo(moved)

    assert (portal.stats.writes, members(world)) == (0, ["ada@x.org"])
    assert "0 records restored." in log.run.message
    assert outlook(moved.run).undone == 3


def test_an_undo_of_places_is_itself_undone(world, moved, undo, sync):
    first = undo(moved)

    undo(first)

    assert members(world) == ["kim@x.org", "new@x.org"]
    assert sync(full=True).meter.writes == 0


def test_a_dry_run_counts_the_places_and_moves_nobody(world, portal, moved, undo):
    portal.stats.reset()

    log = undo(moved, dry_run=True)

    assert "3 places on lists would be restored." in log.run.message
    assert (portal.stats.writes, members(world)) == (0, ["kim@x.org", "new@x.org"])


def test_a_list_that_is_gone_is_left_out_with_the_reason(moved, undo):
    AudienceLink.objects.update(state=ListState.GONE)

    log = undo(moved)

    told = RemoteWrite.objects.filter(run=log.run, object_type="lists")
    assert {write.error for write in told} == {
        "The list is no longer in HubSpot, or is not Nova's."
    }
    assert {write.state for write in told} == {WriteState.SKIPPED}
