"""HubSpot calls, Nova stores, and reads the contacts again: over real HTTP on both sides."""

import json
import time
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from customers.models import Customer, Suppression
from integrations.errors import Busy, RetryLater
from integrations.models import ContactLink, Delivery, DeliveryState, Problem, SyncRun, System
from integrations.sandbox.deliveries import signature
from integrations.sync import save_cursor
from integrations.tasks import process_delivery, sweep_deliveries
from nova_project.lock import exclusive
from tests.integrations.webhooks.conftest import CLIENT_SECRET

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = "https://nova.example.org"


def deliver(control, **options):
    return control("hubspot/webhooks/deliver", **options)


def states():
    return set(Delivery.objects.values_list("state", flat=True))


def post(url, body=b"[]", *, signed_url="", age_seconds=0, **headers):
    """A call with a signature of its own, which covers `signed_url` if that is given."""
    stamp = str(int((time.time() - age_seconds) * 1000))
    sign = signature(CLIENT_SECRET, signed_url or url, body, stamp)
    headers = {
        "X-HubSpot-Request-Timestamp": stamp,
        "X-HubSpot-Signature-v3": sign,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(url, body, headers=headers, timeout=10, allow_redirects=False)


def test_a_new_contact_becomes_a_customer_by_one_reading(control, world, crm_hook, work, sandbox):
    ada = world.add_contact("ada@example.org", firstname="Ada", city="Ulm")

    outcome = deliver(control)
    assert (outcome["status"], outcome["body"], outcome["sent"]) == (204, "", 4)
    assert states() == {DeliveryState.RECEIVED}
    log = work(System.HUBSPOT)

    link = ContactLink.objects.get()
    assert (link.hubspot_id, link.customer.first_name) == (ada["id"], "Ada")
    assert states() == {DeliveryState.PROCESSED}
    assert (log.meter.requests, log.meter.writes) == (2, 0)  # the owners, and a hundred contacts
    assert work(System.HUBSPOT) is None


def test_a_hundred_changed_contacts_are_read_together(control, world, crm_hook, work):
    for number in range(100):
        world.add_contact(f"p{number}@example.org")
    while deliver(control)["left"]:
        pass

    log = work(System.HUBSPOT)

    assert Customer.objects.count() == 100
    assert log.meter.requests == 2


def test_repeats_and_disorder_are_harmless(control, world, crm_hook, work):
    ada = world.add_contact("ada@example.org", firstname="Ada")
    for city in ("Ulm", "Bonn"):
        world.clock.advance(0.01)
        world.edit_contact(ada["id"], city=city)

    deliver(control, duplicate=True, shuffle=True)
    stored = Delivery.objects.count()
    deliver(control, duplicate=True, shuffle=True)
    work(System.HUBSPOT)

    assert stored == Delivery.objects.count() == 5
    assert Customer.objects.get().city == "Bonn"


def test_a_repeat_after_a_lost_answer_is_stored_once(control, world, crm_hook):
    body = json.dumps(
        [{"subscriptionType": "contact.creation", "objectId": 1, "occurredAt": 5}]
    ).encode()

    assert [post(crm_hook, body).status_code for _ in range(3)] == [204] * 3

    assert Delivery.objects.count() == 1


def test_a_tampered_body_is_refused_and_nothing_is_kept(control, world, crm_hook, caplog):
    stamp = str(int(time.time() * 1000))
    sign = signature(CLIENT_SECRET, crm_hook, b"[]", stamp)
    headers = {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": sign}

    answer = requests.post(crm_hook, b"[ ]", headers=headers, timeout=10)

    assert (answer.status_code, answer.text) == (401, "Refused: wrong signature.")
    assert not Delivery.objects.exists()
    assert "webhook_refused" in caplog.text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"age_seconds": 301}, "timestamp too old"),
        ({"age_seconds": -302}, "timestamp in the future"),
        ({"client_secret": "another"}, "wrong signature"),
    ],
)
def test_a_stale_early_or_foreign_call_is_refused_and_comes_again(
    options, reason, control, world, crm_hook
):
    world.add_contact("ada@example.org")

    refused = deliver(control, **options)

    assert (refused["status"], refused["body"]) == (401, f"Refused: {reason}.")
    assert not Delivery.objects.exists()
    assert deliver(control)["status"] == 204
    assert Delivery.objects.exists()


