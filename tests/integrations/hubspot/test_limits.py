"""How fast Nova may call: which budget, what the answers teach, and when the day is over."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from integrations.errors import RetryLater
from integrations.http import Meter, NotSent, Pace, Reply
from integrations.hubspot.client import CONTACTS
from integrations.hubspot.limits import ASSOCIATIONS, EVENTS, GENERAL, SEARCH, Limits, budget_of
from integrations.hubspot.mapping import PROPERTIES
from integrations.models import Outcome, SyncRun
from integrations.sandbox.limits import UNLIMITED

READ = "/crm/v3/objects/contacts/batch/read"
TIE = "/crm/v4/associations/deals/contacts/batch/associate/default"


@pytest.fixture
def limits(tmp_path):
    return Limits("token", "professional", folder=tmp_path)


def told(**headers):
    """An answer with HubSpot's headers: max, remaining, daily, daily_remaining."""
    given = {f"x-hubspot-ratelimit-{name.replace('_', '-')}": str(n) for name, n in headers.items()}
    return Reply(200, {"x-hubspot-ratelimit-interval-milliseconds": "10000"} | given)


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("/crm/v3/objects/contacts", GENERAL),
        (READ, GENERAL),
        ("/crm/v3/lists/search", GENERAL),
        ("/crm/v3/objects/contacts/search", SEARCH),
        ("/crm/v3/objects/deals/search", SEARCH),
        (TIE, ASSOCIATIONS),
        ("/events/v3/send/batch", EVENTS),
        ("/events/v3/event-definitions", GENERAL),
    ],
)
def test_a_path_shows_its_budget(path, budget):
    assert budget_of(path) == budget


@pytest.mark.parametrize(
    ("tier", "general", "associations"),
    [
        ("free", 97, 97),
        ("starter", 97, 97),
        ("professional", 184, 145),
        ("enterprise", 184, 145),
    ],
)
def test_a_tier_is_where_nova_begins(tmp_path, tier, general, associations):
    limits = Limits("token", tier, folder=tmp_path)

    assert limits.rates(GENERAL)[-1] == (general, 10)
    assert limits.rates(ASSOCIATIONS)[-1] == (associations, 10)
    assert limits.rates(SEARCH) == [(4, 1)]
    assert limits.rates(EVENTS) == [(1212, 1)]


def test_what_answers_say_takes_the_place_of_the_tier(limits):
    limits.learn(READ, told(max=250, remaining=200))

    assert limits.rates(GENERAL) == [(30, 1), (242, 10)]
    assert limits.rates(ASSOCIATIONS)[-1] == (194, 10)


def test_an_account_above_all_that_is_sold_has_no_more_searches_and_associations_for_it(limits):
    limits.learn(READ, told(max=500, remaining=400))

    assert limits.rates(GENERAL)[-1] == (485, 10)
    assert limits.rates(ASSOCIATIONS)[-1] == (145, 10)
    assert limits.rates(SEARCH) == [(4, 1)]


def test_a_sandbox_without_limits_is_searched_as_fast_as_it_is_read(limits):
    limits.learn(READ, Reply(200, {name.lower(): n for name, n in UNLIMITED.items()}))

    assert limits.rates(GENERAL)[-1] == (970_000, 10)
    assert limits.rates(ASSOCIATIONS)[-1] == (970_000, 10)
    assert limits.rates(SEARCH)[-1] == (800_000, 10)


def test_the_calls_of_the_day_are_known_once_an_answer_told_of_them(limits):
    before = limits.day
    limits.learn(READ, told(daily=625_000, daily_remaining=600_000))
    usual = limits.day
    limits.learn(READ, told(daily=10**12, daily_remaining=-1))

    assert (before, usual, limits.day) == (None, (625_000, 600_000), (2**31 - 1, 0))


def test_a_run_keeps_how_many_calls_the_day_has_and_how_many_are_left(sandbox, sync):
    sandbox.limits.enabled, sandbox.limits.daily = True, 500_000
    sandbox.limits.used_today = 0

    run = sync().run

    assert run.day_calls == 500_000
    assert 0 < run.day_calls - run.day_calls_left <= run.request_count


