"""Faults on demand: what goes wrong between a client and a vendor, by rule."""

import json
import random
import re
import threading
import time
from dataclasses import dataclass, field, fields
from typing import Any

from integrations.sandbox.http import Request, Response
from integrations.sandbox.hubspot_errors import envelope
from integrations.sandbox.limits import refusal

HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
KINDS = {
    "status": "answer `status` with `body` (JSON or text) and `headers`, before anything is done",
    "rate_limit": "429 in the vendor's shape, with Retry-After if `retry_after` is given",
    "daily_limit": "HubSpot's 429 for the day, as when `limits.daily` is used up",
    "locked": "HubSpot's 423, before anything is done",
    "migrating": "HubSpot's 477 with Retry-After (`retry_after`, default 1)",
    "leave_out": "the last `rows` of a reply's `results` are missing without a word",
    "expansion_failed": "Eventbrite's EXPANSION_FAILED, only for requests with expand",
    "html": "`status` (default 200) with an HTML page, before anything is done",
    "reset_before": "the connection breaks before anything is done",
    "reset_after": "the connection breaks after the change was made, without an answer",
    "truncate": "only the first half of the answer's JSON arrives",
    "latency": "the answer comes `ms` later",
    "empty_page": "a page of a list without rows, the paging left as it is",
    "repeat_continuation": "a page that names itself as the next one",
}
AFTER = {"reset_after", "truncate", "empty_page", "repeat_continuation", "leave_out"}

REFUSALS = {
    "daily_limit": (429, "", ""),
    "locked": (423, "LOCKED", "The resource is locked by another operation. Try again shortly."),
    "migrating": (477, "MIGRATION_IN_PROGRESS", "This account is being moved to another place."),
}


class Reset(Exception):
    """The connection is to be broken."""


@dataclass
class Fault:
    """A rule. It meets requests by method and by a regular expression over path and query.

    Of the requests it meets, it acts on those whose number (from 1) is in `nth`, on at most
    `times`, after the first `after`, each with `probability`.
    """

    kind: str
    method: str = ""
    path: str = ""
    nth: int | list[int] | None = None
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    ms: int = 0
    rows: int = 1
    met: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind}; known: {', '.join(KINDS)}")

    def meets(self, request: Request) -> bool:
        """Whether the request is one of those the rule is about."""
        if self.kind == "expansion_failed" and "expand" not in request.query:
            return False
        right = self.method.upper() in ("", "*", request.method)
        return right and re.search(self.path, request.target) is not None

    def due(self, chance: random.Random) -> bool:
        """Counts a request that was met, and says whether to act on it."""
        self.met += 1
        wanted = [self.nth] if isinstance(self.nth, int) else self.nth
        if self.met <= self.after or (wanted and self.met not in wanted):
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        if self.probability < 1 and chance.random() >= self.probability:
            return False
        self.fired += 1
        return True


class Faults:
    """The rules in force. The first rule that is due acts; `latency` adds to it."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: list[Fault] = []
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    def add(self, kind: str, path: str = "", **options: Any) -> Fault:
        """Adds a rule; options are the fields of Fault. Raises ValueError, TypeError."""
        rule = Fault(kind, path=path, **options)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Drops all rules."""
        self.rules.clear()

    def pick(self, request: Request) -> Fault | None:
        """The rule that acts on this request; waits out the latency of those that only delay."""
        chosen, wait_ms = None, 0
        with self._lock:
            for rule in self.rules:
                if not rule.meets(request):
                    continue
                if rule.kind == "latency":
                    wait_ms += rule.ms if rule.due(self._chance) else 0
                elif chosen is None and rule.due(self._chance):
                    chosen = rule
        if wait_ms:
            time.sleep(wait_ms / 1000)
        return chosen

    def as_rows(self) -> list[dict[str, Any]]:
        """The rules with how often each met a request and acted."""
        return [{f.name: getattr(rule, f.name) for f in fields(rule)} for rule in self.rules]


def before(rule: Fault, hubspot: bool) -> Response:
    """The answer of a rule that acts before anything is done. Raises Reset."""
    if rule.kind == "reset_before":
        raise Reset
    if rule.kind == "html":
        return Response(rule.status or 200, rule.body or HTML, content_type="text/html")
    if rule.kind == "rate_limit":
        response = _rate_limit(hubspot)
        if rule.retry_after is not None:
            response.headers["Retry-After"] = str(rule.retry_after)
        return response
    if rule.kind in REFUSALS:
        return _refused(rule)
    if rule.kind == "expansion_failed":
        return Response(500, _eventbrite("EXPANSION_FAILED", 500))
    if isinstance(rule.body, str):
        return Response(rule.status, rule.body.encode(), dict(rule.headers), "text/html")
    return Response(rule.status or 500, rule.body, dict(rule.headers))


def _refused(rule: Fault) -> Response:
    """One of HubSpot's own refusals."""
    if rule.kind == "daily_limit":
        return refusal("DAILY", "You have reached your daily limit.")
    status, category, message = REFUSALS[rule.kind]
    headers = {"Retry-After": str(rule.retry_after or 1)} if rule.kind == "migrating" else {}
    return Response(status, envelope(category, message), headers)


def _rate_limit(hubspot: bool) -> Response:
    if not hubspot:
        return Response(429, _eventbrite("HIT_RATE_LIMIT", 429))
    return refusal("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")


def _eventbrite(error: str, status: int) -> dict[str, Any]:
    return {"error": error, "error_description": error.capitalize(), "status_code": status}


def after(rule: Fault, request: Request, response: Response) -> Response:
    """What becomes of an answer under a rule that acts afterwards. Raises Reset."""
    if rule.kind == "reset_after":
        raise Reset
    payload = response.payload()
    if rule.kind == "truncate":
        return Response(response.status, payload[: len(payload) // 2], response.headers)
    page = json.loads(payload) if payload else {}
    if rule.kind == "leave_out":
        page["results"] = page.get("results", [])[: -rule.rows]
    elif rule.kind == "empty_page":
        page = {k: [] if isinstance(v, list) else v for k, v in page.items()}
    elif "pagination" in page:
        page["pagination"] |= {"has_more_items": True, "continuation": request.arg("continuation")}
    else:
        page["paging"] = {"next": {"after": request.arg("after", "0"), "link": "?"}}
    return Response(response.status, page, response.headers)
