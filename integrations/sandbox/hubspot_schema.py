"""HubSpot's properties and property groups API."""

import re
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import ApiError, Request, Response, Route
from integrations.sandbox.hubspot_shapes import batch_answer, batch_inputs, json_body, object_type
from integrations.sandbox.properties import FIELD_TYPES, definition, option
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
CHANGEABLE = [
    "label",
    "description",
    "groupName",
    "type",
    "fieldType",
    "options",
    "displayOrder",
    "hidden",
    "formField",
]
UNIQUE_MOST = 10


def _public(row: Row) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "id"}


def _find(world: "World", request: Request, table: str, name: str) -> Row:
    row = world.store.tables[table].get(f"{object_type(request).name}/{name}")
    if row is None or row["archived"]:
        raise errors.not_found(f"{name} does not exist")
    return row


def _all(world: "World", request: Request, table: str) -> Response:
    prefix, archived = f"{object_type(request).name}/", request.flag("archived")
    rows = [r for r in world.store.tables[table] if r["id"].startswith(prefix)]
    return Response(200, {"results": [_public(r) for r in rows if r["archived"] == archived]})


def list_properties(world: "World", request: Request) -> Response:
    """All properties of an object type; there are no pages."""
    return _all(world, request, "properties")


def read_property(world: "World", request: Request) -> Response:
    """One property by name."""
    return Response(200, _public(_find(world, request, "properties", request.params["name"])))


def _create(world: "World", kind: str, given: dict[str, Any]) -> Row:
    """A new property from the body of a create. Raises ApiError."""
    name = str(given.get("name", ""))
    _check_new(world, kind, name, given)
    now = in_milliseconds(world.clock.now())
    options = [option(one, at) for at, one in enumerate(given.get("options") or [])]
    editable = {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False}
    extra = {key: given[key] for key in ("description", "displayOrder", "hidden") if key in given}
    row = definition(
        kind,
        name,
        given["type"],
        given["fieldType"],
        label=given["label"],
        groupName=given["groupName"],
        hasUniqueValue=bool(given.get("hasUniqueValue")),
        formField=bool(given.get("formField")),
        externalOptions=bool(given.get("externalOptions")),
        hubspotDefined=False,
        modificationMetadata=editable,
        createdAt=now,
        updatedAt=now,
        **extra,
    )
    world.store.put("properties", row | {"options": options})
    if row["hasUniqueValue"]:
        world.reindex()
    return row | {"options": options}


def _check_new(world: "World", kind: str, name: str, given: dict[str, Any]) -> None:
    for key in ("name", "label", "groupName", "type", "fieldType"):
        if not given.get(key):
            raise errors.invalid(f"Some required fields were not set: [{key}]")
    if not NAME.fullmatch(name):
        raise errors.invalid(f"{name} is not a valid property name")
    known = world.store.tables["properties"].get(f"{kind}/{name}")
    if known is not None and not known["archived"]:
        raise errors.refuse(
            409, "OBJECT_ALREADY_EXISTS", f"A property named '{name}' already exists."
        )
    if world.store.tables["groups"].get(f"{kind}/{given['groupName']}") is None:
        raise errors.invalid(f"Property group {given['groupName']} does not exist")
    if given["fieldType"] not in FIELD_TYPES.get(given["type"], ()):
        message = f"Invalid fieldType {given['fieldType']} for type {given['type']}"
        raise errors.invalid(message)
    if given.get("hasUniqueValue") and len(world.unique_names(kind)) >= UNIQUE_MOST:
        raise errors.invalid(f"At most {UNIQUE_MOST} properties may have unique values")


def create_property(world: "World", request: Request) -> Response:
    """A new property; 409 if the name exists."""
    return Response(201, _public(_create(world, object_type(request).name, json_body(request))))


def create_properties(world: "World", request: Request) -> Response:
    """Up to 100 new properties; those that cannot be made are reported."""
    results, problems = [], []
    for given in batch_inputs(request):
        try:
            results.append(_public(_create(world, object_type(request).name, given)))
        except ApiError as refusal:
            problems.append(refusal.response.body | {"context": {"name": [given.get("name", "")]}})
    return batch_answer(world, results, problems, 201)


