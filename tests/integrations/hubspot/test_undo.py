"""Taking a run back: HubSpot as it was, except what somebody changed since."""

import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from integrations.errors import Misconfigured, RetryLater
from integrations.hubspot.push import apply_plan
from integrations.hubspot.undo import outlook, undo_run
from integrations.models import ContactLink, RemoteWrite, SyncRun, System, WriteState
from integrations.sync import sync_run
from tests.factories import make_buyer

UPDATE = "POST /crm/v3/objects/{type}/batch/update"
TIMES = {"lastmodifieddate", "hs_lastmodifieddate"}


@pytest.fixture
def undo(patience):
    def run(log, **options):
        return undo_run(run_id=log.run.pk, command="test", patience=patience, **options)

    return run


def held(world):
    """Every property of every contact but the times of change; a blank one is none."""
    return {
        row["id"]: {k: v for k, v in row["properties"].items() if v and k not in TIMES}
        for row in world.dump("contacts")
    }


def tags(world):
    return [row["properties"].get("nova_tags") for row in world.dump("contacts")]


def add_option(world, value):
    prop = world.store.tables["properties"].rows["contacts/nova_tags"]
    option = prop["options"][0] | {"value": value, "label": value}
    world.store.put("properties", prop | {"options": [*prop["options"], option]})


def test_hubspot_is_to_the_letter_as_it_was_before_an_untouched_run(world, sync, undo):
    add_option(world, "Podcast")
    add_option(world, "Beta")
    for number in range(120):
        make_buyer(f"p{number}@x.org", events=1 + number % 3)
        world.add_contact(f"p{number}@x.org", firstname="Ada", city="Rome")
    make_buyer("odd@x.org")
    world.add_contact(
        "odd@x.org", nova_total_spend="007.50", nova_tags="Podcast;Beta", nova_customer_type="VIP"
    )
    before = held(world)
    log = sync()
    during = held(world)

    undone = undo(log)

    assert during != before
    assert held(world) == before
    assert undone.run.message == f"Undo of run {log.run.pk}: 121 records restored."
    assert undone.run.outcome == "done"


def test_an_undo_takes_one_write_request_a_hundred_records(world, portal, sync, undo):
    for number in range(150):
        make_buyer(f"p{number}@x.org")
        world.add_contact(f"p{number}@x.org")
    log = sync()
    portal.stats.reset()

    undo(log)

    assert portal.stats.by_route[UPDATE] == 2


def test_what_somebody_changed_since_stays(world, sync, undo):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    log = sync()
    world.edit_contact(contact["id"], nova_customer_type="VIP")

    undone = undo(log)

    (after,) = held(world).values()
    assert {k: v for k, v in after.items() if k.startswith("nova_")} == {
        "nova_customer_type": "VIP"
    }
    write = RemoteWrite.objects.get(run=undone.run)
    assert write.error == ("Changed since Nova wrote it, so left as it is: nova_customer_type.")
    assert write.state == WriteState.APPLIED


def test_a_record_whose_every_field_moved_is_skipped_with_the_reason(world, sync, undo):
    customer = make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    sync()
    Customer.objects.filter(pk=customer.pk).update(is_rollup_due=True)
    customer.orders.update(gross=Decimal(50), gross_paid=Decimal(50))
    second = sync()
    world.edit_contact(contact["id"], nova_total_spend="70")

    undone = undo(second)

    assert RemoteWrite.objects.get(run=undone.run).state == WriteState.SKIPPED
    assert "1 left as they are, because somebody changed them since." in undone.run.message
    assert world.dump("contacts")[0]["properties"]["nova_total_spend"] == "70"


def test_a_tag_that_somebody_added_stays_and_novas_goes(world, sync, undo):
    add_option(world, "Podcast")
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    log = sync()
    world.edit_contact(contact["id"], nova_tags="Nova Attendee;Podcast")

    undo(log)

    assert tags(world) == ["Podcast"]


def test_what_hubspot_held_already_is_not_taken_away(world, client, sync, undo):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    sync(dry_run=True)
    planned = RemoteWrite.objects.get()
    world.edit_contact(contact["id"], **planned.after)
    before = held(world)
    with sync_run(System.HUBSPOT, "test") as log:
        apply_plan(client, log)

    undone = undo(log)

    assert held(world) == before
    assert undone.meter.writes == 0


def test_created_contacts_are_told_before_and_after_and_stay(world, sync, undo):
    make_buyer("ada@x.org")
    log = sync()

    told = outlook(log.run)
    undone = undo(log)

    assert (told.created, told.restorable) == (1, 0)
    assert told.cannot[0].startswith("1 record that this run created. Nova never deletes")
    assert told.cannot[0] in undone.run.message
    assert len(world.dump("contacts")) == 1


@pytest.mark.parametrize("full", [False, True])
def test_undone_values_are_held_back_by_every_later_run(world, portal, sync, undo, full):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    undo(sync())
    before = held(world)
    portal.stats.reset()

    first = sync(full=full)
    sync(full=full)

    assert portal.stats.writes == 0
    assert held(world) == before
    assert RemoteWrite.objects.open().get().state == WriteState.HELD
    assert first.counts["HubSpot contacts"]["held back"] == 1


