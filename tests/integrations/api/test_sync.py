"""Starting a sync and watching it."""

import pytest
from celery import Celery, current_app
from django.core.exceptions import ValidationError
from django.utils import timezone

from integrations import runs
from integrations.models import Outcome, Problem, SyncRun, System
from integrations.sandbox.server import running as serving
from integrations.sandbox.world import HUBSPOT_TOKEN, World
from integrations.sync import summary_of
from nova_project.lock import exclusive
from tests.integrations.api.conftest import program, token_of

START = "/api/hubspot/sync-contacts"


@pytest.fixture(autouse=True)
def _connected(settings):
    settings.HUBSPOT_ACCESS_TOKEN = "a token"
    settings.HUBSPOT_WRITE_MODE = "review"


@pytest.fixture
def make_running(db):
    """A row of a run that says it is at work; nobody holds the system."""

    def make(**fields):
        return SyncRun.objects.create(
            system=System.HUBSPOT, command="scheduled", started_at=timezone.now(), **fields
        )

    return make


@pytest.fixture
def running(make_running):
    """A run at work."""
    with exclusive(f"sync-{System.HUBSPOT}"):
        yield make_running()


@pytest.fixture
def no_broker():
    """Celery with a broker at an address where nothing listens."""
    usual = current_app._get_current_object()
    options = {"max_retries": 0, "socket_connect_timeout": 1}
    Celery("broken", broker="redis://127.0.0.1:1/0", broker_transport_options=options).set_current()
    yield
    usual.set_current()


def start(client, **options):
    return client.post(START, options, content_type="application/json")


def test_a_sync_is_started_and_is_there_to_be_watched_at_once(marketer, worker):
    answer = marketer.generic("POST", START)

    told = answer.json()
    assert answer.status_code == 202, told
    assert answer["Location"] == told["url"] == f"/api/runs/{told['run']}"
    assert (told["state"], told["command"]) == ("waiting", "sync_hubspot")
    assert marketer.get(told["url"]).json() == told
    assert runs.waiting_runs() == [told["run"]]


def test_a_worker_does_the_run_and_the_answer_has_what_the_command_prints(
    user_of, settings, worker, tmp_path
):
    settings.HUBSPOT_ACCESS_TOKEN, settings.VAR_DIR = HUBSPOT_TOKEN, tmp_path
    settings.REDIS_URL = ""
    caller = program(token_of(user_of("Marketing")))
    started = start(caller, pull_only=True, full=True).json()

    with serving(World.empty(), limits=False) as sandbox:
        settings.HUBSPOT_BASE_URL = sandbox.url
        run = runs.work(started["run"])

    told = caller.get(started["url"]).json()
    assert told["command"] == "sync_hubspot --pull-only --full"
    assert told | summary_of(run) == told
    assert (told["state"], told["writes"]) == ("ended", 0)
    assert told["requests"] > 0
    assert (told["started_at"][-1], told["finished_at"][-1]) == ("Z", "Z")
    assert len(told["problems"]) == told["problem_count"]
    assert run.requested_by.username.startswith("Marketing")


def test_while_a_run_waits_another_is_refused_and_the_answer_names_it(marketer, make_running):
    waiting = make_running(outcome=Outcome.WAITING)

    answer = start(marketer)

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "busy"
    assert answer.json()["error"]["run"] == waiting.pk
    assert SyncRun.objects.count() == 1


def test_while_a_run_is_at_work_another_is_refused(marketer, running):
    answer = start(marketer)

    assert (answer.status_code, answer.json()["error"]["run"]) == (409, running.pk)


def test_a_run_that_was_killed_hinders_nobody(make_running):
    make_running()

    assert runs.run_under_way() is None


def test_without_a_worker_the_run_is_kept_and_the_answer_says_so(marketer):
    answer = start(marketer)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "no_worker")
    assert runs.waiting_runs() == [error["run"]]


def test_without_a_broker_the_run_is_kept_and_the_answer_says_so(marketer, no_broker):
    answer = start(marketer)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "no_worker")
    assert runs.waiting_runs() == [error["run"]]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"apply": True, "dry_run": True}, "apply"),
        ({"apply": True, "pull_only": True}, "apply"),
        ({"full": "yes"}, "full"),
        ({"fast": True}, "fast"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(marketer, options, field):
    answer = start(marketer, **options)

    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["error"]["fields"]] == [field]
    assert not SyncRun.objects.exists()


def test_in_write_mode_off_nothing_is_applied(marketer, settings):
    settings.HUBSPOT_WRITE_MODE = "off"

    answer = start(marketer, apply=True)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_set_up")
    assert "HUBSPOT_WRITE_MODE" in answer.json()["error"]["message"]
    assert not SyncRun.objects.exists()


def test_a_hubspot_that_is_not_connected_is_told(marketer, settings):
    settings.HUBSPOT_ACCESS_TOKEN = ""

    answer = start(marketer)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_set_up")
    assert not SyncRun.objects.exists()


def test_a_run_tells_its_progress_and_its_problems_in_words(marketer, make_running):
    run = make_running(progress={"stream": "contacts", "done": 40, "total": 100})
    Problem.objects.create(
        run=run, system=System.HUBSPOT, code="refused", record="contact 7", message="Not so."
    )

    told = marketer.get(f"/api/runs/{run.pk}").json()

    assert told["progress"] == {"stream": "contacts", "done": 40, "total": 100}
    assert (told["state"], told["finished_at"], told["problem_count"]) == ("running", None, 1)
    assert told["problems"] == [
        {"code": "refused", "record": "contact 7", "message": "Not so.", "is_open": True}
    ]


def test_the_database_lets_only_one_run_wait(user_of, make_running):
    make_running(outcome=Outcome.WAITING)

    with pytest.raises(ValidationError, match="waits to start"):
        runs.request_run(command="sync_hubspot", user=user_of())

    assert SyncRun.objects.filter(outcome=Outcome.WAITING).count() == 1
