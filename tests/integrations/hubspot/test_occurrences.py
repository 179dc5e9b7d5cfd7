"""Purchases and visits as HubSpot's custom events: which are sent, once, and to whom never."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import AttendanceStatus, Order, OrderStatus
from integrations.errors import Misconfigured
from integrations.hubspot.marketing_client import MarketingClient
from integrations.hubspot.occurrences import (
    apply_occurrences,
    create_definitions,
    events_since,
    missing_definitions,
    plan_occurrences,
)
from integrations.models import Occurrence, Problem, RemoteWrite, System
from integrations.sync import sync_run
from tests.factories import make_buyer, make_customer, make_event, make_order, make_seat

SEND = "POST /events/v3/send/batch"
BOUGHT, ATTENDED = "nova_ticket_purchased", "nova_attended"


@pytest.fixture
def marketing(portal, client, settings) -> MarketingClient:
    """An Enterprise account with the events defined; Nova sends from 2026 on."""
    portal.limits.use_tier("enterprise")
    settings.HUBSPOT_EVENTS = "2026-01-01"
    marketing = MarketingClient(client)
    create_definitions(marketing)
    portal.stats.reset()
    return marketing


def sent(world):
    """What HubSpot keeps: the kind, the address, the time and the properties."""
    addresses = {row["id"]: row["properties"]["email"] for row in world.dump("contacts")}
    return sorted(
        (
            row["eventType"].partition("_")[2],
            addresses[row["objectId"]],
            row["occurredAt"],
            row["properties"]["show"],
        )
        for row in world.dump("event_occurrences")
    )


def evening(name, day, **fields):
    return make_event(day, name=name, **fields)


def test_a_purchase_and_a_visit_are_sent_with_their_details(world, marketing, sync):
    event = evening("Gala", date(2026, 3, 14))
    buyer = make_customer("ada@x.org")
    order = make_order(event, "25.50", buyer=buyer)
    make_seat(order, holder=buyer, price="25.50")

    log = sync()

    assert sent(world) == [
        (ATTENDED, "ada@x.org", "2026-03-14T20:00:00.000Z", "Gala"),
        (BOUGHT, "ada@x.org", "2026-03-07T20:00:00.000Z", "Gala"),
    ]
    assert [row["properties"] for row in world.dump("event_occurrences")] == [
        {"show": "Gala", "show_type": "", "venue": "", "price": "25.50", "currency": "EUR"}
    ] * 2
    assert log.counts["HubSpot events"]["created"] == 2
    assert Occurrence.objects.count() == 2


def test_a_second_run_sends_nothing(world, portal, marketing, sync):
    make_buyer("ada@x.org", events=2)
    sync()
    portal.stats.reset()

    log = sync(full=True)

    assert (log.meter.writes, portal.stats.writes) == (0, 0)
    assert not [entry for entry in portal.stats.log if "/events/" in entry[1]]
    assert {row["_repeats"] for row in world.dump("event_occurrences")} == {0}


def test_what_was_sent_but_not_noted_is_recognised_by_hubspot(world, marketing, sync):
    make_buyer("ada@x.org")
    sync()
    before = sent(world)
    Occurrence.objects.all().delete()

    sync()

    assert sent(world) == before
    assert {row["_repeats"] for row in world.dump("event_occurrences")} == {1}
    assert Occurrence.objects.count() == 2


def test_the_past_before_the_day_in_the_settings_is_not_sent(world, marketing, sync, settings):
    settings.HUBSPOT_EVENTS = "2026-02-10"
    make_buyer("ada@x.org", events=3)  # bought on 7 January, February and March

    sync()

    assert [(kind, at[:10]) for kind, _, at, _ in sent(world)] == [
        (ATTENDED, "2026-02-14"),
        (ATTENDED, "2026-03-14"),
        (BOUGHT, "2026-03-07"),
    ]


def test_the_plan_says_how_many_and_that_they_cannot_be_taken_back(world, portal, marketing, sync):
    world.add_contact("ada@x.org")
    make_buyer("ada@x.org", events=2)

    log = sync(dry_run=True)

    planned = RemoteWrite.objects.planned().filter(object_type="events")
    assert log.counts["HubSpot events"] == {"to create": 4}
    assert all("cannot be taken back" in write.reason for write in planned)
    assert planned.last().after["event"] == "Ticket purchased"
    assert portal.stats.writes == 0
    assert sent(world) == []


def test_events_are_off_unless_asked_for(world, portal, marketing, sync, settings):
    settings.HUBSPOT_EVENTS = "off"
    make_buyer("ada@x.org")

    sync()

    assert not [entry for entry in portal.stats.log if "/events/" in entry[1]]


@pytest.mark.parametrize("text", ["on", "soon", "2026-13-01"])
def test_the_setting_must_be_a_day(settings, text):
    settings.HUBSPOT_EVENTS = text

    with pytest.raises(Misconfigured, match="such as 2026-12-01"):
        events_since()


def test_the_day_begins_in_the_organisers_zone(settings):
    settings.HUBSPOT_EVENTS, settings.TIME_ZONE = "2026-07-01", "Europe/Berlin"

    assert events_since() == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_only_people_whom_a_contact_stands_for_are_told_of(world, marketing, sync):
    make_order(evening("Gala", date(2026, 3, 14)))
    lead = world.add_contact("lead@x.org")

    sync()

    assert sent(world) == []
    assert lead["id"]


def test_who_was_not_checked_in_attended_only_where_nobody_was(world, marketing, sync):
    with_check_in, without = evening("A", date(2026, 3, 1)), evening("B", date(2026, 3, 2))
    ada, bob = make_customer("ada@x.org"), make_customer("bob@x.org")
    for event in (with_check_in, without):
        for person in (ada, bob):
            order = make_order(event, buyer=person)
            is_in = event == with_check_in and person == ada
            status = AttendanceStatus.CHECKED_IN if is_in else AttendanceStatus.ATTENDING
            make_seat(order, holder=person, status=status)

    sync()

    assert [(who, show) for kind, who, _, show in sent(world) if kind == ATTENDED] == [
        ("ada@x.org", "A"),
        ("ada@x.org", "B"),
        ("bob@x.org", "B"),
    ]
    ada.refresh_from_db()
    bob.refresh_from_db()
    assert (ada.events_attended, bob.events_attended) == (2, 1)


def test_several_seats_of_a_person_are_one_visit_with_their_whole_price(world, marketing, sync):
    buyer = make_customer("ada@x.org")
    order = make_order(evening("Gala", date(2026, 3, 14)), "30.00", buyer=buyer)
    make_seat(order, holder=buyer, price="10.00")
    make_seat(order, holder=None, price="10.00")
    make_seat(order, holder=make_customer("guest@x.org"), price="10.00")

    sync()

    prices = {
        (row["eventType"].partition("_")[2], row["properties"]["price"])
        for row in world.dump("event_occurrences")
    }
    assert prices == {(BOUGHT, "30.00"), (ATTENDED, "20.00"), (ATTENDED, "10.00")}


@pytest.mark.parametrize("status", [OrderStatus.REFUNDED, OrderStatus.PENDING])
def test_orders_that_are_not_placed_are_not_told(world, marketing, sync, status):
    make_order(buyer=make_customer("ada@x.org"), status=status)

    sync()

    assert sent(world) == []


def test_an_order_that_was_refunded_since_the_plan_is_not_sent(world, marketing, sync):
    world.add_contact("ada@x.org")
    make_buyer("ada@x.org")
    sync(dry_run=True)
    Order.objects.update(status=OrderStatus.REFUNDED)

    with sync_run(System.HUBSPOT, "test") as log:
        apply_occurrences(marketing, log)

    assert sent(world) == []
    writes = RemoteWrite.objects.filter(object_type="events")
    assert {write.state for write in writes} == {"skipped"}


def test_events_go_out_500_at_a_time(world, portal, marketing, sync):
    event = evening("Gala", date(2026, 3, 14))
    for number in range(260):
        world.add_contact(f"p{number}@x.org")
        make_order(event, buyer=make_customer(f"p{number}@x.org"))

    sync()

    assert len(sent(world)) == 520
    assert portal.stats.by_route[SEND] == 2


def test_a_wrong_event_is_set_aside_and_the_rest_goes_through(world, portal, marketing, sync):
    for number in range(4):
        make_order(buyer=make_customer(f"p{number}@x.org"), event=evening("x", date(2027, 1, 1)))
    body = {"status": "error", "category": "VALIDATION_ERROR", "message": "No."}
    # Four are halved: 4, 2, 1; the first one is bad.
    portal.faults.add("status", path="send/batch", status=400, body=body, nth=[1, 2, 3])
    Order.objects.update(ordered_at=datetime(2026, 5, 1, tzinfo=UTC))

    log = sync()

    assert len(sent(world)) == 3
    assert log.counts["HubSpot events"]["created"] == 3
    assert RemoteWrite.objects.get(object_type="events", state="failed").error == "No."
    assert Problem.objects.get().record.startswith("event “Ticket purchased” of order")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "html"])
def test_a_hiccup_sends_nothing_twice(world, portal, marketing, sync, kind):
    make_buyer("ada@x.org")
    portal.faults.add(kind, path="send/batch", times=2)

    sync()
    again = sync()

    assert len(sent(world)) == 2
    assert again.meter.writes == 0


def test_an_account_of_a_lower_tier_is_told_once_and_costs_no_more_requests(
    world, portal, marketing, sync
):
    portal.limits.use_tier("professional")
    make_buyer("ada@x.org")

    first = sync()
    portal.stats.reset()
    second = sync()
    asked = [entry for entry in portal.stats.log if "/events/" in entry[1]]
    told = Problem.objects.get()
    portal.limits.use_tier("enterprise")
    sync(full=True)

    assert (first.run.outcome, second.run.outcome) == ("problems", "done")
    assert asked == []
    assert told.record == "HubSpot: Behavioural events"
    assert "does not have access to custom behavioral events" in told.message
    assert len(sent(world)) == 2
    assert Problem.objects.open().count() == 0


def test_without_definitions_set_up_is_asked_for(world, portal, client, settings, sync):
    portal.limits.use_tier("enterprise")
    settings.HUBSPOT_EVENTS = "2026-01-01"
    make_buyer("ada@x.org")

    sync()
    told = sorted(Problem.objects.values_list("message", flat=True))
    create_definitions(MarketingClient(client))
    sync()

    assert told == [
        "HubSpot does not know the event “Attended” yet. Run setup_hubspot.",
        "HubSpot does not know the event “Ticket purchased” yet. Run setup_hubspot.",
    ]
    assert len(sent(world)) == 2
    assert Problem.objects.open().count() == 0


def test_definitions_are_made_once_and_a_deleted_name_stays_missing(world, marketing):
    first = missing_definitions(marketing)
    row = next(r for r in world.dump("event_definitions") if r["name"] == ATTENDED)
    world.store.put("event_definitions", row | {"archived": True})

    left = create_definitions(marketing)

    assert first == []
    assert [kind.label for kind in left] == ["Attended"]


def test_planning_and_sending_take_as_many_queries_for_60_people_as_for_3(
    world, marketing, sync, settings
):
    def queries(number):
        for _ in range(number):
            buyer = make_buyer("")
            world.add_contact(buyer.email)
        settings.HUBSPOT_WRITE_MODE = "off"
        sync(pull_only=True)
        settings.HUBSPOT_WRITE_MODE = "auto"
        with sync_run(System.HUBSPOT, "test") as log, CaptureQueriesContext(connection) as taken:
            plan_occurrences(marketing, log, events_since())
            apply_occurrences(marketing, log)
        return len(taken)

    queries(1)
    few = queries(3)

    many = queries(60)

    assert many == few
    assert len(sent(world)) == 128
