"""An empty HubSpot portal over real HTTP, and Nova connected to it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from integrations.http import Meter, Patience
from integrations.hubspot.client import HubSpotClient
from integrations.hubspot.setup import set_up
from integrations.hubspot.sync import connect, sync_with_hubspot
from integrations.sandbox.app import Sandbox
from integrations.sandbox.server import running
from integrations.sandbox.world import HUBSPOT_TOKEN, World
from integrations.sync import RunLog

Sync = Callable[..., RunLog]


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    with running(world, limits=False) as started:
        yield started


@pytest.fixture
def patience() -> Patience:
    """Four attempts without a pause; whoever is told to wait gives up."""
    return Patience(attempts=4, base_seconds=0, longest_seconds=0)


def connected(sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    """The settings of a Nova that writes to the portal."""
    return {
        "HUBSPOT_BASE_URL": sandbox.url,
        "HUBSPOT_ACCESS_TOKEN": HUBSPOT_TOKEN,
        "HUBSPOT_TIER": "professional",
        "HUBSPOT_WRITE_MODE": "auto",
        "HUBSPOT_DEALS": "off",
        "REDIS_URL": "",
        "VAR_DIR": folder,
    }


@pytest.fixture
def client(sandbox: Sandbox, settings: Any, tmp_path: Path, patience: Patience) -> HubSpotClient:
    """Nova's line to the portal, by the settings."""
    for name, value in connected(sandbox, tmp_path).items():
        setattr(settings, name, value)
    return connect(Meter(), patience=patience)


Definitions = dict[str, list[dict[str, Any]]]


def defined(folder: Path, **settings: Any) -> Definitions:
    """What Nova sets up in an empty portal, over HTTP; a copy of it makes others ready at once."""
    world = World.empty()
    with (
        running(world, limits=False) as sandbox,
        override_settings(**connected(sandbox, folder) | settings),
    ):
        set_up(connect(Meter()))
    return {kind: world.dump(kind) for kind in ("groups", "properties", "pipelines")}


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return defined(tmp_path_factory.mktemp("portal"))


@pytest.fixture
def portal(client: HubSpotClient, sandbox: Sandbox, definitions: Definitions) -> Sandbox:
    """A portal that is set up for Nova."""
    store = sandbox.world.store
    for kind, rows in definitions.items():
        for row in rows:
            if store.tables[kind].get(row["id"]) is None:
                store.put(kind, deepcopy(row))
    sandbox.world.reindex()
    return sandbox


@pytest.fixture
def sync(portal: Sandbox, patience: Patience, db: None, tmp_path: Path) -> Sync:
    """Runs `sync_with_hubspot` in mode “auto” without pauses, nor for calls made before."""

    def run(**options: Any) -> RunLog:
        for counted in tmp_path.glob("pace-*"):
            counted.unlink()
        return sync_with_hubspot(**{"command": "test", "patience": patience} | options)

    return run
