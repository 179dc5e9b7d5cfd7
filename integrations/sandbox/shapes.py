"""Eventbrite's objects in the shape in which its API gives them. Amounts are minor units."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sandbox.clock import in_seconds

API = "https://www.eventbriteapi.com/v3"
EXPONENTS = {"JPY": 0, "KRW": 0, "KWD": 3}
SIGNS = {"EUR": "€", "JPY": "¥", "USD": "$", "GBP": "£"}
COST_KEYS = ("base_price", "eventbrite_fee", "gross", "payment_fee", "tax")


@lru_cache(maxsize=8192)
def money(currency: str, value: int) -> dict[str, Any]:
    """An amount. The result is shared: copy it before changing it."""
    exponent = EXPONENTS.get(currency, 2)
    major = f"{value / 10**exponent:.{exponent}f}"
    display = f"{SIGNS.get(currency, currency + ' ')}{major}"
    return {"currency": currency, "value": value, "major_value": major, "display": display}


def costs(currency: str, base: int, fee: int, payment: int, tax: int) -> dict[str, Any]:
    """The five figures of an order or a seat; gross is their sum."""
    return {
        "base_price": money(currency, base),
        "eventbrite_fee": money(currency, fee),
        "gross": money(currency, base + fee + payment + tax),
        "payment_fee": money(currency, payment),
        "tax": money(currency, tax),
        "has_gts_tax": False,
    }


def sum_costs(currency: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The order's costs, from those of its seats."""
    total: dict[str, Any] = {
        key: money(currency, sum(p[key]["value"] for p in parts)) for key in COST_KEYS
    }
    total["has_gts_tax"] = False
    discounted = [part for part in parts if "discount_amount" in part]
    if discounted:
        before = sum(p.get("price_before_discount", p["base_price"])["value"] for p in parts)
        off = sum(part["discount_amount"]["value"] for part in discounted)
        total["price_before_discount"] = money(currency, before)
        total["discount_amount"] = money(currency, off)
        total["discount_type"] = discounted[0]["discount_type"]
    return total


def local_time(at: datetime, zone: str) -> dict[str, str]:
    """A moment as an event's start or end."""
    local = at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")
    return {"timezone": zone, "utc": in_seconds(at), "local": local}


def venue(
    venue_id: str, name: str, capacity: int | None, address: dict[str, Any]
) -> dict[str, Any]:
    """A venue; `address` may leave out any part."""
    city, country = address.get("city"), address.get("country", "DE")
    street, postal = address.get("address_1"), address.get("postal_code")
    lines = [line for line in (street, f"{postal or ''} {city or ''}".strip()) if line]
    full = {
        "address_1": street,
        "address_2": address.get("address_2"),
        "city": city,
        "region": address.get("region"),
        "postal_code": postal,
        "country": country,
        "latitude": address.get("latitude", "52.5200066"),
        "longitude": address.get("longitude", "13.4049540"),
        "localized_address_display": ", ".join(lines),
        "localized_area_display": city,
        "localized_multi_line_address_display": lines,
    }
    return {
        "id": venue_id,
        "name": name,
        "age_restriction": None,
        "capacity": capacity,
        "address": full,
        "latitude": full["latitude"],
        "longitude": full["longitude"],
        "resource_uri": f"{API}/venues/{venue_id}/",
    }


def event(event_id: str, name: str, start: datetime, **given: Any) -> dict[str, Any]:
    """An event of `hours` in `zone`; the other keyword arguments are fields of the object."""
    zone = given.pop("zone")
    end = start + timedelta(hours=given.pop("hours"))
    slug = "".join(c if c.isalnum() else "-" for c in name.lower())
    base = {
        "name": {"text": name, "html": name},
        "description": {"text": None, "html": None},
        "summary": name,
        "url": f"https://www.eventbrite.com/e/{slug}-tickets-{event_id}",
        "start": local_time(start, zone),
        "end": local_time(end, zone),
        "organizer_id": "30199900001",
        "logo_id": None,
        "listed": True,
        "shareable": True,
        "invite_only": False,
        "online_event": False,
        "show_remaining": False,
        "tx_time_limit": 480,
        "hide_start_date": False,
        "hide_end_date": False,
        "locale": "de_DE",
        "is_locked": False,
        "privacy_setting": "unlocked",
        "is_series": False,
        "is_series_parent": False,
        "inventory_type": "limited",
        "is_reserved_seating": False,
        "is_free": False,
        "is_externally_ticketed": False,
        "source": "coyote",
        "version": None,
        "capacity_is_custom": False,
        "resource_uri": f"{API}/events/{event_id}/",
    }
    return {"id": event_id} | base | given


