"""What is gone from Eventbrite, moved, or came late; and whose names stay out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from customers.models import Attendance, AttendanceStatus, Customer, Order
from customers.services import erase_person
from events.models import Event, RuleKind, ShowType, ShowTypeRule
from finance.models import LedgerLine
from integrations.models import Outcome, Problem
from integrations.sandbox.ticketing import ORGANIZATION_ID

pytestmark = pytest.mark.django_db

ADA = {"name": "Ada Lovelace", "email": "ada@x.org"}
BO = {"name": "Bo Diddley", "email": "bo@x.org"}
EVENTS = f"organizations/{ORGANIZATION_ID}/events/"
ORDERS = f"organizations/{ORGANIZATION_ID}/orders/"


def known_by(address):
    return Customer.objects.known_by(address).get()


def figures(address):
    customer = known_by(address)
    return customer.events_booked, customer.seats_count, customer.total_spend


def statuses():
    return list(Attendance.objects.order_by("eventbrite_id").values_list("status", flat=True))


def net_sales():
    return LedgerLine.objects.aggregate(total=Sum("amount"))["total"]


# Seats


def test_a_seat_that_vanishes_from_its_order_is_deleted(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, seats=[{}, BO], price=1000)
    pull()
    assert figures("bo@x.org") == (1, 1, 0)

    world.remove_seat(world.seats_of(order)[1]["id"])
    log = pull()

    assert statuses() == [AttendanceStatus.ATTENDING, AttendanceStatus.DELETED]
    assert figures("bo@x.org") == (0, 0, 0)
    assert (net_sales(), log.run.outcome) == (20, Outcome.DONE)


def test_the_last_seat_of_an_order_may_vanish_too(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA)
    pull()

    world.remove_seat(world.seats_of(order)[0]["id"])
    pull()

    assert statuses() == [AttendanceStatus.DELETED]


@pytest.mark.parametrize("named", [[], None])
def test_a_list_that_is_cut_short_deletes_no_seat(world, connected, pull, named):
    order = world.add_order(world.add_event(), buyer=ADA, seats=2)
    pull()
    changed = world.patch("orders", order["id"], name="Ada King")
    plain = {key: value for key, value in changed.items() if not key.startswith("_")}
    cut = plain | {"attendees": named, "refund_requests": []}
    body = {"pagination": {"has_more_items": False}, "orders": [cut]}
    connected.faults.add("status", ORDERS, status=200, body=body)

    pull()

    assert Order.objects.get().buyer_name == "Ada King"
    assert statuses() == [AttendanceStatus.ATTENDING] * 2


def test_a_seat_that_is_back_is_valid_again(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, seats=2)
    pull()
    seat = world.seats_of(order)[1]
    world.remove_seat(seat["id"])
    pull()
    assert AttendanceStatus.DELETED in statuses()

    world.store.put("attendees", seat)
    pull(is_full=True)

    assert statuses() == [AttendanceStatus.ATTENDING] * 2


def test_a_transferred_seat_moves_to_the_new_order_and_its_money_does_not(world, pull):
    event = world.add_event()
    order = world.add_order(event, buyer=ADA, seats=2, price=1000)
    pull()

    moved = world.transfer_seat(world.seats_of(order)[1]["id"], buyer=BO)
    pull()

    assert set(Attendance.objects.values_list("order__eventbrite_id", "status")) == {
        (order["id"], AttendanceStatus.ATTENDING),
        (order["id"], AttendanceStatus.TRANSFERRED),
        (moved["order_id"], AttendanceStatus.ATTENDING),
    }
    assert (figures("ada@x.org"), figures("bo@x.org")) == ((1, 1, 20), (1, 1, 0))
    assert net_sales() == 20


def test_a_seat_that_is_transferred_to_another_show_counts_there(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA)
    pull()

    world.transfer_seat(world.seats_of(order)[0]["id"], event=world.add_event("Late show"))
    pull()

    assert Event.objects.get(name="Late show").seats.valid().count() == 1
    assert Attendance.objects.valid().count() == 1


def test_a_check_in_that_is_taken_back_leaves_a_valid_seat(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA)
    [seat] = world.seats_of(order)
    world.check_in(seat["id"])
    pull()
    assert statuses() == [AttendanceStatus.CHECKED_IN]

    unused = [code | {"status": "unused"} for code in seat["barcodes"]]
    world.patch("attendees", seat["id"], status="Attending", checked_in=False, barcodes=unused)
    pull()

    assert (statuses(), Attendance.objects.get().checked_in_at) == (["attending"], None)


def test_the_first_check_in_of_a_show_tells_who_stayed_away_and_the_last_one_undone_nobody(
    world, pull
):
    event = world.add_event(start=datetime.now(UTC) - timedelta(hours=1))
    one = world.add_order(event, buyer=ADA)
    world.add_order(event, buyer=BO)
    pull()
    assert known_by("bo@x.org").events_attended == 1

    [seat] = world.seats_of(one)
    world.check_in(seat["id"])
    pull()
    assert (known_by("ada@x.org").events_attended, known_by("bo@x.org").events_attended) == (1, 0)
    unused = [code | {"status": "unused"} for code in seat["barcodes"]]
    world.patch("attendees", seat["id"], status="Attending", checked_in=False, barcodes=unused)
    pull()

    assert known_by("bo@x.org").events_attended == 1


# Refunds


def test_processed_items_add_up_and_those_that_wait_or_failed_do_not(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, seats=3, price=1000)
    pull()

    def part(value, status, kind):
        given = {"currency": "EUR", "value": value}
        return {"amount_processed": given, "status": status, "item_type": kind}

    requests = [
        {"items": [part(500, "processed", "attendee"), part(250, "processed", "attendee")]},
        {"items": [part(900, "pending", "order"), part(800, "error", "order")]},
        {"items": []},
        {"items": [{"amount_processed": None, "status": "processed"}]},
    ]
    world.patch("orders", order["id"], _refund_requests=requests)
    pull()

    assert Order.objects.get().refund == 7.5
    assert (net_sales(), Attendance.objects.valid().count()) == (22.5, 3)


def test_a_refund_in_another_currency_is_reported_and_counts_nowhere(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, price=1000)
    pull()

    given = {"currency": "JPY", "value": 500}
    item = {"amount_processed": given, "status": "processed", "item_type": "order"}
    world.patch("orders", order["id"], _refund_requests=[{"items": [item]}])
    log = pull()

    assert net_sales() == 10
    assert "a refund is in JPY, and the order in EUR" in Problem.objects.get().message
    assert log.run.outcome == Outcome.DONE_WITH_PROBLEMS


def test_a_refund_after_the_payout_is_a_line_of_its_own_day(world, pull):
    start = datetime.now(UTC) - timedelta(days=30)
    event = world.add_event(start=start)
    order = world.add_order(event, price=1000, created=start - timedelta(days=5))
    pull()
    assert Event.objects.get().status == "completed"

    world.refund_order(order["id"], 400)
    pull()

    refund = LedgerLine.objects.get(kind="refund")
    assert (refund.amount, net_sales()) == (-4, 6)
    assert refund.occurred_at > datetime.now(UTC) - timedelta(minutes=5)


def test_a_cancelled_show_whose_refunds_are_not_known_counts_as_given_back(world, pull):
    event = world.add_event()
    order = world.add_order(event, buyer=ADA, price=1000)
    pull()

    world.patch("events", event["id"], status="canceled")
    world.patch("orders", order["id"], status="cancelled")
    pull()

    assert Order.objects.get().is_refund_provisional
    assert (net_sales(), figures("ada@x.org")) == (0, (0, 0, 0))


# Events and orders


def test_an_event_that_disappears_is_marked_and_kept_and_comes_back(world, pull):
    event = world.add_event()
    order = world.add_order(event, buyer=ADA, price=1000)
    world.add_event("Stays")
    pull()
    kept = {
        kind: [row for row in world.dump(kind) if row.get("event_id", row["id"]) == event["id"]]
        for kind in ("events", "ticket_classes", "orders", "attendees")
    }

    world.remove_event(event["id"])
    log = pull()

    assert [e.name for e in Event.objects.missing()] == [event["name"]["text"]]
    assert (net_sales(), Order.objects.get().eventbrite_id) == (10, order["id"])
    assert log.run.outcome == Outcome.DONE
    again = pull()
    assert again.total("updated") == 0

    for kind, rows in kept.items():
        for row in rows:
            world.store.put(kind, row)
    pull()

    assert not Event.objects.missing().exists()
    assert Event.objects.count() == 2


def test_an_empty_list_of_events_is_not_believed(world, connected, pull):
    world.add_event()
    pull()
    body = {"pagination": {"has_more_items": False}, "events": []}
    connected.faults.add("status", EVENTS, status=200, body=body)

    pull()

    assert not Event.objects.missing().exists()


def test_an_order_that_is_gone_by_id_is_marked_and_kept_until_it_is_back(world, connected, pull):
    order = world.add_order(world.add_event(), buyer=ADA, price=1000)
    connected.faults.add("expansion_failed", ORDERS, times=1)
    pull()
    world.store.remove("orders", order["id"])

    log = pull()

    assert Order.objects.get().missing_since is not None
    assert (net_sales(), log.run.outcome) == (10, Outcome.DONE)
    world.store.put("orders", order)
    world.patch("orders", order["id"], name="Ada King")
    pull()

    assert Order.objects.get().missing_since is None


def test_a_series_gives_its_shows_their_type(world, pull):
    parent = world.add_event("Open mic", is_series=True, is_series_parent=True)
    for day in (1, 2):
        start = datetime.now(UTC) + timedelta(days=day)
        world.add_event("Open mic", start=start, is_series=True, series_id=parent["id"])
    kind = ShowType.objects.create(name="Open mic")
    ShowTypeRule.objects.create(show_type=kind, kind=RuleKind.SERIES, value=parent["id"])

    pull()

    shows = Event.objects.played_or_planned()
    assert [(show.series_id, show.show_type) for show in shows] == [(parent["id"], kind)] * 2


# Names that stay out


def test_no_name_of_an_erased_buyer_comes_back(world, pull):
    guests = [{}, {"name": "Grace Hopper"}, {"name": "Ada Lovelace", "email": ""}]
    order = world.add_order(world.add_event(), buyer=ADA, seats=guests, price=1000)
    pull()
    names = set(Attendance.objects.values_list("guest_name", flat=True))
    assert names == {"", "Grace Hopper", "Ada Lovelace"}

    erased = erase_person(email="ada@x.org")
    for number, seat in enumerate(world.seats_of(order)):
        world.patch("attendees", seat["id"], delivery_method=f"again {number}")
    world.patch("orders", order["id"], time_remaining=1)
    pull()
    pull(is_full=True)

    stored = Order.objects.get()
    assert (stored.buyer_name, stored.buyer, stored.is_buyer_erased) == ("", erased, True)
    assert set(Attendance.objects.values_list("guest_name", flat=True)) == {""}
    erased.refresh_from_db()
    assert (erased.name, erased.total_spend, erased.seats_count) == ("", 30, 3)
    assert Customer.objects.count() == 1


def test_an_erased_buyers_order_without_address_stays_nameless(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA)
    pull()
    erase_person(email="ada@x.org")

    world.patch("orders", order["id"], email="")
    pull()

    assert (Order.objects.get().buyer_name, Order.objects.get().is_buyer_erased) == ("", True)


def test_an_order_that_an_erased_person_places_later_names_nobody(world, pull):
    world.add_order(world.add_event(), buyer=ADA)
    pull()
    erase_person(email="ada@x.org")

    seats = [{}, {"name": "Ada Lovelace", "email": ""}]
    world.add_order(world.add_event(), buyer=ADA, seats=seats)
    pull()

    assert set(Order.objects.values_list("buyer_name", flat=True)) == {""}
    assert set(Attendance.objects.values_list("guest_name", flat=True)) == {""}
