"""Whatever goes wrong on the way: what staff see, and that nothing is lost or doubled."""

import json

import pytest
from django.core.management import call_command

from customers.models import Customer
from integrations.errors import Misconfigured, RetryLater, SyncError
from integrations.models import Outcome, Problem, SyncRun
from integrations.sandbox.ticketing import ORGANIZATION_ID
from integrations.sandbox.world import World
from tests.integrations.eventbrite.everything import everything, undisturbed

pytestmark = pytest.mark.django_db

LISTS = {
    "events": f"organizations/{ORGANIZATION_ID}/events/",
    "orders": f"organizations/{ORGANIZATION_ID}/orders/.*continuation=",
    "seats": f"organizations/{ORGANIZATION_ID}/attendees/.*continuation=",
}
BROKEN = {"error": "INTERNAL_ERROR", "status_code": 500}
NO_AUTH = {"error": "INVALID_AUTH", "status_code": 401}
NO_RIGHT = {"error": "NOT_AUTHORIZED", "status_code": 403}
FAULTS = {
    "truncated JSON": ({"kind": "truncate"}, RetryLater, "cut off"),
    "a web page": ({"kind": "html"}, RetryLater, "other than JSON"),
    "a gateway's page": ({"kind": "html", "status": 502}, RetryLater, "other than JSON"),
    "trouble in JSON": ({"kind": "status", "status": 500, "body": BROKEN}, RetryLater, "trouble"),
    "a reset before": ({"kind": "reset_before"}, RetryLater, "broke off the connection"),
    "a reset after": ({"kind": "reset_after"}, RetryLater, "broke off the connection"),
    "a token taken back": (
        {"kind": "status", "status": 401, "body": NO_AUTH},
        Misconfigured,
        "does not accept the token",
    ),
    "a role taken back": (
        {"kind": "status", "status": 403, "body": NO_RIGHT},
        Misconfigured,
        "may not read",
    ),
    "an hour used up": ({"kind": "rate_limit"}, None, "hourly number of calls is used up"),
    "an hour to wait": ({"kind": "rate_limit", "retry_after": 1800}, None, "next run goes on"),
    "pages in circles": ({"kind": "repeat_continuation"}, RetryLater, "gave already"),
}


@pytest.fixture
def world() -> World:
    """A made-up season of a few pages, refunds, guests and second addresses included."""
    return World.generate(seed=5, events=4, orders=250, contacts=0)


def pull_expecting(pull, error):
    if error is None:
        pull()
    else:
        with pytest.raises(error):
            pull()
    return SyncRun.objects.latest("pk")


CASES = {
    f"{name} among {listed}": (path, *told)
    for name, told in FAULTS.items()
    for listed, path in LISTS.items()
    if (name, listed) != ("pages in circles", "events")  # all events come on one page
}


@pytest.mark.parametrize(("path", "fault", "error", "words"), CASES.values(), ids=CASES)
def test_trouble_is_told_and_the_next_run_completes_the_work(
    connected, pull, path, fault, error, words
):
    expected = undisturbed(pull)
    connected.faults.add(path=path, **fault)

    run = pull_expecting(pull, error)
    connected.faults.clear()
    completing = pull()
    after = everything()
    last = pull()

    assert words in run.message
    assert run.outcome == (Outcome.FAILED if error else Outcome.PAUSED)
    assert completing.run.outcome == Outcome.DONE
    assert after == expected
    assert (last.total("created"), last.total("updated")) == (0, 0)
    assert not Problem.objects.open().exists()


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize(
    "fault",
    ["truncate", "html", "reset_before", "reset_after", "rate_limit", "empty_page"],
)
def test_trouble_that_passes_within_a_run_is_not_seen(connected, pull, path, fault):
    expected = undisturbed(pull)
    connected.faults.add(fault, path, times=1)

    log = pull()

    assert log.run.outcome == Outcome.DONE
    assert everything() == expected


def test_one_trouble_after_another_is_got_through(connected, pull):
    expected = undisturbed(pull)
    for seed, kind in enumerate(("truncate", "html", "reset_before", "reset_after")):
        connected.faults.add(kind, "/v3/", probability=0.2, after=seed)

    for _ in range(30):
        try:
            pull()
        except SyncError:
            continue
    connected.faults.clear()
    pull()

    assert everything() == expected


def test_a_backfill_that_needs_many_hours_goes_on_where_it_paused(connected, pull, settings):
    expected = undisturbed(pull)
    settings.EVENTBRITE_CALLS_PER_HOUR = 7

    runs = [pull().run for _ in range(5)]

    assert [run.outcome for run in runs[:2]] == [Outcome.PAUSED] * 2
    assert runs[-1].outcome == Outcome.DONE
    assert all(run.request_count <= 6 for run in runs)
    assert "Done so far" in runs[0].message
    assert "may go out in 60 minutes" in runs[0].message
    assert everything() == expected


def test_what_a_paused_run_has_read_is_reckoned_up(connected, pull):
    connected.faults.add("rate_limit", LISTS["orders"])

    pull()

    assert Customer.objects.filter(events_booked__gt=0).exists()
    assert not Customer.objects.due_for_rollup().exists()


def test_a_paused_run_is_no_failure_of_the_command(connected, capsys, settings):
    settings.EVENTBRITE_CALLS_PER_HOUR = 5

    call_command("sync_eventbrite", "--json")

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["outcome"] == "paused"
