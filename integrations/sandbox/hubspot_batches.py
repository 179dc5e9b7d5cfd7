"""HubSpot's batch writes: create, update, upsert; whole or, with trace ids, in part."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_associations
from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.crm import Taken
from integrations.sandbox.http import ApiError, Request, Response, Route
from integrations.sandbox.hubspot_shapes import (
    OBJECTS,
    WRITE,
    ObjectType,
    batch_answer,
    batch_inputs,
    missing,
    object_type,
    written,
)
from integrations.sandbox.properties import BadValue
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

Item = dict[str, Any]


def _is_partial(inputs: list[Item]) -> bool:
    """Whether every input has its own trace id, so that good ones survive bad ones."""
    traces = [item.get("objectWriteTraceId") for item in inputs]
    return all(traces) and len(set(traces)) == len(traces)


def _refuse_duplicates(ids: list[str]) -> None:
    twice = [value for value, count in Counter(ids).items() if count > 1]
    if twice:
        listed = ", ".join(twice)
        raise errors.invalid(f"Duplicate IDs found in batch input: [{listed}]. IDs must be unique")


def _run(
    world: "World",
    inputs: list[Item],
    check: Callable[[Item], None],
    write: Callable[[Item], Item | None],
) -> tuple[list[Item], list[Item]]:
    """Writes the inputs; the first bad one refuses all, unless each has a trace id."""
    partial = _is_partial(inputs)
    if not partial:
        for item in inputs:
            _attempt(check, item)
    results, problems = [], []
    for item in inputs:
        try:
            result = _attempt(write, item)
        except ApiError as refusal:
            if not partial:
                raise
            problems.append(_problem(refusal, item))
            continue
        if result is not None:
            results.append(_traced(result, item))
    return results, problems


def _attempt(step: Callable[[Item], Any], item: Item) -> Any:
    try:
        return step(item)
    except (BadValue, Taken) as error:
        raise ApiError(Response(*errors.of_write(error))) from error


def _problem(refusal: ApiError, item: Item) -> Item:
    body = {k: v for k, v in refusal.response.body.items() if k != "correlationId"}
    context = {"objectWriteTraceId": [item["objectWriteTraceId"]]}
    return body | {"context": body.get("context", {}) | context}


def _traced(result: Item, item: Item) -> Item:
    trace = item.get("objectWriteTraceId")
    return result | {"objectWriteTraceId": trace} if trace else result


def _properties(item: Item) -> dict[str, Any]:
    values = item.get("properties")
    return values if isinstance(values, dict) else {}


def batch_create(world: "World", request: Request) -> Response:
    """Up to 100 new records."""
    kind = object_type(request)
    inputs = batch_inputs(request)
    emails = [str(_properties(item).get("email") or "").strip().lower() for item in inputs]
    _refuse_duplicates([email for email in emails if email])

    for name in world.unique_names(kind.name):
        given = [str(_properties(item).get(name) or "") for item in inputs]
        _refuse_duplicates([value for value in given if value])

    def check(item: Item) -> None:
        hubspot_associations.wishes(world, kind, item)
        world.checked(kind.name, _properties(item), None)

    def write(item: Item) -> Item:
        to_ids = hubspot_associations.wishes(world, kind, item)
        row = world.create_record(kind.name, _properties(item))
        hubspot_associations.tie_all(world, kind, row["id"], to_ids)
        return written(kind, row)

    results, problems = _run(world, inputs, check, write)
    return batch_answer(world, results, problems, 201)


def batch_update(world: "World", request: Request) -> Response:
    """Up to 100 changes by record id or a unique property, though never by address.

    An id that was merged away is passed over in silence; an unknown one is reported.
    """
    kind = object_type(request)
    inputs = batch_inputs(request)
    keys = {item.get("idProperty") or "hs_object_id" for item in inputs}
    for key in keys - {"hs_object_id"}:
        _must_be_custom_unique(world, kind, key, allow_email=False)
    _refuse_duplicates([str(item.get("id", "")) for item in inputs])
    found = {id(item): _found(world, kind, item) for item in inputs}
    known = [item for item in inputs if found[id(item)] is not None]
    ids = [str(item.get("id", "")) for item in inputs if found[id(item)] is None]
    gone = [value for value in ids if not world.is_merged_away(value)]

    def check(item: Item) -> None:
        world.checked(kind.name, _properties(item), found[id(item)])

    def write(item: Item) -> Item:
        row = found[id(item)] or {}
        row = world.edit_record(kind.name, row["id"], _properties(item))
        return written(kind, row, _properties(item))

    results, problems = _run(world, known, check, write)
    return batch_answer(world, results, problems + ([missing(gone)] if gone else []))


def _found(world: "World", kind: ObjectType, item: Item) -> Row | None:
    key, value = item.get("idProperty") or "hs_object_id", str(item.get("id", ""))
    if key == "hs_object_id" and world.is_merged_away(value):
        return None
    return world.find_record(kind.name, key, value)


def batch_upsert(world: "World", request: Request) -> Response:
    """Up to 100 records, changed where they exist and made where not. Results are unordered."""
    kind = object_type(request)
    inputs = batch_inputs(request)
    keys = {item.get("idProperty") or "hs_object_id" for item in inputs}
    if len(keys) != 1:
        raise errors.invalid("All inputs must have the same idProperty")
    key = keys.pop()
    _must_be_custom_unique(world, kind, key, allow_email=True)
    _refuse_duplicates([str(item.get("id", "")).strip().lower() for item in inputs])

    def values(item: Item) -> dict[str, Any]:
        return {key: item.get("id", "")} | _properties(item)

    def check(item: Item) -> None:
        row = world.find_record(kind.name, key, str(item.get("id", "")))
        world.checked(kind.name, _properties(item) if row else values(item), row)

    def write(item: Item) -> Item:
        row = world.find_record(kind.name, key, str(item.get("id", "")))
        if row is None:
            made = world.create_record(kind.name, values(item))
            return written(kind, made) | {"new": True}
        changed = world.edit_record(kind.name, row["id"], _properties(item))
        return written(kind, changed, {key: 0} | _properties(item)) | {"new": False}

    results, problems = _run(world, inputs, check, write)
    results.sort(key=lambda result: result["id"][::-1])
    return batch_answer(world, results, problems)


def _must_be_custom_unique(
    world: "World", kind: ObjectType, key: str, *, allow_email: bool
) -> None:
    prop = world.store.tables["properties"].get(f"{kind.name}/{key}")
    unique = prop is not None and prop["hasUniqueValue"]
    if not unique or (key == "email" and not allow_email):
        message = f"Unable to perform update/upsert by non-unique {kind.number} property {key}"
        raise errors.invalid(message)


ROUTES = [
    Route("POST", f"{OBJECTS}/batch/create", batch_create, WRITE, writes=True),
    Route("POST", f"{OBJECTS}/batch/update", batch_update, WRITE, writes=True),
    Route("POST", f"{OBJECTS}/batch/upsert", batch_upsert, WRITE, writes=True),
]
