"""What the vendors send: HubSpot's signed batches and Eventbrite's single notes."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

SECRET = "a-client-secret"


class Target(ThreadingHTTPServer):
    """Keeps what it gets, and answers with the next of `statuses`, else with 200."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.got, self.statuses = [], []
        self.url = f"http://127.0.0.1:{self.server_port}/webhooks/"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture
def target():
    server = Target()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def crm_hook(control, target):
    return control.post("/hubspot/webhooks", {"url": target.url, "client_secret": SECRET}).json()


@pytest.fixture
def sales_hook(control, target):
    body = {"url": target.url, "actions": ["*"]}
    return control.post("/eventbrite/webhooks", body).json()


def events(target):
    return [event for _, _, body in target.got for event in json.loads(body)]


def deliver(control, system, **options):
    return control.post(f"/{system}/webhooks/deliver", options).json()


def test_only_a_target_on_this_machine_is_accepted(control):
    for url in ("http://example.com/hook", "https://127.0.0.1/hook"):
        body = {"url": url, "client_secret": SECRET}
        assert control.post("/hubspot/webhooks", body).status_code == 400
        assert control.post("/eventbrite/webhooks", {"url": url}).status_code == 400


def test_changes_are_told_in_one_signed_batch(hubspot, control, target, crm_hook, sandbox):
    body = {"properties": {"email": "ada@example.com"}}
    ada = hubspot.post("/crm/v3/objects/contacts", body).json()["id"]
    control.post(f"/hubspot/contacts/{ada}", {"city": "Ulm"})

    outcome = deliver(control, "hubspot")

    assert outcome == {"sent": 3, "status": 200, "body": "", "left": 0}
    ((path, headers, raw),) = target.got
    stamp = headers["X-HubSpot-Request-Timestamp"]
    signed = f"POST{target.url}".encode() + raw + stamp.encode()
    wanted = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
    assert path == "/webhooks/"
    assert headers["X-HubSpot-Signature-v3"] == wanted
    assert abs(time.time() * 1000 - int(stamp)) < 60_000
    told = [
        (e["subscriptionType"], e.get("propertyName"), e["changeSource"]) for e in events(target)
    ]
    assert told == [
        ("contact.creation", None, "INTEGRATION"),
        ("contact.propertyChange", "email", "INTEGRATION"),
        ("contact.propertyChange", "city", "CRM_UI"),
    ]
    assert {event["objectId"] for event in events(target)} == {int(ada)}
    assert events(target)[2]["propertyValue"] == "Ulm"
    assert deliver(control, "hubspot")["sent"] == 0


def test_the_signature_covers_the_public_url_with_few_signs_decoded(control, target, world):
    public = "https://nova.example.com/hook%3Fa/?q=%40b%20c"
    body = {"url": target.url, "client_secret": SECRET, "signed_url": public}
    control.post("/hubspot/webhooks", body)
    world.add_contact("ada@example.com")

    deliver(control, "hubspot")

    ((_, headers, raw),) = target.got
    plain = "https://nova.example.com/hook?a/?q=@b%20c"
    signed = f"POST{plain}".encode() + raw + headers["X-HubSpot-Request-Timestamp"].encode()
    wanted = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
    assert headers["X-HubSpot-Signature-v3"] == wanted


def test_a_batch_may_be_doubled_disordered_stale_and_cut(control, target, world, crm_hook):
    for n in range(80):
        world.add_contact(f"p{n}@example.com")

    outcome = deliver(control, "hubspot", duplicate=True, shuffle=True, age_seconds=301)

    assert (outcome["sent"], outcome["left"]) == (100, 110)
    ids = [event["eventId"] for event in events(target)]
    assert sorted(ids) == sorted(list(range(101, 151)) * 2)
    assert ids != sorted(ids)
    stamp = int(target.got[0][1]["X-HubSpot-Request-Timestamp"])
    assert time.time() * 1000 - stamp >= 301_000


def test_a_refused_batch_comes_again_as_another_attempt(control, target, world, crm_hook):
    world.add_deal()
    target.statuses = [500]

    first, second = deliver(control, "hubspot"), deliver(control, "hubspot")

    assert (first["status"], second["status"], second["left"]) == (500, 200, 0)
    attempts = [json.loads(body)[0]["attemptNumber"] for _, _, body in target.got]
    assert attempts == [0, 1]


def test_a_target_that_is_gone_is_told_and_loses_nothing(control, world, target, crm_hook):
    control.post("/hubspot/webhooks", {"url": "http://127.0.0.1:9/", "client_secret": SECRET})
    world.add_contact("ada@example.com")

    outcome = deliver(control, "hubspot")

    assert outcome["status"] == 0
    assert outcome["left"] == 2


