"""The addresses of the API. `/api/openapi.json` describes them, `/api/docs` shows that to staff."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import re_path
from django.utils.cache import add_never_cache_headers
from ninja import Body, NinjaAPI, Query, Status
from ninja.openapi.docs import DocsBase, Swagger

from integrations.api import people, runs
from integrations.api.access import Caller, CallsAMinute, StaffSession, TokenAuth
from integrations.api.errors import ApiError, ErrorReply, handle_errors, reply
from integrations.customer360 import Customer360

_REFUSALS = dict.fromkeys((400, 401, 403, 422, 429, 500), ErrorReply)
_NO_BODY = Body(runs.SyncRequest())


class _Docs(Swagger):
    """The description as a page, out of files of our own server; for staff who are logged in."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        page: Any = staff_member_required(super().render_page)
        return page(request, api=api, **kwargs)


def _docs() -> DocsBase:
    return _Docs({"persistAuthorization": False, "validatorUrl": None})


api = NinjaAPI(
    title="Nova Analytics",
    version="1",
    description="Start a sync, watch a run, look up a person. Every error has the same shape: "
    "`error` with a `code` for programs and a `message` for people.",
    urls_namespace="api",
    docs=_docs(),
    auth=[TokenAuth(), StaffSession()],
    throttle=[CallsAMinute("NOVA_API_CALLS_PER_MINUTE", "all")],
)
handle_errors(api)


@api.post(
    "/hubspot/sync-contacts",
    response={202: runs.Run, **_REFUSALS, 409: ErrorReply, 503: ErrorReply},
    summary="Start a sync with HubSpot",
    tags=["HubSpot"],
)
def sync_contacts(
    request: HttpRequest,
    response: HttpResponse,
    asked: runs.SyncRequest = _NO_BODY,
) -> Any:
    """Makes a run and hands it to the background worker; ask for the run until it has ended.

    It does what the command `sync_hubspot` does, and heeds the write mode as that does. While
    another run waits or is under way, the answer is 409 and names it. Where no background worker
    answers, it is 503, and the run starts when one is back.
    """
    caller = _caller(request)
    caller.require(runs.MAY_START, runs.MAY_READ)
    run = runs.told(caller, runs.start_sync(caller, asked))
    response["Location"] = run.url
    return Status(202, run)


@api.get(
    "/runs/{int:run_id}",
    response={200: runs.Run, **_REFUSALS, 404: ErrorReply},
    summary="Watch a run",
    tags=["Runs"],
)
def read_run(request: HttpRequest, run_id: int) -> Any:
    """How far a run is, and when it has ended what it did and what it could not do."""
    caller = _caller(request)
    caller.require(runs.MAY_READ)
    return runs.read_run(caller, run_id)


@api.get(
    "/hubspot/customer-360",
    response={200: Customer360, **_REFUSALS, 404: ErrorReply},
    summary="Look up a person",
    tags=["HubSpot"],
)
def read_customer(request: HttpRequest, asked: Query[people.Lookup]) -> Any:
    """All that Nova, HubSpot and Eventbrite know of the person with an address, and a page of what
    happened with them, newest first.

    Addresses in URLs end up in logs of proxies: POST takes the same in a body.
    """
    return people.look_up(_caller(request), asked)


@api.post(
    "/hubspot/customer-360",
    response={200: Customer360, **_REFUSALS, 404: ErrorReply},
    summary="Look up a person, with the address in the body",
    tags=["HubSpot"],
)
def find_customer(request: HttpRequest, asked: people.Lookup) -> Any:
    """The same as GET; the address stands in no URL."""
    return people.look_up(_caller(request), asked)


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


def _in_shape(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """The view with what the library answers in plain text brought to the one shape."""

    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = reply(api, request, ApiError(404))
        if response.status_code == 405:
            allowed = response["Allow"]
            response = reply(api, request, ApiError(405))
            response["Allow"] = allowed
        elif response.status_code == 401:
            response["WWW-Authenticate"] = "Bearer"
        add_never_cache_headers(response)
        return response

    return shaped


def _nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    raise Http404(rest)


def api_urls() -> tuple[list[Any], str, str]:
    """What stands under /api/, and the answer to everything that does not."""
    patterns: list[Any] = [*api.urls[0], re_path(r"^(?P<rest>.*)$", _nothing_here, name="nothing")]
    for pattern in patterns:
        pattern.callback = _in_shape(pattern.callback)
    return patterns, "api", "api"
