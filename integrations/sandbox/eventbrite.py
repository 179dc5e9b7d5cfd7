"""Eventbrite's routes. Read only, as Nova is; changes come through the control routes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations.sandbox import expansions
from integrations.sandbox.clock import in_seconds
from integrations.sandbox.eventbrite_filters import (
    Keep,
    attendee_filter,
    event_filter,
    order_filter,
)
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.paging import failure, page
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

ORG_PAGE = 100
EVENT_KEYS: dict[str, Callable[[Row], str]] = {
    "start": lambda row: row["start"]["utc"],
    "created": lambda row: row["created"],
    "name": lambda row: row["name"]["text"],
}


def read_me(world: "World", request: Request) -> Response:
    """The token's user."""
    email = {"email": "office@nova.example.com", "verified": True, "primary": True}
    body = {
        "id": "440000000077",
        "name": "Nova Office",
        "first_name": "Nova",
        "last_name": "Office",
        "is_public": False,
        "image_id": None,
        "emails": [email],
    }
    return Response(200, body)


def list_organizations(world: "World", request: Request) -> Response:
    """The user's organizations."""
    table = world.store.tables["organizations"]
    return page(
        request, "organizations", _everything(table), lambda at: table.fragment(table.ids[at])
    )


def _everything(table: Any) -> list[int]:
    return [at for at, row_id in enumerate(table.ids) if row_id]


def _organization(world: "World", request: Request) -> None:
    if world.store.tables["organizations"].get(request.params["id"]) is None:
        raise failure(404, "NOT_FOUND", "The organization you requested does not exist.")


def _find(world: "World", kind: str, row_id: str) -> Row:
    row = world.store.tables[kind].get(row_id)
    if row is None:
        raise failure(404, "NOT_FOUND", f"The {kind.rstrip('s')} you requested does not exist.")
    return row


def list_events(world: "World", request: Request) -> Response:
    """The organization's events; series parents only on demand."""
    _organization(world, request)
    table = world.store.tables["events"]
    keep = event_filter(request, in_seconds(world.clock.now()))
    rows = [row for row in table if keep(row)]
    expand = expansions.names(request)
    key, _, direction = request.arg("order_by").rpartition("_")
    if key in EVENT_KEYS:
        rows.sort(key=EVENT_KEYS[key], reverse=direction == "desc")
        listed = list(range(len(rows)))
        return page(
            request,
            "events",
            listed,
            lambda at: expansions.event_json(world, rows[at], expand),
            ORG_PAGE,
        )
    positions = sorted(table.positions[row["id"]] for row in rows)
    return page(
        request,
        "events",
        positions,
        lambda at: expansions.event_json(world, table.rows[table.ids[at]], expand),
        ORG_PAGE,
    )


def read_event(world: "World", request: Request) -> Response:
    """One event."""
    row = _find(world, "events", request.params["id"])
    return Response(200, expansions.event_json(world, row, expansions.names(request)))


def list_series(world: "World", request: Request) -> Response:
    """The events of a series."""
    parent = _find(world, "events", request.params["id"])
    table, expand = world.store.tables["events"], expansions.names(request)
    positions = [table.positions[r["id"]] for r in table if r.get("series_id") == parent["id"]]
    return page(
        request,
        "events",
        sorted(positions),
        lambda at: expansions.event_json(world, table.rows[table.ids[at]], expand),
    )


def list_venues(world: "World", request: Request) -> Response:
    """The organization's venues."""
    _organization(world, request)
    table = world.store.tables["venues"]
    positions = _everything(table)
    return page(request, "venues", positions, lambda at: table.fragment(table.ids[at]), ORG_PAGE)


def read_venue(world: "World", request: Request) -> Response:
    """One venue."""
    _find(world, "venues", request.params["id"])
    return Response(200, world.store.tables["venues"].fragment(request.params["id"]))


def list_ticket_classes(world: "World", request: Request) -> Response:
    """An event's ticket classes."""
    _find(world, "events", request.params["id"])
    table = world.store.tables["ticket_classes"]
    positions = table.positions_where("event_id", request.params["id"])
    return page(request, "ticket_classes", positions, lambda at: table.fragment(table.ids[at]))


def read_ticket_class(world: "World", request: Request) -> Response:
    """One ticket class."""
    row = _find(world, "ticket_classes", request.params["class_id"])
    if row["event_id"] != request.params["id"]:
        raise failure(404, "NOT_FOUND", "The ticket class you requested does not exist.")
    return Response(200, world.store.tables["ticket_classes"].fragment(row["id"]))


def _rows(world: "World", request: Request, kind: str, event_id: str, keep: Keep) -> Response:
    """A page of orders or attendees; the choice is remembered until something changes."""
    table = world.store.tables[kind]
    filters = {k: v for k, v in request.query.items() if k not in ("continuation", "page")}
    key = f"{request.path}?{sorted(filters.items())}"
    positions = world.remembered(table, key, lambda: _choose(table, event_id, keep))
    last_seen = table.positions.get(request.arg("last_item_seen")) if event_id else None
    if last_seen is not None:
        positions = [at for at in positions if at > last_seen]
    render = expansions.order_json if kind == "orders" else expansions.attendee_json
    expand = expansions.names(request)
    most = 50 if event_id else ORG_PAGE
    return page(
        request, kind, positions, lambda at: render(world, table.rows[table.ids[at]], expand), most
    )


