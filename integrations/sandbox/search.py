"""HubSpot's CRM search, with its limits. A filter compares text: stored values sort as text."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.associations import TYPE_IDS
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import (
    OBJECT_TYPES,
    OBJECTS,
    READ,
    ObjectType,
    json_body,
    known_names,
    object_type,
    shown,
    wanted,
)
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World

Test = Callable[[dict[str, str]], bool]
PAGE, WINDOW, BODY = 200, 10_000, 3_000
GROUPS, FILTERS, FILTERS_IN_ALL = 5, 6, 18
TIED = "associations."
QUERIED = (
    "firstname",
    "lastname",
    "email",
    "phone",
    "company",
    "hs_additional_emails",
    "dealname",
)


def search_records(world: "World", request: Request) -> Response:
    """Live records that pass any filter group, sorted, within the first 10,000."""
    kind = object_type(request)
    if len(request.body) > BODY:
        raise errors.invalid(f"The request body must be at most {BODY} characters long")
    body = json_body(request)
    limit, start = _window(body)
    groups = _groups(world, kind, body)
    query = str(body.get("query") or "").lower()
    seen = in_milliseconds(world.clock.now() - timedelta(seconds=world.search_lag_seconds))
    rows = [
        row
        for row in world.store.tables[kind.name].rows.values()
        if not row["archived"]
        and (not world.search_lag_seconds or row["updatedAt"] <= seen)
        and (not groups or any(all(t(row["properties"]) for t in g) for g in groups))
        and (not query or _matches(row["properties"], query))
    ]
    _sort(world, kind, rows, body.get("sorts") or [])
    names = known_names(world, kind, wanted(kind, body.get("properties") or []))
    page = rows[start : start + limit]
    answer = {"total": len(rows), "results": [shown(row, names) for row in page]}
    if start + limit < len(rows):
        answer["paging"] = {"next": {"after": str(start + limit)}}
    return Response(200, answer)


def _window(body: dict[str, Any]) -> tuple[int, int]:
    try:
        limit, start = int(body.get("limit") or 10), int(body.get("after") or 0)
    except (TypeError, ValueError) as error:
        raise errors.invalid("limit and after must be whole numbers") from error
    if not 1 <= limit <= PAGE:
        raise errors.invalid(f"limit must be between 1 and {PAGE}, was {limit}")
    if start < 0 or start + limit > WINDOW:
        raise errors.invalid(f"The requested window is beyond the first {WINDOW} results")
    return limit, start


def _groups(world: "World", kind: ObjectType, body: dict[str, Any]) -> list[list[Test]]:
    groups = [group.get("filters") or [] for group in body.get("filterGroups") or []]
    if not groups and body.get("filters"):
        groups = [body["filters"]]
    if len(groups) > GROUPS:
        raise errors.invalid(f"At most {GROUPS} filter groups are allowed, got {len(groups)}")
    if any(len(group) > FILTERS for group in groups):
        raise errors.invalid(f"At most {FILTERS} filters are allowed in a group")
    if sum(len(group) for group in groups) > FILTERS_IN_ALL:
        raise errors.invalid(f"At most {FILTERS_IN_ALL} filters are allowed in all")
    return [[_test(world, kind, wish) for wish in group] for group in groups]


def _property(world: "World", kind: ObjectType, name: str) -> Row:
    prop = world.store.tables["properties"].get(f"{kind.name}/{name}")
    if prop is None:
        raise errors.invalid(f"There was a problem with the request: unknown property {name}")
    return prop


def _test(world: "World", kind: ObjectType, wish: dict[str, Any]) -> Test:
    name, operator = str(wish.get("propertyName", "")), wish.get("operator")
    if name.startswith(TIED):
        return _tied(world, kind, name.removeprefix(TIED), wish)
    prop = _property(world, kind, name)
    build = OPERATORS.get(str(operator))
    if build is None:
        raise errors.invalid(f"Invalid operator: {operator}")
    key = READERS.get(prop["type"], str.lower)
    try:
        return build(name, prop["type"], wish, key)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.invalid(f"Invalid filter on {name}: {error}") from error


def _tied(world: "World", kind: ObjectType, other: str, wish: dict[str, Any]) -> Test:
    """A filter on `associations.contact` or the like: tied to one of the given records."""
    end = OBJECT_TYPES.get(other)
    if end is None or (kind.name, end.name) not in TYPE_IDS:
        raise errors.invalid(f"There was a problem with the request: unknown {TIED}{other}")
    if wish.get("operator") not in ("EQ", "IN"):
        raise errors.invalid(f"Invalid operator for {TIED}{other}: {wish.get('operator')}")
    ids = wish.get("values") or [wish.get("value")]
    known = {one for i in ids for one in world.associated(end.name, str(i), kind.name)}
    return lambda values: values["hs_object_id"] in known


def _given(kind: str, value: Any, key: Callable[[str], Any]) -> Any:
    """A filter's value as the stored ones are compared: epoch milliseconds become text."""
    text = str(value)
    if kind in ("date", "datetime"):
        if text.lstrip("-").isdecimal():
            at = datetime.fromtimestamp(int(text) / 1000, UTC)
        else:
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return in_milliseconds(at) if kind == "datetime" else at.date().isoformat()
    return key(text)


