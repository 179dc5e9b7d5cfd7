"""HubSpot's CRM objects API: list, read, write, merge, batch read and archive."""

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_associations
from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.crm import Taken
from integrations.sandbox.http import ApiError, Request, Response, Route
from integrations.sandbox.hubspot_shapes import (
    CONTACTS,
    OBJECTS,
    PAGE,
    READ,
    WRITE,
    ObjectType,
    batch_answer,
    batch_inputs,
    json_body,
    known_names,
    missing,
    object_type,
    page_limit,
    shown,
    wanted,
    written,
)
from integrations.sandbox.properties import BadValue
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World


def _read(
    world: "World", kind: ObjectType, row: Row, names: list[str], ties: list[str]
) -> dict[str, Any]:
    """A record as a read gives it, with the associations that were asked for."""
    more = hubspot_associations.shown_ties(world, kind, row["id"], ties) if ties else {}
    return shown(row, names) | more


def list_records(world: "World", request: Request) -> Response:
    """A page of records by id; `after` is the id of the next."""
    kind = object_type(request)
    limit = page_limit(request, 10, 50 if request.args("propertiesWithHistory") else PAGE)
    archived = request.flag("archived")
    after = request.arg("after", "0") or "0"
    if not after.isdecimal():
        raise errors.invalid(f"Invalid after: {after}")
    table = world.store.tables[kind.name]
    names = known_names(world, kind, wanted(kind, request.args("properties")))
    rows: list[Row] = []
    for at in range(bisect_left(table.ids, int(after), key=int), len(table.ids)):
        row = table.rows[table.ids[at]]
        if row["archived"] == archived and "_hidden" not in row:
            rows.append(row)
            if len(rows) > limit:
                break
    ties = request.args("associations")
    body: dict[str, Any] = {
        "results": [_read(world, kind, row, names, ties) for row in rows[:limit]]
    }
    if len(rows) > limit:
        link = f"https://api.hubapi.com{request.path}?limit={limit}&after={rows[limit]['id']}"
        body["paging"] = {"next": {"after": rows[limit]["id"], "link": link}}
    return Response(200, body)


def _named(world: "World", request: Request, kind: ObjectType) -> Row:
    key = request.arg("idProperty") or "hs_object_id"
    value = request.params["id"]
    if request.flag("archived") and key == "hs_object_id":
        row = world.store.tables[kind.name].get(value)
        row = row if row and row["archived"] and "_hidden" not in row else None
    else:
        row = world.find_record(kind.name, key, value)
    if row is None:
        raise errors.not_found()
    return row


def read_record(world: "World", request: Request) -> Response:
    """One record by id, or by `idProperty`."""
    kind = object_type(request)
    names = known_names(world, kind, wanted(kind, request.args("properties")))
    row = _named(world, request, kind)
    return Response(200, _read(world, kind, row, names, request.args("associations")))


def _values(item: dict[str, Any]) -> dict[str, Any]:
    values = item.get("properties")
    if not isinstance(values, dict):
        raise errors.invalid("Invalid input JSON: properties is required")
    return values


def create_record(world: "World", request: Request) -> Response:
    """A new record; 409 names the one that already has the address."""
    kind = object_type(request)
    given = json_body(request)
    to_ids = hubspot_associations.wishes(world, kind, given)
    try:
        row = world.create_record(kind.name, _values(given))
    except (BadValue, Taken) as error:
        raise ApiError(Response(*errors.of_write(error))) from error
    hubspot_associations.tie_all(world, kind, row["id"], to_ids)
    return Response(201, written(kind, row))


def update_record(world: "World", request: Request) -> Response:
    """Changes one record by id (also one merged away), or by `idProperty`."""
    kind = object_type(request)
    values = _values(json_body(request))
    row = _named(world, request, kind)
    try:
        row = world.edit_record(kind.name, row["id"], values)
    except (BadValue, Taken) as error:
        raise ApiError(Response(*errors.of_write(error))) from error
    return Response(200, written(kind, row, values))


def delete_record(world: "World", request: Request) -> Response:
    """Moves a record to the recycle bin."""
    kind = object_type(request)
    row = world.store.tables[kind.name].get(request.params["id"])
    if row is None:
        raise errors.not_found()
    if not row["archived"]:
        world.archive_record(kind.name, row["id"])
    return Response(204)


def erase_contact(world: "World", request: Request) -> Response:
    """Deletes a contact for good, by id or address."""
    given = json_body(request)
    key = given.get("idProperty") or "hs_object_id"
    row = world.find_record("contacts", key, str(given.get("objectId", "")))
    if row is not None:
        world.erase_record("contacts", row["id"])
    return Response(204)


def merge_contacts(world: "World", request: Request) -> Response:
    """Merges one contact into another."""
    given = json_body(request)
    keep = world.find_record("contacts", "hs_object_id", str(given.get("primaryObjectId", "")))
    lose = world.find_record("contacts", "hs_object_id", str(given.get("objectIdToMerge", "")))
    if keep is None or lose is None or keep["id"] == lose["id"]:
        raise errors.invalid("primaryObjectId and objectIdToMerge must be two known contacts")
    return Response(200, written(CONTACTS, world.merge_contacts(keep["id"], lose["id"])))


def batch_read(world: "World", request: Request) -> Response:
    """Up to 100 records by id or unique property; an address may be a secondary one."""
    kind = object_type(request)
    body = json_body(request)
    key = body.get("idProperty") or "hs_object_id"
    _must_be_unique(world, kind, key)
    ids = [str(item.get("id", "")) for item in batch_inputs(request)]
    names = known_names(world, kind, wanted(kind, body.get("properties") or []))
    found: dict[str, Row] = {}
    gone = []
    for value in ids:
        row = world.find_record(kind.name, key, value)
        if row is None:
            gone.append(value)
        else:
            found[row["id"]] = row
    rows = [shown(found[row_id], names) for row_id in sorted(found)]
    return batch_answer(world, rows, [missing(gone)] if gone else [])


def _must_be_unique(world: "World", kind: ObjectType, key: str) -> None:
    prop = world.store.tables["properties"].get(f"{kind.name}/{key}")
    if key != "hs_object_id" and not (prop and prop["hasUniqueValue"]):
        raise errors.invalid(f"Unable to perform read by non-unique {kind.number} property {key}")


def batch_archive(world: "World", request: Request) -> Response:
    """Moves up to 100 records to the recycle bin; unknown ids are passed over."""
    kind = object_type(request)
    for item in batch_inputs(request):
        row = world.store.tables[kind.name].get(str(item.get("id", "")))
        if row and not row["archived"]:
            world.archive_record(kind.name, row["id"])
    return Response(204)


ERASE = ("crm.objects.contacts.write",)
ROUTES = [
    Route("POST", "/crm/v3/objects/contacts/gdpr-delete", erase_contact, ERASE, writes=True),
    Route("POST", "/crm/v3/objects/contacts/merge", merge_contacts, ERASE, writes=True),
    Route("GET", OBJECTS, list_records, READ),
    Route("POST", OBJECTS, create_record, WRITE, writes=True),
    Route("POST", f"{OBJECTS}/batch/read", batch_read, READ),
    Route("POST", f"{OBJECTS}/batch/archive", batch_archive, WRITE, writes=True),
    Route("GET", f"{OBJECTS}/{{id}}", read_record, READ),
    Route("PATCH", f"{OBJECTS}/{{id}}", update_record, WRITE, writes=True),
    Route("DELETE", f"{OBJECTS}/{{id}}", delete_record, WRITE, writes=True),
]