def _choose(table: Any, event_id: str, keep: Keep) -> list[int]:
    places = table.positions_where("event_id", event_id) if event_id else _everything(table)
    return [at for at in places if keep(table.rows[table.ids[at]])]


def list_orders(world: "World", request: Request) -> Response:
    """The organization's orders, in no particular order."""
    _organization(world, request)
    return _rows(world, request, "orders", "", order_filter(request))


def list_event_orders(world: "World", request: Request) -> Response:
    """An event's orders."""
    event = _find(world, "events", request.params["id"])
    return _rows(world, request, "orders", event["id"], order_filter(request))


def read_order(world: "World", request: Request) -> Response:
    """One order; an abandoned checkout has expired."""
    row = _find(world, "orders", request.params["id"])
    if row["status"] == "abandoned":
        raise failure(400, "ORDER_EXPIRED", "The order has expired.")
    return Response(200, expansions.order_json(world, row, expansions.names(request)))


def list_order_attendees(world: "World", request: Request) -> Response:
    """An order's attendees."""
    row = _find(world, "orders", request.params["id"])
    table, expand = world.store.tables["attendees"], expansions.names(request)
    return page(
        request,
        "attendees",
        table.positions_where("order_id", row["id"]),
        lambda at: expansions.attendee_json(world, table.rows[table.ids[at]], expand),
    )


def list_attendees(world: "World", request: Request) -> Response:
    """The organization's attendees, in no particular order."""
    _organization(world, request)
    return _rows(world, request, "attendees", "", attendee_filter(request))


def list_event_attendees(world: "World", request: Request) -> Response:
    """An event's attendees."""
    event = _find(world, "events", request.params["id"])
    return _rows(world, request, "attendees", event["id"], attendee_filter(request))


def read_attendee(world: "World", request: Request) -> Response:
    """One attendee of an event."""
    row = _find(world, "attendees", request.params["attendee_id"])
    if row["event_id"] != request.params["id"]:
        raise failure(404, "NOT_FOUND", "The attendee you requested does not exist.")
    return Response(200, expansions.attendee_json(world, row, expansions.names(request)))


def list_discounts(world: "World", request: Request) -> Response:
    """Promo codes of one event (`scope=event&event_id=`), of several, or of the account."""
    _organization(world, request)
    scope, event_id = request.arg("scope"), request.arg("event_id")
    if scope not in ("event", "multi_events", "user") or (scope == "event" and not event_id):
        raise failure(400, "ARGUMENTS_ERROR", "There are errors with your arguments: scope")
    table, code = world.store.tables["discounts"], request.arg("code")
    part = request.arg("code_filter").lower()
    positions = [
        table.positions[row["id"]]
        for row in table
        if _in_scope(row, scope, event_id)
        and (not code or row["code"] == code)
        and part in row["code"].lower()
    ]
    return page(request, "discounts", positions, lambda at: table.fragment(table.ids[at]))


def _in_scope(row: Row, scope: str, event_id: str) -> bool:
    if scope == "event":
        return row["event_id"] == event_id
    return not row["event_id"] and row.get("_scope", "user") == scope


def read_discount(world: "World", request: Request) -> Response:
    """One promo code."""
    row = _find(world, "discounts", request.params["id"])
    return Response(200, world.store.tables["discounts"].fragment(row["id"]))


ORG, EVENT = "/v3/organizations/{id}", "/v3/events/{id}"
ROUTES = [
    Route("GET", "/v3/users/me/", read_me),
    Route("GET", "/v3/users/me/organizations/", list_organizations),
    Route("GET", f"{ORG}/events/", list_events),
    Route("GET", f"{ORG}/venues/", list_venues),
    Route("GET", f"{ORG}/orders/", list_orders),
    Route("GET", f"{ORG}/attendees/", list_attendees),
    Route("GET", f"{ORG}/discounts/", list_discounts),
    Route("GET", "/v3/series/{id}/events/", list_series),
    Route("GET", "/v3/venues/{id}/", read_venue),
    Route("GET", f"{EVENT}/", read_event),
    Route("GET", f"{EVENT}/ticket_classes/", list_ticket_classes),
    Route("GET", f"{EVENT}/ticket_classes/{{class_id}}/", read_ticket_class),
    Route("GET", f"{EVENT}/orders/", list_event_orders),
    Route("GET", f"{EVENT}/attendees/", list_event_attendees),
    Route("GET", f"{EVENT}/attendees/{{attendee_id}}/", read_attendee),
    Route("GET", "/v3/orders/{id}/", read_order),
    Route("GET", "/v3/orders/{id}/attendees/", list_order_attendees),
    Route("GET", "/v3/discounts/{id}/", read_discount),
]
