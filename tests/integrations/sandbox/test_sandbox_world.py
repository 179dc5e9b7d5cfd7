"""The made-up world: the same every time, and as odd as the real one."""

import json
import re
from collections import Counter
from datetime import date

import pytest

from integrations.sandbox.ticketing import Ticketing
from integrations.sandbox.world import KINDS, World

TODAY = date(2026, 6, 1)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
COSTS = ("base_price", "eventbrite_fee", "gross", "payment_fee", "tax")


@pytest.fixture(scope="module")
def season() -> World:
    return World.generate(seed=7, events=24, orders=1_500, contacts=1_200, today=TODAY)


def figures(row):
    return {key: row["costs"][key]["value"] for key in COSTS}


def text_of(world):
    return json.dumps({kind: world.dump(kind) for kind in KINDS})


def test_the_same_seed_and_day_make_the_same_world():
    sizes = {"events": 5, "orders": 60, "contacts": 50, "today": TODAY}

    first, second = World.generate(seed=3, **sizes), World.generate(seed=3, **sizes)
    other = World.generate(seed=4, **sizes)

    assert text_of(first) == text_of(second)
    assert text_of(first) != text_of(other)


def test_the_world_has_the_wanted_size(season):
    counts = season.counts()

    assert counts["events"] == 25  # one parent of the series on top
    assert counts["orders"] == 1_500
    assert counts["contacts"] == 1_200


def test_the_season_spans_thirteen_months_back_and_one_ahead(season):
    days = sorted(event["start"]["utc"][:10] for event in season.dump("events"))

    assert "2025-05-01" <= days[0] < "2025-09-01"
    assert "2026-06-01" < days[-1] <= "2026-07-01"


def test_gross_is_the_sum_of_its_parts_on_every_order_and_seat(season):
    for row in season.dump("orders") + season.dump("attendees"):
        amounts = figures(row)
        assert amounts["gross"] == sum(amounts[key] for key in COSTS if key != "gross")
        assert min(amounts.values()) >= 0


def test_the_seats_of_an_order_sum_to_its_costs(season):
    for order in season.dump("orders"):
        seats = [figures(seat) for seat in season.seats_of(order)]
        assert figures(order) == {key: sum(seat[key] for seat in seats) for key in COSTS}


def test_no_house_is_oversold(season):
    sold = Counter(seat["event_id"] for seat in season.dump("attendees"))

    for event in season.dump("events"):
        assert sold[event["id"]] <= (event["capacity"] or 0)


def test_money_has_the_exponent_of_its_currency(season):
    by_id = {event["id"]: event for event in season.dump("events")}
    gross = {by_id[o["event_id"]]["currency"]: o["costs"]["gross"] for o in season.dump("orders")}

    assert set(gross) == {"EUR", "JPY"}
    assert gross["JPY"]["major_value"] == str(gross["JPY"]["value"])
    assert gross["EUR"]["major_value"] == f"{gross['EUR']['value'] / 100:.2f}"


def test_objects_have_what_the_real_ones_always_have(season):
    for event in season.dump("events"):
        assert event["id"].isdecimal()
        assert STAMP.fullmatch(event["start"]["utc"])
        assert STAMP.fullmatch(event["created"])
        assert not event["start"]["local"].endswith("Z")
    for row in season.dump("orders") + season.dump("attendees"):
        assert STAMP.fullmatch(row["created"])
        assert STAMP.fullmatch(row["changed"])
        assert row["created"] <= row["changed"]
    for seat in season.dump("attendees"):
        assert {type(seat[key]) for key in ("cancelled", "refunded", "checked_in")} == {bool}
        assert seat["quantity"] == 1
        assert {"name", "email", "addresses"} <= set(seat["profile"])


def test_the_programme_holds_the_odd_cases(season):
    events = season.dump("events")

    assert {event["status"] for event in events} >= {"draft", "live", "completed", "canceled"}
    assert any(event["online_event"] and event["venue_id"] is None for event in events)
    assert any(event["is_free"] for event in events)
    assert {event["start"]["timezone"] for event in events} == {"Europe/Berlin", "Asia/Tokyo"}
    (parent,) = [event for event in events if event["is_series_parent"]]
    assert any(event.get("series_id") == parent["id"] for event in events)