def test_undone_values_are_written_once_novas_figures_are_others(world, sync, undo):
    customer = make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    undo(sync())
    sync()
    Customer.objects.filter(pk=customer.pk).update(is_rollup_due=True)
    customer.orders.update(gross=Decimal(50), gross_paid=Decimal(50))

    sync()

    properties = world.dump("contacts")[0]["properties"]
    assert (properties["nova_total_spend"], properties["nova_customer_type"]) == ("50", "New")
    assert not RemoteWrite.objects.filter(is_held=True).exists()


def test_an_undo_is_itself_undone(world, portal, sync, undo):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    log = sync()
    written = held(world)
    first = undo(log)

    second = undo(first)
    portal.stats.reset()
    sync()

    assert held(world) == written
    assert portal.stats.writes == 0
    states = dict(RemoteWrite.objects.values_list("run", "state"))
    assert states[log.run.pk] == WriteState.APPLIED
    assert states[first.run.pk] == WriteState.UNDONE
    assert states[second.run.pk] == WriteState.APPLIED


def test_a_second_undo_of_a_run_writes_nothing(world, portal, sync, undo):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    log = sync()
    undo(log)
    portal.stats.reset()

    undo(log)

    assert portal.stats.writes == 0


def test_an_undo_that_broke_off_after_hubspot_took_it_is_completed(world, portal, sync, undo):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    before = held(world)
    log = sync()
    portal.faults.add("reset_after", path="batch/update", times=4)
    with pytest.raises(RetryLater):
        undo(log)
    portal.faults.clear()

    undo(log)
    portal.stats.reset()
    sync()

    assert held(world) == before
    assert portal.stats.writes == 0
    assert RemoteWrite.objects.filter(run=log.run).get().state == WriteState.UNDONE


@pytest.mark.parametrize("address", ["ada@x.org", ""])
def test_what_hubspot_took_of_a_run_that_was_cut_off_is_listed_with_it(
    world, portal, sync, undo, address
):
    make_buyer("ada@x.org")
    if address:
        world.add_contact(address)
    before = held(world)
    portal.faults.add("reset_after", path="batch/up", times=4)
    with pytest.raises(RetryLater):
        sync()
    cut = SyncRun.objects.latest("pk")
    portal.faults.clear()

    sync()

    write = RemoteWrite.objects.get(run=cut)
    assert write.state == WriteState.APPLIED
    assert "cut off" in write.error
    assert write.applied_at is not None
    undo_run(run_id=cut.pk, command="test")
    assert not address or held(world) == before


def test_what_hubspot_did_not_take_is_not_listed_with_the_run_that_was_cut_off(portal, sync, world):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    portal.faults.add("reset_before", path="batch/update", times=4)
    with pytest.raises(RetryLater):
        sync()
    cut = SyncRun.objects.latest("pk")
    portal.faults.clear()

    log = sync()

    assert not RemoteWrite.objects.filter(run=cut).exists()
    assert RemoteWrite.objects.get(run=log.run).state == WriteState.APPLIED


def test_a_contact_that_is_gone_is_skipped(world, sync, undo):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    log = sync()
    world.archive_record("contacts", contact["id"])

    undone = undo(log)

    assert RemoteWrite.objects.get(run=undone.run).error == "The record is no longer in HubSpot."


def test_a_dry_run_writes_neither_there_nor_here(world, portal, sync, undo):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    log = sync()
    rows = list(RemoteWrite.objects.values())
    portal.stats.reset()

    undone = undo(log, dry_run=True)

    assert portal.stats.writes == 0
    assert list(RemoteWrite.objects.values()) == rows
    assert undone.run.message == f"Undo of run {log.run.pk}: 1 record would be restored."


def test_nothing_is_undone_while_writing_is_off(world, portal, sync, undo, settings):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    log = sync()
    settings.HUBSPOT_WRITE_MODE = "off"
    portal.stats.reset()

    with pytest.raises(Misconfigured, match="Nothing was undone: HUBSPOT_WRITE_MODE is “off”"):
        undo(log)

    assert portal.stats.total == 0


def test_the_command_tells_what_it_did_as_json(world, sync):
    make_buyer("ada@x.org")
    make_buyer("new@x.org")
    world.add_contact("ada@x.org")
    log = sync()
    printed = StringIO()

    call_command("undo_hubspot", log.run.pk, json=True, stdout=printed)

    told = json.loads(printed.getvalue().splitlines()[-1])
    assert told["counts"]["HubSpot records restored"] == {"restored": 1, "left as they are": 0}
    assert "1 record that this run created" in told["message"]
    assert SyncRun.objects.get(pk=told["run"]).command == f"undo_hubspot {log.run.pk}"


def test_the_command_names_a_run_that_is_none(sync):
    with pytest.raises(CommandError, match="There is no HubSpot run 999"):
        call_command("undo_hubspot", 999)


def test_an_undo_takes_as_many_queries_for_thirty_contacts_as_for_three(world, sync, undo):
    def measure(name, number):
        for n in range(number):
            make_buyer(f"{name}{n}@x.org")
            world.add_contact(f"{name}{n}@x.org")
        log = sync()
        with CaptureQueriesContext(connection) as queries:
            undo(log)
        return len(queries)

    three = measure("a", 3)
    thirty = measure("b", 30)

    assert ContactLink.objects.count() == 33
    assert thirty == three
