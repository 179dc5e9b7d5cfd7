"""Everything that can go wrong on the way to HubSpot: what staff see, and that nothing is lost.

Each fault strikes at each kind of call. Whatever a run makes of it, after the next one both sides
hold what an undisturbed run leaves, and a third finds nothing to do.
"""

import pytest
from urllib3 import Timeout

from integrations.errors import RetryLater
from integrations.http import NotNow
from integrations.hubspot.client import CONTACTS
from integrations.hubspot.mapping import PROPERTIES
from integrations.models import ContactLink, LinkState, Outcome, Problem, SyncRun
from tests.factories import make_buyer

KNOWN, NEW = ("ada@x.org", "bob@x.org", "cy@x.org"), ("dee@x.org", "eve@x.org")
CALLS = {
    "list": r"GET /crm/v3/objects/contacts\?",
    "read": "POST /crm/v3/objects/contacts/batch/read",
    "update": "POST /crm/v3/objects/contacts/batch/update",
    "create": "POST /crm/v3/objects/contacts/batch/upsert",
}
HICCUPS = {
    "500": {"kind": "status", "status": 500},
    "502 in HTML": {"kind": "html", "status": 502},
    "503": {"kind": "status", "status": 503, "body": "unavailable"},
    "504": {"kind": "status", "status": 504},
    "a page of a proxy": {"kind": "html"},
    "half an answer": {"kind": "truncate"},
    "an answer without results": {"kind": "status", "status": 200, "body": {"status": "OK"}},
    "reset before it was done": {"kind": "reset_before"},
    "reset after it was done": {"kind": "reset_after"},
}
STOPS = {
    "429": ({"kind": "rate_limit"}, "HubSpot asks for fewer calls"),
    "429 with a wait": ({"kind": "rate_limit", "retry_after": 30}, "HubSpot asks for fewer calls"),
    "the day used up": ({"kind": "daily_limit"}, "calls for today are used up"),
    "423": ({"kind": "locked"}, "not able to answer at the moment (status 423)"),
    "477": ({"kind": "migrating", "retry_after": 60}, "at the moment (status 477)"),
    "a lasting 503": ({"kind": "html", "status": 503}, "at the moment (status 503)"),
    "lasting resets": ({"kind": "reset_after"}, "The connection to HubSpot broke off"),
    "half answers only": ({"kind": "truncate"}, "perhaps a proxy answered, or it was cut off"),
    "401": (
        {"kind": "status", "status": 401, "body": {"category": "INVALID_AUTHENTICATION"}},
        "does not know the access token",
    ),
    "403": ({"kind": "status", "status": 403, "body": {}}, "HubSpot forbids this"),
}


@pytest.fixture
def town(world, portal):
    """Three buyers whom HubSpot knows, two whom it does not, and a lead."""
    for address in KNOWN:
        world.add_contact(address)
        make_buyer(address)
    for address in NEW:
        make_buyer(address)
    world.add_contact("lead@x.org")


def strike(portal, call, fault):
    method, path = CALLS[call].split(" ", 1)
    return portal.faults.add(**fault, method=method, path=path)


def everything_is_there(world, sync):
    """Both sides as an undisturbed run leaves them, and nothing to do."""
    rows = [row["properties"] for row in world.dump("contacts") if not row["archived"]]
    spent = sorted((row["email"], row.get("nova_total_spend")) for row in rows)
    links = ContactLink.objects.filter(state=LinkState.AUTO, archived_at=None)
    again = sync()
    assert spent == sorted([*((a, "20") for a in KNOWN + NEW), ("lead@x.org", None)])
    assert sorted(links.values_list("email", flat=True)) == [address for address, _ in spent]
    assert (again.total("created"), again.total("updated"), again.meter.writes) == (0, 0, 0)
    assert not Problem.objects.open().exists()


@pytest.mark.parametrize("name", HICCUPS)
def test_a_hiccup_of_each_call_is_not_noticed(world, portal, sync, town, name):
    faults = [strike(portal, call, HICCUPS[name] | {"times": 1}) for call in CALLS]

    log = sync()

    assert [fault.fired for fault in faults] == [1] * len(CALLS)
    assert (log.run.outcome, log.run.message) == (Outcome.DONE, "")
    everything_is_there(world, sync)


