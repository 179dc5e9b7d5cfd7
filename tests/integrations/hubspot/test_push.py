"""Applying a plan: what reaches HubSpot, what is set aside, and why."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from integrations.errors import Misconfigured, RetryLater
from integrations.hubspot.push import apply_plan
from integrations.models import ContactLink, MatchRule, Problem, RemoteWrite, System, WriteState
from integrations.sync import sync_run
from tests.factories import make_buyer

UPDATE = "POST /crm/v3/objects/{type}/batch/update"
UPSERT = "POST /crm/v3/objects/{type}/batch/upsert"
ONE_SHOW = {
    "nova_events_attended": "1",
    "nova_total_spend": "20",
    "nova_first_event_date": "2026-01-14",
    "nova_last_event_date": "2026-01-14",
    "nova_customer_type": "New",
    "nova_tags": "Nova Attendee",
}


def remote(world):
    """The properties of each contact in HubSpot by address, those of Nova only."""
    return {
        row["properties"].get("email"): {
            name: value for name, value in row["properties"].items() if name.startswith("nova_")
        }
        for row in world.dump("contacts")
        if not row["archived"]
    }


def outcomes(log):
    counted = log.counts.get("HubSpot contacts", {})
    return {name: n for name, n in counted.items() if n and not name.startswith("to ")}


def states():
    return dict(RemoteWrite.objects.values_list("state", "error"))


def apply(client):
    """Applies the plan that is there, as staff do after looking at it."""
    with sync_run(System.HUBSPOT, "test") as log:
        apply_plan(client, log)
    return log


def test_contacts_get_their_figures_and_missing_ones_are_made(world, portal, sync):
    make_buyer("ada@x.org")
    make_buyer("bob@x.org", first_name="Bob", last_name="Hope", phone="+1")
    world.add_contact("ada@x.org", firstname="Ada")

    log = sync()

    assert remote(world) == {"ada@x.org": ONE_SHOW, "bob@x.org": ONE_SHOW}
    assert outcomes(log) == {"created": 1, "updated": 1}
    bob = world.dump("contacts")[1]["properties"]
    assert (bob["firstname"], bob["lastname"], bob["phone"]) == ("Bob", "Hope", "+1")
    assert (portal.stats.by_route[UPDATE], portal.stats.by_route[UPSERT]) == (1, 1)
    assert log.meter.writes == portal.stats.writes == 2


def test_what_was_written_is_what_was_last_seen(world, sync):
    make_buyer("ada@x.org", last_name="")
    make_buyer("bob@x.org")
    world.add_contact("ada@x.org", firstname="Ada")

    sync()

    ada, bob = ContactLink.objects.order_by("hubspot_id")
    told = {"email": "ada@x.org", "firstname": "Ada", "createdate": ada.seen["createdate"]}
    assert ada.seen == ONE_SHOW | told
    assert (ada.is_push_due, bob.is_push_due) == (False, False)
    assert None not in (ada.pushed_at, bob.pushed_at)
    assert (bob.rule, bob.evidence) == (MatchRule.CREATED_HERE, "Created in HubSpot by Nova.")
    assert bob.customer.email == "bob@x.org"
    assert set(states()) == {WriteState.APPLIED}


@pytest.mark.parametrize("full", [False, True])
def test_a_second_run_writes_nothing(world, portal, sync, full):
    for number in range(3):
        make_buyer(f"old{number}@x.org", events=number + 1)
        make_buyer(f"new{number}@x.org", events=number + 1)
        world.add_contact(f"old{number}@x.org", hs_additional_emails=f"more{number}@x.org")
    sync()
    portal.stats.reset()

    log = sync(full=full)

    assert log.total("created") == log.total("updated") == log.total("failed") == 0
    assert (log.meter.writes, portal.stats.writes) == (0, 0)
    assert not RemoteWrite.objects.planned().exists()


def test_a_dry_run_makes_no_write_call(world, portal, sync):
    make_buyer("ada@x.org")
    make_buyer("bob@x.org")
    world.add_contact("ada@x.org")

    log = sync(dry_run=True)

    assert RemoteWrite.objects.planned().count() == 2
    assert (log.meter.writes, portal.stats.writes) == (0, 0)
    assert not [entry for entry in portal.stats.log if "/batch/" in entry[1]]


@pytest.mark.parametrize(
    ("mode", "options", "is_written"),
    [
        ("off", {}, False),
        ("review", {}, False),
        ("review", {"apply": True}, True),
        ("auto", {}, True),
        ("auto", {"apply": True}, True),
        ("auto", {"dry_run": True}, False),
        ("auto", {"pull_only": True}, False),
    ],
)
def test_the_write_mode_decides(world, portal, sync, settings, mode, options, is_written):
    settings.HUBSPOT_WRITE_MODE = mode
    make_buyer("ada@x.org")

    sync(**options)

    assert bool(world.dump("contacts")) is is_written
    assert (portal.stats.writes > 0) is is_written


def test_applying_is_refused_while_writing_is_off(portal, sync, settings):
    settings.HUBSPOT_WRITE_MODE = "off"

    with pytest.raises(Misconfigured, match=r"HUBSPOT_WRITE_MODE is “off”. Set it to “review”"):
        sync(apply=True)

    assert portal.stats.total == 0


def test_an_unknown_write_mode_is_told(sync, settings):
    settings.HUBSPOT_WRITE_MODE = "on"

    with pytest.raises(Misconfigured, match=r"“on” is unknown. Choose one of off, review, auto"):
        sync()


def test_too_many_new_contacts_stop_the_run_before_the_first_write(world, portal, sync, settings):
    settings.HUBSPOT_MAX_NEW_CONTACTS = 1
    make_buyer("ada@x.org")
    make_buyer("bob@x.org")
    make_buyer("eve@x.org")
    world.add_contact("eve@x.org")

    with pytest.raises(Misconfigured, match="would create 2 contacts") as caught:
        sync()

    assert "HUBSPOT_MAX_NEW_CONTACTS allows 1" in str(caught.value)
    assert portal.stats.writes == 0
    assert RemoteWrite.objects.planned().count() == 3


def test_without_set_up_nothing_is_written(sandbox, client, sync, world):
    world.store.remove("properties", "contacts/nova_total_spend")
    make_buyer("ada@x.org")

    with pytest.raises(Misconfigured, match=r"nova_total_spend is missing. Run setup_hubspot"):
        sync()

    assert sandbox.stats.writes == 0


@pytest.mark.parametrize("partial", [True, False], ids=["207", "400"])
def test_a_bad_record_is_set_aside_and_the_rest_goes_through(world, portal, sync, partial):
    for number in range(20):
        make_buyer(f"good{number}@x.org")
    bad = make_buyer("bad@ümlaut.org")
    if not partial:
        refuse_whole_batches(portal)

    log = sync()

    assert len(remote(world)) == 20
    assert outcomes(log) == {"created": 20, "failed": 1}
    failed = RemoteWrite.objects.get(state=WriteState.FAILED)
    assert failed.customer == bad
    assert failed.error == "HubSpot refuses email: Email address bad@ümlaut.org is invalid."
    problem = Problem.objects.get()
    assert (problem.record, problem.message) == (f"customer {bad.pk}", failed.error)
    assert log.run.outcome == "problems"


def refuse_whole_batches(portal):
    """Makes the portal refuse batches with a bad record as a whole, as HubSpot does for some."""
    body = {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "message": 'Property values were not valid: [{"isValid":false,"error":"INVALID_EMAIL",'
        '"name":"email","message":"Email address bad@ümlaut.org is invalid"}]',
    }
    # 21 records are halved: 21, 10, 11, 5, 6, 3, 3, 1, 2, 1, 1; the bad one is the last.
    portal.faults.add("status", path="batch/upsert", status=400, body=body, nth=[1, 3, 5, 7, 9, 11])


def test_what_hubspot_refused_is_sent_again_only_when_it_changes(world, portal, sync):
    bad = make_buyer("bad@ümlaut.org")
    sync()
    portal.stats.reset()

    again = sync()
    told, writes_again = Problem.objects.get().message, portal.stats.by_route[UPSERT]
    Customer.objects.filter(pk=bad.pk).update(phone="+49 1")
    sync()

    assert outcomes(again) == {"failed": 1}
    assert "HubSpot refused these values before" in told
    assert (writes_again, portal.stats.by_route[UPSERT]) == (0, 1)


def test_a_full_run_sends_again_what_hubspot_refused(portal, sync):
    make_buyer("bad@ümlaut.org")
    sync()
    portal.stats.reset()

    sync(full=True)

    assert portal.stats.by_route[UPSERT] == 1


def test_a_problem_is_resolved_when_the_record_goes_through(world, sync):
    bad = make_buyer("bad@ümlaut.org")
    sync()

    bad.addresses.update(address="good@x.org")
    sync()

    assert remote(world) == {"good@x.org": ONE_SHOW}
    assert Problem.objects.get().resolved_at is not None


def test_an_address_that_came_into_use_meanwhile_is_not_written_over(world, client, sync):
    make_buyer("ada@x.org")
    sync(dry_run=True)
    world.add_contact("ada@x.org", firstname="Already", nova_customer_type="VIP")

    log = apply(client)
    link = ContactLink.objects.get()
    sync()

    assert outcomes(log) == {"skipped": 1}
    assert states()["skipped"].startswith("HubSpot has a contact with this address by now.")
    assert link.seen["firstname"] == "Already"
    assert link.customer.email == "ada@x.org"
    assert remote(world) == {"ada@x.org": ONE_SHOW}


def test_an_address_that_is_anothers_second_one_makes_no_contact(world, client, sync):
    make_buyer("ada@x.org")
    sync(dry_run=True)
    world.add_contact("else@x.org", hs_additional_emails="ada@x.org")

    apply(client)

    assert len(world.dump("contacts")) == 1
    assert ContactLink.objects.get().rule == MatchRule.SECONDARY_ADDRESS


def test_a_contact_that_moved_since_the_plan_is_left_for_the_next_run(world, client, sync):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    sync(dry_run=True)
    world.edit_contact(contact["id"], nova_total_spend="20", firstname="Changed")

    log = apply(client)

    assert outcomes(log) == {"skipped": 1}
    assert states()["skipped"].startswith("The contact or the customer changed since the plan.")
    link = ContactLink.objects.get()
    assert (link.seen["firstname"], link.is_push_due) == ("Changed", True)
    sync()
    assert remote(world) == {"ada@x.org": ONE_SHOW}


def test_what_is_there_already_is_not_written_again(world, portal, client, sync):
    make_buyer("ada@x.org", first_name="", last_name="")
    contact = world.add_contact("ada@x.org")
    sync(dry_run=True)
    world.edit_contact(contact["id"], **ONE_SHOW)
    portal.stats.reset()

    log = apply(client)

    assert outcomes(log) == {"unchanged": 1}
    assert portal.stats.writes == 0
    assert set(states()) == {WriteState.APPLIED}
    assert ContactLink.objects.get().is_push_due is False


@pytest.mark.parametrize("how", ["archived", "merged"])
def test_a_contact_that_is_gone_is_skipped_and_marked(world, client, sync, how):
    make_buyer("ada@x.org")
    contact = world.add_contact("ada@x.org")
    sync(dry_run=True)
    if how == "archived":
        world.archive_record("contacts", contact["id"])
    else:
        world.merge_contacts(world.add_contact("else@x.org")["id"], contact["id"])

    log = apply(client)

    assert outcomes(log) == {"skipped": 1}
    assert states() == {"skipped": "The contact is no longer in HubSpot."}
    assert ContactLink.objects.get(hubspot_id=contact["id"]).archived_at is not None


def test_an_id_that_the_reply_leaves_out_counts_as_not_written(world, portal, client, sync):
    make_buyer("ada@x.org")
    world.add_contact("ada@x.org")
    sync(dry_run=True)
    body = {"status": "COMPLETE", "results": []}
    portal.faults.add("status", path="batch/update", status=200, body=body, times=1)

    log = apply(client)
    sync()

    assert outcomes(log) == {"skipped": 1}
    assert "did not say what became of this record" in states()["skipped"]
    assert remote(world) == {"ada@x.org": ONE_SHOW}


@pytest.mark.parametrize("path", ["batch/update", "batch/upsert", "batch/read"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset_before"},
        {"kind": "reset_after"},
        {"kind": "truncate"},
        {"kind": "html"},
        {"kind": "status", "status": 503},
    ],
    ids=lambda fault: fault["kind"],
)
def test_a_hiccup_while_writing_does_no_harm(world, portal, sync, path, fault):
    make_buyer("ada@x.org")
    make_buyer("bob@x.org")
    world.add_contact("ada@x.org")
    portal.faults.add(**fault, path=path, times=2)

    log = sync()

    assert remote(world) == {"ada@x.org": ONE_SHOW, "bob@x.org": ONE_SHOW}
    assert len(world.dump("contacts")) == 2
    assert outcomes(log) == {"created": 1, "updated": 1}


@pytest.mark.parametrize("path", ["batch/update", "batch/upsert"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "rate_limit"])
def test_a_run_that_broke_off_while_writing_is_completed_by_the_next(
    world, portal, sync, path, kind
):
    more_than_a_batch = 101
    old, new = (more_than_a_batch, 2) if path == "batch/update" else (2, more_than_a_batch)
    for number in range(new):
        make_buyer(f"new{number}@x.org")
    for number in range(old):
        make_buyer(f"old{number}@x.org")
        world.add_contact(f"old{number}@x.org")
    portal.faults.add(kind, path=path, after=1, times=4)
    with pytest.raises(RetryLater):
        sync()
    portal.faults.clear()

    sync()
    last = sync()

    assert len(world.dump("contacts")) == ContactLink.objects.linked().count() == old + new
    assert [values for values in remote(world).values() if values != ONE_SHOW] == []
    assert (last.total("created"), last.total("updated"), last.meter.writes) == (0, 0, 0)


def test_contacts_that_were_made_but_not_saved_are_recognised_though_no_search_finds_them(
    world, portal, sync
):
    make_buyer("ada@x.org")
    portal.faults.add("reset_after", path="batch/upsert", times=4)
    with pytest.raises(RetryLater):
        sync()
    portal.faults.clear()
    body = {"total": 0, "results": []}
    portal.faults.add("status", path="/search", status=200, body=body)

    sync()

    assert len(world.dump("contacts")) == 1
    assert ContactLink.objects.linked().count() == 1


@pytest.mark.parametrize("kind", ["update", "create"])
def test_a_batch_takes_as_many_queries_for_thirty_contacts_as_for_three(world, client, sync, kind):
    def measure(name, number):
        for n in range(number):
            make_buyer(f"{name}{n}@x.org")
            if kind == "update":
                world.add_contact(f"{name}{n}@x.org")
        sync(dry_run=True)
        with CaptureQueriesContext(connection) as queries:
            apply(client)
        return len(queries)

    sync(dry_run=True)
    three = measure("a", 3)
    thirty = measure("b", 30)

    assert RemoteWrite.objects.filter(state=WriteState.APPLIED).count() == 33
    assert thirty == three
