"""A real Celery worker with beat, in a process of its own, does what the schedule and webhooks ask.

It works on a copy of the test database in a file, or on the PostgreSQL one, by the broker that a
laptop or a server has. Nothing here runs within a transaction, so that the worker sees it.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import requests
from celery import Celery
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client, override_settings
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from events.models import Event
from integrations.models import ContactLink, Delivery, DeliveryState, Outcome, SyncRun, System
from integrations.sandbox.app import Sandbox
from integrations.sandbox.deliveries import signature
from integrations.sandbox.server import running
from integrations.sandbox.world import EVENTBRITE_TOKEN, HUBSPOT_TOKEN, World
from nova_project.celery import app

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "a-client-secret"
DEADLINE_SECONDS = 120
GOOD = (Outcome.DONE, Outcome.DONE_WITH_PROBLEMS)
SYNC_HUBSPOT = "integrations.tasks.sync_hubspot"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    world = World.empty()
    world.add_event("Comedy Night")
    world.add_contact("ada@example.org", firstname="Ada")
    with running(world, limits=False) as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def connected(sandbox: Sandbox, tmp_path_factory: Any) -> Iterator[dict[str, str]]:
    """This process as a web server of the same Nova; yields what makes the worker one."""
    chosen = {
        "EVENTBRITE_TOKEN": EVENTBRITE_TOKEN,
        "EVENTBRITE_BASE_URL": sandbox.url,
        "HUBSPOT_ACCESS_TOKEN": HUBSPOT_TOKEN,
        "HUBSPOT_BASE_URL": sandbox.url,
        "HUBSPOT_CLIENT_SECRET": SECRET,
    }
    folder = tmp_path_factory.mktemp("nova")
    with override_settings(**chosen, VAR_DIR=folder):
        yield chosen | {"NOVA_VAR_DIR": str(folder)}


@pytest.fixture(scope="module", autouse=True)
def database(connected: Any, django_db_setup: Any, django_db_blocker: Any) -> Iterator[str]:
    """The address of a database that other processes see, in which this process is, too."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            path = settings.VAR_DIR / "nova.sqlite3"
            with copied_to(path):
                yield f"sqlite:///{path}"
        else:
            name = connection.settings_dict["NAME"]
            yield f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


@contextmanager
def copied_to(path: Path) -> Iterator[None]:
    """The test database, which lives in memory, as a file."""
    connection.ensure_connection()
    with sqlite3.connect(path) as file:
        connection.connection.backup(file)
    usual = connections["default"]
    chosen = usual.settings_dict | {"NAME": str(path)}
    connections["default"] = type(usual)(chosen, "default")
    try:
        yield
    finally:
        connection.close()
        connections["default"] = usual


@pytest.fixture(scope="module", autouse=True)
def broker(database: str) -> Iterator[Celery]:
    """The line on which this process sends to the worker."""
    line = Celery("nova")
    line.conf.broker_write_url = os.environ.get("REDIS_URL") or "filesystem://localhost"
    if not os.environ.get("REDIS_URL"):
        folders = {"data_folder_in": "messages", "data_folder_out": "messages"}
        folders |= {"processed_folder": "processed", "control_folder": "control"}
        places = {name: settings.VAR_DIR / "broker" / one for name, one in folders.items()}
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        line.conf.broker_transport_options = {name: str(at) for name, at in places.items()}
    line.control.purge()  # what other tests sent, in Redis
    line.set_current()
    yield line
    line.close()
    app.set_current()