def test_a_call_without_signature_is_refused(crm_hook):
    assert requests.post(crm_hook, b"[]", timeout=10).status_code == 401


def test_an_encoded_address_is_signed_decoded(nova, control, world):
    url = f"{nova.url}/webhooks/hubspot/?from=a%40b%3Ac&to=d%20e"
    control("hubspot/webhooks", url=url, client_secret=CLIENT_SECRET)
    world.add_contact("ada@example.org")

    assert deliver(control)["status"] == 204


def test_behind_a_proxy_the_public_address_is_what_counts(nova, settings):
    url = f"{nova.url}/webhooks/hubspot/"
    settings.ALLOWED_HOSTS = ["nova.example.org", "localhost"]
    signed = f"{PUBLIC}/webhooks/hubspot/"

    passed_on = post(url, signed_url=signed, Host="nova.example.org", X_Forwarded_Proto="https")
    rewritten = post(url, signed_url=signed, X_Forwarded_Proto="https")
    settings.NOVA_PUBLIC_URL = PUBLIC
    told = post(url, signed_url=signed)

    assert [a.status_code for a in (passed_on, rewritten, told)] == [204, 401, 204]


def test_without_the_secret_staff_are_told_and_hubspot_calls_again(
    control, world, crm_hook, settings, work
):
    settings.HUBSPOT_CLIENT_SECRET = ""
    world.add_contact("ada@example.org")

    refused = deliver(control)
    deliver(control)

    assert (refused["status"], refused["body"]) == (503, "HubSpot's webhooks are not set up here.")
    problem = Problem.objects.open().get()
    assert (problem.code, problem.run, problem.seen_count) == ("webhook_secret", None, 2)
    settings.HUBSPOT_CLIENT_SECRET = CLIENT_SECRET
    deliver(control)
    work(System.HUBSPOT)
    assert not Problem.objects.open().exists()


def test_only_posts_of_a_reasonable_size_are_taken(crm_hook):
    assert requests.get(crm_hook, timeout=10).status_code == 405
    assert post(crm_hook, b" " * (8 * 1024 * 1024 + 1)).status_code == 413


def test_a_signed_body_that_is_no_list_is_kept_for_staff_to_see(crm_hook, work):
    answer = post(crm_hook, b"<html>\0")

    delivery = Delivery.objects.get()
    assert answer.status_code == 204
    assert (delivery.state, delivery.message) == (
        DeliveryState.FAILED,
        "HubSpot sent something other than JSON.",
    )
    assert work(System.HUBSPOT) is None


def test_a_deleted_contact_is_marked_as_gone_and_a_restored_one_is_back(
    control, world, crm_hook, work
):
    ada = world.add_contact("ada@example.org")
    deliver(control)
    work(System.HUBSPOT)

    world.archive_record("contacts", ada["id"])
    deliver(control)
    work(System.HUBSPOT)
    gone = ContactLink.objects.get().archived_at
    world.restore_record("contacts", ada["id"])
    deliver(control)
    work(System.HUBSPOT)

    assert gone is not None
    assert ContactLink.objects.get().archived_at is None
    assert states() == {DeliveryState.PROCESSED}


def test_a_restoring_that_overtakes_its_deletion_is_right_all_the_same(
    control, world, crm_hook, work
):
    ada = world.add_contact("ada@example.org")
    deliver(control)
    work(System.HUBSPOT)
    world.archive_record("contacts", ada["id"])
    world.restore_record("contacts", ada["id"])

    deliver(control, shuffle=True)
    work(System.HUBSPOT)

    assert ContactLink.objects.get().archived_at is None


