"""HubSpot over HTTP: what is repeated, what stops a run, and what staff are told."""

import pytest

from integrations.errors import Misconfigured, Rejected, RetryLater
from integrations.http import Meter, NotNow, Patience
from integrations.hubspot.client import CONTACTS, HubSpotClient
from integrations.hubspot.mapping import PROPERTIES

BATCH_UPSERT = "/crm/v3/objects/contacts/batch/upsert"


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def connected(sandbox, tmp_path, meter):
    """A client that makes three attempts without a pause."""

    def make(token="sandbox-hubspot-token", base_url=None, tier="professional"):
        return HubSpotClient(
            token,
            base_url=base_url or sandbox.url,
            tier=tier,
            meter=meter,
            folder=tmp_path,
            patience=Patience(attempts=3, base_seconds=0, longest_seconds=0),
        )

    return make


def test_pages_follow_each_other_until_the_last(world, client):
    for number in range(101):
        world.add_contact(f"a{number}@x.org")

    first = client.list_objects(CONTACTS, PROPERTIES)
    second = client.list_objects(CONTACTS, PROPERTIES, after=first.after)

    assert [len(first.records), len(second.records), second.after] == [100, 1, ""]
    assert first.records[0]["properties"]["email"] == "a0@x.org"


def test_all_calls_share_one_connection(client):
    client.list_objects(CONTACTS, PROPERTIES)
    client.properties(CONTACTS)
    client.owners()
    client.account()

    pools = client._wire.pool_manager.pools
    keys = pools.keys()
    assert [pools[key].num_connections for key in keys] == [1]


def test_a_wrong_token_is_told(connected):
    with pytest.raises(Misconfigured, match="does not know the access token"):
        connected(token="stale").account()


def test_a_missing_scope_is_named_with_what_it_is_for(world, connected):
    world.register_token("reader", ["crm.objects.contacts.read"])

    with pytest.raises(Misconfigured, match=r"crm\.objects\.contacts\.write \(change contacts\)"):
        connected(token="reader").upsert_objects(
            CONTACTS, [{"id": "a@x.org", "properties": {}}], by="email"
        )


def test_an_unknown_tier_is_told(connected):
    with pytest.raises(Misconfigured, match="platinum"):
        connected(tier="platinum")


def test_a_sandbox_that_does_not_run_is_told(connected):
    with pytest.raises(RetryLater, match=r"Start the sandbox: python manage\.py sandbox"):
        connected(base_url="http://127.0.0.1:9").account()


@pytest.mark.parametrize("url", ["no address", "ftp://127.0.0.1:9", "http://"])
def test_a_base_url_that_is_none_is_told(connected, url):
    with pytest.raises(Misconfigured, match="HUBSPOT_BASE_URL"):
        connected(base_url=url).list_objects(CONTACTS, PROPERTIES)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 502, "body": "<html>Bad gateway</html>"},
        {"kind": "status", "status": 504},
        {"kind": "status", "status": 524, "body": "<html>A time-out \xff occurred</html>"},
        {"kind": "status", "status": 500},
        {"kind": "html"},
        {"kind": "truncate"},
        {"kind": "reset_before"},
        {"kind": "reset_after"},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)
def test_a_hiccup_is_repeated(sandbox, world, connected, meter, fault):
    world.add_contact("a@x.org")
    sandbox.faults.add(**fault, path="/objects/contacts", times=2)

    page = connected().list_objects(CONTACTS, PROPERTIES)

    assert len(page.records) == 1
    assert meter.requests == 3


def test_a_lasting_hiccup_ends_in_words(sandbox, connected):
    sandbox.faults.add("html", path="/objects/contacts", status=503)

    with pytest.raises(RetryLater, match="not able to answer at the moment"):
        connected().list_objects(CONTACTS, PROPERTIES)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ({"kind": "rate_limit"}, 10),
        ({"kind": "rate_limit", "retry_after": 3}, 3),
        (
            {
                "kind": "status",
                "status": 429,
                "body": {"message": "You have reached your secondly limit."},
            },
            1,
        ),
        ({"kind": "status", "status": 423}, 2),
        ({"kind": "status", "status": 477, "headers": {"Retry-After": "7"}}, 7),
    ],
)
def test_a_wait_is_as_long_as_hubspot_says(sandbox, connected, fault, seconds):
    sandbox.faults.add(**fault)

    with pytest.raises(NotNow) as caught:
        connected().list_objects(CONTACTS, PROPERTIES)

    assert caught.value.wait_seconds == seconds


def test_a_used_up_day_ends_the_attempts_at_once(sandbox, connected, meter):
    body = {"policyName": "DAILY", "message": "You have reached your daily limit."}
    sandbox.faults.add("status", status=429, body=body)

    with pytest.raises(RetryLater, match="start anew at midnight"):
        connected().list_objects(CONTACTS, PROPERTIES)

    assert meter.requests == 1


def test_an_answer_without_results_is_no_answer(sandbox, connected):
    sandbox.faults.add("status", status=200, body={"message": "maintenance"})

    with pytest.raises(RetryLater, match="lacks its results"):
        connected().list_objects(CONTACTS, PROPERTIES)


def test_a_refused_value_is_told_in_words(client):
    entry = {"id": "a@x.org", "properties": {"hs_email_optout": "perhaps"}}

    with pytest.raises(Rejected, match="hs_email_optout: perhaps was not one of the allowed"):
        client.upsert_objects(CONTACTS, [entry], by="email")


def test_writes_are_counted_as_they_go_out(sandbox, connected, meter):
    sandbox.faults.add("reset_after", path=BATCH_UPSERT, times=1)

    connected().upsert_objects(CONTACTS, [{"id": "a@x.org", "properties": {}}], by="email")

    assert meter == Meter(requests=2, writes=2)
    assert len(sandbox.world.dump("contacts")) == 1
