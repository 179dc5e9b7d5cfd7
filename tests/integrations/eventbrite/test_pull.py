"""What a pull makes of Eventbrite's records. How it goes on after trouble: test_resume.py."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from customers.models import (
    Attendance,
    AttendanceStatus,
    Consent,
    Customer,
    EmailAddress,
    Order,
    OrderStatus,
    Suppression,
)
from events.models import Event, RuleKind, ShowType, ShowTypeRule, TicketClass, Venue
from finance.models import DepositMatch, LedgerLine, MatchOrigin
from integrations.errors import Misconfigured
from integrations.models import Cursor, Outcome, Problem, SyncRun
from integrations.sandbox.ticketing import ORGANIZATION_ID
from tests.factories import make_deposit

pytestmark = pytest.mark.django_db

ADA = {"name": "Ada Lovelace", "email": "ada@x.org"}
OLD = "2026-01-01T00:00:00Z"
"""A change that no window reaches back to."""

ORDERS = f"organizations/{ORGANIZATION_ID}/orders/"


def net_sales(order_id):
    lines = LedgerLine.objects.filter(order__eventbrite_id=order_id)
    return lines.aggregate(total=Sum("amount"))["total"]


def problems():
    return set(Problem.objects.open().values_list("code", "record"))


def holders(order):
    seats = Attendance.objects.filter(order__eventbrite_id=order["id"]).order_by("eventbrite_id")
    return [
        (seat.holder.email if seat.holder else None, seat.guest_name)
        for seat in seats.select_related("holder").prefetch_related("holder__addresses")
    ]


def test_the_programme_comes_with_venue_prices_and_local_day(world, pull):
    venue = world.add_venue("Kellerbühne", capacity=80)
    event = world.add_event(
        "Late show",
        start=datetime(2026, 3, 14, 23, 30, tzinfo=UTC),
        venue=venue,
        series_id="77",
    )
    world.add_ticket_class(event, "Standard", price=1850)
    world.add_ticket_class(event, "Guest list", price=0)

    pull()

    stored = Event.objects.get()
    assert (stored.name, stored.venue, str(stored.starts_on)) == (
        "Late show",
        Venue.objects.get(name="Kellerbühne", capacity=80, city="Berlin"),
        "2026-03-15",
    )
    assert (stored.series_id, stored.organization_id) == ("77", ORGANIZATION_ID)
    prices = TicketClass.objects.values_list("name", "price", "is_free", "currency")
    assert set(prices) == {
        ("Standard", Decimal("18.50"), False, "EUR"),
        ("Guest list", None, True, "EUR"),
    }


def test_ticket_classes_are_asked_for_where_the_expansion_fails(world, connected, pull):
    venue = world.add_venue()
    world.add_ticket_class(world.add_event(venue=venue), "Standard", price=1850)
    connected.faults.add("expansion_failed", "/events/")

    pull()

    assert TicketClass.objects.get().price == Decimal("18.50")
    assert Event.objects.get().venue == Venue.objects.get()


def test_an_event_without_venue_is_fine(world, pull):
    world.add_event(venue=None, online_event=True)

    log = pull()

    assert (Event.objects.get().venue, Event.objects.get().is_online) == (None, True)
    assert log.run.outcome == Outcome.DONE


def test_a_series_parent_is_kept_and_no_show(world, pull):
    world.add_event("The series", is_series=True, is_series_parent=True)

    pull()

    assert Event.objects.get().is_series_parent
    assert not Event.objects.played_or_planned().exists()


def test_an_order_is_posted_with_its_tax_and_fees(world, pull):
    order = world.add_order(
        world.add_event(), price=2000, eventbrite_fee=150, payment_fee=50, tax=300, seats=2
    )

    pull()

    lines = LedgerLine.objects.values_list("kind", "amount")
    assert dict(lines) == {
        "sale": Decimal("50.00"),
        "tax": Decimal("-6.00"),
        "eventbrite_fee": Decimal("-3.00"),
        "processing_fee": Decimal("-1.00"),
    }
    assert net_sales(order["id"]) == 40


def test_yen_have_no_digits_after_the_point(world, pull):
    order = world.add_order(world.add_event(currency="JPY"), price=4300)

    pull()

    assert Order.objects.get().gross == 4300
    assert LedgerLine.objects.get().currency == "JPY"
    assert net_sales(order["id"]) == 4300


@pytest.mark.parametrize("style", ["fall", "request"])
def test_a_refund_of_either_kind_takes_the_sale_back(world, pull, style):
    order = world.add_order(world.add_event(), price=2000)
    pull()

    world.refund_order(order["id"], style=style)
    pull()

    stored = Order.objects.get()
    assert (stored.status, stored.gross_paid, stored.refund) == (OrderStatus.REFUNDED, 20, 20)
    assert not stored.is_refund_provisional
    assert net_sales(order["id"]) == 0
    assert Attendance.objects.get().status == AttendanceStatus.REFUNDED


@pytest.mark.parametrize("style", ["fall", "request"])
def test_a_partial_refund_leaves_the_seats_valid(world, pull, style):
    order = world.add_order(world.add_event(), price=2000, seats=2)
    pull()

    world.refund_order(order["id"], 1500, style=style)
    pull()

    assert Order.objects.get().refund == 15
    assert net_sales(order["id"]) == 25
    assert Attendance.objects.valid().count() == 2


def test_a_refund_that_both_falls_and_is_requested_counts_once(world, pull):
    order = world.add_order(world.add_event(), price=2000)
    pull()

    world.refund_order(order["id"], 500, style="request")
    pull()
    world.refund_order(order["id"], 500, style="fall")
    pull()

    assert Order.objects.get().refund == 5
    assert net_sales(order["id"]) == 15


def test_a_refunded_order_without_amount_is_assumed_refunded_in_full(world, pull):
    order = world.add_order(world.add_event(), price=2000, status="refunded")

    pull()

    stored = Order.objects.get()
    assert (stored.refund, stored.is_refund_provisional) == (20, True)
    assert net_sales(order["id"]) == 0


def test_a_price_that_falls_before_the_order_is_placed_is_no_refund(world, pull):
    event = world.add_event()
    order = world.add_order(event, price=2000, status="pending")
    pull()

    cheaper = {"gross": {"value": 1500}, "base_price": {"value": 1500}}
    world.patch("orders", order["id"], status="placed", costs=cheaper)
    pull()

    assert (Order.objects.get().refund, net_sales(order["id"])) == (0, 15)


def test_an_imported_refund_and_hand_set_type_survive_a_pull(world, pull):
    event = world.add_event()
    order = world.add_order(event, price=2000)
    pull()
    Order.objects.update(refund_imported=Decimal(3))
    kind = ShowType.objects.create(name="Improv")
    Event.objects.update(show_type=kind, is_show_type_by_hand=True)

    world.patch("orders", order["id"], name="Ada King")
    pull(is_full=True)

    assert Order.objects.get().refund == 3
    assert net_sales(order["id"]) == 17
    assert Event.objects.get().show_type == kind


def test_a_cancelled_event_gives_the_money_back_and_counts_for_nobody(world, pull):
    event = world.add_event()
    order = world.add_order(event, price=2000, buyer=ADA)
    pull()
    assert Customer.objects.get().events_booked == 1

    world.cancel_event(event["id"])
    pull()

    assert Event.objects.get().status == "cancelled"
    assert net_sales(order["id"]) == 0
    assert (Customer.objects.get().events_booked, Customer.objects.get().total_spend) == (0, 0)


def test_a_cancellation_without_refund_still_counts_for_nobody(world, pull):
    event = world.add_event()
    world.add_order(event, price=2000, buyer=ADA)
    pull()

    world.patch("events", event["id"], status="canceled")
    pull()

    assert (Customer.objects.get().events_booked, Customer.objects.get().total_spend) == (0, 20)


@pytest.mark.parametrize("status", ["Deleted", "Transferred", "Not Attending"])
def test_a_seat_that_is_given_up_is_no_longer_valid(world, pull, status):
    order = world.add_order(world.add_event(), buyer=ADA, seats=[{}, {"email": "bo@x.org"}])
    pull()
    assert Customer.objects.known_by("bo@x.org").get().events_booked == 1

    world.cancel_seat(world.seats_of(order)[1]["id"], status)
    pull()

    assert Attendance.objects.valid().count() == 1
    assert Customer.objects.known_by("bo@x.org").get().events_booked == 0
    assert Customer.objects.known_by("ada@x.org").get().events_booked == 1


def test_a_check_in_comes_though_its_order_did_not_change(world, pull):
    order = world.add_order(world.add_event())
    pull()
    at = world.clock.now().replace(microsecond=0) - timedelta(minutes=1)

    world.check_in(world.seats_of(order)[0]["id"], at)
    pull()

    seat = Attendance.objects.get()
    assert (seat.status, seat.checked_in_at) == (AttendanceStatus.CHECKED_IN, at)


def test_whose_a_seat_is_follows_its_address_and_name(world, pull):
    order = world.add_order(
        world.add_event(),
        buyer=ADA,
        seats=[
            {},
            {"name": "ada  lovelace", "email": "ADA@x.org "},
            {"name": "", "email": "ada@x.org"},
            {"name": "Grace Hopper", "email": "ada@x.org"},
            {"name": "Grace Hopper", "email": "grace@x.org"},
            {"name": "Info Requested", "email": "Info Requested"},
            {"name": "Someone", "email": ""},
        ],
    )

    pull()

    assert holders(order) == [
        ("ada@x.org", ""),
        ("ada@x.org", ""),
        ("ada@x.org", ""),
        (None, "Grace Hopper"),
        ("grace@x.org", ""),
        (None, ""),
        (None, "Someone"),
    ]
    names = EmailAddress.objects.values_list("address", "customer__first_name")
    assert set(names) == {("ada@x.org", "Ada"), ("grace@x.org", "Grace")}


def test_details_that_come_late_move_the_seat_to_its_owner(world, pull):
    order = world.add_order(world.add_event(), buyer=ADA, seats=2)
    pull()
    assert holders(order) == [("ada@x.org", ""), ("ada@x.org", "")]

    seat = world.seats_of(order)[1]
    details = {"name": "Bo Diddley", "email": "bo@x.org", "cell_phone": "+49 30 1"}
    world.patch("attendees", seat["id"], profile=details)
    pull()

    assert holders(order) == [("ada@x.org", ""), ("bo@x.org", "")]
    bo = Customer.objects.known_by("bo@x.org").get()
    assert (bo.name, bo.phone, bo.events_booked, bo.seats_count) == (
        "Bo Diddley",
        "+49 30 1",
        1,
        1,
    )
    assert Customer.objects.known_by("ada@x.org").get().seats_count == 1


def test_nobody_is_renamed_by_an_order(world, pull):
    event = world.add_event()
    world.add_order(event, buyer=ADA)
    pull()

    world.add_order(event, buyer={"name": "Byron", "email": "ada@x.org"})
    pull()

    assert Customer.objects.get().name == "Ada Lovelace"


def test_an_erased_person_does_not_come_back(world, pull):
    Suppression.objects.create(digest=Suppression.digest_of("ada@x.org"))
    world.add_order(world.add_event(), buyer=ADA)

    pull()

    assert not Customer.objects.exists()
    assert Order.objects.get().buyer_name == ""
    assert Attendance.objects.get().guest_name == ""


def test_an_order_without_address_has_no_buyer(world, pull):
    world.add_order(world.add_event(), buyer={"name": "Box office", "email": ""})

    pull()

    assert (Order.objects.get().buyer, Order.objects.get().buyer_name) == (None, "Box office")


@pytest.mark.parametrize(
    ("opted_in", "consent"),
    [(True, Consent.OPTED_IN), (False, Consent.UNKNOWN), (None, Consent.UNKNOWN)],
)
def test_a_ticked_box_is_consent_an_unticked_one_nothing(world, pull, opted_in, consent):
    world.add_order(world.add_event(), buyer=ADA, opted_in=opted_in)

    pull()

    assert Customer.objects.get().consent == consent


def test_an_order_bears_the_codes_of_its_seats(world, pull):
    event = world.add_event()
    kind = world.add_ticket_class(event)
    discount = world.add_discount("EARLY")
    variant = f"T{kind['id']}-D{discount['id']}"
    one = world.add_order(event, seats=[{"affiliate": "flyer", "variant_id": variant}, {}])
    two = world.add_order(event, seats=[{"affiliate": "poster"}, {"affiliate": "flyer"}])

    pull()

    codes = Order.objects.values_list("eventbrite_id", "affiliate_code", "promo_code")
    assert set(codes) == {(one["id"], "flyer", "EARLY"), (two["id"], "flyer,poster", "")}


def test_an_unknown_order_status_is_kept_counts_nowhere_and_is_reported(world, pull):
    event = world.add_event()
    odd = world.add_order(event, price=2000, status="on_hold", buyer=ADA)
    good = world.add_order(event, price=1000)

    log = pull()

    stored = Order.objects.get(eventbrite_id=odd["id"])
    assert (stored.status, stored.remote_status) == (OrderStatus.UNKNOWN, "on_hold")
    assert (net_sales(odd["id"]), net_sales(good["id"])) == (None, 10)
    assert problems() == {("unknown_status", f"order {odd['id']}")}
    assert "on_hold" in Problem.objects.get().message
    assert (log.run.outcome, log.run.failed_count) == (Outcome.DONE_WITH_PROBLEMS, 1)


def test_a_problem_is_resolved_when_it_is_gone(world, pull):
    odd = world.add_order(world.add_event(), status="on_hold")
    pull()
    assert problems() == {("unknown_status", f"order {odd['id']}")}

    world.patch("orders", odd["id"], status="placed")
    log = pull()

    assert problems() == set()
    assert log.run.outcome == Outcome.DONE


def test_an_unknown_currency_leaves_out_that_order_alone(world, pull):
    event = world.add_event()
    odd = world.add_order(event, price=2000)
    world.patch("orders", odd["id"], costs={"gross": {"currency": "XTS"}})
    good = world.add_order(event, price=1000)

    log = pull()

    assert Order.objects.get().eventbrite_id == good["id"]
    assert problems() == {("unmappable", f"order {odd['id']}")}
    assert "XTS" in Problem.objects.get().message
    assert log.run.counts["orders"]["failed"] == 1
    assert log.run.counts["seats"] == {"created": 1, "failed": 1, "updated": 0, "unchanged": 0}


def test_an_order_that_can_be_read_again_is_read_with_its_seats(world, pull):
    odd = world.add_order(world.add_event(), price=2000, seats=2)
    costs = {"gross": {"currency": "XTS"}}
    world.patch("orders", odd["id"], costs=costs, changed=OLD)
    for seat in world.seats_of(odd["id"]):
        world.patch("attendees", seat["id"], changed=OLD)
    pull()
    pull()
    assert (Order.objects.count(), Attendance.objects.count()) == (0, 0)

    world.patch("orders", odd["id"], costs={"gross": {"currency": "EUR"}}, changed=OLD)
    log = pull()

    assert (Order.objects.count(), Attendance.objects.count()) == (1, 2)
    assert (problems(), log.run.outcome) == (set(), Outcome.DONE)


def test_orders_of_an_event_that_is_not_shown_wait_for_it(world, pull):
    event = world.add_event()
    order = world.add_order(event, price=2000, seats=2)
    world.store.remove("events", event["id"])
    good = world.add_order(world.add_event(), price=1000)

    first, second = pull(), pull()

    assert Order.objects.get().eventbrite_id == good["id"]
    assert problems() == {("event_unknown", f"event {event['id']}")}
    assert Problem.objects.get().seen_count == 2
    assert first.run.counts["orders"]["failed"] == 1
    assert first.run.counts["seats"]["failed"] == 2
    assert second.run.outcome == Outcome.DONE_WITH_PROBLEMS

    world.store.put("events", event)
    for kind, row in (("orders", order), *(("attendees", s) for s in world.seats_of(order))):
        world.patch(kind, row["id"], changed=OLD)
    third = pull()

    assert net_sales(order["id"]) == 40
    assert Attendance.objects.filter(order__eventbrite_id=order["id"]).count() == 2
    assert (problems(), third.run.outcome) == (set(), Outcome.DONE)


def test_a_seat_whose_order_is_newer_than_the_list_of_orders_is_not_lost(world, connected, pull):
    order = world.add_order(world.add_event(), price=2000)
    empty = {"pagination": {"has_more_items": False}, "orders": []}
    connected.faults.add(
        "status", f"organizations/{ORGANIZATION_ID}/orders/", status=200, body=empty
    )

    log = pull()

    assert net_sales(order["id"]) == 20
    assert Attendance.objects.count() == 1
    assert log.run.outcome == Outcome.DONE


def test_a_seat_without_order_waits_for_it(world, pull):
    event = world.add_event()
    order = world.add_order(event, price=2000)
    world.store.remove("orders", order["id"])
    world.add_order(event, price=1000)

    first, second = pull(), pull()

    [seat] = world.seats_of(order)
    assert Attendance.objects.count() == 1
    assert problems() == {("order_unknown", f"order {order['id']}")}
    assert first.run.counts["seats"]["failed"] == 1
    assert second.run.outcome == Outcome.DONE_WITH_PROBLEMS

    world.store.put("orders", order | {"changed": OLD})
    world.patch("attendees", seat["id"], changed=OLD)
    third = pull()

    assert Attendance.objects.count() == 2
    assert (problems(), third.run.outcome) == (set(), Outcome.DONE)


def test_orders_without_their_refund_requests_are_read_again_by_id(world, connected, pull):
    order = world.add_order(world.add_event(), price=2000, buyer=ADA, opted_in=True)
    world.refund_order(order["id"], 500, style="request")
    connected.faults.add("expansion_failed", ORDERS, times=1)

    pull()
    assert net_sales(order["id"]) == 20
    pull()

    assert net_sales(order["id"]) == 15
    assert Customer.objects.get().consent == Consent.OPTED_IN


def test_a_rule_that_matches_nothing_is_reported_until_it_does(world, pull):
    kind = ShowType.objects.create(name="Improv")
    rule = ShowTypeRule.objects.create(show_type=kind, kind=RuleKind.NAME, value="improv")
    world.add_event("Comedy Night")

    pull()
    assert problems() == {("rule_matches_nothing", f"show type rule {rule.pk}")}
    world.add_event("Improv Battle")
    pull()

    assert problems() == set()
    assert Event.objects.get(name="Improv Battle").show_type == kind


def test_a_show_that_began_since_the_last_run_counts_as_attended(world, pull):
    now = datetime.now(UTC)
    world.add_order(world.add_event(start=now - timedelta(minutes=1)), buyer=ADA)
    pull()
    Customer.objects.update(events_attended=0)

    pull()
    assert Customer.objects.get().events_attended == 0  # it began before the last run
    before = {"at": (now - timedelta(minutes=2)).isoformat()}
    Cursor.objects.filter(stream="rollups").update(position=before)
    pull()

    assert Customer.objects.get().events_attended == 1


def test_no_token_says_what_to_set(pull, settings):
    settings.EVENTBRITE_TOKEN = ""

    with pytest.raises(Misconfigured, match="EVENTBRITE_TOKEN is not set"):
        pull()

    assert SyncRun.objects.get().outcome == Outcome.FAILED


def test_a_user_without_organisation_is_told_so(world, pull):
    world.store.remove("organizations", ORGANIZATION_ID)

    with pytest.raises(Misconfigured, match="belongs to no organisation"):
        pull()


def test_a_deposit_that_came_before_its_sales_is_matched_after_the_pull(world, pull):
    waiting = make_deposit("60.00", booked_on=date(2026, 3, 19))
    event = world.add_event(start=datetime(2026, 3, 14, 20, tzinfo=UTC))
    world.add_order(event, seats=3, price=2000)

    pull()
    pull()

    match = DepositMatch.objects.get()
    assert (match.deposit, match.event.eventbrite_id) == (waiting, event["id"])
    assert (match.amount, match.origin) == (Decimal("60.00"), MatchOrigin.AUTOMATIC)


def test_half_of_a_pull_matches_no_deposit(world, pull, settings):
    settings.EVENTBRITE_CALLS_PER_HOUR = 5
    make_deposit("60.00", booked_on=date(2026, 3, 19))
    event = world.add_event(start=datetime(2026, 3, 14, 20, tzinfo=UTC))
    world.add_order(event, seats=3, price=2000)

    run = pull().run

    assert (run.outcome, Order.objects.count()) == (Outcome.PAUSED, 1)
    assert not DepositMatch.objects.exists()