@pytest.mark.parametrize("name", STOPS)
def test_what_lasts_ends_the_run_in_words_and_the_next_one_goes_on(world, portal, sync, town, name):
    fault, words = STOPS[name]
    for call in CALLS:  # each run comes one call further than the one before
        struck = strike(portal, call, fault)

        with pytest.raises(Exception, match=r".") as caught:
            sync()
        stopped = SyncRun.objects.latest("pk")
        portal.faults.clear()

        assert struck.fired
        assert stopped.outcome == Outcome.FAILED
        assert words in stopped.message == str(caught.value)

    sync()
    everything_is_there(world, sync)


@pytest.mark.parametrize("call", ["read", "update", "create"])
def test_what_a_reply_leaves_out_without_a_word_is_looked_at_again(world, portal, sync, town, call):
    strike(portal, call, {"kind": "leave_out", "times": 1})

    log = sync()
    portal.faults.clear()
    sync()

    assert log.run.outcome == Outcome.DONE
    everything_is_there(world, sync)


@pytest.mark.parametrize("call", ["update", "create"])
def test_a_batch_that_is_refused_once_is_narrowed_until_all_is_written(
    world, portal, sync, town, call
):
    refused = {"kind": "status", "status": 400, "body": {"message": "One of these is odd."}}
    strike(portal, call, refused | {"times": 1})

    log = sync()

    assert log.run.outcome == Outcome.DONE
    everything_is_there(world, sync)


@pytest.mark.parametrize(("call", "number"), [("update", 3), ("create", 2)])
def test_records_that_are_refused_are_told_one_by_one_and_the_others_written(
    world, portal, sync, town, call, number
):
    refused = {"kind": "status", "status": 400, "body": {"message": "This one is odd."}}
    strike(portal, call, refused)

    log = sync()
    told = list(Problem.objects.open().values_list("code", "message"))
    portal.faults.clear()
    sync(full=True)

    assert log.run.outcome == Outcome.DONE_WITH_PROBLEMS
    assert told == [("refused", "This one is odd.")] * number
    assert log.run.failed_count == number
    assert log.total("updated" if call == "create" else "created") >= 2
    everything_is_there(world, sync)


@pytest.mark.parametrize("kind", ["empty_page", "repeat_continuation"])
def test_a_page_that_cannot_be_right_is_asked_for_again(world, portal, sync, kind):
    for number in range(250):
        world.add_contact(f"a{number}@x.org")
    fault = strike(portal, "list", {"kind": kind, "times": 1})

    log = sync()

    assert fault.fired == 1
    assert log.run.outcome == Outcome.DONE
    assert ContactLink.objects.count() == 250


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("empty_page", "an empty page in the middle of a list"),
        ("repeat_continuation", "pages do not move on"),
    ],
)
def test_pages_that_stay_wrong_end_the_run_and_the_next_one_reads_them(
    world, portal, sync, kind, words
):
    for number in range(250):
        world.add_contact(f"a{number}@x.org")
    strike(portal, "list", {"kind": kind, "after": 1})

    with pytest.raises(RetryLater, match=words):
        sync()
    portal.faults.clear()
    sync()

    assert ContactLink.objects.count() == 250


def test_a_search_that_finds_and_does_not_send_is_asked_again(world, portal, sync):
    sync()
    world.add_contact("late@x.org")
    portal.faults.add("empty_page", path="/search", times=1)

    sync()

    assert ContactLink.objects.filter(email="late@x.org").exists()


def test_rows_that_a_search_leaves_out_are_read_by_the_next_page(world, portal, sync):
    sync()
    for number in range(20):
        world.add_contact(f"a{number}@x.org")
    portal.faults.add("leave_out", path="/search", rows=5, times=1)

    sync()

    assert ContactLink.objects.count() == 20


def test_a_call_that_takes_too_long_is_told(portal, client):
    client._wire.pool_manager.connection_pool_kw["timeout"] = Timeout(0.1)
    portal.faults.add("latency", ms=300)

    with pytest.raises(NotNow, match="The connection to HubSpot broke off"):
        client.list_objects(CONTACTS, PROPERTIES)
