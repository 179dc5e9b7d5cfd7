"""Rate limits, with a clock that the test moves."""

import pytest

from integrations.sandbox.server import running
from integrations.sandbox.world import EVENTBRITE_TOKEN

CONTACTS = "/crm/v3/objects/contacts"


@pytest.fixture
def sandbox(world):
    world.clock.freeze()
    with running(world, tier="free") as started:
        yield started


def test_the_headers_tell_what_is_left(hubspot):
    headers = hubspot.get(CONTACTS).headers

    assert headers["X-HubSpot-RateLimit-Max"] == "100"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "99"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == "250000"
    assert headers["X-HubSpot-RateLimit-Daily-Remaining"] == "249999"


def test_one_request_too_many_within_ten_seconds_is_refused_without_a_category(hubspot, world):
    answers = [hubspot.get(CONTACTS, limit=1) for _ in range(101)]
    world.clock.advance(10)
    later = hubspot.get(CONTACTS)

    assert {answer.status_code for answer in answers[:100]} == {200}
    assert answers[100].status_code == 429
    body = answers[100].json()
    assert body["errorType"] == "RATE_LIMIT"
    assert body["policyName"] == "TEN_SECONDLY_ROLLING"
    assert "category" not in body
    assert "Retry-After" not in answers[100].headers
    assert later.status_code == 200


def test_tokens_do_not_share_their_burst(hubspot, client_for, world, sandbox):
    world.register_token("other")
    sandbox.limits.burst = 1

    assert [hubspot.get(CONTACTS).status_code for _ in range(2)] == [200, 429]
    assert client_for("other").get(CONTACTS).status_code == 200


def test_search_has_its_own_five_a_second_and_no_headers(hubspot, world):
    answers = [hubspot.post(f"{CONTACTS}/search", {}) for _ in range(6)]
    world.clock.advance(1)

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[5].json()["message"] == "You have reached your secondly limit."
    assert not [name for name in answers[0].headers if "ratelimit" in name.lower()]
    assert hubspot.post(f"{CONTACTS}/search", {}).status_code == 200
    assert hubspot.get(CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "99"


def test_the_days_budget_ends_with_the_day(hubspot, world, sandbox):
    sandbox.limits.daily = 1
    answers = [hubspot.get(CONTACTS) for _ in range(2)]
    world.clock.advance(86_400)

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["policyName"] == "DAILY"
    assert hubspot.get(CONTACTS).status_code == 200


def test_eventbrites_hour_is_refused_in_its_own_words(eventbrite, world, sandbox):
    sandbox.limits.eventbrite_per_hour = 2
    answers = [eventbrite.get("/v3/users/me/") for _ in range(3)]
    world.clock.advance(3600)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"] == "HIT_RATE_LIMIT"
    assert answers[2].json()["status_code"] == 429
    assert "Retry-After" not in answers[2].headers
    assert eventbrite.get("/v3/users/me/").status_code == 200


def test_limits_can_be_switched_off(world, client_for):
    with running(world, limits=False) as free:
        free.limits.eventbrite_per_hour = 1
        api = client_for(EVENTBRITE_TOKEN)
        api.url = free.url
        assert {api.get("/v3/users/me/").status_code for _ in range(3)} == {200}


def test_associations_have_a_budget_of_their_own_without_headers(hubspot, world, sandbox):
    sandbox.limits.associations_burst = 2
    deal = world.add_deal()["id"]
    path = f"/crm/v4/objects/deals/{deal}/associations/contacts"

    answers = [hubspot.get(path) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert not [name for name in answers[0].headers if "ratelimit" in name.lower()]
    assert hubspot.get(CONTACTS).headers["X-HubSpot-RateLimit-Remaining"] == "99"
    world.clock.advance(10)
    assert hubspot.get(path).status_code == 200


def test_a_tier_brings_its_limits(sandbox):
    seen = []

    for tier in ("free", "professional"):
        sandbox.limits.use_tier(tier)
        limits = sandbox.limits
        seen.append((limits.burst, limits.daily, limits.associations_burst))

    assert seen == [(100, 250_000, 100), (190, 625_000, 150)]
