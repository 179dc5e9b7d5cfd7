"""Requests, answers and routes, as both vendors' sides see them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from integrations.sandbox.store import to_json

if TYPE_CHECKING:
    from integrations.sandbox.world import World


@dataclass(slots=True)
class Request:
    """One HTTP request. `params` holds what the route's template caught in the path.

    `path` is how the routes know it; `version` is the date that stood in it, if one did.
    """

    method: str
    target: str
    headers: Message | dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    token: str = ""
    version: str = ""
    path: str = field(init=False)
    query: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.path, _, query = self.target.partition("?")
        self.query = parse_qs(query, keep_blank_values=True) if query else {}

    def arg(self, name: str, default: str = "") -> str:
        """The first value of a query argument."""
        return self.query.get(name, (default,))[0]

    def args(self, name: str) -> list[str]:
        """All values of a query argument, repeated or separated by commas."""
        values = ",".join(self.query.get(name, ()))
        return [value.strip() for value in values.split(",") if value.strip()]

    def flag(self, name: str) -> bool:
        """Whether a query argument says true, in any case."""
        return self.arg(name).lower() in ("true", "1", "on")

    def json(self) -> Any:
        """The body as JSON, an empty body as `{}`. Raises ValueError."""
        return json.loads(self.body) if self.body else {}


@dataclass(slots=True)
class Response:
    """One answer; a body that is not bytes is sent as JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=utf-8"

    def payload(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else to_json(self.body)


class ApiError(Exception):
    """An answer that ends a request early."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


Handler = Callable[["World", Request], Response]


@dataclass(frozen=True)
class Route:
    """A method and a path template such as `/crm/v3/objects/{type}/{id}`.

    `scopes` are alternatives, any one of which opens the route; `{type}` in one is filled in from
    the path. `writes` says that a success changes something.
    """

    method: str
    template: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    writes: bool = False

    @property
    def name(self) -> str:
        """How the route is called in the statistics."""
        return f"{self.method} {self.template}"


class Router:
    """Finds the route of a request: the first in the list whose template matches."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = [(re.compile(self._pattern(route.template)), route) for route in routes]

    @staticmethod
    def _pattern(template: str) -> str:
        return "^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$"

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """The route, what its template caught, and whether another method has this path."""
        known = False
        for pattern, route in self._routes:
            match = pattern.match(path)
            if match is None:
                continue
            if route.method == method:
                caught = {name: unquote(value) for name, value in match.groupdict().items()}
                return route, caught, True
            known = True
        return None, {}, known
