"""One request from end to end: fault, token, limit, route, answer, statistics."""

from dataclasses import dataclass

from integrations.sandbox import (
    eventbrite,
    faults,
    hubspot,
    hubspot_account,
    hubspot_associations,
    hubspot_batches,
    hubspot_events,
    hubspot_lists,
    hubspot_marketing,
    hubspot_pipelines,
    hubspot_schema,
    hubspot_shapes,
    search,
)
from integrations.sandbox import hubspot_errors as errors
from integrations.sandbox.faults import Fault, Faults, Reset
from integrations.sandbox.http import ApiError, Request, Response, Route, Router
from integrations.sandbox.limits import Limits
from integrations.sandbox.paging import failure
from integrations.sandbox.stats import Stats
from integrations.sandbox.versions import numbered
from integrations.sandbox.world import EVENTBRITE_TOKEN, World

HUBSPOT = Router(
    search.ROUTES
    + hubspot_batches.ROUTES
    + hubspot.ROUTES
    + hubspot_schema.ROUTES
    + hubspot_lists.ROUTES
    + hubspot_associations.ROUTES
    + hubspot_pipelines.ROUTES
    + hubspot_events.ROUTES
    + hubspot_marketing.ROUTES
    + hubspot_account.ROUTES
)
EVENTBRITE = Router(eventbrite.ROUTES)
CONTROL = "/__sandbox__/"


@dataclass
class Answer:
    """A response and the route it came from."""

    response: Response
    route: Route | None = None


class Sandbox:
    """Both vendors over one world. `url` is set once a server runs."""

    def __init__(self, world: World, *, limits: bool = True, tier: str = "professional") -> None:
        self.world = world
        self.stats = Stats()
        self.faults = Faults(world.seed or 0)
        self.limits = world.limits = Limits(world.clock, enabled=limits, tier=tier)
        self.url = ""

    def answer(self, request: Request) -> Response:
        """Plays the vendor. Raises Reset when the connection is to break."""
        if request.path.startswith(CONTROL):
            from integrations.sandbox.control import control

            return control(self, request)
        is_eventbrite = request.path.startswith("/v3/")
        system = "eventbrite" if is_eventbrite else "hubspot"
        rule = self.faults.pick(request)
        answer = Answer(Response(0))
        try:
            answer = self._play(request, is_eventbrite, rule)
            if rule is not None and rule.kind in faults.AFTER:
                answer.response = faults.after(rule, request, answer.response)
        except Reset:
            self._record(system, request, answer, 0)
            raise
        self._record(system, request, answer, answer.response.status)
        return answer.response

    def _play(self, request: Request, is_eventbrite: bool, rule: Fault | None) -> Answer:
        if rule is not None and rule.kind not in faults.AFTER:
            return Answer(faults.before(rule, hubspot=not is_eventbrite))
        request.token = _bearer(request)
        with self.world.lock:
            answer = Answer(Response())
            try:
                self.world.changed_by = "INTEGRATION"
                side = self._eventbrite if is_eventbrite else self._hubspot
                side(request, answer)
            except ApiError as error:
                answer.response = error.response
            finally:
                self.world.changed_by = "CRM_UI"
            if answer.route is not None and answer.route.writes:
                self.world.store.commit()
                if answer.response.status < 300:
                    self.stats.record_write("eventbrite" if is_eventbrite else "hubspot")
        return answer

    def _record(self, system: str, request: Request, answer: Answer, status: int) -> None:
        name = answer.route.name if answer.route else f"{request.method} (no route)"
        with self.world.lock:
            self.stats.record(system, name, request.method, request.target, status)

    def _hubspot(self, request: Request, answer: Answer) -> None:
        token = self.world.store.tables["tokens"].get(request.token)
        if token is None:
            raise errors.unauthenticated()
        request.path, request.version = numbered(request.path.rstrip("/"))
        answer.route, request.params, known = HUBSPOT.find(request.method, request.path)
        verdict = self.limits.hubspot(request.token, _bucket(request.path))
        response = verdict.refusal or self._routed(request, answer.route, token["scopes"], known)
        response.headers |= verdict.headers
        answer.response = response

    def _routed(
        self, request: Request, route: Route | None, granted: list[str] | None, known: bool
    ) -> Response:
        try:
            if route is None:
                raise errors.refuse(405 if known else 404, "OBJECT_NOT_FOUND", "No such route")
            kind = hubspot_shapes.OBJECT_TYPES.get(request.params.get("type", ""))
            names = tuple(s.format(type=kind.name if kind else "custom") for s in route.scopes)
            if granted is not None and names and not set(names) & set(granted):
                raise errors.missing_scopes(names)
            return route.handler(self.world, request)
        except ApiError as error:
            return error.response

    def _eventbrite(self, request: Request, answer: Answer) -> None:
        token = request.token or request.arg("token")
        if not token:
            raise failure(401, "NO_AUTH", "Authentication not provided.")
        if token != EVENTBRITE_TOKEN:
            raise failure(401, "INVALID_AUTH", "Authentication/OAuth token is invalid.")
        if not self.limits.eventbrite(token):
            message = "You have hit a rate limit; please try again later."
            raise failure(429, "HIT_RATE_LIMIT", message)
        answer.route, request.params, known = EVENTBRITE.find(request.method, request.path)
        if answer.route is None:
            raise _no_route(request, known)
        answer.response = answer.route.handler(self.world, request)


def _no_route(request: Request, known: bool) -> ApiError:
    if known:
        return failure(405, "METHOD_NOT_ALLOWED", "The method is not allowed for this path.")
    if EVENTBRITE.find(request.method, request.path + "/")[0] is not None:
        moved = failure(301, "PERMANENTLY_MOVED", "Resource must be retrieved from another URL.")
        query = request.target.partition("?")[2]
        moved.response.headers["Location"] = f"{request.path}/" + (f"?{query}" if query else "")
        return moved
    return failure(404, "NOT_FOUND", "The path you requested does not exist.")


def _bucket(path: str) -> str:
    """Which of HubSpot's budgets a request is counted against."""
    if path.startswith("/events/v3/send"):
        return "events"
    if path.startswith("/crm/v4/"):
        return "associations"
    return "search" if path.endswith("/search") and "/objects/" in path else ""


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
