"""A run that is killed anywhere is completed by the next: no contact twice, nothing lost.

Each case kills a real process at one place, with a database of its own in a file.
"""

import shutil
from pathlib import Path

import pytest

from integrations.sandbox.outbox import PORTAL_ID
from integrations.sandbox.server import running
from integrations.sandbox.world import HUBSPOT_TOKEN, World
from tests.integrations import killing

PEOPLE = 110
PREPARE = """
from customers.models import Audience
from tests.factories import make_buyer
Audience.objects.filter(name="VIPs").update(is_mirrored=True, is_for_marketing=False)
for number in range({people}):
    make_buyer(f"old{{number}}@x.org")
    make_buyer(f"new{{number}}@x.org")
"""
RUN = "from integrations.hubspot.sync import sync_with_hubspot; sync_with_hubspot(command='test')"
TWICE = f"""
{RUN}
again = sync_with_hubspot(command="test", full=True)
assert (again.total("created"), again.total("updated"), again.meter.writes) == (0, 0, 0)
"""
KILLED_ON_PROGRESS = """
import os, signal
from integrations.hubspot.sync import sync_with_hubspot
calls = {{}}
def listen(stream, done, total):
    calls[stream] = calls.get(stream, 0) + 1
    if stream == {stream!r} and calls[stream] == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
sync_with_hubspot(command="test", full=True, listener=listen)
"""


def on_sql(sql: str, call: int) -> str:
    run = RUN.replace(")", ", full=True)")
    return killing.ON_SQL.format(sql=sql, call=call, run=run)


@pytest.fixture(scope="module")
def prepared(empty_database, tmp_path_factory) -> Path:
    """A database with buyers whom HubSpot knows and buyers whom it does not."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(empty_database, folder, dirs_exist_ok=True)
    killing.run(PREPARE.format(people=PEOPLE), folder, NOVA_VIP_EVENTS="1")
    return folder


@pytest.fixture
def folder(prepared, tmp_path) -> Path:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def sandbox(ready_world):
    with running(ready_world, limits=False, tier="enterprise") as started:
        yield started


@pytest.fixture
def ready_world() -> World:
    """A portal that is set up, with the contacts of half of the buyers."""
    world = World.empty()
    for name, kind, field in (
        ("nova_events_attended", "number", "number"),
        ("nova_total_spend", "number", "number"),
        ("nova_first_event_date", "date", "date"),
        ("nova_last_event_date", "date", "date"),
    ):
        world.add_property(name, kind, field)
    for name, field, options in (
        ("nova_customer_type", "select", ["New", "Returning", "VIP"]),
        ("nova_tags", "checkbox", ["Nova Attendee"]),
    ):
        rows = [{"value": o, "label": o, "displayOrder": 0, "hidden": False} for o in options]
        world.add_property(name, "enumeration", field, options=rows)
    for name in ("nova_ticket_purchased", "nova_attended"):
        row = {"id": name, "name": name, "fullyQualifiedName": f"pe{PORTAL_ID}_{name}"}
        names = ("show", "show_type", "venue", "price", "currency")
        row |= {"properties": [{"name": one} for one in names], "archived": False}
        world.store.put("event_definitions", row | {"_defaults": False})
    for number in range(PEOPLE):
        world.add_contact(f"old{number}@x.org")
    return world


@pytest.mark.parametrize(
    "code",
    [
        on_sql('UPDATE "integrations_cursor"', 1),
        on_sql('INSERT INTO "integrations_remotewrite"', 2),
        on_sql('UPDATE "integrations_remotewrite" SET "state"', 3),
        KILLED_ON_PROGRESS.format(stream="List members written", call=1),
        on_sql('INSERT INTO "integrations_occurrence"', 3),
    ],
    ids=[
        "within a page",
        "within the plan",
        "before new contacts are saved",
        "after members are added",
        "before events are noted",
    ],
)
def test_the_next_run_completes_a_killed_one(sandbox, folder, code):
    killing.kill_then(
        code,
        TWICE,
        folder,
        HUBSPOT_BASE_URL=sandbox.url,
        HUBSPOT_ACCESS_TOKEN=HUBSPOT_TOKEN,
        HUBSPOT_TIER="enterprise",
        HUBSPOT_WRITE_MODE="auto",
        HUBSPOT_EVENTS="2026-01-01",
        NOVA_VIP_EVENTS="1",
    )

    contacts = sandbox.world.dump("contacts")
    assert len({row["properties"]["email"] for row in contacts}) == len(contacts) == 2 * PEOPLE
    assert {row["properties"].get("nova_total_spend") for row in contacts} == {"20"}
    (audience,) = sandbox.world.dump("lists")
    assert set(audience["_members"]) == {row["id"] for row in contacts}
    assert len(sandbox.world.dump("event_occurrences")) == 4 * PEOPLE
    assert killing.figures(folder, FIGURES) == {
        "links": 2 * PEOPLE,
        "customers": 2 * PEOPLE,
        "unfinished": 0,
    }


FIGURES = {
    "links": "SELECT count(*) FROM integrations_contactlink WHERE state = 'auto'",
    "customers": "SELECT count(*) FROM customers_customer",
    "unfinished": "SELECT count(*) FROM integrations_syncrun WHERE outcome = 'running'",
}