def test_a_limit_of_another_length_is_taken_over(limits):
    headers = {
        "x-hubspot-ratelimit-max": "60",
        "x-hubspot-ratelimit-interval-milliseconds": "20000",
    }

    limits.learn(READ, Reply(200, headers))

    assert limits.rates(GENERAL) == [(3, 1), (58, 20)]


def test_headers_that_are_no_numbers_change_nothing(limits):
    limits.learn(READ, told(max="many", remaining="", daily="?", daily_remaining="?"))

    assert limits.rates(GENERAL)[-1] == (184, 10)


def test_answers_of_associations_and_searches_teach_nothing_about_the_rest(limits):
    limits.learn(TIE, told(max=10, remaining=5))
    limits.learn("/crm/v3/objects/contacts/search", told(max=10, remaining=5))

    assert limits.rates(GENERAL)[-1] == (184, 10)


def test_nova_goes_slower_when_a_tenth_of_the_day_is_left(limits):
    limits.learn(READ, told(max=190, remaining=100, daily=1000, daily_remaining=99))
    slow = limits.rates(GENERAL)[-1]
    limits.learn(READ, told(max=190, remaining=100, daily=1000, daily_remaining=1000))

    assert slow == (92, 10)
    assert limits.rates(GENERAL)[-1] == (184, 10)


def test_the_last_hundredth_of_the_day_is_left_to_others(limits):
    limits.learn(READ, told(max=190, remaining=100, daily=250_000, daily_remaining=2_500))

    with pytest.raises(NotSent, match="Of HubSpot's 250,000 calls a day 2,500 are left"):
        limits.wait(READ)
    limits.wait(TIE)
    limits.wait("/events/v3/send/batch")


def test_the_settings_are_corrected_by_the_first_answer(sandbox, settings, client):
    sandbox.limits.enabled = True
    sandbox.limits.use_tier("free")

    client.list_objects(CONTACTS, PROPERTIES)

    assert client._wire._limits.rates(GENERAL)[-1] == (97, 10)


def test_a_run_stops_in_order_before_the_day_is_used_up(sandbox, world, sync, client):
    for number in range(250):
        world.add_contact(f"a{number}@x.org")
    sandbox.limits.enabled, sandbox.limits.daily = True, 200
    sandbox.limits.used_today = 195

    with pytest.raises(RetryLater, match="calls a day 2 are left"):
        sync(full=True)
    stopped = SyncRun.objects.latest("pk")
    used = sandbox.limits.used_today
    sandbox.limits.used_today = 0
    done = sync()

    assert stopped.outcome == Outcome.FAILED
    assert "the next run goes on" in stopped.message
    assert (stopped.request_count, used) == (3, 198)
    assert sandbox.stats.by_status[429] == 0
    assert done.counts["contacts"]["created"] + stopped.created_count >= 250


def test_after_a_refusal_nobody_in_the_process_calls_until_the_wait_is_over(tmp_path):
    pace = Pace("token", [(1000, 1)], folder=tmp_path)
    begun = time.monotonic()
    pace.hold(0.3)
    waited = []

    def go():
        pace.wait()
        waited.append(time.monotonic() - begun)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert min(waited) >= 0.3


def test_limits_may_change_while_threads_wait_for_their_turn(tmp_path):
    slower, faster = [(9_000, 1), (20_000, 10)], [(9_000, 2), (20_000, 20)]
    pace = Pace("token", slower, folder=tmp_path)

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(pace.wait) for _ in range(60)]
        while not all(call.done() for call in calls):
            pace.change(faster)
            pace.change(slower)

    assert [call.result() for call in calls] == [None] * 60


def test_threads_that_count_at_once_lose_nothing():
    meter = Meter()

    def count():
        for _ in range(1000):
            meter.count(is_write=True)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert meter == Meter(requests=8000, writes=8000)


@pytest.mark.needs_redis
def test_processes_share_their_limits_in_redis(sandbox, tmp_path):
    name = f"test-{uuid4().hex}"
    first, second = (
        Pace(name, [(2, 2)], folder=tmp_path, redis_url=os.environ["REDIS_URL"], share=1)
        for _ in range(2)
    )
    begun = time.monotonic()
    first.wait()
    second.wait()

    first.change([(3, 2)])
    first.wait()
    meanwhile = time.monotonic() - begun
    second.wait()

    assert meanwhile < 1.5
    assert time.monotonic() - begun > 1.5
