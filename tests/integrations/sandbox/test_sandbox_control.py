"""Faults, statistics, control routes and what survives a restart."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from integrations.sandbox.faults import KINDS
from integrations.sandbox.server import running
from integrations.sandbox.world import HUBSPOT_TOKEN, World

CONTACTS = "/crm/v3/objects/contacts"
ROOT = Path(__file__).resolve().parents[3]


def new(email):
    return {"properties": {"email": email}}


def test_statistics_tell_requests_from_writes(hubspot, eventbrite, control):
    hubspot.get(CONTACTS)
    hubspot.post(CONTACTS, new("ada@example.com"))
    hubspot.post(CONTACTS, new("ada@example.com"))
    hubspot.post(f"{CONTACTS}/search", {})
    eventbrite.get("/v3/users/me/")

    stats = control.get("/stats").json()

    assert stats["total"] == 5
    assert stats["by_system"] == {"hubspot": 4, "eventbrite": 1}
    assert stats["writes"] == 1
    assert stats["by_route"]["POST /crm/v3/objects/{type}"] == 2
    assert stats["by_status"] == {"200": 3, "201": 1, "409": 1}
    assert control.post("/stats/reset").json()["total"] == 0


def test_a_fault_acts_on_the_requests_it_names(hubspot, sandbox):
    sandbox.faults.add("status", CONTACTS, method="GET", nth=2, status=503, body="<h1>No</h1>")

    answers = [hubspot.get(CONTACTS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert answers[1].text == "<h1>No</h1>"
    assert hubspot.post(CONTACTS, new("ada@example.com")).status_code == 201


def test_a_fault_acts_so_many_times_after_so_many(hubspot, sandbox):
    sandbox.faults.add("status", CONTACTS, status=500, body={"a": 1}, after=1, times=2)

    assert [hubspot.get(CONTACTS).status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_rate_limit_comes_with_or_without_retry_after(hubspot, eventbrite, sandbox):
    sandbox.faults.add("rate_limit", CONTACTS, retry_after=7, times=1)
    sandbox.faults.add("rate_limit", "/v3/users/me/", times=1)

    told, untold = hubspot.get(CONTACTS), eventbrite.get("/v3/users/me/")

    assert (told.status_code, told.headers["Retry-After"]) == (429, "7")
    assert told.json()["errorType"] == "RATE_LIMIT"
    assert untold.json()["error"] == "HIT_RATE_LIMIT"
    assert "Retry-After" not in untold.headers


@pytest.mark.parametrize(("kind", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_a_broken_connection_comes_before_or_after_the_change(hubspot, sandbox, kind, made):
    sandbox.faults.add(kind, CONTACTS, method="POST", times=1)

    with pytest.raises(requests.ConnectionError):
        hubspot.post(CONTACTS, new("ada@example.com"))

    assert len(sandbox.world.dump("contacts")) == made
    assert sandbox.stats.by_status == {0: 1}
    assert sandbox.stats.writes == made
    assert hubspot.get(CONTACTS).status_code == 200


def test_half_a_json_and_html_reach_the_client(hubspot, sandbox):
    sandbox.faults.add("truncate", CONTACTS, nth=1)
    sandbox.faults.add("html", CONTACTS, nth=1)

    truncated = hubspot.get(CONTACTS)
    page = hubspot.get(CONTACTS)

    with pytest.raises(requests.JSONDecodeError):
        truncated.json()
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html"


def test_an_empty_page_in_the_middle_is_not_the_end(eventbrite, world, sandbox, organization):
    event = world.add_event()
    made = [world.add_order(event)["id"] for _ in range(6)]
    sandbox.faults.add("empty_page", "/orders/", nth=2)

    rows = eventbrite.every(f"{organization}/orders/", "orders", page_size=2)

    assert [row["id"] for row in rows] == made[:2] + made[4:]


def test_a_page_may_name_itself_as_the_next(eventbrite, world, sandbox, organization):
    event = world.add_event()
    for _ in range(4):
        world.add_order(event)
    first = eventbrite.get(f"{organization}/orders/", page_size=2).json()
    token = first["pagination"]["continuation"]
    sandbox.faults.add("repeat_continuation", "/orders/")

    again = eventbrite.get(f"{organization}/orders/", page_size=2, continuation=token).json()

    assert again["pagination"]["has_more_items"] is True
    assert again["pagination"]["continuation"] == token


def test_a_failed_expansion_goes_away_without_expand(eventbrite, world, sandbox, organization):
    sandbox.faults.add("expansion_failed", "/orders/")
    path = f"{organization}/orders/"

    assert eventbrite.get(path, expand="attendees").json()["error"] == "EXPANSION_FAILED"
    assert eventbrite.get(path).status_code == 200


def test_faults_are_set_and_dropped_over_http(hubspot, control):
    rules = [{"kind": "status", "path": CONTACTS, "status": 502}]

    assert control.post("/faults", rules).json()["faults"][0]["status"] == 502
    assert hubspot.get(CONTACTS).status_code == 502
    assert control.get("/faults").json()["faults"][0]["fired"] == 1
    assert control.send("DELETE", "/faults").json() == {"faults": []}
    assert hubspot.get(CONTACTS).status_code == 200
    refused = control.post("/faults", {"kind": "earthquake"})
    assert refused.status_code == 400
    assert all(kind in refused.json()["error"] for kind in KINDS)


def test_the_world_is_changed_over_http(control, world):
    event = control.post("/eventbrite/events", {"name": "Gala", "start": "2026-12-24T20:00:00Z"})
    order = control.post(
        "/eventbrite/orders", {"event_id": event.json()["id"], "seats": 2, "price": 1500}
    ).json()
    control.post(f"/eventbrite/orders/{order['id']}/refund", {"amount": 500, "style": "request"})
    seat = control.get("/dump/attendees").json()[0]
    control.post(f"/eventbrite/attendees/{seat['id']}", {"profile": {"name": "Bo Li"}})
    control.post(f"/eventbrite/attendees/{seat['id']}/check-in")
    contact = control.post("/hubspot/contacts", {"email": "ada@example.com"}).json()
    control.post(f"/hubspot/contacts/{contact['id']}", {"hs_email_open": "3"})
    control.post("/hubspot/tokens", {"token": "reader", "scopes": ["crm.lists.read"]})

    stored = world.row("attendees", seat["id"])
    assert world.row("orders", order["id"])["_refund_requests"][0]["status"] == "completed"
    assert stored["profile"]["name"] == "Bo Li"
    assert stored["profile"]["email"] == "ada@example.com"
    assert stored["checked_in"] is True
    assert world.dump("contacts")[0]["properties"]["hs_email_open"] == "3"
    assert world.row("tokens", "reader")["scopes"] == ["crm.lists.read"]


def test_control_tells_what_is_wrong_with_a_request(control):
    assert control.get("/health").json()["ok"] is True
    assert control.get("/nonsense").status_code == 404
    assert control.post("/eventbrite/orders/404/refund", {}).status_code == 400
    assert "dump/<kind>" in control.get("/dump/dragons").json()["error"]


def test_everything_survives_a_restart(tmp_path):
    path = tmp_path / "state.db"
    world = World.generate(seed=1, events=4, orders=30, contacts=20, path=path)
    with running(world, limits=False) as sandbox:
        headers = {"Authorization": f"Bearer {HUBSPOT_TOKEN}"}
        url = sandbox.url + CONTACTS
        requests.post(url, json=new("ada@example.com"), headers=headers).raise_for_status()
    before = {kind: world.dump(kind) for kind in world.counts()}
    world.close()

    again = World.generate(seed=2, events=1, path=path)

    assert {kind: again.dump(kind) for kind in again.counts()} == before
    assert again.seed == 1
    assert again.find_record("contacts", "email", "ada@example.com")


def test_a_killed_process_loses_no_answered_write(tmp_path):
    command = [sys.executable, "-m", "integrations.sandbox", "--events", "2", "--orders", "5"]
    command += ["--contacts", "3", "--state", str(tmp_path / "state.db"), "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().split()[2]
        headers = {"Authorization": f"Bearer {HUBSPOT_TOKEN}"}
        requests.post(url + CONTACTS, json=new("kill@example.com"), headers=headers)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()

    world = World.empty(tmp_path / "state.db")

    assert world.find_record("contacts", "email", "kill@example.com")


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        ("daily_limit", 429, {"policyName": "DAILY"}),
        ("locked", 423, {"status": "error"}),
        ("migrating", 477, {"status": "error"}),
    ],
)
def test_hubspots_own_refusals_come_on_demand(hubspot, sandbox, kind, status, told):
    sandbox.faults.add(kind, CONTACTS, times=1)

    refused, after = hubspot.get(CONTACTS), hubspot.get(CONTACTS)

    assert refused.status_code == status
    assert told.items() <= refused.json().items()
    assert ("Retry-After" in refused.headers) is (kind == "migrating")
    assert after.status_code == 200


def test_a_batch_reply_may_leave_out_a_record_that_was_written(hubspot, sandbox, world):
    ids = [world.add_contact(f"p{n}@example.com")["id"] for n in range(3)]
    sandbox.faults.add("leave_out", "/batch/update", rows=1)
    inputs = [{"id": one, "properties": {"city": "Ulm"}} for one in ids]

    answer = hubspot.post(f"{CONTACTS}/batch/update", {"inputs": inputs})

    assert answer.status_code == 200
    assert [row["id"] for row in answer.json()["results"]] == ids[:2]
    assert "errors" not in answer.json()
    assert {row["properties"]["city"] for row in world.dump("contacts")} == {"Ulm"}
