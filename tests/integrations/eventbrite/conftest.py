"""An empty Eventbrite organisation over real HTTP, and Nova connected to it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from integrations.eventbrite.client import EventbriteClient
from integrations.eventbrite.pull import client_from_settings, pull_eventbrite
from integrations.http import Meter, Patience
from integrations.sandbox.app import Sandbox
from integrations.sandbox.server import running
from integrations.sandbox.world import EVENTBRITE_TOKEN, World
from integrations.sync import RunLog

PullOnce = Callable[..., RunLog]


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    with running(world, limits=False) as started:
        yield started


@pytest.fixture
def patience() -> Patience:
    """Three attempts without a pause; whoever is told to wait gives up."""
    return Patience(attempts=3, base_seconds=0, longest_seconds=0)


@pytest.fixture
def connected(sandbox: Sandbox, settings: Any, tmp_path: Path) -> Sandbox:
    """Settings that lead to the sandbox, at a pace of their own."""
    settings.EVENTBRITE_BASE_URL = sandbox.url
    settings.EVENTBRITE_TOKEN = EVENTBRITE_TOKEN
    settings.REDIS_URL = ""
    settings.VAR_DIR = tmp_path
    return sandbox


@pytest.fixture
def client(connected: Sandbox, patience: Patience) -> EventbriteClient:
    return client_from_settings(Meter(), patience=patience)


@pytest.fixture
def pull(connected: Sandbox, settings: Any, patience: Patience, db: None) -> PullOnce:
    """Runs `pull_eventbrite` without pauses, each time with a whole hour's calls to spend."""
    folder, number = settings.VAR_DIR, count()

    def run(**options: Any) -> RunLog:
        settings.VAR_DIR = folder / str(next(number))
        settings.VAR_DIR.mkdir()
        return pull_eventbrite(**{"command": "test", "patience": patience} | options)

    return run
