"""HubSpot's pipelines API. Only deals have pipelines here."""

from typing import TYPE_CHECKING, Any

from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.clock import in_milliseconds
from integrations.sandbox.deals import DEFAULT_PIPELINE, stage_metadata
from integrations.sandbox.http import Request, Response, Route
from integrations.sandbox.hubspot_shapes import DEALS, json_body, object_type
from integrations.sandbox.store import Row

if TYPE_CHECKING:
    from integrations.sandbox.world import World


def _only_deals(request: Request) -> None:
    if object_type(request) is not DEALS:
        raise errors.invalid(f"{request.params['type']} is not a type of object with pipelines")


def _find(world: "World", request: Request) -> Row:
    _only_deals(request)
    row = world.store.tables["pipelines"].get(request.params["id"])
    if row is None or row["archived"]:
        raise errors.not_found(f"Pipeline {request.params['id']} does not exist")
    return row


def _find_stage(world: "World", request: Request) -> Row:
    pipeline = _find(world, request)
    found = world.find_stage(pipeline["id"], request.params["stage"])
    if found is None:
        raise errors.not_found(f"Stage {request.params['stage']} does not exist")
    return found


def list_pipelines(world: "World", request: Request) -> Response:
    """All pipelines with their stages; there are no pages."""
    _only_deals(request)
    rows = [row for row in world.store.tables["pipelines"] if not row["archived"]]
    return Response(200, {"results": sorted(rows, key=lambda row: row["displayOrder"])})


def read_pipeline(world: "World", request: Request) -> Response:
    """One pipeline with its stages."""
    return Response(200, _find(world, request))


def _label(world: "World", given: dict[str, Any], own_id: str = "") -> str:
    label = given.get("label")
    if not isinstance(label, str) or not label.strip():
        raise errors.invalid("Some required fields were not set: [label]")
    for row in world.store.tables["pipelines"]:
        if row["label"] == label and row["id"] != own_id and not row["archived"]:
            raise errors.refuse(
                409, "CONFLICT", f"A pipeline with the label {label} exists already"
            )
    return label


def _metadata(given: dict[str, Any], old: dict[str, str] | None = None) -> dict[str, str]:
    wish = (old or {}) | (given.get("metadata") or {})
    if "probability" not in wish:
        raise errors.invalid("Some required fields were not set: [metadata.probability]")
    try:
        return stage_metadata(wish["probability"], wish.get("isClosed"))
    except ValueError as error:
        raise errors.invalid(str(error)) from error


def _stage_wish(given: Any) -> tuple[str, int, dict[str, str]]:
    if not isinstance(given, dict) or not given.get("label"):
        raise errors.invalid("Some required fields were not set: [label]")
    return str(given["label"]), int(given.get("displayOrder") or 0), _metadata(given)


def create_pipeline(world: "World", request: Request) -> Response:
    """A new pipeline with at least one stage."""
    _only_deals(request)
    given = json_body(request)
    label = _label(world, given)
    wishes = [_stage_wish(one) for one in given.get("stages") or []]
    if not wishes:
        raise errors.invalid("A pipeline must have at least one stage")
    if len({name for name, _, _ in wishes}) < len(wishes):
        raise errors.invalid("Stage labels must be unique within a pipeline")
    row = world.add_pipeline(label, [], order=int(given.get("displayOrder") or 0))
    for wish in sorted(wishes, key=lambda one: one[1]):
        world.add_stage(row["id"], *wish)
    return Response(201, world.store.tables["pipelines"].rows[row["id"]])


def update_pipeline(world: "World", request: Request) -> Response:
    """Another label or place."""
    row, given = _find(world, request), json_body(request)
    changes = {"updatedAt": in_milliseconds(world.clock.now())}
    if "label" in given:
        changes["label"] = _label(world, given, row["id"])
    if "displayOrder" in given:
        changes["displayOrder"] = given["displayOrder"]
    return Response(200, world.store.put("pipelines", row | changes))


def delete_pipeline(world: "World", request: Request) -> Response:
    """Removes a pipeline, though never the default one."""
    row = _find(world, request)
    if row["id"] == DEFAULT_PIPELINE:
        raise errors.invalid("The default pipeline cannot be deleted")
    ids = {one["id"] for one in row["stages"]}
    if request.flag("validateReferencesBeforeDelete"):
        _refuse_in_use(world, ids)
    world.store.put("pipelines", row | {"archived": True})
    return Response(204)


def _refuse_in_use(world: "World", stage_ids: set[str]) -> None:
    deals = world.store.tables["deals"]
    used = [d for d in deals if not d["archived"] and d["properties"]["dealstage"] in stage_ids]
    if used:
        raise errors.invalid(f"There are {len(used)} deals in the stages: {sorted(stage_ids)}")


def list_stages(world: "World", request: Request) -> Response:
    """A pipeline's stages."""
    return Response(200, {"results": _find(world, request)["stages"]})


def read_stage(world: "World", request: Request) -> Response:
    """One stage."""
    return Response(200, _find_stage(world, request))


def create_stage(world: "World", request: Request) -> Response:
    """A further stage, whose label is new in its pipeline."""
    row = _find(world, request)
    label, order, metadata = _stage_wish(json_body(request))
    if any(one["label"] == label for one in row["stages"]):
        raise errors.refuse(409, "CONFLICT", f"A stage with the label {label} exists already")
    return Response(201, world.add_stage(row["id"], label, order, metadata))


def update_stage(world: "World", request: Request) -> Response:
    """Changes a stage; a change of metadata moves its deals with it."""
    found, given = _find_stage(world, request), json_body(request)
    changes: dict[str, Any] = {k: given[k] for k in given if k in ("label", "displayOrder")}
    if "metadata" in given:
        changes["metadata"] = _metadata(given, found["metadata"])
    return Response(200, world.change_stage(request.params["id"], found["id"], changes))


def delete_stage(world: "World", request: Request) -> Response:
    """Removes a stage that no deal is in."""
    found, row = _find_stage(world, request), _find(world, request)
    _refuse_in_use(world, {found["id"]})
    stages = [one for one in row["stages"] if one["id"] != found["id"]]
    world.store.put("pipelines", row | {"stages": stages})
    return Response(204)


PIPELINES = "/crm/v3/pipelines/{type}"
ONE, STAGES = f"{PIPELINES}/{{id}}", f"{PIPELINES}/{{id}}/stages"
READ = ("crm.objects.{type}.read", "crm.schemas.{type}.read")
WRITE = ("crm.objects.{type}.write", "crm.schemas.{type}.write")
ROUTES = [
    Route("GET", PIPELINES, list_pipelines, READ),
    Route("POST", PIPELINES, create_pipeline, WRITE, writes=True),
    Route("GET", ONE, read_pipeline, READ),
    Route("PATCH", ONE, update_pipeline, WRITE, writes=True),
    Route("DELETE", ONE, delete_pipeline, WRITE, writes=True),
    Route("GET", STAGES, list_stages, READ),
    Route("POST", STAGES, create_stage, WRITE, writes=True),
    Route("GET", f"{STAGES}/{{stage}}", read_stage, READ),
    Route("PATCH", f"{STAGES}/{{stage}}", update_stage, WRITE, writes=True),
    Route("DELETE", f"{STAGES}/{{stage}}", delete_stage, WRITE, writes=True),
]
