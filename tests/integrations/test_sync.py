from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from integrations.errors import Busy, Misconfigured
from integrations.models import Outcome, Problem, SyncRun, System
from integrations.sync import read_cursor, save_cursor, summary, sync_run
from integrations.tasks import sync_eventbrite
from nova_project.bulk import Upserted
from nova_project.lock import exclusive

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_locks(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def run(**problems):
    """A run that meets these problems: record to code."""
    with sync_run(System.EVENTBRITE, "test") as log:
        for record, code in problems.items():
            log.problem(code, record, f"{record} is {code}")
        log.checked(["one", "two"])
    return log


def open_problems():
    return set(Problem.objects.open().values_list("record", "code"))


def test_a_run_tells_what_it_did():
    with sync_run(System.EVENTBRITE, "test") as log:
        log.count("orders", Upserted(created={"a": 1, "b": 2}, updated={"c": 3}, unchanged=4))
        log.add("seats", "failed", 2)
        log.meter.requests = 7

    told = summary(log)
    assert told | {"seconds": 0} == {
        "run": log.run.pk,
        "outcome": "done",
        "message": "",
        "created": 2,
        "updated": 1,
        "unchanged": 4,
        "failed": 2,
        "conflicts": 0,
        "requests": 7,
        "writes": 0,
        "seconds": 0,
        "counts": {"orders": {"created": 2, "updated": 1, "unchanged": 4}, "seats": {"failed": 2}},
    }


def test_a_second_run_of_a_system_is_turned_away_and_one_of_another_is_not():
    with sync_run(System.EVENTBRITE, "first"):
        with pytest.raises(Busy, match="Another Eventbrite run"), exclusive_run():
            pass
        with sync_run(System.HUBSPOT, "other"):
            pass

    assert set(SyncRun.objects.values_list("command", "outcome")) == {
        ("first", Outcome.DONE),
        ("other", Outcome.DONE),
    }


def exclusive_run():
    return sync_run(System.EVENTBRITE, "second")


def test_a_run_that_was_killed_is_called_interrupted_by_the_next():
    killed = SyncRun.objects.create(
        system=System.EVENTBRITE, command="killed", started_at=datetime.now(UTC)
    )

    run()

    killed.refresh_from_db()
    assert killed.outcome == Outcome.INTERRUPTED
    assert killed.finished_at


def test_a_run_whose_process_is_gone_is_told_wherever_somebody_looks(client):
    client.force_login(User.objects.create_superuser("root"))
    for system in System:
        SyncRun.objects.create(system=system, command="killed", started_at=datetime.now(UTC))

    with sync_run(System.HUBSPOT, "alive"):
        page = client.get(reverse("admin:integrations_syncrun_changelist"))
        alive = SyncRun.objects.get(command="alive").outcome

    assert page.text.count("Interrupted") >= 2
    killed = SyncRun.objects.filter(command="killed").values_list("outcome", flat=True)
    assert set(killed) == {Outcome.INTERRUPTED}
    assert alive == Outcome.RUNNING


def test_the_eventbrite_task_tells_of_a_dead_run_of_hubspot_though_nothing_is_connected(settings):
    settings.EVENTBRITE_TOKEN = ""
    dead = SyncRun.objects.create(
        system=System.HUBSPOT, command="killed", started_at=datetime.now(UTC)
    )

    sync_eventbrite()

    dead.refresh_from_db()
    assert dead.outcome == Outcome.INTERRUPTED


def test_a_failure_of_the_other_system_ends_the_run_with_its_words():
    with pytest.raises(Misconfigured), sync_run(System.EVENTBRITE, "test") as log:
        raise Misconfigured("No token.")

    assert (log.run.outcome, log.run.message) == (Outcome.FAILED, "No token.")


def test_a_mistake_of_nova_ends_the_run_and_is_not_hidden():
    with pytest.raises(ZeroDivisionError), sync_run(System.EVENTBRITE, "test") as log:
        1 / 0  # noqa: B018

    assert log.run.outcome == Outcome.FAILED
    assert "Nova made a mistake" in log.run.message


def test_a_problem_is_one_row_however_often_it_happens():
    run(one="odd")
    log = run(one="odd")

    problem = Problem.objects.get()
    assert (problem.seen_count, problem.run) == (2, log.run)
    assert log.run.outcome == Outcome.DONE_WITH_PROBLEMS


def test_a_problem_goes_when_its_record_was_looked_at_and_only_then():
    run(one="odd", three="odd")

    run()

    assert open_problems() == {("three", "odd")}


def test_a_problem_that_comes_back_is_a_new_one():
    run(one="odd")
    run()
    run(one="odd")

    assert Problem.objects.count() == 2
    assert open_problems() == {("one", "odd")}


def test_settling_a_kind_resolves_those_that_were_not_met_again():
    run(three="idle", four="idle", five="odd")

    with sync_run(System.EVENTBRITE, "test") as log:
        log.problem("idle", "four", "still")
        log.settle("idle")

    assert open_problems() == {("four", "idle"), ("five", "odd")}


def test_a_cursor_is_empty_before_its_first_run_and_then_what_was_saved():
    assert read_cursor(System.HUBSPOT, "contacts") == {}

    save_cursor(System.HUBSPOT, "contacts", {"since": "today"})
    save_cursor(System.HUBSPOT, "contacts", {"since": "tomorrow"})

    assert read_cursor(System.HUBSPOT, "contacts") == {"since": "tomorrow"}
    assert read_cursor(System.EVENTBRITE, "contacts") == {}


def test_a_run_lets_go_of_its_system_however_it_ends():
    with pytest.raises(Misconfigured), sync_run(System.EVENTBRITE, "test"):
        raise Misconfigured("No token.")

    with exclusive(f"sync-{System.EVENTBRITE}") as is_mine:
        assert is_mine
