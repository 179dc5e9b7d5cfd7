"""What HubSpot's object routes share: object types, how a record is shown, batches in and out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import Request, Response
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

PAGE = 100
BATCH = 100
OBJECTS = "/crm/v3/objects/{type}"
READ, WRITE = ("crm.objects.{type}.read",), ("crm.objects.{type}.write",)


@dataclass(frozen=True)
class ObjectType:
    """An object type: its table, its number, and what a read gives when nothing is asked for."""

    name: str
    number: str
    defaults: tuple[str, ...]
    always: tuple[str, ...]


CONTACTS = ObjectType(
    "contacts",
    "0-1",
    ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    ("createdate", "hs_object_id", "lastmodifieddate"),
)
DEALS = ObjectType(
    "deals",
    "0-3",
    (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
    ("createdate", "hs_lastmodifieddate", "hs_object_id"),
)
OBJECT_TYPES = {
    "contacts": CONTACTS,
    "contact": CONTACTS,
    "0-1": CONTACTS,
    "deals": DEALS,
    "deal": DEALS,
    "0-3": DEALS,
}


def object_type(request: Request, part: str = "type") -> ObjectType:
    """The object type that a part of the path names. Raises ApiError."""
    found = OBJECT_TYPES.get(request.params[part])
    if found is None:
        raise errors.invalid(f"Unable to infer object type from: {request.params[part]}")
    return found


def json_body(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises ApiError."""
    try:
        body = request.json()
    except ValueError as error:
        raise errors.invalid("Invalid input JSON: could not be parsed") from error
    if not isinstance(body, dict):
        raise errors.invalid("Invalid input JSON: an object was expected")
    return body


def wanted(kind: ObjectType, names: list[str]) -> list[str]:
    """The properties that a read gives."""
    return list(dict.fromkeys([*kind.always, *names])) if names else list(kind.defaults)


def known_names(world: "World", kind: ObjectType, names: list[str]) -> list[str]:
    """Those names that exist; unknown ones are left out without a word."""
    rows = world.store.tables["properties"].rows
    return [name for name in names if f"{kind.name}/{name}" in rows]


def shown(row: Row, names: list[str]) -> dict[str, Any]:
    """A record as a read gives it; a property without value is null."""
    values = row["properties"]
    out = {"id": row["id"], "properties": {name: values.get(name) for name in names}}
    out |= {"createdAt": row["createdAt"], "updatedAt": row["updatedAt"]}
    out["archived"] = row["archived"]
    if row["archived"]:
        out["archivedAt"] = row["archivedAt"]
    return out


def written(kind: ObjectType, row: Row, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """A record as a write answers it: all values after a create, else what was written."""
    if given is None:
        return shown(row, sorted(row["properties"]))
    names = [*kind.always, *(["email"] if "email" in row["properties"] else []), *given]
    return shown(row, list(dict.fromkeys(names)))


def page_limit(request: Request, default: int, most: int) -> int:
    """The `limit` argument. Raises ApiError."""
    text = request.arg("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise errors.invalid(f"limit must be between 1 and {most}, was {text}")
    return int(text)


def batch_inputs(request: Request, most: int = BATCH) -> list[dict[str, Any]]:
    """The `inputs` of a batch. Raises ApiError when there are none or too many."""
    inputs = json_body(request).get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
        raise errors.invalid("Invalid input JSON: inputs is required")
    if not inputs:
        raise errors.invalid("Property 'inputs' may not be empty.")
    if len(inputs) > most:
        raise errors.invalid(f"The maximum number of inputs is {most}, was {len(inputs)}")
    return inputs


def batch_answer(
    world: "World", results: list[Any], problems: list[Any], status: int = 200
) -> Response:
    """A batch's answer: 207 as soon as one entry failed."""
    now = in_milliseconds(world.clock.now())
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
    }
    if problems:
        body |= {"numErrors": len(problems), "errors": problems}
    return Response(207 if problems else status, body)


def missing(ids: list[str]) -> dict[str, Any]:
    """The one entry that lists all ids a batch did not find."""
    message = "Could not get some objects, they may be deleted or not exist. Check the ids."
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": message,
        "context": {"ids": ids},
    }
