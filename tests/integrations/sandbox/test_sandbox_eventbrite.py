"""Eventbrite's side over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest


@pytest.fixture
def gala(world):
    venue = world.add_venue("Saal Nord", capacity=240)
    event = world.add_event("Gala", venue=venue, id="1996400000999")
    world.add_ticket_class(event, "Parkett", price=2500)
    return event


def test_a_wrong_token_is_refused_in_eventbrites_words(client_for):
    answer = client_for("wrong").get("/v3/users/me/")

    assert answer.status_code == 401
    assert answer.json()["error"] == "INVALID_AUTH"


def test_a_path_without_its_slash_has_moved(eventbrite):
    answer = eventbrite.get("/v3/users/me")

    assert answer.status_code == 301
    assert answer.json()["error"] == "PERMANENTLY_MOVED"
    assert answer.headers["Location"] == "/v3/users/me/"


def test_the_user_has_one_organization_whose_birth_has_no_z(eventbrite):
    (organization,) = eventbrite.every("/v3/users/me/organizations/", "organizations")

    assert organization["name"] == "Nova Live"
    assert not organization["created"].endswith("Z")


def test_an_event_shows_what_expand_asks_for_and_nothing_for_unknown_names(eventbrite, gala):
    event = eventbrite.get(
        f"/v3/events/{gala['id']}/", expand="venue,ticket_classes,category,nonsense"
    ).json()

    assert event["venue"]["name"] == "Saal Nord"
    assert event["ticket_classes"][0]["cost"] == {
        "currency": "EUR",
        "value": 2500,
        "major_value": "25.00",
        "display": "€25.00",
    }
    assert event["category"]["name"] == "Performing & Visual Arts"
    assert "nonsense" not in event


def test_events_are_filtered_and_sorted_and_parents_are_hidden(eventbrite, world, organization):
    now = datetime.now(UTC)
    world.add_event("Later", start=now + timedelta(days=9), id="11")
    world.add_event("Past", start=now - timedelta(days=9), id="12")
    world.add_event("Series", is_series=True, is_series_parent=True, id="13")
    world.add_event("Part", is_series=True, series_id="13", id="14")
    path = f"{organization}/events/"

    def ids(**query):
        return [event["id"] for event in eventbrite.every(path, "events", **query)]

    assert sorted(ids()) == ["11", "12", "14"]
    assert ids(status="completed") == ["12"]
    assert ids(order_by="start_desc")[0] == "11"
    assert ids(order_by="start_asc")[0] == "12"
    assert ids(series_filter="parents") == ["13"]
    assert ids(series_filter="children") == ["14"]
    assert sorted(ids(show_series_parent="true")) == ["11", "12", "13", "14"]


def test_pages_end_by_has_more_items_whatever_the_token_says(eventbrite, world, gala, organization):
    path, last_tokens = f"{organization}/orders/", []
    for _ in range(3):
        world.add_order(gala)
        last_tokens.append(eventbrite.get(path).json()["pagination"].get("continuation", "absent"))

    assert sorted(type(token).__name__ for token in last_tokens) == ["NoneType", "str", "str"]
    assert "absent" in last_tokens


def test_all_pages_together_hold_every_order_once(eventbrite, world, gala, organization):
    made = [world.add_order(gala)["id"] for _ in range(23)]

    rows = eventbrite.every(f"{organization}/orders/", "orders", page_size=5)

    assert [row["id"] for row in rows] == made


def test_a_change_meanwhile_makes_no_row_that_stays_fall_between_pages(
    eventbrite, world, gala, organization
):
    orders = [world.add_order(gala) for _ in range(6)]
    path, query = f"{organization}/orders/", {"page_size": 2, "status": "active"}
    first = eventbrite.get(path, **query).json()

    world.refund_order(orders[0]["id"])
    world.refund_order(orders[1]["id"])
    rest = eventbrite.every(
        path, "orders", continuation=first["pagination"]["continuation"], **query
    )

    assert [row["id"] for row in rest] == [order["id"] for order in orders[2:]]


def test_a_continuation_of_another_list_or_other_filters_is_refused(
    eventbrite, world, gala, organization
):
    for _ in range(3):
        world.add_order(gala)
    path = f"{organization}/orders/"
    token = eventbrite.get(path, page_size=2).json()["pagination"]["continuation"]

    for query in ({"page_size": 1}, {"page_size": 2, "status": "both"}):
        answer = eventbrite.get(path, continuation=token, **query)
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_CONTINUATION_TOKEN")
    assert eventbrite.get(path, continuation="abc").json()["error"] == "BAD_CONTINUATION_TOKEN"


def test_cancelled_orders_show_only_to_those_who_ask(eventbrite, world, gala, organization):
    placed, refunded = world.add_order(gala), world.add_order(gala)
    world.refund_order(refunded["id"])

    def ids(**query):
        return {row["id"] for row in eventbrite.every(f"{organization}/orders/", "orders", **query)}

    assert ids() == {placed["id"]}
    assert ids(status="inactive") == {refunded["id"]}
    assert ids(status="both") == {placed["id"], refunded["id"]}


def test_changed_since_includes_its_second(eventbrite, world, gala, organization):
    at = datetime(2026, 5, 1, 12, 0, 5, tzinfo=UTC)
    world.add_order(gala, created=at)

    def count(since):
        query = {"changed_since": since, "status": "both"}
        return len(eventbrite.every(f"{organization}/orders/", "orders", **query))

    assert count("2026-05-01T12:00:05Z") == 1
    assert count("2026-05-01T12:00:06Z") == 0
    bad = eventbrite.get(f"{organization}/orders/", changed_since="yesterday")
    assert bad.json()["error"] == "ARGUMENTS_ERROR"


def test_a_check_in_moves_the_attendee_but_not_its_order(eventbrite, world, gala, organization):
    order = world.add_order(gala, created=datetime(2026, 5, 1, tzinfo=UTC))
    (seat,) = world.seats_of(order)
    world.check_in(seat["id"], datetime(2026, 5, 2, tzinfo=UTC))
    since = {"changed_since": "2026-05-02T00:00:00Z"}

    (found,) = eventbrite.every(f"{organization}/attendees/", "attendees", **since)

    assert found["checked_in"] is True
    assert found["status"] == "Checked In"
    assert found["barcodes"][0]["status"] == "used"
    assert found["barcodes"][0]["changed"] == "2026-05-02T00:00:00Z"
    assert eventbrite.every(f"{organization}/orders/", "orders", **since) == []


def test_consent_and_refund_requests_come_on_demand(eventbrite, world, gala):
    order = world.add_order(gala, opted_in=True)
    plain = eventbrite.get(f"/v3/orders/{order['id']}/").json()
    full = eventbrite.get(
        f"/v3/orders/{order['id']}/",
        expand="attendees.promotional_code,refund_requests,contact_list_preferences,event.venue",
    ).json()

    assert not [key for key in plain if key.startswith("_")]
    assert "attendees" not in plain
    assert full["contact_list_preferences"] == {"has_contact_list": True, "has_opted_in": True}
    assert full["refund_requests"] == []
    assert full["attendees"][0]["promotional_code"] is None
    assert full["event"]["venue"]["name"] == "Saal Nord"


def test_a_refund_of_the_first_kind_lets_the_costs_fall(eventbrite, world, gala):
    order = world.add_order(gala, seats=2, price=2000, eventbrite_fee=150, payment_fee=60)
    world.refund_order(order["id"], 2500, style="fall")
    partly = eventbrite.get(f"/v3/orders/{order['id']}/", expand="attendees").json()
    world.refund_order(order["id"], style="fall")
    wholly = eventbrite.get(f"/v3/orders/{order['id']}/", expand="attendees").json()

    assert partly["status"] == "placed"
    assert partly["costs"]["gross"]["value"] == 4420 - 2500
    assert {seat["refunded"] for seat in partly["attendees"]} == {False}
    assert wholly["status"] == "refunded"
    assert wholly["costs"]["gross"]["value"] == 0
    assert {seat["refunded"] for seat in wholly["attendees"]} == {True}


def test_a_refund_of_the_second_kind_leaves_the_costs_and_shows_a_request(eventbrite, world, gala):
    order = world.add_order(gala, price=2000)
    world.refund_order(order["id"], 500, style="request")

    seen = eventbrite.get(f"/v3/orders/{order['id']}/", expand="refund_requests").json()

    assert seen["status"] == "placed"
    assert seen["costs"]["gross"]["value"] == 2000
    (item,) = seen["refund_requests"][0]["items"]
    assert (item["status"], item["amount_processed"]["value"]) == ("processed", 500)


def test_a_cancelled_event_refunds_its_orders(eventbrite, world, gala, organization):
    world.add_order(gala)
    world.cancel_event(gala["id"])

    event = eventbrite.get(f"/v3/events/{gala['id']}/").json()
    (order,) = eventbrite.every(f"{organization}/orders/", "orders", status="both")

    assert event["status"] == "canceled"
    assert order["status"] == "refunded"


def test_attendees_are_told_apart_by_status(eventbrite, world, gala):
    here, gone = world.seats_of(world.add_order(gala, seats=2))
    world.add_order(gala, seats=[{"status": "Unpaid"}])
    world.cancel_seat(gone["id"], "Deleted")
    path = f"/v3/events/{gala['id']}/attendees/"

    def ids(status):
        return [seat["id"] for seat in eventbrite.every(path, "attendees", status=status)]

    assert ids("attending") == [here["id"]]
    assert ids("not_attending") == [gone["id"]]
    assert len(ids("unpaid")) == 1
    assert eventbrite.get(f"{path}{here['id']}/").json()["id"] == here["id"]
    assert eventbrite.get(f"{path}404/").json()["error"] == "NOT_FOUND"


def test_discounts_need_a_scope(eventbrite, world, gala, organization):
    world.add_discount("GALA", event_id=gala["id"], percent_off="10.00")
    world.add_discount("ALL", amount_off="2.00")
    path = f"{organization}/discounts/"

    def codes(**query):
        return [row["code"] for row in eventbrite.every(path, "discounts", **query)]

    assert codes(scope="event", event_id=gala["id"]) == ["GALA"]
    assert codes(scope="user") == ["ALL"]
    assert eventbrite.get(path).json()["error"] == "ARGUMENTS_ERROR"


def test_an_abandoned_checkout_has_expired(eventbrite, world, gala):
    order = world.add_order(gala, status="abandoned")

    answer = eventbrite.get(f"/v3/orders/{order['id']}/")

    assert (answer.status_code, answer.json()["error"]) == (400, "ORDER_EXPIRED")


def test_a_page_past_the_end_is_refused(eventbrite, world, gala, organization):
    world.add_order(gala)

    assert eventbrite.get(f"{organization}/orders/", page=1).status_code == 200
    assert eventbrite.get(f"{organization}/orders/", page=2).json()["error"] == "BAD_PAGE"


def test_a_write_is_refused_because_nova_only_reads(eventbrite, gala):
    answer = eventbrite.post(f"/v3/events/{gala['id']}/", {"event": {}})

    assert (answer.status_code, answer.json()["error"]) == (405, "METHOD_NOT_ALLOWED")


def test_a_transferred_seat_joins_another_order_and_the_money_stays(eventbrite, world, gala):
    world.clock.freeze(datetime(2026, 5, 1, tzinfo=UTC))
    first = world.add_order(gala, seats=2, price=2000)
    world.clock.advance(60)
    new_buyer = {"name": "Bo Li", "email": "bo@example.com"}
    moved = world.transfer_seat(world.seats_of(first)[1]["id"], buyer=new_buyer)
    again = world.transfer_seat(moved["id"], order=first["id"])

    orders = {row["id"]: row for row in world.dump("orders")}
    seats = eventbrite.every(f"/v3/orders/{first['id']}/attendees/", "attendees")

    assert orders[moved["order_id"]]["email"] == "bo@example.com"
    assert orders[moved["order_id"]]["costs"]["gross"]["value"] == 0
    assert orders[first["id"]]["costs"]["gross"]["value"] == 4000
    assert [seat["status"] for seat in seats] == ["Attending", "Transferred", "Attending"]
    assert seats[2]["id"] == again["id"]
    assert seats[2]["created"] == "2026-05-01T00:01:00Z"
    assert orders[first["id"]]["changed"] == "2026-05-01T00:01:00Z"


def test_a_deleted_order_and_its_seats_can_still_be_seen(
    eventbrite, world, gala, organization, control
):
    order = world.add_order(gala, seats=2)
    control.post(f"/eventbrite/orders/{order['id']}/delete")

    path = f"{organization}/orders/"
    assert eventbrite.get(f"/v3/orders/{order['id']}/").json()["status"] == "deleted"
    assert eventbrite.every(path, "orders", status="all_not_deleted") == []
    assert len(eventbrite.every(path, "orders", status="both")) == 1
    assert {seat["status"] for seat in world.dump("attendees")} == {"Deleted"}


def test_a_seat_may_vanish_from_its_order(eventbrite, world, gala, control):
    order = world.add_order(gala, seats=2)
    kept, lost = world.seats_of(order)
    control.post(f"/eventbrite/attendees/{lost['id']}/delete")

    seats = eventbrite.get(f"/v3/orders/{order['id']}/", expand="attendees").json()["attendees"]

    assert [seat["id"] for seat in seats] == [kept["id"]]
    path = f"/v3/events/{gala['id']}/attendees/{lost['id']}/"
    assert eventbrite.get(path).status_code == 404


def test_an_event_may_disappear_with_all_it_had(eventbrite, world, gala, organization, control):
    order = world.add_order(gala)
    control.post(f"/eventbrite/events/{gala['id']}/delete")

    assert eventbrite.get(f"/v3/events/{gala['id']}/").status_code == 404
    assert eventbrite.get(f"/v3/orders/{order['id']}/").status_code == 404
    for kind in ("events", "orders", "attendees"):
        assert eventbrite.every(f"{organization}/{kind}/", kind) == []


def test_late_details_move_the_attendee_but_not_its_order(eventbrite, world, gala, control):
    world.clock.freeze(datetime(2026, 5, 1, tzinfo=UTC))
    order = world.add_order(gala, seats=[{"name": "Info Requested", "email": "Info Requested"}])
    world.clock.advance(60)
    seat_id = world.seats_of(order)[0]["id"]
    profile = {"name": "Bo Li", "first_name": "Bo", "last_name": "Li", "email": "bo@example.com"}

    control.post(f"/eventbrite/attendees/{seat_id}", {"profile": profile})

    seat = eventbrite.get(f"/v3/events/{gala['id']}/attendees/{seat_id}/").json()
    assert seat["profile"]["email"] == "bo@example.com"
    assert seat["changed"] == "2026-05-01T00:01:00Z"
    assert world.row("orders", order["id"])["changed"] == "2026-05-01T00:00:00Z"


def test_a_discounted_seat_names_its_code_by_its_variant(eventbrite, world, gala):
    code = world.add_discount("GALA", event_id=gala["id"], percent_off="10.00")
    order = world.add_order(gala, seats=[{"discount": code}])
    (seat,) = world.seats_of(order)

    path = f"/v3/events/{gala['id']}/attendees/{seat['id']}/"
    seen = eventbrite.get(path, expand="promotional_code").json()

    assert seen["variant_id"] == f"T{seat['ticket_class_id']}-D{code['id']}"
    assert seen["promotional_code"]["code"] == "GALA"


def test_a_series_lists_its_events(eventbrite, world):
    parent = world.add_event("Series", is_series=True, is_series_parent=True)
    part = world.add_event("Part", is_series=True, series_id=parent["id"])
    world.add_event("Alone")

    rows = eventbrite.every(f"/v3/series/{parent['id']}/events/", "events")

    assert [row["id"] for row in rows] == [part["id"]]
