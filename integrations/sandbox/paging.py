"""Eventbrite's pages: continuation tokens over positions that never move."""

import base64
import json
import zlib
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from integrations.sandbox.http import ApiError, Request, Response
from integrations.sandbox.store import to_json

PAGE = 50


def failure(status: int, error: str, description: str = "", **detail: Any) -> ApiError:
    """An Eventbrite error to raise."""
    body: dict[str, Any] = {
        "status_code": status,
        "error_description": description or error.replace("_", " ").capitalize() + ".",
        "error": error,
    }
    if detail:
        body["error_detail"] = detail
    return ApiError(Response(status, body))


def _mark(request: Request) -> int:
    """What a token belongs to: the path and the filters."""
    filters = {k: v for k, v in request.query.items() if k not in ("continuation", "page", "token")}
    return zlib.crc32(to_json([request.path, sorted(filters.items())]))


def _token(mark: int, position: int, number: int) -> str:
    return base64.urlsafe_b64encode(to_json([mark, position, number])).decode().rstrip("=")


def _read_token(request: Request, token: str) -> tuple[int, int]:
    try:
        padded = token + "=" * (-len(token) % 4)
        mark, position, number = json.loads(base64.urlsafe_b64decode(padded))
        if mark == _mark(request):
            return int(position), int(number)
    except (ValueError, TypeError):
        pass
    raise failure(400, "BAD_CONTINUATION_TOKEN", "The continuation token is invalid or expired.")


def page_size(request: Request, most: int) -> int:
    """The `page_size` argument; too large a one is cut down in silence."""
    text = request.arg("page_size", str(PAGE))
    if not text.isdecimal() or int(text) < 1:
        raise failure(400, "ARGUMENTS_ERROR", "There are errors with your arguments: page_size")
    return min(int(text), most)


def page(
    request: Request,
    name: str,
    positions: list[int],
    render: Callable[[int], bytes],
    most: int = PAGE,
) -> Response:
    """One page of the objects at `positions` (ascending), as JSON made by `render`.

    A token names the last position that was shown, so nothing that stays in the set is skipped
    when other objects leave it. On the last page the token is there, null or absent.
    """
    size = page_size(request, most)
    start, number = _start(request, positions, size)
    shown = positions[start : start + size]
    more = start + size < len(positions)
    pagination: dict[str, Any] = {
        "object_count": len(positions),
        "page_number": number,
        "page_size": size,
        "page_count": -(-len(positions) // size),
        "has_more_items": more,
    }
    if more:
        pagination["continuation"] = _token(_mark(request), shown[-1], number + 1)
    elif len(positions) % 3 == 0:
        pagination["continuation"] = _token(_mark(request), shown[-1] if shown else -1, number + 1)
    elif len(positions) % 3 == 1:
        pagination["continuation"] = None
    rows = b",".join([render(at) for at in shown])
    head = to_json({"pagination": pagination})[:-1]
    return Response(200, head + b',"' + name.encode() + b'":[' + rows + b"]}")


def _start(request: Request, positions: list[int], size: int) -> tuple[int, int]:
    token = request.arg("continuation")
    if token:
        position, number = _read_token(request, token)
        return bisect_right(positions, position), number
    text = request.arg("page", "1")
    if not text.isdecimal() or int(text) < 1:
        raise failure(400, "BAD_PAGE", "The page number is invalid.")
    start = (int(text) - 1) * size
    if start and start >= len(positions):
        raise failure(400, "BAD_PAGE", "The page number is past the end.")
    return start, int(text)


def with_more(fragment: bytes, parts: dict[str, bytes]) -> bytes:
    """A JSON object with more keys, whose values are JSON already."""
    if not parts:
        return fragment
    added = b",".join([b'"' + key.encode() + b'":' + value for key, value in parts.items()])
    return fragment[:-1] + b"," + added + b"}"
