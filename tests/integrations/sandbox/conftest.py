"""A running sandbox over an empty world, and two clients that know only base URL and token."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.app import Sandbox
from integrations.sandbox.server import running
from integrations.sandbox.ticketing import ORGANIZATION_ID
from integrations.sandbox.world import EVENTBRITE_TOKEN, HUBSPOT_TOKEN, World

ORGANIZATION = f"/v3/organizations/{ORGANIZATION_ID}"


class Api:
    """A session with a token; paths are as in the vendor's documentation."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.session = url, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.url + path, params=query, allow_redirects=False)

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.url + path, json=body)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.send("POST", path, body)

    def every(self, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
        """All rows of an Eventbrite list, page by page."""
        rows = []
        while True:
            page = self.get(path, **query).json()
            rows += page[name]
            if not page["pagination"]["has_more_items"]:
                return rows
            query["continuation"] = page["pagination"]["continuation"]


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    with running(world, limits=False) as started:
        yield started


@pytest.fixture
def hubspot(sandbox: Sandbox) -> Api:
    return Api(sandbox.url, HUBSPOT_TOKEN)


@pytest.fixture
def eventbrite(sandbox: Sandbox) -> Api:
    return Api(sandbox.url, EVENTBRITE_TOKEN)


@pytest.fixture
def control(sandbox: Sandbox) -> Api:
    return Api(f"{sandbox.url}/__sandbox__", "")


@pytest.fixture
def organization() -> str:
    """The path of the one organization."""
    return ORGANIZATION


@pytest.fixture
def client_for(sandbox: Sandbox) -> Any:
    """A client with another token."""
    return lambda token: Api(sandbox.url, token)