def test_merges_ties_archiving_restoring_and_erasing_are_told(control, target, world, crm_hook):
    keep, lose = (world.add_contact(f"{n}@example.com")["id"] for n in "ab")
    deal = world.add_deal()["id"]
    deliver(control, "hubspot")
    target.got.clear()

    world.associate(keep, deal)
    world.merge_contacts(keep, lose, new_id=True)
    world.archive_record("deals", deal)
    world.restore_record("deals", deal)
    world.erase_record("contacts", world.find_record("contacts", "hs_object_id", keep)["id"])
    deliver(control, "hubspot")

    told = {event["subscriptionType"]: event for event in events(target)}
    assert told.keys() >= {
        "contact.associationChange",
        "deal.associationChange",
        "contact.merge",
        "deal.deletion",
        "deal.restore",
        "contact.privacyDeletion",
    }
    merge = told["contact.merge"]
    assert merge["mergedObjectIds"] == [int(lose)]
    assert merge["newObjectId"] not in (int(keep), int(lose))
    tie = told["deal.associationChange"]
    assert (tie["fromObjectId"], tie["associationType"]) == (int(deal), "DEAL_TO_CONTACT")


def test_the_newer_form_names_the_object_by_number(control, target, world):
    body = {"url": target.url, "client_secret": SECRET, "generic": True}
    control.post("/hubspot/webhooks", body)
    world.add_deal()

    deliver(control, "hubspot")

    first = events(target)[0]
    assert (first["subscriptionType"], first["objectTypeId"]) == ("object.creation", "0-3")


def test_a_sale_is_told_in_eventbrites_order_with_one_delivery_id(
    control, target, world, sales_hook
):
    event = world.add_event()
    deliver(control, "eventbrite")
    target.got.clear()
    order = world.add_order(event, seats=2)
    world.check_in(world.seats_of(order)[0]["id"])

    outcome = deliver(control, "eventbrite")

    assert outcome["sent"] == 7  # a ticket class was made for the first order
    told = [headers["X-Eventbrite-Event"] for _, headers, _ in target.got][1:]
    assert told == [
        "order.updated",
        "order.placed",
        "attendee.updated",
        "attendee.updated",
        "order.updated",
        "attendee.checked_in",
    ]
    assert {headers["X-Eventbrite-Delivery"] for _, headers, _ in target.got} == {sales_hook["id"]}
    body = json.loads(target.got[2][2])
    assert body["api_url"] == f"https://www.eventbriteapi.com/v3/orders/{order['id']}/"
    assert body["config"] == {
        "action": "order.placed",
        "user_id": "440000000077",
        "endpoint_url": target.url,
        "webhook_id": sales_hook["id"],
    }


def test_a_subscription_hears_of_its_actions_and_event_only(control, target, world):
    mine, other = world.add_event(), world.add_event()
    body = {"url": target.url, "actions": ["order.refunded"], "event_id": mine["id"]}
    control.post("/eventbrite/webhooks", body)
    orders = [world.add_order(event, price=900) for event in (mine, other)]
    for order in orders:
        world.refund_order(order["id"])

    outcome = deliver(control, "eventbrite", duplicate=True)

    assert [(row["action"], row["status"]) for row in outcome["answers"]] == [
        ("order.refunded", 200)
    ] * 2
    assert orders[0]["id"] in outcome["answers"][0]["api_url"]


def test_the_test_button_names_no_object(control, target, sales_hook):
    outcome = control.post("/eventbrite/webhooks/test").json()

    assert outcome["answers"] == [{"action": "test", "status": 200}]
    body = json.loads(target.got[0][2])
    assert body["config"]["action"] == "test"
    assert body["api_url"] == (
        "https://www.eventbriteapi.com/{api-endpoint-to-fetch-object-details}/"
    )


def test_gone_ends_a_subscription_and_an_error_does_not(control, target, world, sales_hook):
    world.add_venue()
    event = world.add_event()
    target.statuses = [500, 410]

    first = deliver(control, "eventbrite", limit=1)
    second = deliver(control, "eventbrite", limit=1)

    assert [first["answers"][0]["status"], second["answers"][0]["status"]] == [500, 410]
    assert world.dump("webhooks") == []
    world.patch("events", event["id"], name={"text": "Other"})
    assert world.dump("eventbrite_outbox") == []


def test_a_target_may_ask_the_sandbox_while_it_answers(hubspot, control, world, sandbox):
    """A receiver that reads the record at once does not wait for the delivery to end."""

    class Curious(Receiver):
        def do_POST(self):
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))[0]
            found = hubspot.get(f"/crm/v3/objects/contacts/{event['objectId']}")
            self.send_response(found.status_code)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Curious)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    control.post("/hubspot/webhooks", {"url": url, "client_secret": SECRET})
    world.add_contact("ada@example.com")

    outcome = deliver(control, "hubspot")

    server.shutdown()
    server.server_close()
    thread.join()
    assert outcome["status"] == 200
