"""Webhooks as stored: replayed, rid of personal data in time, on schedule, shown to staff."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from integrations.deliveries import forget_bodies, receive, replay
from integrations.models import Delivery, DeliveryState, System
from integrations.notices import Notice
from integrations.tasks import forget_deliveries

LIST = "admin:integrations_delivery_changelist"


def make_delivery(**fields):
    return Delivery.objects.create(
        **{
            "system": System.HUBSPOT,
            "action": "contact.propertyChange",
            "object_type": "contacts",
            "object_id": "51",
            "body": json.dumps({"objectId": 51, "propertyValue": "ada@example.org"}),
        }
        | fields
    )


@pytest.fixture
def staff(client, db):
    """A member of staff who may look at webhooks, and no more."""
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    client.force_login(user)
    return user


@pytest.mark.django_db
def test_after_so_many_days_nothing_of_a_person_is_left_in_the_bodies(settings):
    settings.NOVA_RETENTION_DAYS = 10
    now = timezone.now()
    old = make_delivery(received_at=now - timedelta(days=10, minutes=1))
    new = make_delivery(received_at=now - timedelta(days=9, hours=23))

    forget_deliveries()
    again = forget_bodies()

    old.refresh_from_db()
    new.refresh_from_db()
    assert json.loads(old.body) == {"objectId": 51, "propertyValue": "[masked]"}
    assert old.masked_at >= now
    assert "ada@example.org" in new.body
    assert again == 0


@pytest.mark.django_db
def test_bodies_of_every_kind_can_be_forgotten():
    bodies = [("hubspot", '"<html>"'), ("hubspot", ""), ("eventbrite", '"x"'), ("eventbrite", "")]
    long_ago = timezone.now() - timedelta(days=40)
    for system, body in bodies:
        make_delivery(system=system, body=body, received_at=long_ago)

    assert forget_bodies() == 4
    assert set(Delivery.objects.values_list("body", flat=True)) == {'"[masked]"', ""}


@pytest.mark.django_db
def test_many_old_bodies_are_forgotten_in_batches():
    long_ago = timezone.now() - timedelta(days=40)
    Delivery.objects.bulk_create(
        Delivery(system=System.HUBSPOT, body='{"propertyValue": "x"}', received_at=long_ago)
        for _ in range(1_001)
    )

    assert forget_bodies() == 1_001
    assert not Delivery.objects.filter(masked_at=None).exists()


@pytest.mark.django_db
def test_what_is_done_with_goes_after_a_year_and_what_waits_stays():
    now = timezone.now()
    for days in (364, 366):
        for state in DeliveryState:
            make_delivery(state=state, received_at=now - timedelta(days=days))

    forget_deliveries()

    old = Delivery.objects.filter(received_at__lt=now - timedelta(days=365))
    assert set(old.values_list("state", flat=True)) == {
        DeliveryState.RECEIVED,
        DeliveryState.FAILED,
    }
    assert Delivery.objects.count() == 4 + 2


@pytest.mark.django_db
def test_a_masked_webhook_can_still_be_replayed():
    make_delivery(received_at=timezone.now() - timedelta(days=40), state=DeliveryState.FAILED)
    forget_bodies()

    assert replay(Delivery.objects.all()) == 1
    assert Delivery.objects.due(System.HUBSPOT).count() == 1


@pytest.mark.django_db
def test_a_replay_begins_from_the_start_whatever_came_of_it():
    for state in DeliveryState:
        make_delivery(state=state, attempts=4, message="Odd.", due_at=None)

    assert replay(Delivery.objects.all()) == 4

    told = set(Delivery.objects.values_list("state", "attempts", "message", "processed_at"))
    assert told == {(DeliveryState.RECEIVED, 0, "", None)}


@pytest.mark.django_db
def test_what_names_nothing_that_nova_reads_is_not_replayed():
    make_delivery(object_type="", object_id="", state=DeliveryState.FAILED)
    make_delivery(object_type="companies", state=DeliveryState.IGNORED)

    assert replay(Delivery.objects.all()) == 0
    assert not Delivery.objects.waiting().exists()


@pytest.mark.django_db
def test_taking_in_costs_the_same_for_one_notice_and_for_a_hundred(django_assert_max_num_queries):
    for first, last in ((0, 1), (1, 101), (0, 100)):
        notices = [
            Notice("contact.creation", "contacts", str(number), "{}", key=str(number))
            for number in range(first, last)
        ]
        with django_assert_max_num_queries(7):
            receive(System.HUBSPOT, notices)

    assert Delivery.objects.count() == 101


@pytest.mark.django_db
def test_the_sweep_and_the_forgetting_are_on_schedule():
    tasks = {
        task.task.rpartition(".")[2]: str(task.interval)
        for task in PeriodicTask.objects.filter(task__contains="deliveries")
    }

    assert tasks == {"sweep_deliveries": "every 15 seconds", "forget_deliveries": "every day"}


def test_staff_see_what_was_received_without_what_tells_of_people(client, staff):
    delivery = make_delivery(message="HubSpot does not show contact 51.")

    page = client.get(reverse("admin:integrations_delivery_change", args=[delivery.pk]))

    text = page.content.decode()
    assert "propertyValue" in text
    assert "[masked]" in text
    assert "ada@example.org" not in text


def test_the_list_finds_webhooks_by_state_system_and_id(client, staff):
    failed = make_delivery(state=DeliveryState.FAILED, object_id="4711")
    make_delivery()

    for query in ({"state__exact": "failed"}, {"q": "4711"}):
        page = client.get(reverse(LIST), query | {"system__exact": "hubspot"})
        assert list(page.context["cl"].queryset) == [failed]


def test_replay_asks_for_the_permission(client, staff):
    delivery = make_delivery(state=DeliveryState.FAILED)
    order = {"action": "process_again", "_selected_action": [delivery.pk]}

    client.post(reverse(LIST), order)
    delivery.refresh_from_db()
    refused = delivery.state
    staff.user_permissions.add(Permission.objects.get(codename="change_delivery"))
    page = client.post(reverse(LIST), order, follow=True)

    delivery.refresh_from_db()
    assert (refused, delivery.state) == (DeliveryState.FAILED, DeliveryState.RECEIVED)
    assert "1 webhooks will be processed again in a moment." in page.content.decode()


def test_a_failed_webhook_waits_in_the_inbox_until_it_is_dismissed(client, db):
    client.force_login(User.objects.create_superuser("root"))
    make_delivery(state=DeliveryState.FAILED, message="HubSpot is out of reach.")

    page = client.get(reverse("inbox"))

    assert "HubSpot is out of reach." in page.content.decode()
