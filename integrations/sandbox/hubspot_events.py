"""HubSpot's custom (behavioural) events: definitions, sending, reading back. Enterprise only.

An answer of 204 means taken, not kept: an event about nobody whom HubSpot knows is dropped, and
so is a second one with the same uuid; `_repeats` of the first counts those.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import json_body, page_limit
from integrations.sandbox.outbox import PORTAL_ID
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

Item = dict[str, Any]
NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
DEFINITIONS, PROPERTIES, BATCH = 500, 50, 500
VALUE, LONG_VALUE = 256, 1_024
LONG_NAMES = ("url", "referrer", "link")


def _enterprise(world: "World") -> None:
    """Raises ApiError for an account of a lower tier."""
    if world.limits.tier != "enterprise":
        message = "The account does not have access to custom behavioral events."
        raise errors.refuse(403, "FORBIDDEN", message)


def _public(row: Row) -> Item:
    return {key: row[key] for key in row if key[0] != "_"}


def _find(world: "World", request: Request) -> Row:
    _enterprise(world)
    name = request.params["name"].rpartition(f"pe{PORTAL_ID}_")[2]
    row = world.store.tables["event_definitions"].get(name)
    if row is None or row["archived"]:
        raise errors.not_found(f"Event definition {request.params['name']} does not exist")
    return row


def create_definition(world: "World", request: Request) -> Response:
    """A new kind of event; a name that was ever used is refused."""
    _enterprise(world)
    given, table = json_body(request), world.store.tables["event_definitions"]
    label = given.get("label")
    if not label:
        raise errors.invalid("Some required fields were not set: [label]")
    name = str(given.get("name") or re.sub(r"[^a-z0-9]+", "_", str(label).lower()))
    if not NAME.fullmatch(name):
        raise errors.invalid(f"{name} is not a valid event name")
    if table.get(name) is not None:
        raise errors.refuse(409, "CONFLICT", f"An event named {name} exists or existed already")
    if len(table) >= DEFINITIONS:
        raise errors.invalid(f"At most {DEFINITIONS} event definitions are allowed")
    row = _definition(name, given, in_milliseconds(world.clock.now()))
    return Response(201, _public(world.store.put("event_definitions", row)))


def _definition(name: str, given: Item, at: str) -> Row:
    wishes = given.get("propertyDefinitions") or []
    if len(wishes) > PROPERTIES:
        raise errors.invalid(f"At most {PROPERTIES} properties are allowed")
    for wish in wishes:
        if not wish.get("name") or not wish.get("label") or not wish.get("type"):
            raise errors.invalid("Some required fields were not set: [name, label, type]")
    return {
        "id": name,
        "name": name,
        "fullyQualifiedName": f"pe{PORTAL_ID}_{name}",
        "labels": {"singular": given["label"], "plural": None},
        "description": given.get("description"),
        "primaryObject": given.get("primaryObject") or "CONTACT",
        "primaryObjectId": "0-1",
        "properties": [dict(wish) for wish in wishes],
        "archived": False,
        "createdAt": at,
        "_defaults": bool(given.get("includeDefaultProperties")),
    }


def list_definitions(world: "World", request: Request) -> Response:
    """All kinds of event that are in use."""
    _enterprise(world)
    rows = [_public(row) for row in world.store.tables["event_definitions"] if not row["archived"]]
    return Response(200, {"results": rows, "total": len(rows)})


def read_definition(world: "World", request: Request) -> Response:
    """One kind of event, by its short or its full name."""
    return Response(200, _public(_find(world, request)))


def delete_definition(world: "World", request: Request) -> Response:
    """Removes a kind of event with all that happened; its name stays taken."""
    row = _find(world, request)
    world.store.put("event_definitions", row | {"archived": True})
    for found in list(world.store.tables["event_occurrences"]):
        if found["eventType"] == row["fullyQualifiedName"]:
            world.store.remove("event_occurrences", found["id"])
    return Response(204)


def send(world: "World", request: Request) -> Response:
    """Takes one event."""
    _enterprise(world)
    item = json_body(request)
    _check(world, item)
    _keep(world, item)
    return Response(204)


def send_batch(world: "World", request: Request) -> Response:
    """Takes up to 500 events, all or none."""
    _enterprise(world)
    inputs = json_body(request).get("inputs")
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= BATCH:
        raise errors.invalid(f"inputs must hold between 1 and {BATCH} events")
    for item in inputs:
        _check(world, item)
    for item in inputs:
        _keep(world, item)
    return Response(204)


def _check(world: "World", item: Any) -> None:
    """Raises ApiError for an event that cannot be taken."""
    if not isinstance(item, dict) or not isinstance(item.get("properties"), dict):
        raise errors.invalid("Some required fields were not set: [eventName, properties]")
    name = str(item.get("eventName", "")).removeprefix(f"pe{PORTAL_ID}_")
    row = world.store.tables["event_definitions"].get(name)
    if row is None or row["archived"] or item["eventName"] != row["fullyQualifiedName"]:
        raise errors.invalid(f"No event definition exists for {item.get('eventName')}")
    if not (item.get("objectId") or item.get("email") or item.get("utk")):
        raise errors.invalid("One of objectId, email or utk is required")
    known = {one["name"] for one in row["properties"]}
    for key, value in item["properties"].items():
        if key not in known and not (row["_defaults"] and key.startswith("hs_")):
            raise errors.invalid(f"Property {key} does not exist on {item['eventName']}")
        most = LONG_VALUE if any(word in key for word in LONG_NAMES) else VALUE
        if len(str(value)) > most:
            raise errors.invalid(f"The value of {key} is longer than {most} characters")
    _moment(world, item)


def _moment(world: "World", item: Item) -> str:
    given = item.get("occurredAt")
    if given is None:
        return in_milliseconds(world.clock.now())
    try:
        if str(given).isdecimal():
            return in_milliseconds(datetime.fromtimestamp(int(given) / 1000, UTC))
        at = datetime.fromisoformat(str(given))
    except (ValueError, OverflowError) as error:
        raise errors.invalid(f"occurredAt {given} is not a valid time") from error
    return in_milliseconds(at if at.tzinfo else at.replace(tzinfo=UTC))


def _keep(world: "World", item: Item) -> None:
    """Stores an event about a known contact, unless its uuid came before."""
    key = "hs_object_id" if item.get("objectId") else "email"
    contact = world.find_record("contacts", key, str(item.get("objectId") or item.get("email", "")))
    table, kind = world.store.tables["event_occurrences"], item["eventName"]
    row_id = f"{kind}/{item.get('uuid') or uuid.uuid5(uuid.NAMESPACE_OID, f'{kind}{len(table)}')}"
    known = table.get(row_id)
    if known is not None:
        world.store.put("event_occurrences", known | {"_repeats": known["_repeats"] + 1})
    elif contact is not None:
        row = {"id": row_id, "eventType": kind, "uuid": item.get("uuid")}
        row |= {"objectType": "CONTACT", "objectId": contact["id"], "_repeats": 0}
        row |= {"occurredAt": _moment(world, item), "properties": item["properties"]}
        world.store.put("event_occurrences", row)


def list_occurrences(world: "World", request: Request) -> Response:
    """What happened, newest first, of one contact or one kind."""
    _enterprise(world)
    limit, after = page_limit(request, 20, 1000), request.arg("after", "0") or "0"
    contact, kind = request.arg("objectId"), request.arg("eventType")
    rows = [
        _public(row)
        for row in world.store.tables["event_occurrences"]
        if (not contact or row["objectId"] == contact) and (not kind or row["eventType"] == kind)
    ]
    rows.sort(key=lambda row: row["occurredAt"], reverse=True)
    start = int(after) if after.isdecimal() else 0
    body: Item = {"results": rows[start : start + limit]}
    if start + limit < len(rows):
        body["paging"] = {"next": {"after": str(start + limit), "link": "?"}}
    return Response(200, body)


DEFINITION = "/events/v3/event-definitions"
DEFINE = ("behavioral_events.event_definitions.read_write",)
SEND = ("analytics.behavioral_events.send",)
ROUTES = [
    Route("GET", DEFINITION, list_definitions, DEFINE),
    Route("POST", DEFINITION, create_definition, DEFINE, writes=True),
    Route("GET", f"{DEFINITION}/{{name}}", read_definition, DEFINE),
    Route("DELETE", f"{DEFINITION}/{{name}}", delete_definition, DEFINE, writes=True),
    Route("POST", "/events/v3/send", send, SEND, writes=True),
    Route("POST", "/events/v3/send/batch", send_batch, SEND, writes=True),
    Route("GET", "/events/v3/events", list_occurrences, ("crm.objects.contacts.read",)),
]