def ticket_class(class_id: str, event_row: dict[str, Any], name: str, price: int) -> dict[str, Any]:
    """A ticket class with flat money; `price` 0 is a free one."""
    currency = event_row["currency"]
    return {
        "id": class_id,
        "event_id": event_row["id"],
        "name": name,
        "display_name": name,
        "description": None,
        "sorting": 1,
        "free": price == 0,
        "donation": False,
        "cost": money(currency, price) if price else None,
        "fee": money(currency, 0) if price else None,
        "tax": money(currency, 0) if price else None,
        "actual_cost": money(currency, price) if price else None,
        "actual_fee": money(currency, 0) if price else None,
        "capacity": event_row["capacity"],
        "quantity_total": event_row["capacity"],
        "quantity_sold": 0,
        "minimum_quantity": 1,
        "maximum_quantity": 10,
        "maximum_quantity_per_order": 10,
        "hidden": False,
        "hidden_currently": False,
        "include_fee": False,
        "split_fee": False,
        "hide_description": True,
        "auto_hide": False,
        "sales_start": event_row["created"],
        "sales_end": event_row["start"]["utc"],
        "on_sale_status": "AVAILABLE",
        "category": "admission",
        "delivery_methods": ["electronic"],
        "sales_channels": ["online", "atd"],
        "variants": [],
        "resource_uri": f"{API}/events/{event_row['id']}/ticket_classes/{class_id}/",
    }


def order(order_id: str, event_id: str, buyer: dict[str, str], created: str) -> dict[str, Any]:
    """A placed order without its costs."""
    first, _, last = buyer.get("name", "").partition(" ")
    return {
        "id": order_id,
        "created": created,
        "changed": created,
        "name": buyer.get("name", ""),
        "first_name": buyer.get("first_name", first),
        "last_name": buyer.get("last_name", last),
        "email": buyer.get("email", ""),
        "status": "placed",
        "time_remaining": None,
        "event_id": event_id,
        "resource_uri": f"{API}/orders/{order_id}/",
    }


def attendee(attendee_id: str, order_row: dict[str, Any], seat: dict[str, Any]) -> dict[str, Any]:
    """One seat of an order. `seat` gives name, email, costs, ticket_class and the odd fields."""
    klass, number = seat["ticket_class"], seat.get("sequence", 1)
    profile = _profile(seat)
    barcode = f"{order_row['id']}{attendee_id.split('-')[0]}{number:03d}"
    created, event_id = order_row["created"], order_row["event_id"]
    return {
        "id": attendee_id,
        "created": created,
        "changed": created,
        "ticket_class_id": klass["id"],
        "ticket_class_name": klass["name"],
        "variant_id": None,
        "quantity": 1,
        "costs": seat["costs"],
        "profile": profile,
        "barcodes": [
            {
                "barcode": barcode,
                "status": "unused",
                "created": created,
                "changed": created,
                "checkin_type": 0,
                "is_printed": False,
            }
        ],
        "answers": [],
        "checked_in": False,
        "cancelled": False,
        "refunded": False,
        "affiliate": None,
        "guestlist_id": None,
        "invited_by": None,
        "delivery_method": "electronic",
        "team": None,
        "assigned_unit": None,
        "status": "Attending",
        "event_id": event_id,
        "order_id": order_row["id"],
        "resource_uri": f"{API}/events/{event_id}/attendees/{attendee_id}/",
    }


def _profile(seat: dict[str, Any]) -> dict[str, Any]:
    first, _, last = seat["name"].partition(" ")
    profile = {
        "name": seat["name"],
        "first_name": seat.get("first_name", first),
        "last_name": seat.get("last_name", last),
        "email": seat["email"],
        "addresses": {},
    }
    if seat.get("phone"):
        profile["cell_phone"] = seat["phone"]
    return profile


def discount(discount_id: str, code: str, **given: Any) -> dict[str, Any]:
    """A promo code. Real ones carry no currency and no zone."""
    base: dict[str, Any] = {
        "type": "coded",
        "code": code,
        "amount_off": None,
        "percent_off": None,
        "event_id": None,
        "ticket_class_ids": [],
        "quantity_available": 0,
        "quantity_sold": 0,
        "start_date": "",
        "end_date": "",
        "start_date_relative": None,
        "end_date_relative": None,
        "ticket_group_id": None,
        "hold_ids": [],
        "resource_uri": f"{API}/discounts/{discount_id}/",
    }
    return {"id": discount_id} | base | given