@pytest.mark.parametrize("new_id", [False, True])
def test_after_a_merge_the_merged_contact_stands_and_the_old_ones_are_gone(
    new_id, control, world, crm_hook, work
):
    keep, lose = (world.add_contact(f"{name}@example.org")["id"] for name in "ab")
    deliver(control)
    work(System.HUBSPOT)

    merged = world.merge_contacts(keep, lose, new_id=new_id)["id"]
    deliver(control)
    work(System.HUBSPOT)

    live = ContactLink.objects.live().values_list("hubspot_id", flat=True)
    assert list(live) == [merged]
    assert states() == {DeliveryState.PROCESSED}


def test_a_privacy_deletion_erases_the_person_at_once(control, world, crm_hook, work):
    ada = world.add_contact("ada@example.org", firstname="Ada")["id"]
    world.add_contact("bob@example.org", firstname="Bob")
    deliver(control)
    work(System.HUBSPOT)

    world.erase_record("contacts", ada)
    deliver(control)
    work(System.HUBSPOT)

    bodies = " ".join(Delivery.objects.values_list("body", flat=True))
    assert "Bob" in bodies
    assert "Ada" not in bodies
    assert "ada@example.org" not in bodies
    link = ContactLink.objects.get(hubspot_id=ada)
    assert (link.customer, link.seen, link.erased_at is None) == (None, {}, False)
    assert [person.first_name for person in Customer.objects.erased()] == [""]
    assert [person.first_name for person in Customer.objects.filter(erased_at=None)] == ["Bob"]
    assert Suppression.objects.covering(["ada@example.org", "bob@example.org"]) == {
        "ada@example.org"
    }


def test_nobody_is_erased_whose_contact_hubspot_still_shows(control, world, crm_hook, work):
    ada = world.add_contact("ada@example.org", firstname="Ada")["id"]
    event = {"subscriptionType": "contact.privacyDeletion", "objectId": int(ada), "occurredAt": 1}
    deliver(control)

    post(crm_hook, json.dumps([event]).encode())
    work(System.HUBSPOT)

    assert Customer.objects.get().email == "ada@example.org"
    assert not Suppression.objects.exists()


def test_what_nova_does_not_read_by_webhook_is_left_aside_with_the_reason(
    control, world, crm_hook, settings
):
    settings.HUBSPOT_DEALS = "off"
    deal = world.add_deal()["id"]
    body = json.dumps(
        [
            {"subscriptionType": "company.creation", "objectId": 5, "occurredAt": 1},
            {"subscriptionType": "contact.associationChange", "objectId": 6, "occurredAt": 1},
        ]
    ).encode()

    deliver(control)
    post(crm_hook, body)

    left = set(Delivery.objects.values_list("object_type", "object_id", "state", "message"))
    ignored = DeliveryState.IGNORED
    assert left >= {
        ("companies", "5", ignored, "Nova keeps nothing of HubSpot's companies."),
        ("contacts", "6", ignored, "What belongs to what is read by the next sync."),
    }
    assert {kind for kind, *_ in left} == {"companies", "contacts", "deals"}
    off = "HUBSPOT_DEALS is “off”: Nova leaves deals alone."
    assert ("deals", deal, ignored, off) in left


def test_a_contact_that_is_not_to_be_seen_is_tried_again_and_then_left_to_the_sync(
    crm_hook, work, make_due
):
    body = b'[{"subscriptionType": "contact.creation", "objectId": 77, "occurredAt": 1}]'
    post(crm_hook, body)
    waits = []

    while Delivery.objects.waiting().exists():
        make_due()
        before = timezone.now()
        work(System.HUBSPOT)
        assert work(System.HUBSPOT) is None  # not before its time
        waits.append(round((Delivery.objects.get().due_at - before).total_seconds()))

    delivery = Delivery.objects.get()
    assert waits == [15, 60, 300, 0]
    assert (delivery.state, delivery.attempts) == (DeliveryState.IGNORED, 4)
    assert delivery.message == (
        "HubSpot does not show contact 77: not yet, or no longer. It is left to the next sync."
    )