def _compare(check: Callable[[Any, Any], bool]) -> Callable[..., Test]:
    def build(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
        bound = _given(kind, wish["value"], key)
        if key is str:
            return lambda values: name in values and check(values[name], bound)
        return lambda values: name in values and check(key(values[name]), bound)

    return build


def _between(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    low, high = _given(kind, wish["value"], key), _given(kind, wish["highValue"], key)
    return lambda values: name in values and low <= key(values[name]) <= high


def _in(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    """Values of text are taken as given, so that capitals in them never match."""
    as_given = str if kind == "string" else key
    listed = {_given(kind, value, as_given) for value in wish["values"]}
    return lambda values: name in values and key(values[name]) in listed


def _not_in(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    inside = _in(name, kind, wish, key)
    return lambda values: not inside(values)


def _not_equal(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    bound = _given(kind, wish["value"], key)
    return lambda values: name not in values or key(values[name]) != bound


def _has(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    return lambda values: name in values


def _has_not(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    return lambda values: name not in values


def _token(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    token = str(wish["value"]).lower().strip("*")
    return lambda values: token in values.get(name, "").lower()


def _no_token(name: str, kind: str, wish: dict[str, Any], key: Callable[[str], Any]) -> Test:
    found = _token(name, kind, wish, key)
    return lambda values: not found(values)


READERS: dict[str, Callable[[str], Any]] = {
    "number": float,
    "date": str,
    "datetime": str,
    "bool": str,
    "enumeration": str,
}
OPERATORS: dict[str, Callable[..., Test]] = {
    "EQ": _compare(lambda mine, bound: mine == bound),
    "NEQ": _not_equal,
    "LT": _compare(lambda mine, bound: mine < bound),
    "LTE": _compare(lambda mine, bound: mine <= bound),
    "GT": _compare(lambda mine, bound: mine > bound),
    "GTE": _compare(lambda mine, bound: mine >= bound),
    "BETWEEN": _between,
    "IN": _in,
    "NOT_IN": _not_in,
    "HAS_PROPERTY": _has,
    "NOT_HAS_PROPERTY": _has_not,
    "CONTAINS_TOKEN": _token,
    "NOT_CONTAINS_TOKEN": _no_token,
}


def _matches(values: dict[str, str], query: str) -> bool:
    words = " ".join(values.get(name, "") for name in QUERIED).lower()
    return all(word in words for word in query.split())


def _sort(world: "World", kind: ObjectType, rows: list[Row], sorts: list[Any]) -> None:
    if len(sorts) > 1:
        raise errors.invalid("Only one sort is allowed")
    if not sorts:
        return
    wish = sorts[0]
    if isinstance(wish, str):
        wish = {"propertyName": wish.lstrip("-"), "direction": "-"[: wish.startswith("-")]}
    name = str(wish.get("propertyName", ""))
    key = READERS.get(_property(world, kind, name)["type"], str.lower)
    filled = [row for row in rows if name in row["properties"]]
    empty = [row for row in rows if name not in row["properties"]]
    down = wish.get("direction") in ("DESCENDING", "-")
    if name != "hs_object_id" or down:
        filled.sort(key=lambda row: key(row["properties"][name]), reverse=down)
    rows[:] = filled + empty


ROUTES = [Route("POST", f"{OBJECTS}/search", search_records, READ)]
