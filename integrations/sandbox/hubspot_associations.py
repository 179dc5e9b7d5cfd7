"""HubSpot's associations API, version 4, and associations within the objects API."""

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.associations import CATEGORY, ENDS, TYPE_IDS
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import (
    OBJECT_TYPES,
    ObjectType,
    batch_answer,
    batch_inputs,
    object_type,
    page_limit,
)

if TYPE_CHECKING:
    from integrations.sandbox.world import World

Item = dict[str, Any]
WRITES, READS, PAGE = 2_000, 1_000, 500


def _ends(request: Request) -> tuple[ObjectType, ObjectType]:
    """The two object types of the path. Raises ApiError when nothing ties them."""
    ends = object_type(request, "from"), object_type(request, "to")
    if (ends[0].name, ends[1].name) not in TYPE_IDS:
        raise errors.invalid(f"No association types exist between {ends[0].name}, {ends[1].name}")
    return ends


def _check_types(given: Any, kind: str, to_kind: str) -> None:
    """Raises ApiError unless `given` names the one type that ties the two kinds."""
    if not isinstance(given, list) or not given:
        raise errors.invalid("Some required fields were not set: [types]")
    for one in given:
        type_id = one.get("associationTypeId") if isinstance(one, dict) else None
        if type_id != TYPE_IDS[kind, to_kind] or one.get("associationCategory") != CATEGORY:
            message = f"invalid association type {type_id} from {kind} to {to_kind}"
            raise errors.invalid(message, subCategory="crm.associations.INVALID_TYPE")


def _tie(world: "World", kind: str, record_id: str, to_id: str, *, untie: bool = False) -> None:
    contact, deal = (record_id, to_id) if kind == "contacts" else (to_id, record_id)
    (world.dissociate if untie else world.associate)(contact, deal)


def _end_id(item: Item, end: str) -> str:
    part = item.get(end)
    return str(part.get("id", "")) if isinstance(part, dict) else ""


def _pairs(
    world: "World", kind: str, to_kind: str, inputs: list[Item]
) -> tuple[list[tuple[str, str]], list[Item]]:
    """The inputs' pairs of ids that exist, as the survivors of merges; the rest as problems."""
    pairs, problems = [], []
    for item in inputs:
        given = _end_id(item, "from"), _end_id(item, "to")
        rows = [
            world.find_record(one, "hs_object_id", record_id)
            for one, record_id in zip((kind, to_kind), given, strict=True)
        ]
        if rows[0] and rows[1]:
            pairs.append((rows[0]["id"], rows[1]["id"]))
        else:
            problems.append(_no_such_pair(kind, to_kind, *given))
    return pairs, problems


def _no_such_pair(kind: str, to_kind: str, record_id: str, to_id: str) -> Item:
    return {
        "status": "error",
        "category": "VALIDATION_ERROR",
        "subCategory": "crm.associations.INVALID_OBJECT_IDS",
        "message": f"One or more of {kind}={record_id}, {to_kind}={to_id} are not valid",
        "context": {"fromObjectId": [record_id], "toObjectId": [to_id]},
    }


def batch_create(world: "World", request: Request) -> Response:
    """Ties up to 2,000 pairs of records; ids come back as numbers."""
    start, end = _ends(request)
    inputs = batch_inputs(request, WRITES)
    for item in inputs:
        _check_types(item.get("types"), start.name, end.name)
    pairs, problems = _pairs(world, start.name, end.name, inputs)
    results = []
    for record_id, to_id in pairs:
        _tie(world, start.name, record_id, to_id)
        ends = {"fromObjectTypeId": start.number, "fromObjectId": int(record_id)}
        ends |= {"toObjectTypeId": end.number, "toObjectId": int(to_id)}
        results.append(ends | {"labels": []})
    return batch_answer(world, results, problems, 201)


def batch_associate(world: "World", request: Request) -> Response:
    """Ties up to 2,000 pairs by the default type; both directions are answered."""
    start, end = _ends(request)
    pairs, problems = _pairs(world, start.name, end.name, batch_inputs(request, WRITES))
    results = []
    for record_id, to_id in pairs:
        _tie(world, start.name, record_id, to_id)
        results += _both_ways(start.name, end.name, record_id, to_id)
    return batch_answer(world, results, problems)


def _both_ways(kind: str, to_kind: str, record_id: str, to_id: str) -> list[Item]:
    return [
        {
            "from": {"id": here},
            "to": {"id": there},
            "associationSpec": {"associationCategory": CATEGORY, "associationTypeId": type_id},
        }
        for here, there, type_id in (
            (record_id, to_id, TYPE_IDS[kind, to_kind]),
            (to_id, record_id, TYPE_IDS[to_kind, kind]),
        )
    ]


def _page(
    world: "World", ends: tuple[ObjectType, ObjectType], record_id: str, after: str, limit: int
) -> Item:
    """A page of a record's ties by id of the other record."""
    kind, to_kind = ends[0].name, ends[1].name
    ids = world.associated(kind, record_id, to_kind)
    start = bisect_right(ids, int(after), key=int) if after.isdecimal() else 0
    types = [{"category": CATEGORY, "typeId": TYPE_IDS[kind, to_kind], "label": None}]
    shown = ids[start : start + limit]
    body: Item = {"results": [{"toObjectId": int(i), "associationTypes": types} for i in shown]}
    if start + limit < len(ids):
        body["paging"] = {"next": {"after": shown[-1], "link": "?"}}
    return body


