"""HubSpot's lists API, version 3: lists and who is on them. Dynamic lists stay empty.

A deleted list can be restored; its name is free at once.
"""

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import OBJECT_TYPES, json_body, page_limit
from integrations.sandbox.outbox import NUMBERS
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

TYPES = ("MANUAL", "DYNAMIC", "SNAPSHOT")
FIRST_LIST = 11
MEMBERS_AT_ONCE = 100_000


def _public(row: Row) -> dict[str, Any]:
    shown = {key: value for key, value in row.items() if key[0] != "_" and key != "id"}
    shown["size"] = len(row["_members"])
    return shown


def _live(world: "World") -> list[Row]:
    return [row for row in world.store.tables["lists"] if "_deleted" not in row]


def _find(world: "World", request: Request, part: str = "id") -> Row:
    row = world.store.tables["lists"].get(request.params[part])
    if row is None or "_deleted" in row:
        raise errors.not_found(f"List does not exist with ID {request.params['id']}.")
    return row


def create_list(world: "World", request: Request) -> Response:
    """A new list; its name must be free."""
    given = json_body(request)
    name, kind = given.get("name"), given.get("processingType")
    if not name or given.get("objectTypeId") not in NUMBERS.values() or kind not in TYPES:
        raise errors.invalid("name, objectTypeId and processingType are required")
    if _by_name(world, str(name)):
        raise errors.invalid(
            f"A List already exists with name '{name}'.", subCategory="ILS.DUPLICATE_LIST_NAMES"
        )
    table, now = world.store.tables["lists"], in_milliseconds(world.clock.now())
    list_id = str(table.top + 1 if table.top else FIRST_LIST)
    row = {
        "id": list_id,
        "listId": list_id,
        "listVersion": 1,
        "createdAt": now,
        "updatedAt": now,
        "filtersUpdatedAt": now,
        "processingStatus": "COMPLETE",
        "processingType": kind,
        "objectTypeId": given["objectTypeId"],
        "name": name,
        "filterBranch": given.get("filterBranch"),
        "_members": {},
    }
    return Response(200, {"list": _public(world.store.put("lists", row))})


def _by_name(world: "World", name: str) -> Row | None:
    wanted = name.strip().lower()
    return next((row for row in _live(world) if row["name"].strip().lower() == wanted), None)


def read_list(world: "World", request: Request) -> Response:
    """One list by id."""
    return Response(200, {"list": _public(_find(world, request))})


def read_list_by_name(world: "World", request: Request) -> Response:
    """One list by name."""
    row = _by_name(world, request.params["name"])
    if row is None or row["objectTypeId"] != request.params["type"]:
        raise errors.not_found(f"List does not exist with name {request.params['name']}.")
    return Response(200, {"list": _public(row)})


def search_lists(world: "World", request: Request) -> Response:
    """Lists whose name contains `query`; count at most 500."""
    given = json_body(request)
    query, start = str(given.get("query") or "").lower(), int(given.get("offset") or 0)
    count = min(int(given.get("count") or 20), 500)
    rows = [row for row in _live(world) if query in row["name"].lower()]
    page = [_public(row) | {"additionalProperties": {}} for row in rows[start : start + count]]
    more = {"hasMore": start + count < len(rows), "offset": start + len(page), "total": len(rows)}
    return Response(200, {"lists": page} | more)


def rename_list(world: "World", request: Request) -> Response:
    """Gives a list another name."""
    row, name = _find(world, request), request.arg("listName")
    holder = _by_name(world, name)
    if not name or (holder and holder["id"] != row["id"]):
        raise errors.invalid(f"A List already exists with name '{name}'.")
    row = world.store.put("lists", row | {"name": name})
    return Response(200, {"updatedList": _public(row)})


def delete_list(world: "World", request: Request) -> Response:
    """Removes a list; it can be restored."""
    world.store.put("lists", _find(world, request) | {"_deleted": True})
    return Response(204)


def restore_list(world: "World", request: Request) -> Response:
    """Brings a deleted list back, unless its name has been taken."""
    row = world.store.tables["lists"].get(request.params["id"])
    if row is None or "_deleted" not in row:
        raise errors.not_found(f"No deleted list with ID {request.params['id']}.")
    if _by_name(world, row["name"]):
        raise errors.invalid(f"A List already exists with name '{row['name']}'.")
    world.store.put("lists", {key: value for key, value in row.items() if key != "_deleted"})
    return Response(204)


def read_lists(world: "World", request: Request) -> Response:
    """Lists by id; unknown ids are left out."""
    ids = set(request.args("listIds"))
    return Response(200, {"lists": [_public(row) for row in _live(world) if row["id"] in ids]})


def lists_of_record(world: "World", request: Request) -> Response:
    """Which lists a record is on."""
    record_id = request.params["record_id"]
    results = [
        {
            "listId": row["listId"],
            "listVersion": 1,
            "lastAddedTimestamp": row["_members"][record_id],
        }
        for row in _live(world)
        if row["objectTypeId"] == request.params["type"] and record_id in row["_members"]
    ]
    return Response(200, {"results": results, "total": len(results)})


