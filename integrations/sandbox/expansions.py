"""What `expand=` adds to Eventbrite's objects. Unknown names add nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from integrations.sandbox.http import Request
from integrations.sandbox.paging import with_more
from integrations.sandbox.store import Row, to_json

if TYPE_CHECKING:
    from integrations.sandbox.world import World

CATEGORIES = {
    "103": "Music",
    "105": "Performing & Visual Arts",
    "115": "Family & Education",
    "110": "Food & Drink",
}
SUBCATEGORIES = {
    "3010": "Indie",
    "3011": "Jazz",
    "3017": "Singer/Songwriter",
    "5001": "Theatre",
    "5002": "Musical",
    "5010": "Comedy",
    "5099": "Other",
    "15004": "Children & Youth",
}
FORMATS = {"6": "Concert or Performance", "9": "Class, Training, or Workshop", "11": "Party"}


def _named(names: dict[str, str], row_id: str | None) -> bytes:
    if not row_id:
        return b"null"
    name = names.get(row_id, "Other")
    return to_json({"id": row_id, "name": name, "name_localized": name, "short_name": name})


def _venue(world: "World", event: Row) -> bytes:
    venue_id = event.get("venue_id")
    return world.store.tables["venues"].fragment(venue_id) if venue_id else b"null"


def _ticket_classes(world: "World", event: Row) -> bytes:
    table = world.store.tables["ticket_classes"]
    rows = table.where("event_id", event["id"])
    return b"[" + b",".join([table.fragment(row["id"]) for row in rows]) + b"]"


def _availability(world: "World", event: Row) -> bytes:
    rows = world.store.tables["ticket_classes"].where("event_id", event["id"])
    left = sum((row["quantity_total"] or 0) - row["quantity_sold"] for row in rows)
    body = {"has_available_tickets": left > 0, "is_sold_out": bool(rows) and left <= 0}
    return to_json(body)


def _organizer(world: "World", event: Row) -> bytes:
    return to_json({"id": event.get("organizer_id"), "name": "Nova Live", "_type": "organizer"})


def event_json(world: "World", event: Row, expand: list[str]) -> bytes:
    """An event's JSON with what was asked for."""
    makers: dict[str, Callable[[], bytes]] = {
        "venue": lambda: _venue(world, event),
        "ticket_classes": lambda: _ticket_classes(world, event),
        "category": lambda: _named(CATEGORIES, event.get("category_id")),
        "subcategory": lambda: _named(SUBCATEGORIES, event.get("subcategory_id")),
        "format": lambda: _named(FORMATS, event.get("format_id")),
        "ticket_availability": lambda: _availability(world, event),
        "organizer": lambda: _organizer(world, event),
    }
    parts = {name: makers[name]() for name in expand if name in makers}
    return with_more(world.store.tables["events"].fragment(event["id"]), parts)


def _consent(order: Row | None) -> bytes:
    found = order or {}
    body = {"has_contact_list": bool(found.get("_has_contact_list"))}
    return to_json(body | {"has_opted_in": bool(found.get("_opted_in"))})


def inner(expand: list[str], name: str) -> list[str]:
    """What is asked of a nested object: `event` of `event.venue` gives `venue`."""
    return [part[len(name) + 1 :] for part in expand if part.startswith(name + ".")]


def _has(expand: list[str], name: str) -> bool:
    return any(part == name or part.startswith(name + ".") for part in expand)


def order_json(world: "World", order: Row, expand: list[str]) -> bytes:
    """An order's JSON with what was asked for."""
    fragment = world.store.tables["orders"].fragment(order["id"])
    if not expand:
        return fragment
    parts: dict[str, bytes] = {}
    if _has(expand, "attendees"):
        deeper = [name for name in inner(expand, "attendees") if name != "order"]
        seats = [attendee_json(world, seat, deeper) for seat in world.seats_of(order)]
        parts["attendees"] = b"[" + b",".join(seats) + b"]"
    if "refund_requests" in expand:
        parts["refund_requests"] = to_json(order.get("_refund_requests", []))
    if "contact_list_preferences" in expand:
        parts["contact_list_preferences"] = _consent(order)
    if _has(expand, "event"):
        event = world.row("events", order["event_id"])
        parts["event"] = event_json(world, event, inner(expand, "event"))
    return with_more(fragment, parts)


def _promotional_code(world: "World", seat: Row) -> bytes:
    variant = seat.get("variant_id") or ""
    found = world.store.tables["discounts"].get(variant.partition("-D")[2])
    if found is None:
        return b"null"
    keys = ("id", "code", "percent_off", "amount_off")
    return to_json({"promotion_type": "discount"} | {key: found[key] for key in keys})


def attendee_json(world: "World", seat: Row, expand: list[str]) -> bytes:
    """An attendee's JSON with what was asked for."""
    fragment = world.store.tables["attendees"].fragment(seat["id"])
    if not expand:
        return fragment
    parts: dict[str, bytes] = {}
    order = world.store.tables["orders"].get(seat["order_id"])
    if _has(expand, "order") and order:
        deeper = [name for name in inner(expand, "order") if name != "attendees"]
        parts["order"] = order_json(world, order, deeper)
    if _has(expand, "event"):
        event = world.row("events", seat["event_id"])
        parts["event"] = event_json(world, event, inner(expand, "event"))
    if "contact_list_preferences" in expand:
        parts["contact_list_preferences"] = _consent(order)
    if "promotional_code" in expand:
        parts["promotional_code"] = _promotional_code(world, seat)
    return with_more(fragment, parts)


def names(request: Request) -> list[str]:
    """What `expand`, or `expand.<type>`, asks for."""
    found = request.args("expand")
    for key in request.query:
        if key.startswith("expand."):
            found += request.args(key)
    return found