def test_an_older_version_than_was_told_of_is_read_again_later(
    control, world, crm_hook, work, make_due
):
    ada = world.add_contact("ada@example.org", city="Ulm")["id"]
    deliver(control)
    work(System.HUBSPOT)
    soon = int((time.time() + 60) * 1000)
    event = {"subscriptionType": "contact.propertyChange", "objectId": int(ada), "occurredAt": soon}
    post(crm_hook, json.dumps([event]).encode())

    work(System.HUBSPOT)
    waiting = Delivery.objects.waiting().get()
    assert waiting.message == f"HubSpot still shows contact {ada} as it was before."
    world.clock.advance(120)
    world.edit_contact(ada, city="Bonn")
    make_due()
    work(System.HUBSPOT)

    assert ContactLink.objects.get().seen["city"] == "Bonn"
    assert not Delivery.objects.waiting().exists()


def test_while_a_sync_runs_webhooks_wait_and_the_sweep_picks_them_up(
    control, world, crm_hook, work
):
    world.add_contact("ada@example.org")
    deliver(control)
    pk = Delivery.objects.first().pk

    with exclusive(f"sync-{System.HUBSPOT}"):
        process_delivery(pk)
        with pytest.raises(Busy):
            work(System.HUBSPOT)
    assert states() == {DeliveryState.RECEIVED}
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}
    sweep_deliveries()

    assert states() == {DeliveryState.PROCESSED}


def test_while_hubspot_is_out_of_reach_attempts_end_as_failures_with_the_reason(
    control, world, crm_hook, work, make_due, settings
):
    world.add_contact("ada@example.org")
    deliver(control)
    settings.HUBSPOT_BASE_URL = "http://127.0.0.1:9"

    for _ in range(4):
        make_due()
        with pytest.raises(RetryLater):
            work(System.HUBSPOT)

    delivery = Delivery.objects.first()
    assert delivery.state == DeliveryState.FAILED
    assert delivery.message.startswith("Nothing answers at http://127.0.0.1:9.")
    assert SyncRun.objects.filter(command="webhooks", outcome="failed").count() == 4


def test_a_webhook_on_which_nova_broke_off_each_time_fails_in_the_end(crm_hook, work):
    Delivery.objects.create(
        system=System.HUBSPOT,
        object_type="contacts",
        object_id="1",
        attempts=4,
        action="a.creation",
    )

    work(System.HUBSPOT)

    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.FAILED
    assert "Nova broke off while it read this." in delivery.message


def test_what_a_sync_has_read_since_is_not_read_again(control, world, crm_hook, work):
    ada = world.add_contact("ada@example.org")["id"]
    deliver(control)
    world.archive_record("contacts", ada)
    deliver(control)
    Delivery.objects.filter(action="contact.creation").update(state=DeliveryState.FAILED)
    later = timezone.now() + timedelta(seconds=1)
    save_cursor(System.HUBSPOT, "contacts", {"done_to": int(later.timestamp() * 1000)})

    log = work(System.HUBSPOT)

    told = dict(Delivery.objects.values_list("action", "message"))
    assert states() == {DeliveryState.PROCESSED}
    assert told["contact.creation"] == "A sync has read it since."
    assert told["contact.deletion"] == ""  # a sync of changes does not see who is gone
    assert log.meter.requests == 2


def test_webhooks_that_wait_are_worked_through_in_bounded_rounds(crm_hook, work):
    Delivery.objects.bulk_create(
        Delivery(
            system=System.HUBSPOT,
            action="contact.deletion",
            object_type="contacts",
            object_id=str(number),
        )
        for number in range(2_150)
    )

    first = work(System.HUBSPOT)
    left = Delivery.objects.waiting().count()
    work(System.HUBSPOT)

    assert (first.meter.requests, left) == (21, 150)
    assert not Delivery.objects.waiting().exists()
