"""Audiences as lists: who joins, who leaves, what is left alone, what becomes of other lists."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Audience, AudienceRule, Consent, Customer
from integrations.decisions import make_list_again, take_list_over
from integrations.hubspot.decisions import try_again
from integrations.hubspot.lists import apply_lists, plan_lists
from integrations.hubspot.lists.plan import difference
from integrations.hubspot.marketing_client import MarketingClient
from integrations.models import (
    AudienceLink,
    ContactLink,
    ListState,
    Problem,
    RemoteWrite,
    System,
    WriteState,
)
from integrations.sync import sync_run
from tests.factories import make_buyer

READ = "GET /crm/v3/lists/{id}/memberships"
CHANGE = "PUT /crm/v3/lists/{id}/memberships/add-and-remove"
IDS = st.sets(st.integers(1, 40).map(str), max_size=30)


@pytest.fixture
def repeaters(db) -> Audience:
    """Repeat customers, mirrored."""
    audience = Audience.objects.get(rule=AudienceRule.REPEAT)
    audience.is_mirrored = True
    audience.save()
    return audience


def lists(world):
    """The members of each live list by its name: their addresses."""
    addresses = {row["id"]: row["properties"]["email"] for row in world.dump("contacts")}
    return {
        row["name"]: sorted(addresses[member] for member in row["_members"])
        for row in world.dump("lists")
        if "_deleted" not in row
    }


def a_list(world, name="Nova: Repeat customers", kind="MANUAL", members=()):
    row = {
        "id": "77",
        "listId": "77",
        "name": name,
        "processingType": kind,
        "objectTypeId": "0-1",
        "_members": dict.fromkeys(members, "2026-01-01T00:00:00.000Z"),
    }
    return world.store.put("lists", row)


def moves(state):
    """The changes of membership in this state: what, of which contact's address."""
    writes = RemoteWrite.objects.filter(object_type="lists", operation="update", state=state)
    return sorted(
        (write.link.email if write.link else write.remote_id, write.after["Nova: Repeat customers"])
        for write in writes.select_related("link")
    )


@given(wanted=IDS, members=IDS)
def test_the_difference_makes_the_members_of_a_list_those_who_are_wanted(wanted, members):
    joins, leaves = difference(wanted, members)

    assert (members | set(joins)) - set(leaves) == wanted
    assert members.isdisjoint(joins)
    assert members.issuperset(leaves)
    assert difference(wanted, wanted) == ([], [])