def _ids(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise errors.invalid("Invalid input JSON: an array of record ids was expected")
    return [str(one) for one in value]


def _array(request: Request) -> list[str]:
    try:
        return _ids(request.json())
    except ValueError as error:
        raise errors.invalid("Invalid input JSON: could not be parsed") from error


def _change(world: "World", request: Request, add: list[str], remove: list[str]) -> Response:
    row = _find(world, request)
    if row["processingType"] == "DYNAMIC":
        raise errors.invalid("Memberships of a DYNAMIC list cannot be changed")
    now, members = in_milliseconds(world.clock.now()), dict(row["_members"])
    kind = OBJECT_TYPES[row["objectTypeId"]].name
    records = world.store.tables[kind]
    live = [i for i in dict.fromkeys(add) if (c := records.get(i)) and not c["archived"]]
    added = [record_id for record_id in live if record_id not in members]
    removed = [record_id for record_id in dict.fromkeys(remove) if record_id in members]
    members |= dict.fromkeys(added, now)
    for record_id in removed:
        members.pop(record_id, None)
    world.store.put("lists", row | {"_members": members, "updatedAt": now})
    absent = [record_id for record_id in dict.fromkeys(add) if record_id not in live]
    answer = {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": absent}
    return Response(200, {key: ids for key, ids in answer.items() if ids})


def add_members(world: "World", request: Request) -> Response:
    """Adds contacts; unknown ids and members are passed over."""
    return _change(world, request, _array(request), [])


def remove_members(world: "World", request: Request) -> Response:
    """Removes contacts; those who are not on it are passed over."""
    return _change(world, request, [], _array(request))


def change_members(world: "World", request: Request) -> Response:
    """Adds and removes in one call."""
    given = json_body(request)
    add, remove = given.get("recordIdsToAdd") or [], given.get("recordIdsToRemove") or []
    return _change(world, request, _ids(add), _ids(remove))


def remove_all_members(world: "World", request: Request) -> Response:
    """Empties a list of at most 100,000 members."""
    members = list(_find(world, request)["_members"])
    _refuse_many(members)
    _change(world, request, [], members)
    return Response(204)


def add_from_list(world: "World", request: Request) -> Response:
    """Adds all members of another list, which has at most 100,000."""
    members = list(_find(world, request, "source_id")["_members"])
    _refuse_many(members)
    _change(world, request, members, [])
    return Response(204)


def _refuse_many(members: list[str]) -> None:
    if len(members) > MEMBERS_AT_ONCE:
        raise errors.invalid(f"The list has more than {MEMBERS_AT_ONCE} members")


def list_members(world: "World", request: Request) -> Response:
    """A page of members by record id; at most 250."""
    limit, after = page_limit(request, 100, 250), request.arg("after", "0") or "0"
    members = _find(world, request)["_members"]
    ids = sorted(members, key=int)
    start = bisect_right(ids, int(after), key=int) if after.isdecimal() else 0
    page = ids[start : start + limit]
    results = [{"recordId": i, "membershipTimestamp": members[i]} for i in page]
    body: dict[str, Any] = {"results": results, "total": len(ids)}
    if start + limit < len(ids):
        body["paging"] = {"next": {"after": page[-1], "link": "?"}}
    return Response(200, body)


LISTS = "/crm/v3/lists"
READ, WRITE = ("crm.lists.read",), ("crm.lists.write",)
ROUTES = [
    Route("POST", LISTS, create_list, WRITE, writes=True),
    Route("GET", LISTS, read_lists, READ),
    Route("POST", f"{LISTS}/search", search_lists, READ),
    Route("GET", f"{LISTS}/records/{{type}}/{{record_id}}/memberships", lists_of_record, READ),
    Route("PUT", f"{LISTS}/{{id}}/restore", restore_list, WRITE, writes=True),
    Route("GET", f"{LISTS}/object-type-id/{{type}}/name/{{name}}", read_list_by_name, READ),
    Route("GET", f"{LISTS}/{{id}}", read_list, READ),
    Route("DELETE", f"{LISTS}/{{id}}", delete_list, WRITE, writes=True),
    Route("PUT", f"{LISTS}/{{id}}/update-list-name", rename_list, WRITE, writes=True),
    Route("GET", f"{LISTS}/{{id}}/memberships", list_members, READ),
    Route("DELETE", f"{LISTS}/{{id}}/memberships", remove_all_members, WRITE, writes=True),
    Route("PUT", f"{LISTS}/{{id}}/memberships/add", add_members, WRITE, writes=True),
    Route("PUT", f"{LISTS}/{{id}}/memberships/remove", remove_members, WRITE, writes=True),
    Route(
        "PUT",
        f"{LISTS}/{{id}}/memberships/add-from/{{source_id}}",
        add_from_list,
        WRITE,
        writes=True,
    ),
    Route("PUT", f"{LISTS}/{{id}}/memberships/add-and-remove", change_members, WRITE, writes=True),
]
