"""Both versions of HubSpot's API: every call finds its place, and a sync does the same in both."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.errors import Misconfigured, SyncError
from integrations.http import Meter
from integrations.hubspot import client as client_module
from integrations.hubspot.connection import Connection
from integrations.hubspot.sync import connect
from integrations.hubspot.versions import VERSIONS, versioned
from integrations.sandbox.versions import numbered
from nova_project.checks import API_VERSIONS, check_values
from tests.factories import make_buyer

SAMPLES = {"kind": "contacts", "to_kind": "deals", "by": "email", "properties": ["email"]}
"""What stands for a parameter of this name; others get what their type asks for."""
BY_TYPE = (
    ("tuple[str, str]", [("1", "2")]),
    ("Iterable[str]", ["1"]),
    ("Sequence[str]", ["1"]),
    ("list", []),
    ("Sequence", [{}]),
    ("int", 1),
    ("str", "1"),
)


def parts() -> list[type[Connection]]:
    """The classes that know HubSpot's calls."""
    found, waiting = [], [Connection]
    while waiting:
        for part in waiting.pop().__subclasses__():
            found.append(part)
            waiting.append(part)
    return found


def methods() -> Iterator[tuple[type[Connection], str]]:
    for part in parts():
        for name, value in vars(part).items():
            if callable(value) and not name.startswith("_"):
                yield part, name


def sample(parameter: inspect.Parameter) -> Any:
    if parameter.name in SAMPLES:
        return SAMPLES[parameter.name]
    told = str(parameter.annotation)
    return next((value for text, value in BY_TYPE if text in told), {"name": "x", "label": "x"})


def call(method: Callable[..., Any]) -> None:
    """Calls it with whatever its parameters ask for; a refusal is as good as an answer."""
    wanted = inspect.signature(method).parameters.values()
    given = {p.name: sample(p) for p in wanted if p.default is p.empty}
    try:
        result = method(**given)
        if inspect.isgenerator(result):
            next(result, None)
    except SyncError:
        pass


@pytest.fixture
def called(client, settings, sandbox):
    """Methods and paths that a call of a client's method asked for, in a version."""

    def ask(part: type[Connection], name: str, version: str) -> list[tuple[str, str]]:
        sandbox.stats.reset()
        connected = part(
            "sandbox-hubspot-token",
            base_url=sandbox.url,
            tier="professional",
            meter=Meter(),
            folder=settings.VAR_DIR,
            version=version,
        )
        call(getattr(connected, name))
        assert not [route for route in sandbox.stats.by_route if "no route" in route]
        return [(method, target.partition("?")[0]) for method, target, _ in sandbox.stats.log]

    return ask


@pytest.mark.parametrize(
    ("part", "name"), [pytest.param(p, n, id=f"{p.__name__}.{n}") for p, n in methods()]
)
def test_every_call_finds_its_place_in_both_versions(called, part, name):
    old = called(part, name, "v3")
    new = called(part, name, "2026-03")

    assert old
    assert all("2026-03" in path for _, path in new)
    assert [(method, numbered(path)[0]) for method, path in new] == old


@pytest.mark.parametrize(
    ("path", "dated"),
    [
        ("/crm/v3/objects/contacts/batch/read", "/crm/objects/2026-03/contacts/batch/read"),
        ("/crm/v4/objects/deals/1/associations/x", "/crm/objects/2026-03/deals/1/associations/x"),
        ("/crm/v4/associations/a/b/batch/read", "/crm/associations/2026-03/a/b/batch/read"),
        ("/crm/v3/properties/contacts", "/crm/properties/2026-03/contacts"),
        ("/crm/v3/lists", "/crm/lists/2026-03"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-03/deals"),
        ("/crm/v3/owners/", "/crm/owners/2026-03/"),
        ("/marketing/v3/emails/statistics", "/marketing/emails/2026-03/statistics"),
        ("/marketing/v3/campaigns", "/marketing/campaigns/2026-03"),
        ("/account-info/v3/details", "/account-info/2026-03/details"),
        ("/events/v3/events", "/events/event-occurrences/2026-03"),
        ("/events/v3/event-definitions", "/events/custom/2026-03/event-definitions"),
        ("/events/v3/send/batch", "/events/custom/2026-03/send/batch"),
    ],
)
def test_a_path_is_rewritten_by_the_map(path, dated):
    assert versioned(path, "v3") == path
    assert versioned(path, "2026-03") == dated


def test_a_path_that_nobody_knows_is_not_sent_blindly():
    with pytest.raises(LookupError, match=r"/crm/v3/tickets"):
        versioned("/crm/v3/tickets", "2026-03")


def test_an_unknown_version_is_told(client, settings):
    settings.HUBSPOT_API_VERSION = "v5"

    with pytest.raises(Misconfigured, match="HUBSPOT_API_VERSION “v5” is unknown"):
        connect(Meter())

    assert [error.msg for error in check_values(None)] == [
        "HUBSPOT_API_VERSION is “v5”, which Nova does not know."
    ]


def test_the_check_knows_the_versions_that_the_client_knows():
    assert API_VERSIONS == VERSIONS
    assert client_module.NUMBERED in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sync_does_the_same_in_both_versions(settings, sandbox, world, client, sync, version):
    settings.HUBSPOT_API_VERSION = version
    known = world.add_contact("known@x.org")["id"]
    world.add_contact("lead@x.org", firstname="Lea")
    world.archive_record("contacts", world.add_contact("gone@x.org")["id"])
    make_buyer("known@x.org")
    make_buyer("new@x.org")
    sandbox.stats.reset()

    first, second = sync(full=True), sync()

    written = {
        row["properties"]["email"]: row["properties"].get("nova_total_spend")
        for row in world.dump("contacts")
        if not row["archived"]
    }
    assert written == {"known@x.org": "20", "lead@x.org": None, "new@x.org": "20"}
    assert (first.run.failed_count, second.meter.writes) == (0, 0)
    assert {row["id"] for row in world.dump("contacts")} >= {known}
    targets = [target for _, target, _ in sandbox.stats.log]
    assert all(("2026-03" in target) == (version == "2026-03") for target in targets)