def test_an_audience_becomes_a_list_with_its_members_in_one_run(world, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    make_buyer("bob@x.org", events=1)
    world.add_contact("eve@x.org")

    log = sync()

    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    (row,) = world.dump("lists")
    assert (row["processingType"], row["objectTypeId"]) == ("MANUAL", "0-1")
    assert log.counts["HubSpot lists"] == {
        "to create": 1,
        "to update": 1,
        "created": 1,
        "updated": 1,
        "unchanged": 0,
        "skipped": 0,
    }


def test_a_second_run_writes_nothing_and_a_third_reads_no_member(world, portal, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    portal.stats.reset()

    second = sync()
    reads = portal.stats.by_route[READ]
    third = sync()

    assert (second.meter.writes, third.meter.writes, portal.stats.writes) == (0, 0, 0)
    assert second.counts["HubSpot lists"] == third.counts["HubSpot lists"] == {"unchanged": 1}
    assert (reads, portal.stats.by_route[READ]) == (1, 1)
    link = AudienceLink.objects.get()
    assert (link.member_count, link.wanted_count) == (1, 1)


def test_people_join_and_leave_as_the_audience_moves(world, sync, repeaters):
    ada = make_buyer("ada@x.org", events=2)
    make_buyer("bob@x.org", events=2)
    sync()

    ada.consent = Consent.OPTED_OUT
    ada.save()
    make_buyer("eve@x.org", events=2)
    log = sync()

    assert lists(world) == {"Nova: Repeat customers": ["bob@x.org", "eve@x.org"]}
    assert log.counts["HubSpot lists"]["updated"] == 2


def test_the_plan_names_everybody_who_joins_or_leaves(world, sync, repeaters):
    ada = make_buyer("ada@x.org", events=2)
    sync()
    stranger = world.add_contact("stranger@x.org")
    row = world.dump("lists")[0]
    world.store.put("lists", row | {"_members": {stranger["id"]: "2026-01-01T00:00:00.000Z"}})

    sync(full=True, dry_run=True)

    joins, leaves = RemoteWrite.objects.planned().filter(object_type="lists").order_by("pk")
    assert (joins.customer, joins.after) == (ada, {"Nova: Repeat customers": "on the list"})
    assert joins.reason == "Joins “Nova: Repeat customers”."
    assert (leaves.remote_id, leaves.after) == (stranger["id"], {"Nova: Repeat customers": ""})
    assert leaves.before == {"Nova: Repeat customers": "on the list"}
    assert "no longer in the audience" in leaves.reason


def test_a_list_is_read_again_when_a_refused_member_is_tried_again(world, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    sync()
    row = world.dump("lists")[0]
    gone = next(iter(row["_members"]))
    write = RemoteWrite.objects.get(object_type="lists", operation="update")
    RemoteWrite.objects.filter(pk=write.pk).update(state=WriteState.FAILED)
    world.store.put("lists", row | {"_members": {world.add_contact("x@x.org")["id"]: "x"}})

    try_again(RemoteWrite.objects.filter(pk=write.pk))
    sync()

    assert list(world.dump("lists")[0]["_members"]) == [gone]


def test_who_was_put_on_or_taken_off_by_hand_is_put_right(world, portal, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    stranger = world.add_contact("stranger@x.org")
    row = world.dump("lists")[0]
    world.store.put("lists", row | {"_members": row["_members"] | {stranger["id"]: "x"}})

    sync()

    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}


@pytest.mark.parametrize("mode", ["off", "review"])
def test_without_leave_to_write_the_plan_waits(world, portal, sync, settings, repeaters, mode):
    settings.HUBSPOT_WRITE_MODE = mode
    world.add_contact("ada@x.org")
    make_buyer("ada@x.org", events=2)

    log = sync()

    assert (lists(world), portal.stats.writes) == ({}, 0)
    assert moves("planned") == [("ada@x.org", "on the list")]
    assert log.counts["HubSpot lists"] == {"to create": 1, "to update": 1}
    assert log.run.message.endswith("2 changes of lists wait to be written.")


def test_only_what_staff_approved_is_written_where_they_ask_for_that(
    world, client, sync, repeaters
):
    make_buyer("ada@x.org", events=2)
    make_buyer("bob@x.org", events=2)
    world.add_contact("ada@x.org")
    world.add_contact("bob@x.org")
    sync(dry_run=True)
    planned = RemoteWrite.objects.filter(object_type="lists")
    planned.filter(operation="create").update(state=WriteState.APPROVED)
    planned.filter(link__email="ada@x.org").update(state=WriteState.APPROVED)

    with sync_run(System.HUBSPOT, "test") as log:
        apply_lists(MarketingClient(client), log, only_approved=True)

    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert moves("planned") == [("bob@x.org", "on the list")]


def test_who_left_the_audience_since_the_plan_is_not_added(world, client, sync, repeaters):
    ada = make_buyer("ada@x.org", events=2)
    world.add_contact("ada@x.org")
    sync(dry_run=True)
    Customer.objects.filter(pk=ada.pk).update(consent=Consent.OPTED_OUT)

    with sync_run(System.HUBSPOT, "test") as log:
        apply_lists(MarketingClient(client), log)

    assert lists(world) == {"Nova: Repeat customers": []}
    write = RemoteWrite.objects.get(object_type="lists", operation="update")
    assert (write.state, write.error) == (
        "skipped",
        "The audience changed since the plan. The next run plans anew.",
    )


def test_a_contact_that_hubspot_does_not_know_is_skipped_and_marked(world, client, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    contact = world.add_contact("ada@x.org")
    sync(dry_run=True)
    world.archive_record("contacts", contact["id"])

    with sync_run(System.HUBSPOT, "test") as log:
        apply_lists(MarketingClient(client), log)

    write = RemoteWrite.objects.get(object_type="lists", operation="update")
    assert (write.state, write.error) == ("skipped", "The contact is no longer in HubSpot.")
    assert ContactLink.objects.get().archived_at is not None


def test_a_list_that_somebody_else_made_is_left_alone_until_staff_hand_it_over(
    world, portal, sync, repeaters
):
    make_buyer("ada@x.org", events=2)
    other = world.add_contact("other@x.org")
    a_list(world, members=[other["id"]])

    log = sync()
    untouched = lists(world)
    told = Problem.objects.get()
    take_list_over(link=AudienceLink.objects.get())
    sync()

    assert untouched == {"Nova: Repeat customers": ["other@x.org"]}
    assert log.run.outcome == "problems"
    assert (told.record, told.resolved_at) == ("list “Nova: Repeat customers”", None)
    assert "that Nova did not make" in told.message
    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert Problem.objects.open().count() == 0


def test_a_list_of_another_kind_is_never_touched(world, portal, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    a_list(world, kind="DYNAMIC")

    sync()
    told = Problem.objects.get().message
    world.store.put("lists", world.dump("lists")[0] | {"name": "Old list"})
    sync()

    assert "no list of contacts whose members can be set" in told
    assert lists(world) == {"Old list": [], "Nova: Repeat customers": ["ada@x.org"]}


def test_an_empty_list_of_the_name_is_one_that_a_killed_run_made(world, portal, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    a_list(world)

    sync()

    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert AudienceLink.objects.get().list_id == "77"


def test_a_deleted_list_is_told_and_made_again_only_on_decision(world, portal, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    world.store.put("lists", world.dump("lists")[0] | {"_deleted": True})

    sync()
    left = lists(world)
    told = Problem.objects.get()
    make_list_again(link=AudienceLink.objects.get())
    sync()

    assert left == {}
    assert "was deleted in HubSpot" in told.message
    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert Problem.objects.open().count() == 0


def test_a_restored_list_goes_on_as_before(world, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    row = world.dump("lists")[0]
    world.store.put("lists", row | {"_deleted": True})
    sync()

    world.store.put("lists", row)
    sync()

    assert AudienceLink.objects.get().state == ListState.IN_STEP
    assert Problem.objects.open().count() == 0


def test_a_list_keeps_its_name_and_a_namesake_gets_a_number(world, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    repeaters.name = "Regulars"
    repeaters.save()
    Audience.objects.create(name="Repeat customers", rule=AudienceRule.VIP, is_mirrored=True)

    sync()

    assert lists(world) == {
        "Nova: Repeat customers": ["ada@x.org"],
        "Nova: Repeat customers (2)": [],
    }


def test_an_audience_that_rests_leaves_its_list_as_it_is(world, portal, sync, repeaters):
    make_buyer("ada@x.org", events=2)
    sync()
    repeaters.is_active = False
    repeaters.save()
    make_buyer("bob@x.org", events=2)
    portal.stats.reset()

    sync()

    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert not [entry for entry in portal.stats.log if "/lists" in entry[1]]


def test_a_large_list_is_read_by_pages_and_changed_by_thousands(world, portal, sync, repeaters):
    for number in range(260):
        make_buyer(f"p{number}@x.org", events=2)
        world.add_contact(f"p{number}@x.org")
    sync()
    changes = portal.stats.by_route[CHANGE]
    portal.stats.reset()

    sync()

    assert len(lists(world)["Nova: Repeat customers"]) == 260
    assert changes == 1
    assert portal.stats.by_route[READ] == 2


@pytest.mark.parametrize("path", ["add-and-remove", "/crm/v3/lists"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate", "html"])
def test_a_hiccup_does_no_harm(world, portal, sync, repeaters, path, kind):
    make_buyer("ada@x.org", events=2)
    portal.faults.add(kind, path=path, times=2)

    sync()
    again = sync()

    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert again.meter.writes == 0


def test_without_the_scope_lists_rest_until_they_are_asked_for_anew(
    world, portal, sync, settings, repeaters
):
    make_buyer("ada@x.org", events=2)
    world.add_contact("ada@x.org")
    scopes = ["crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.owners.read"]
    more = ["crm.schemas.contacts.read", "marketing.campaigns.read", "marketing.email.read"]
    world.register_token("no-lists", scopes + more)
    settings.HUBSPOT_ACCESS_TOKEN = "no-lists"

    first = sync()
    told = Problem.objects.get(code="not_available")
    portal.stats.reset()
    second = sync()
    asked = [entry for entry in portal.stats.log if "/lists" in entry[1]]
    settings.HUBSPOT_ACCESS_TOKEN = "sandbox-hubspot-token"
    sync(full=True)

    assert (first.run.outcome, second.run.outcome) == ("problems", "done")
    assert told.record == "HubSpot: Lists"
    assert "lacks the scope crm.lists.read (read lists and their members)" in told.message
    assert "sync_hubspot --full" in told.message
    assert asked == []
    assert lists(world) == {"Nova: Repeat customers": ["ada@x.org"]}
    assert Problem.objects.open().count() == 0


def test_planning_and_writing_take_as_many_queries_for_300_members_as_for_3(
    world, client, settings, sync, repeaters
):
    def queries(name, number):
        for n in range(number):
            make_buyer(f"{name}{n}@x.org", events=2)
            world.add_contact(f"{name}{n}@x.org")
        sync(pull_only=True)
        with sync_run(System.HUBSPOT, "test") as log, CaptureQueriesContext(connection) as taken:
            plan_lists(MarketingClient(client), log)
            apply_lists(MarketingClient(client), log)
        return len(taken)

    queries("first", 1)
    few = queries("few", 3)

    many = queries("many", 300)

    assert many == few
    assert len(lists(world)["Nova: Repeat customers"]) == 304
