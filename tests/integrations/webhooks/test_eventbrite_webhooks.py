"""Eventbrite calls, Nova stores, and reads the objects again: over real HTTP on both sides."""

import json
from datetime import UTC, datetime

import pytest
import requests

from customers.models import Attendance, Order
from events.models import Event, TicketClass, Venue
from integrations.eventbrite.pull import pull_eventbrite
from integrations.models import Delivery, DeliveryState, SyncRun, System
from integrations.sync import save_cursor
from integrations.tasks import process_delivery, sweep_deliveries
from nova_project.lock import exclusive

pytestmark = pytest.mark.django_db(transaction=True)
HOME = "https://www.eventbriteapi.com/v3"
LONG_AGO = datetime(2026, 1, 5, 12, tzinfo=UTC)


def deliver(control, **options):
    return control("eventbrite/webhooks/deliver", **options)


def tell(url, path, action="order.updated", home=HOME):
    """A call about the object at `path`, whether or not something happened to it."""
    body = {"config": {"action": action}, "api_url": f"{home}/{path}"}
    return requests.post(url, json=body, timeout=10, allow_redirects=False)


def states():
    return set(Delivery.objects.values_list("state", flat=True))


@pytest.fixture
def show(control, world, sales_hook, work):
    """A show that Nova knows by its webhooks already."""
    event = world.add_event(venue=world.add_venue())
    world.add_ticket_class(event)
    deliver(control)
    work(System.EVENTBRITE)
    return event


def test_a_new_show_comes_with_its_venue_and_tickets(control, world, sales_hook, work):
    venue = world.add_venue()
    event = world.add_event(venue=venue)
    world.add_ticket_class(event, "Front row")
    world.patch("venues", venue["id"], name="The House")

    answers = deliver(control)["answers"]
    log = work(System.EVENTBRITE)

    assert {answer["status"] for answer in answers} == {200}
    assert states() == {DeliveryState.PROCESSED}
    assert Event.objects.get().venue.name == "The House"
    assert TicketClass.objects.get().name == "Front row"
    assert Venue.objects.get().eventbrite_id == venue["id"]
    assert log.meter.requests == 2  # the venue and the event, however often they were told of


def test_a_sale_is_read_once_however_many_webhooks_tell_of_it(control, world, show, work):
    order = world.add_order(show, seats=2)

    told = deliver(control, duplicate=True, shuffle=True)["sent"]
    log = work(System.EVENTBRITE)

    assert told == Delivery.objects.waiting().count() + 10
    assert Order.objects.get().eventbrite_id == order["id"]
    assert Attendance.objects.count() == 2
    assert states() == {DeliveryState.PROCESSED}
    assert log.meter.requests == 1


def test_a_check_in_reads_the_seat_alone(control, world, show, work):
    order = world.add_order(show)
    deliver(control)
    work(System.EVENTBRITE)

    world.check_in(world.seats_of(order)[0]["id"])
    deliver(control)
    log = work(System.EVENTBRITE)

    assert Attendance.objects.get().checked_in_at is not None
    assert log.meter.requests == 1


def test_a_refund_is_posted_to_the_ledger_as_by_a_pull(control, world, show, work):
    order = world.add_order(show, price=2500)
    deliver(control)
    work(System.EVENTBRITE)

    world.refund_order(order["id"])
    deliver(control, shuffle=True)
    work(System.EVENTBRITE)
    kept = Order.objects.values_list("status", "refund").get()
    pull = pull_eventbrite(command="test")

    assert (kept[0], str(kept[1])) == ("refunded", "25.000")
    assert [pull.counts[kind]["unchanged"] for kind in ("orders", "seats")] == [1, 1]


def test_a_seat_that_comes_before_its_order_brings_the_order_along(world, show, sales_hook, work):
    order = world.add_order(show)
    seat = world.seats_of(order)[0]["id"]

    tell(sales_hook, f"events/{show['id']}/attendees/{seat}/", "attendee.updated")
    work(System.EVENTBRITE)

    assert Order.objects.get().eventbrite_id == order["id"]
    assert Attendance.objects.get().eventbrite_id == seat


def test_the_test_button_is_answered_and_shown(control, nova, sales_hook, work):
    answers = control("eventbrite/webhooks/test")["answers"]

    delivery = Delivery.objects.get()
    assert [answer["status"] for answer in answers] == [200]
    assert (delivery.action, delivery.state) == ("test", DeliveryState.IGNORED)
    assert delivery.message == "Eventbrite's test button. All is well."
    assert work(System.EVENTBRITE) is None


def test_a_foreign_address_is_never_asked(sandbox, sales_hook, work):
    sandbox.stats.reset()

    statuses = [
        tell(sales_hook, "orders/1/", home=f"{sandbox.url}.evil.example/v3").status_code,
        tell(sales_hook, "orders/1/?next=http://x", home=f"{sandbox.url}/v3").status_code,
        tell(sales_hook, "users/me/", home=f"{sandbox.url}/v3").status_code,
    ]

    assert statuses == [200, 200, 200]
    assert states() == {DeliveryState.IGNORED}
    assert work(System.EVENTBRITE) is None
    assert sandbox.stats.total == 0