@pytest.fixture(scope="module")
def worker(
    broker: Celery, database: str, connected: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with beat, which finds the pull from Eventbrite overdue and nothing else."""
    set_schedule()
    environment = os.environ | connected | {"DATABASE_URL": database, "LOG_LEVEL": "INFO"}
    if not os.environ.get("REDIS_URL"):
        environment["CELERY_BROKER_URL"] = "filesystem://localhost"
    argv = ["-m", "celery", "-A", "nova_project", "worker", "-B", "--pool", "threads", "-c", "4"]
    argv += ["--schedule", str(settings.VAR_DIR / "beat"), "--without-gossip", "--without-mingle"]
    with log_file().open("wb") as log, subprocess.Popen(
        [sys.executable, *argv], cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log
    ) as process:  # fmt: skip
        yield process
        process.kill()


def set_schedule() -> None:
    """As the migrations set it; rows that tests flushed away come back."""
    import_module("integrations.migrations.0002_schedule").add_schedule(apps, None)
    PeriodicTask.objects.exclude(task="integrations.tasks.sync_eventbrite").update(enabled=False)
    yesterday = timezone.now() - timedelta(days=1)
    PeriodicTask.objects.filter(enabled=True).update(last_run_at=yesterday)


def log_file() -> Path:
    return Path(settings.VAR_DIR) / "worker.log"


def until(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` returns when it holds; fails with the worker's log when it never does."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come:\n{log_file().read_text()[-4000:]}")
        time.sleep(0.05)
    return found


def runs(**fields: Any) -> Any:
    return SyncRun.objects.filter(**fields)


@contextmanager
def slow(sandbox: Sandbox) -> Iterator[None]:
    """Both systems take their time to answer."""
    faults = f"{sandbox.url}/__sandbox__/faults"
    requests.post(faults, json={"kind": "latency", "ms": 250}, timeout=10)
    try:
        yield
    finally:
        requests.delete(faults, timeout=10)


def test_what_the_schedule_asks_for_is_done(worker):
    run = until(runs(system=System.EVENTBRITE).exclude(finished_at=None).first, "The pull")

    assert (run.command, run.outcome) == ("scheduled", Outcome.DONE)
    assert list(Event.objects.values_list("name", flat=True)) == ["Comedy Night"]


def test_what_a_webhook_tells_of_is_read_in_a_moment(worker, sandbox):
    (contact,) = sandbox.world.dump("contacts")
    event = {"subscriptionType": "contact.creation", "objectId": int(contact["id"])}
    body = json.dumps([event | {"subscriptionId": 1, "occurredAt": 1}]).encode()
    stamp = str(int(time.time() * 1000))
    signed = signature(SECRET, "http://testserver/webhooks/hubspot/", body, stamp)
    headers = {"X-HubSpot-Signature-v3": signed, "X-HubSpot-Request-Timestamp": stamp}

    answer = Client(headers=headers).post("/webhooks/hubspot/", body, "application/json")
    until(Delivery.objects.filter(state=DeliveryState.PROCESSED).exists, "The reading")

    assert answer.status_code == 204
    assert ContactLink.objects.get().customer.first_name == "Ada"


def test_of_two_at_once_one_works_and_the_other_says_so(worker, sandbox, broker):
    with slow(sandbox):
        broker.send_task(SYNC_HUBSPOT)
        first = until(runs(outcome=Outcome.RUNNING).first, "The sync")
        broker.send_task(SYNC_HUBSPOT)
        with pytest.raises(CommandError, match="Another HubSpot run is under way"):
            call_command("sync_hubspot", "--json")
        until(lambda: '"sync_skipped"' in log_file().read_text(), "A word from the second")
    until(runs(pk=first.pk, outcome__in=GOOD).exists, "The end of the first")

    assert list(runs(system=System.HUBSPOT, command="scheduled")) == [first]


def test_a_worker_that_is_told_to_stop_ends_its_run_first(worker, sandbox, broker):
    with slow(sandbox):
        broker.send_task(SYNC_HUBSPOT)
        run = until(runs(outcome=Outcome.RUNNING).first, "The sync")
        worker.send_signal(signal.SIGTERM)
        status = worker.wait(DEADLINE_SECONDS)

    run.refresh_from_db()
    assert status == 0
    assert run.outcome in GOOD
    assert "Traceback" not in log_file().read_text()
