from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from integrations.eventbrite import mapping
from integrations.eventbrite.mapping import Unmappable, read


def order(**changes):
    raw = {
        "id": "1",
        "event_id": "2",
        "name": "Ada Lovelace",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@x.org",
        "status": "placed",
        "created": "2026-03-01T10:00:00Z",
        "changed": "2026-03-02T10:00:00Z",
        "costs": {
            key: {"currency": "EUR", "value": value}
            for key, value in (
                ("base_price", 2000),
                ("gross", 2500),
                ("tax", 300),
                ("eventbrite_fee", 150),
                ("payment_fee", 50),
            )
        },
    }
    return raw | changes


def seat(**changes):
    raw = {
        "id": "7-1",
        "order_id": "1",
        "event_id": "2",
        "changed": "2026-03-02T10:00:00Z",
        "status": "Attending",
        "profile": {"name": "Ada Lovelace", "email": "ada@x.org"},
        "costs": {"gross": {"currency": "EUR", "value": 2500}},
        "barcodes": [{"status": "unused", "changed": "2026-03-01T10:00:00Z"}],
    }
    return raw | changes


def money(currency, value):
    return {"currency": currency, "value": value}


def test_amounts_come_from_the_smallest_unit_of_their_currency():
    yen = {key: money("JPY", 4300) for key in order()["costs"]}
    dinar = {key: money("KWD", 4300) for key in order()["costs"]}

    assert read(mapping.Order, order()).gross == Decimal("25.00")
    assert read(mapping.Order, order(costs=yen)).gross == Decimal(4300)
    assert read(mapping.Order, order(costs=dinar)).gross == Decimal("4.300")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (order(costs={"gross": money("XTS", 1)}), "order 1 is in a currency.*“XTS”"),
        (order(costs={"gross": money("EUR", 1)}), "order 1 has no “tax”"),
        (order(costs=None), "order 1 is not in the form"),
        (order(created="yesterday"), "order 1 is not in the form"),
        (order(event_id=None), "order 1 has no “event_id”"),
        ({"id": "9"}, "order 9 has no “costs”"),
        ({}, "order without id has no “costs”"),
        ("text", "order without id is not in the form"),
    ],
)
def test_what_cannot_be_read_fails_by_name(raw, words):
    with pytest.raises(Unmappable, match=words):
        read(mapping.Order, raw)


def test_an_unknown_status_is_kept_as_such():
    found = read(mapping.Order, order(status="on_hold"))

    assert (found.status, found.remote_status) == ("unknown", "on_hold")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "attending"),
        ({"status": ""}, "attending"),
        ({"status": None}, "attending"),
        ({"status": "Not Attending"}, "cancelled"),
        ({"cancelled": True}, "cancelled"),
        ({"cancelled": True, "refunded": True, "status": "Not Attending"}, "refunded"),
        ({"barcodes": [{"status": "refunded"}], "cancelled": True}, "refunded"),
        ({"status": "Deleted", "cancelled": True}, "deleted"),
        ({"status": "Transferred", "cancelled": True}, "transferred"),
        ({"status": "Unpaid"}, "unpaid"),
        ({"status": "Checked In"}, "checked_in"),
        ({"checked_in": True}, "checked_in"),
        ({"status": "Sitting"}, "unknown"),
        ({"status": "Sitting", "cancelled": True}, "cancelled"),
    ],
)
def test_a_seats_status_goes_by_flags_then_text(changes, status):
    assert read(mapping.Attendee, seat(**changes)).status == status


def test_a_used_ticket_was_checked_in_when_it_was_scanned():
    scanned = [{"status": "used", "changed": "2026-03-14T19:30:00Z"}]

    found = read(mapping.Attendee, seat(barcodes=scanned))

    assert found.status == "checked_in"
    assert found.checked_in_at == datetime(2026, 3, 14, 19, 30, tzinfo=UTC)


def test_a_placeholder_is_no_name():
    profile = {"name": "Info Requested", "email": "Info Requested"}

    found = read(mapping.Attendee, seat(profile=profile))

    assert (found.name, found.first_name, found.last_name) == ("", "", "")


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        ({"name": "Ada King Lovelace", "first_name": "Ada King", "last_name": "Lovelace"},
         ("Ada King", "Lovelace")),
        ({"name": "Grace  Hopper", "first_name": "Ada", "last_name": "Lovelace"},
         ("Grace", "Hopper")),
        ({"name": "Cher", "first_name": None, "last_name": None}, ("Cher", "")),
        ({"name": "", "first_name": "Ada", "last_name": "Lovelace"}, ("Ada", "Lovelace")),
    ],
)  # fmt: skip
def test_the_name_counts_and_its_parts_serve_where_they_agree(told, parts):
    found = read(mapping.Order, order(**told))

    assert (found.first_name, found.last_name) == parts


def test_only_processed_refunds_count():
    def part(status, value):
        return {"status": status, "amount_processed": money("EUR", value)}

    asked = [
        {"items": [part("processed", 500), part("pending", 700)]},
        {"items": [part("processed", 250), part("error", 100), {"status": "processed"}]},
        {"items": None},
    ]

    assert read(mapping.Order, order(refund_requests=asked)).refund_requested == Decimal("7.50")
    assert read(mapping.Order, order(refund_requests=[])).refund_requested == 0
    assert read(mapping.Order, order()).refund_requested is None


@pytest.mark.parametrize(
    ("preferences", "has_consented"),
    [
        ({"has_contact_list": True, "has_opted_in": True}, True),
        ({"has_contact_list": True, "has_opted_in": False}, False),
        ({"has_contact_list": False, "has_opted_in": False}, None),
        (None, None),
    ],
)
def test_consent_is_what_the_buyer_was_asked(preferences, has_consented):
    found = read(mapping.Order, order(contact_list_preferences=preferences))

    assert found.has_consented is has_consented


def test_an_event_is_on_the_day_of_its_own_zone():
    raw = {
        "id": "2",
        "name": {"text": "Late show"},
        "status": "canceled",
        "currency": "JPY",
        "start": {
            "timezone": "Asia/Tokyo",
            "utc": "2026-03-14T15:30:00Z",
            "local": "2026-03-15T00:30:00",
        },
        "end": {"timezone": "Asia/Tokyo", "utc": "2026-03-14T17:00:00Z", "local": ""},
        "changed": "2026-03-01T00:00:00Z",
        "venue_id": None,
    }

    found = read(mapping.Event, raw)

    assert (found.starts_on, found.status) == (date(2026, 3, 15), "cancelled")
    assert (found.venue_id, found.series_id) == ("", "")


def test_texts_are_cut_to_what_is_kept():
    long = "x" * 400

    found = read(mapping.Order, order(name=long, promo_code=long))

    assert (len(found.name), len(found.first_name), len(found.promo_code)) == (250, 120, 120)