def test_kinds_that_nova_does_not_keep_are_left_aside(sales_hook):
    tell(sales_hook, "organizers/7/", "organizer.updated")

    assert Delivery.objects.get().message == "Nova keeps nothing of Eventbrite's organizers."


@pytest.mark.parametrize("secret", ["wrong", "a-long-secret-of-the-pat", "ß"])
def test_a_wrong_address_is_not_there_and_keeps_nothing(secret, nova, caplog):
    answer = tell(f"{nova.url}/webhooks/eventbrite/{secret}/", "orders/1/")

    assert answer.status_code == 404
    assert not Delivery.objects.exists()
    assert "webhook_refused" in caplog.text


def test_without_a_secret_there_is_no_address_at_all(nova, settings):
    settings.EVENTBRITE_WEBHOOK_SECRET = ""

    for path in ("eventbrite/x/", "eventbrite//", "eventbrite/"):
        assert tell(f"{nova.url}/webhooks/{path}", "orders/1/").status_code == 404


def test_the_secret_is_kept_nowhere(control, world, sales_hook, settings):
    world.add_venue()
    control("eventbrite/webhooks/test")
    world.add_event()
    deliver(control)

    assert Delivery.objects.exists()
    kept = json.dumps(list(Delivery.objects.values()), default=str)
    assert settings.EVENTBRITE_WEBHOOK_SECRET not in kept


def test_bodies_of_another_form_are_answered_and_kept_for_staff_to_see(sales_hook, settings):
    for body in (b"", b"<html>", b"[1]", b"\0\xff"):
        assert requests.post(sales_hook, body, timeout=10).status_code == 200
    assert requests.post(sales_hook, b" " * 65_537, timeout=10).status_code == 413
    assert requests.get(sales_hook, timeout=10).status_code == 405

    assert Delivery.objects.count() == 4
    assert states() == {DeliveryState.FAILED}


def test_an_order_that_is_not_to_be_seen_yet_is_read_when_it_is(
    world, show, sales_hook, work, make_due
):
    tell(sales_hook, "orders/4711/", "order.placed")
    work(System.EVENTBRITE)
    waiting = Delivery.objects.waiting().get()

    world.add_order(show, id="4711")
    make_due()
    work(System.EVENTBRITE)

    assert waiting.message == "Eventbrite does not show order 4711: not yet, or no longer."
    assert Order.objects.get().eventbrite_id == "4711"
    assert not Delivery.objects.waiting().exists()


def test_an_order_that_never_appears_is_left_to_the_sync(sales_hook, work, make_due):
    tell(sales_hook, "orders/4711/", "order.placed")

    for _ in range(4):
        make_due()
        work(System.EVENTBRITE)

    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.IGNORED, 4)
    assert delivery.message.endswith("It is left to the next sync.")


def test_an_old_version_is_read_again_later(control, world, show, sales_hook, work, make_due):
    order = world.add_order(show, created=LONG_AGO)
    deliver(control)
    work(System.EVENTBRITE)
    tell(sales_hook, f"orders/{order['id']}/")

    work(System.EVENTBRITE)
    waiting = Delivery.objects.waiting().get()
    world.refund_order(order["id"])
    make_due()
    work(System.EVENTBRITE)

    assert waiting.message == f"Eventbrite still shows order {order['id']} as it was before."
    assert Order.objects.get().status == "refunded"
    assert not Delivery.objects.waiting().exists()


def test_while_a_pull_runs_webhooks_wait_and_the_sweep_picks_them_up(control, world, sales_hook):
    world.add_venue()
    event = world.add_event()
    deliver(control)

    with exclusive(f"sync-{System.EVENTBRITE}"):
        process_delivery(Delivery.objects.last().pk)
    waiting = Delivery.objects.waiting().count()
    sweep_deliveries()

    assert waiting == Delivery.objects.count()
    assert states() == {DeliveryState.PROCESSED}
    assert Event.objects.get().eventbrite_id == event["id"]
    assert SyncRun.objects.get().command == "webhooks"


def test_what_pulls_have_read_since_is_not_read_again(world, show, sales_hook, work, sandbox):
    order = world.add_order(show)
    tell(sales_hook, f"orders/{order['id']}/")
    later = {"since": datetime.now(UTC).isoformat()}
    save_cursor(System.EVENTBRITE, "orders of 1", later)
    save_cursor(System.EVENTBRITE, "attendees of 1", {"since": None, "after": {"page": "2"}})
    half = work(System.EVENTBRITE).meter.requests

    tell(sales_hook, f"orders/{order['id']}/")
    save_cursor(System.EVENTBRITE, "orders of 1", {"since": datetime.now(UTC).isoformat()})
    save_cursor(System.EVENTBRITE, "attendees of 1", {"since": datetime.now(UTC).isoformat()})
    whole = work(System.EVENTBRITE)

    assert (half, whole) == (1, None)
    assert Delivery.objects.first().message == "A sync has read it since."


def test_a_flood_is_read_in_bounded_rounds(world, show, sales_hook, work):
    orders = [world.add_order(show) for _ in range(60)]
    Delivery.objects.bulk_create(
        Delivery(
            system=System.EVENTBRITE,
            action="order.placed",
            object_type="orders",
            object_id=order["id"],
        )
        for order in orders
    )

    work(System.EVENTBRITE)

    assert Order.objects.count() == 60
    assert states() == {DeliveryState.PROCESSED}