def read_properties(world: "World", request: Request) -> Response:
    """Properties by name; unknown names are reported."""
    rows, gone = [], []
    for item in batch_inputs(request):
        try:
            rows.append(_public(_find(world, request, "properties", str(item.get("name")))))
        except ApiError:
            gone.append(str(item.get("name")))
    context = {"context": {"name": gone}}
    problems = [errors.envelope("OBJECT_NOT_FOUND", "Unknown properties", **context)]
    return batch_answer(world, rows, problems if gone else [])


def update_property(world: "World", request: Request) -> Response:
    """Changes a property of one's own; `hasUniqueValue` cannot change."""
    row = _find(world, request, "properties", request.params["name"])
    given = json_body(request)
    if row["modificationMetadata"]["readOnlyDefinition"] and set(given) - {"options"}:
        raise errors.invalid(f"{row['name']} is a HubSpot defined property")
    changes = {key: given[key] for key in CHANGEABLE if key in given}
    if "options" in changes:
        changes["options"] = [option(one, at) for at, one in enumerate(changes["options"])]
    changes["updatedAt"] = in_milliseconds(world.clock.now())
    return Response(200, _public(world.store.put("properties", row | changes)))


def delete_property(world: "World", request: Request) -> Response:
    """Archives a property of one's own."""
    row = _find(world, request, "properties", request.params["name"])
    if not row["modificationMetadata"]["archivable"]:
        raise errors.invalid(f"{row['name']} is a HubSpot defined property")
    world.store.put("properties", row | {"archived": True})
    return Response(204)


def list_groups(world: "World", request: Request) -> Response:
    """All property groups."""
    return _all(world, request, "groups")


def read_group(world: "World", request: Request) -> Response:
    """One property group by name."""
    return Response(200, _public(_find(world, request, "groups", request.params["name"])))


def create_group(world: "World", request: Request) -> Response:
    """A new property group; 409 if the name exists."""
    kind, given = object_type(request).name, json_body(request)
    name = str(given.get("name", ""))
    if not NAME.fullmatch(name) or not given.get("label"):
        raise errors.invalid("Some required fields were not set: [name, label]")
    if world.store.tables["groups"].get(f"{kind}/{name}"):
        raise errors.refuse(409, "OBJECT_ALREADY_EXISTS", f"A group named '{name}' already exists.")
    row = group(kind, name, given["label"], given.get("displayOrder", -1))
    return Response(201, _public(world.store.put("groups", row)))


def update_group(world: "World", request: Request) -> Response:
    """Changes a group's label or place."""
    row = _find(world, request, "groups", request.params["name"])
    given = json_body(request)
    changes = {key: given[key] for key in ("label", "displayOrder") if key in given}
    return Response(200, _public(world.store.put("groups", row | changes)))


def delete_group(world: "World", request: Request) -> Response:
    """Removes a group."""
    row = _find(world, request, "groups", request.params["name"])
    world.store.remove("groups", row["id"])
    return Response(204)


def group(kind: str, name: str, label: str, order: int = -1) -> Row:
    """A property group as the API shows it."""
    return {
        "id": f"{kind}/{name}",
        "name": name,
        "label": label,
        "displayOrder": order,
        "archived": False,
    }


PROPERTIES = "/crm/v3/properties/{type}"
READ = ("crm.objects.{type}.read", "crm.schemas.{type}.read")
WRITE = ("crm.schemas.{type}.write",)
ROUTES = [
    Route("GET", f"{PROPERTIES}/groups", list_groups, READ),
    Route("POST", f"{PROPERTIES}/groups", create_group, WRITE, writes=True),
    Route("GET", f"{PROPERTIES}/groups/{{name}}", read_group, READ),
    Route("PATCH", f"{PROPERTIES}/groups/{{name}}", update_group, WRITE, writes=True),
    Route("DELETE", f"{PROPERTIES}/groups/{{name}}", delete_group, WRITE, writes=True),
    Route("GET", PROPERTIES, list_properties, READ),
    Route("POST", PROPERTIES, create_property, WRITE, writes=True),
    Route("POST", f"{PROPERTIES}/batch/create", create_properties, WRITE, writes=True),
    Route("POST", f"{PROPERTIES}/batch/read", read_properties, READ),
    Route("GET", f"{PROPERTIES}/{{name}}", read_property, READ),
    Route("PATCH", f"{PROPERTIES}/{{name}}", update_property, WRITE, writes=True),
    Route("DELETE", f"{PROPERTIES}/{{name}}", delete_property, WRITE, writes=True),
]