def batch_read(world: "World", request: Request) -> Response:
    """The ties of up to 1,000 records; records without any are reported as not found."""
    ends = _ends(request)
    results, problems = [], []
    for item in batch_inputs(request, READS):
        given = str(item.get("id", ""))
        row = world.find_record(ends[0].name, "hs_object_id", given)
        after = str(item.get("after") or "")
        page = _page(world, ends, row["id"], after, PAGE) if row else {"results": []}
        if page["results"]:
            found = {"from": {"id": given}, "to": page.pop("results")}
            results.append(found | page)
        else:
            problems.append(_no_ties(ends, given))
    return batch_answer(world, results, problems)


def _no_ties(ends: tuple[ObjectType, ObjectType], record_id: str) -> Item:
    kind, to_kind = (end.name.rstrip("s") for end in ends)
    context = {"fromObjectId": [record_id], "fromObjectType": [kind], "toObjectType": [to_kind]}
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {to_kind} is associated with {kind} {record_id}.",
        "context": context,
    }


def batch_archive(world: "World", request: Request) -> Response:
    """Unties one record from many, up to 2,000 times; what is not tied is passed over.

    Numbered versions answer 204, dated ones 200.
    """
    start, _ = _ends(request)
    for item in batch_inputs(request, WRITES):
        others = item.get("to")
        for other in others if isinstance(others, list) else [others]:
            to_id = str(other.get("id", "")) if isinstance(other, dict) else ""
            _tie(world, start.name, _end_id(item, "from"), to_id, untie=True)
    return batch_answer(world, [], []) if request.version else Response(204)


def list_labels(world: "World", request: Request) -> Response:
    """The types that tie the two kinds: the unlabelled one."""
    start, end = _ends(request)
    row = {"category": CATEGORY, "typeId": TYPE_IDS[start.name, end.name], "label": None}
    return Response(200, {"results": [row]})


def _record(world: "World", request: Request, end: ObjectType, part: str) -> str:
    row = world.find_record(end.name, "hs_object_id", request.params[part])
    if row is None:
        raise errors.not_found()
    return row["id"]


def list_ties(world: "World", request: Request) -> Response:
    """A page of one record's ties; at most 500."""
    ends = _ends(request)
    record_id = _record(world, request, ends[0], "id")
    limit = page_limit(request, PAGE, PAGE)
    return Response(200, _page(world, ends, record_id, request.arg("after"), limit))


def tie_one(world: "World", request: Request) -> Response:
    """Ties one pair by the default type."""
    ends = _ends(request)
    ids = _record(world, request, ends[0], "id"), _record(world, request, ends[1], "to_id")
    _tie(world, ends[0].name, *ids)
    return batch_answer(world, _both_ways(ends[0].name, ends[1].name, *ids), [])


def untie_one(world: "World", request: Request) -> Response:
    """Unties one pair."""
    start, _ = _ends(request)
    _tie(world, start.name, request.params["id"], request.params["to_id"], untie=True)
    return Response(204)


def wishes(world: "World", kind: ObjectType, item: Item) -> list[str]:
    """The records that a create input wants to be tied to. Raises ApiError."""
    found = []
    for wish in item.get("associations") or []:
        to_kind = next((end for start, end in TYPE_IDS if start == kind.name), "")
        _check_types(wish.get("types"), kind.name, to_kind)
        row = world.find_record(to_kind, "hs_object_id", _end_id(wish, "to"))
        if row is None:
            raise errors.not_found(f"{to_kind} {_end_id(wish, 'to')} does not exist")
        found.append(row["id"])
    return found


def tie_all(world: "World", kind: ObjectType, record_id: str, to_ids: list[str]) -> None:
    """Ties a new record to those that `wishes` found."""
    for to_id in to_ids:
        _tie(world, kind.name, record_id, to_id)


def shown_ties(world: "World", kind: ObjectType, record_id: str, names: list[str]) -> Item:
    """The `associations` of a read, version 3: absent where there are none."""
    out: Item = {}
    for name in names:
        end = OBJECT_TYPES.get(name)
        if end is None or (kind.name, end.name) not in TYPE_IDS:
            continue
        label = f"{kind.name.rstrip('s')}_to_{end.name.rstrip('s')}"
        ids = world.associated(kind.name, record_id, end.name)
        if ids:
            out[end.name] = {"results": [{"id": one, "type": label} for one in ids]}
    return {"associations": out} if out else {}


BATCH = "/crm/v4/associations/{from}/{to}"
TIES = "/crm/v4/objects/{from}/{id}/associations"
READ = tuple(f"crm.objects.{kind}.read" for kind in ENDS)
WRITE = tuple(f"crm.objects.{kind}.write" for kind in ENDS)
ROUTES = [
    Route("POST", f"{BATCH}/batch/create", batch_create, WRITE, writes=True),
    Route("POST", f"{BATCH}/batch/associate/default", batch_associate, WRITE, writes=True),
    Route("POST", f"{BATCH}/batch/read", batch_read, READ),
    Route("POST", f"{BATCH}/batch/archive", batch_archive, WRITE, writes=True),
    Route("GET", f"{BATCH}/labels", list_labels, READ),
    Route("GET", f"{TIES}/{{to}}", list_ties, READ),
    Route("PUT", f"{TIES}/default/{{to}}/{{to_id}}", tie_one, WRITE, writes=True),
    Route("DELETE", f"{TIES}/{{to}}/{{to_id}}", untie_one, WRITE, writes=True),
]