def test_the_sales_hold_the_odd_cases(season):
    orders, seats = season.dump("orders"), season.dump("attendees")
    buyers = {order["id"]: order for order in orders}
    statuses = {order["status"] for order in orders}
    emails = {seat["profile"]["email"] for seat in seats}

    assert statuses >= {"placed", "refunded", "cancelled", "abandoned", "unpaid"}
    assert {seat["status"] for seat in seats} >= {"Attending", "Checked In", "Deleted", "Unpaid"}
    assert {"", "Info Requested"} <= emails
    assert any(email != email.strip().lower() for email in emails - {"Info Requested"})
    assert any(
        seat["profile"]["email"] == buyers[seat["order_id"]]["email"]
        and seat["profile"]["name"] != buyers[seat["order_id"]]["name"]
        for seat in seats
    )
    assert any(order.get("promo_code") for order in orders)
    assert any(seat["affiliate"] for seat in seats)
    assert any(seat["variant_id"] for seat in seats)
    assert any(order["costs"]["tax"]["value"] for order in orders)
    assert any(order["_opted_in"] for order in orders)


def test_refunds_come_in_both_kinds(season):
    refunded = [order for order in season.dump("orders") if order["status"] == "refunded"]
    requested = [order for order in refunded if order["_refund_requests"]]
    fallen = [order for order in refunded if not order["_refund_requests"]]

    assert all(order["costs"]["gross"]["value"] == 0 for order in fallen)
    for order in requested:
        items = [item for request in order["_refund_requests"] for item in request["items"]]
        given = sum(item["amount_processed"]["value"] for item in items)
        assert given == order["costs"]["gross"]["value"]
    assert fallen
    assert requested


def test_most_buyers_are_known_to_hubspot_and_most_contacts_never_bought(season):
    buyers = {order["email"].strip().lower() for order in season.dump("orders")}
    known = Counter()
    for contact in season.dump("contacts"):
        values = contact["properties"]
        known.update([values.get("email", ""), values.get("hs_additional_emails", "")])

    share = sum(1 for buyer in buyers if known[buyer]) / len(buyers)
    assert 0.6 < share < 0.85
    assert known[""] > 0
    assert sum(1 for address in known if address and address not in buyers) > 500


def test_no_two_contacts_share_an_address_and_nova_has_no_property_yet(season):
    emails = [c["properties"].get("email") for c in season.dump("contacts")]
    filled = [email for email in emails if email]

    assert len(filled) == len(set(filled))
    assert None in emails
    assert not [p for p in season.dump("properties") if p["name"].startswith("nova_")]


def test_deals_are_closed_in_the_past_or_open_and_belong_to_contacts(season):
    deals = [row["properties"] for row in season.dump("deals")]
    now = f"{TODAY.isoformat()}T12:00"
    contacts = {row["id"] for row in season.dump("contacts")}

    assert 30 <= len(deals) <= 40  # one for every thirty contacts
    for deal in deals:
        assert (deal["closedate"] < now) == (deal["hs_is_closed"] == "true")
        assert deal["createdate"] <= deal["hs_lastmodifieddate"] <= now
        assert float(deal.get("amount", 280)) >= 280
    assert {deal["hs_is_closed_won"] for deal in deals} == {"true", "false"}
    assert len({deal["dealstage"] for deal in deals}) > 3
    assert {row["contact_id"] for row in season.dump("associations")} <= contacts
    assert len({row["deal_id"] for row in season.dump("associations")}) > 0.8 * len(deals)


def test_campaigns_bear_the_codes_of_the_sales(season):
    codes = {seat["affiliate"] for seat in season.dump("attendees")}
    codes |= {order.get("promo_code") for order in season.dump("orders")}
    utm = {row["properties"]["hs_utm"] for row in season.dump("campaigns")}

    assert utm - {"berlin-autumn"} <= codes
    for mail in season.dump("emails"):
        counters = mail["_counters"]
        assert counters["sent"] == counters["delivered"] + counters["bounce"]
        assert counters["delivered"] >= counters["open"] >= counters["click"]


def test_builders_fill_an_empty_world_with_exact_figures(world):
    event = world.add_event("Improv Jam", currency="JPY", zone="Asia/Tokyo")
    order = world.add_order(
        event,
        buyer={"name": "Kenji Sato", "email": "kenji@example.com"},
        seats=[{}, {"name": "Yui Mori", "email": "yui@example.com", "price": 1000}],
        price=2000,
        eventbrite_fee=170,
        payment_fee=58,
        tax=200,
    )
    first, second = world.seats_of(order)

    assert figures(order) == {
        "base_price": 3000,
        "eventbrite_fee": 340,
        "gross": 3856,
        "payment_fee": 116,
        "tax": 400,
    }
    assert order["costs"]["gross"]["display"] == "¥3856"
    assert first["profile"]["email"] == "kenji@example.com"
    assert second["profile"]["name"] == "Yui Mori"
    assert isinstance(world, Ticketing)
