"""Nova as a live server, both systems as the sandbox, and webhooks between them over real HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone

from integrations.deliveries import process_waiting
from integrations.http import Patience
from integrations.models import Delivery, System
from integrations.sandbox.app import Sandbox
from integrations.sandbox.server import running
from integrations.sandbox.world import EVENTBRITE_TOKEN, HUBSPOT_TOKEN, World
from integrations.sync import RunLog

CLIENT_SECRET = "a-client-secret"
PATH_SECRET = "a-long-secret-of-the-path"

Work = Callable[[System], RunLog | None]


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    with running(world, limits=False) as started:
        yield started


@pytest.fixture
def nova(sandbox: Sandbox, live_server: Any, settings: Any, tmp_path: Path) -> Any:
    """The live server, connected to the sandbox, with both secrets set."""
    settings.HUBSPOT_BASE_URL = settings.EVENTBRITE_BASE_URL = sandbox.url
    settings.HUBSPOT_ACCESS_TOKEN, settings.EVENTBRITE_TOKEN = HUBSPOT_TOKEN, EVENTBRITE_TOKEN
    settings.HUBSPOT_TIER = "professional"
    settings.HUBSPOT_CLIENT_SECRET = CLIENT_SECRET
    settings.EVENTBRITE_WEBHOOK_SECRET = PATH_SECRET
    settings.REDIS_URL = ""
    settings.VAR_DIR = tmp_path
    return live_server


@pytest.fixture
def control(sandbox: Sandbox) -> Callable[..., Any]:
    """Asks the sandbox to do something: path and body in, its answer out."""

    def post(path: str, **body: Any) -> Any:
        answer = requests.post(f"{sandbox.url}/__sandbox__/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


@pytest.fixture
def crm_hook(nova: Any, control: Callable[..., Any]) -> str:
    """HubSpot calls Nova from here on; the address that it calls."""
    url = f"{nova.url}/webhooks/hubspot/"
    control("hubspot/webhooks", url=url, client_secret=CLIENT_SECRET)
    return url


@pytest.fixture
def sales_hook(nova: Any, control: Callable[..., Any]) -> str:
    """Eventbrite calls Nova from here on, of everything; the address that it calls."""
    url = f"{nova.url}/webhooks/eventbrite/{PATH_SECRET}/"
    control("eventbrite/webhooks", url=url, actions=["*"])
    return url


@pytest.fixture
def work(nova: Any) -> Work:
    """Works through what waits of a system, without pauses."""
    patience = Patience(attempts=2, base_seconds=0, longest_seconds=0)
    return lambda system: process_waiting(system, patience=patience)


@pytest.fixture
def make_due(nova: Any) -> Callable[[], int]:
    """Lets the time of the next attempt come."""
    return lambda: Delivery.objects.waiting().update(due_at=timezone.now())
