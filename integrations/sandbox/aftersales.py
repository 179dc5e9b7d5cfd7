"""What becomes of Eventbrite objects after the sale, as functions from old to new."""

from datetime import datetime
from typing import Any

from integrations.sandbox import shapes
from integrations.sandbox.clock import in_seconds
from integrations.sandbox.store import Row


def merged(row: Row, fields: dict[str, Any]) -> Row:
    """A copy of `row` with `fields` laid over it, dict into dict."""
    result = dict(row)
    for key, value in fields.items():
        old = result.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            value = merged(old, value)
        result[key] = value
    return result


def less(parts: dict[str, Any], taken: int) -> dict[str, Any]:
    """A seat's costs after `taken` was given back: first of the base price, then of the rest."""
    left, currency = dict(parts), parts["gross"]["currency"]
    for key in ("base_price", "tax", "payment_fee", "eventbrite_fee"):
        part = min(taken, left[key]["value"])
        taken -= part
        left[key] = shapes.money(currency, left[key]["value"] - part)
    names = ("base_price", "eventbrite_fee", "payment_fee", "tax")
    left["gross"] = shapes.money(currency, sum(left[key]["value"] for key in names))
    return left


def scanned(seat: Row, at: datetime) -> Row:
    """A seat after its ticket was scanned at the door."""
    stamp = in_seconds(at)
    used = {"status": "used", "changed": stamp, "checkin_type": 1, "checkin_method": "scanned"}
    codes = [code | used for code in seat["barcodes"]]
    done = {"status": "Checked In", "checked_in": True, "barcodes": codes, "changed": stamp}
    return seat | done


def refund_request(order: Row, amount: int, at: str) -> dict[str, Any]:
    """A processed refund request, as `expand=refund_requests` shows it."""
    given = shapes.money(order["costs"]["gross"]["currency"], amount)
    return {
        "from_email": order["email"],
        "from_name": order["name"],
        "status": "completed",
        "message": "",
        "reason": "no_longer_able_to_attend",
        "last_message": None,
        "last_reason": None,
        "items": [
            {
                "event_id": order["event_id"],
                "order_id": order["id"],
                "processed_date": at,
                "item_type": "order",
                "amount_requested": given,
                "amount_processed": given,
                "quantity_requested": 1,
                "quantity_processed": 1,
                "refund_reason_code": "no_longer_able_to_attend",
                "status": "processed",
            }
        ],
    }


def processed(order: Row) -> int:
    """What the order's refund requests have given back, in minor units."""
    items = [item for request in order["_refund_requests"] for item in request["items"]]
    return sum(item["amount_processed"]["value"] for item in items)
