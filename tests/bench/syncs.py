"""What the syncs cost over a bare loop that makes the same calls and decodes the same JSON.

Every sync is run twice against equal sandboxes: once to record its calls, once to measure it. Then
`requests` makes the recorded calls against a third one. CPU is that of this process alone; the
sandbox is another process.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import requests
from urllib3.connectionpool import HTTPConnectionPool

CONTACTS = 9_000
MEMORY_AT = (10_000, 100_000)
Call = tuple[str, str, Any]
"""Method, path and body."""


@contextmanager
def sandbox(*, contacts: int = CONTACTS, events: int = 60) -> Iterator[str]:
    """The address of a new sandbox without rate limits; the same world every time."""
    argv = ["-m", "integrations.sandbox", "--port", "0", "--no-limits"]
    argv += ["--contacts", str(contacts), "--events", str(events)]
    with subprocess.Popen([sys.executable, *argv], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split(" on ")[1].split(" - ")[0]
        finally:
            process.terminate()


@contextmanager
def new_database() -> Iterator[str]:
    """An empty database, migrated, in place of the one that the settings name; yields its URL."""
    from django.db import connection

    with TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "bench.sqlite3")
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield _url_of_database()
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def _url_of_database() -> str:
    from django.db import connection

    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    login = f"{given['USER']}:{given['PASSWORD']}" if given["PASSWORD"] else given["USER"]
    return f"postgres://{login}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Settings that lead to the sandbox at `url`, with leave to write and no pace of our own."""
    from django.test import override_settings

    with (
        override_settings(
            EVENTBRITE_BASE_URL=url,
            EVENTBRITE_TOKEN="sandbox-eventbrite-token",
            HUBSPOT_BASE_URL=url,
            HUBSPOT_ACCESS_TOKEN="sandbox-hubspot-token",
            HUBSPOT_TIER="enterprise",
            HUBSPOT_WRITE_MODE="auto",
            HUBSPOT_MAX_NEW_CONTACTS=10**9,
        ),
        patch("integrations.http.Pace.wait", lambda self: None),
    ):
        yield


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Collects every call that goes out."""
    calls: list[Call] = []
    send = HTTPConnectionPool.urlopen

    def record(self: Any, method: str, url: str, body: Any = None, *args: Any, **more: Any) -> Any:
        path = url.split(f"{self.host}:{self.port}", 1)[-1]
        calls.append((method, path, body))
        return send(self, method, url, body, *args, **more)

    with patch.object(HTTPConnectionPool, "urlopen", record):
        yield calls


def cpu_of(work: Callable[[], Any]) -> tuple[float, float]:
    """CPU and wall seconds of `work` in this process."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def replay(url: str, calls: list[Call], token: str) -> Callable[[], None]:
    """The bare loop: one session, each call made and its JSON decoded."""

    def loop() -> None:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        session.headers["Content-Type"] = "application/json"
        for method, path, body in calls:
            session.request(method, url + path, data=body, timeout=60).json()

    return loop


STEPS: dict[str, tuple[str, str]] = {
    "Eventbrite pull": ("pull_eventbrite", "sandbox-eventbrite-token"),
    "HubSpot pull": ("pull_hubspot", "sandbox-hubspot-token"),
    "HubSpot push": ("push_hubspot", "sandbox-hubspot-token"),
}


def pull_eventbrite() -> int:
    from integrations.eventbrite.pull import pull_eventbrite as pull

    return _records(pull(command="bench"))


def pull_hubspot() -> int:
    from integrations.hubspot.sync import sync_with_hubspot

    return _records(sync_with_hubspot(command="bench", pull_only=True))


def push_hubspot() -> int:
    from integrations.hubspot.sync import sync_with_hubspot

    return _records(sync_with_hubspot(command="bench"))


def _records(log: Any) -> int:
    return int(sum(log.total(outcome) for outcome in ("created", "updated", "unchanged")))


def set_up(url: str) -> None:
    """What goes before the measured steps: the properties in HubSpot."""
    from django.core.management import call_command

    with connected(url), open(os.devnull, "w") as quiet:
        call_command("setup_hubspot", stdout=quiet)


def measure() -> Iterator[tuple[str, ...]]:
    """A row per step: records, CPU of the sync and of the bare loop, ratio, records a second."""
    recorded: dict[str, list[Call]] = {}
    with sandbox() as url, new_database():
        set_up(url)
        for step, (function, _) in STEPS.items():
            with connected(url), recording() as calls:
                globals()[function]()
            recorded[step] = calls
    costs: dict[str, tuple[float, float, int]] = {}
    with sandbox() as url, new_database():
        set_up(url)
        for step, (function, _) in STEPS.items():
            done: list[int] = []
            with connected(url):
                cpu, wall = cpu_of(lambda f=function, d=done: d.append(globals()[f]()))  # type: ignore[misc]
            costs[step] = (cpu, wall, done[0])
    with sandbox() as url, new_database():
        set_up(url)
        for step, (_, token) in STEPS.items():
            bare, _ = cpu_of(replay(url, recorded[step], token))
            cpu, wall, records = costs[step]
            yield (
                step,
                f"{records:,}",
                f"{len(recorded[step]):,}",
                f"{cpu:.2f} s",
                f"{bare:.2f} s",
                f"{cpu / bare:.1f}",
                f"{records / wall:,.0f}",
            )


def run(report: Callable[..., None]) -> None:
    """Prints the cost of each sync, and its peak memory at two sizes of account."""
    headings = ("sync", "records", "requests", "CPU", "bare loop", "ratio", "records/s")
    report("Syncs over a bare loop of the same calls", headings, list(measure()))
    rows = [(f"{contacts:,} contacts", f"{peak_memory(contacts):,} MB") for contacts in MEMORY_AT]
    report("Peak memory of a HubSpot pull and push", ("account", "peak"), rows)


def peak_memory(contacts: int) -> int:
    """Megabytes that a process holds at most while it pulls and pushes so many contacts."""
    with sandbox(contacts=contacts, events=6) as url:
        result = subprocess.run(
            [sys.executable, "-m", "tests.bench.syncs", url],
            capture_output=True,
            text=True,
            check=True,
        )
    told = json.loads(result.stdout.splitlines()[-1])
    assert told["contacts"] >= contacts, told
    return int(told["megabytes"])


def _pull_once(url: str) -> None:
    import django

    django.setup()
    from integrations.models import ContactLink

    with new_database():
        set_up(url)
        with connected(url):
            pull_hubspot()
            push_hubspot()
        contacts = ContactLink.objects.count()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"megabytes": peak, "contacts": contacts}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nova_project.settings")
    _pull_once(sys.argv[1])
