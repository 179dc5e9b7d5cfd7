"""What goes wrong in the API, in one shape: `{"error": {"code", "message", …}}`.

A code is for programs and does not change; a message is for people and may.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, Throttled, ValidationError
from pydantic import Field

logger = structlog.get_logger(__name__)

_CODES = {
    400: "bad_request",
    401: "not_logged_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid",
    429: "too_many_calls",
}
_MESSAGES = {
    401: "Say who you are: with “Authorization: Bearer” and a token that is neither expired nor "
    "revoked, or logged in to the admin.",
    404: "There is nothing at this address.",
    405: "This address takes no such call. /api/openapi.json lists what it takes.",
    413: "This is more than Nova takes in one call.",
}


class FieldProblem(Schema):
    """What is wrong with one value of the call."""

    field: str
    message: str


class Problem(Schema):
    """What went wrong: a word for programs, a sentence for people."""

    code: str = Field(description="A fixed word, such as not_found.")
    message: str = Field(description="What happened and what to do, for people.")
    fields: list[FieldProblem] = Field(default=[], description="Which values are wrong, and why.")
    run: int | None = Field(default=None, description="The run that this is about.")


class ErrorReply(Schema):
    """The shape of every answer that is no success."""

    error: Problem


class ApiError(Exception):
    """Ends a call with an answer in the one shape."""

    def __init__(
        self,
        status: int,
        message: str = "",
        *,
        code: str = "",
        fields: Sequence[tuple[str, str]] = (),
        run: int | None = None,
    ) -> None:
        """`code` and `message` default to those of the status."""
        super().__init__(message)
        self.status = status
        problems = [FieldProblem(field=name, message=text) for name, text in fields]
        self.problem = Problem(
            code=code or _CODES[status],
            message=message or _MESSAGES[status],
            fields=problems,
            run=run,
        )


def reply(api: NinjaAPI, request: HttpRequest, error: ApiError) -> HttpResponse:
    body = ErrorReply(error=error.problem).model_dump()
    return api.create_response(request, body, status=error.status)


def handle_errors(api: NinjaAPI) -> None:
    """Has `api` answer in the one shape, whatever happens."""

    def told(exception: type[Exception], translate: Any) -> None:
        def handler(request: HttpRequest, error: Any) -> HttpResponse:
            return reply(api, request, translate(error))

        api.add_exception_handler(exception, handler)

    told(ApiError, lambda error: error)
    told(ValidationError, _invalid)
    told(Throttled, _throttled)
    told(HttpError, _of_ninja)
    told(RequestDataTooBig, lambda error: ApiError(413))
    told(Exception, _mistake)


def _invalid(error: ValidationError) -> ApiError:
    """Values that the description does not allow; what was given is not repeated."""
    fields = [(str(found["loc"][-1]), _sentence(found["msg"])) for found in error.errors]
    return ApiError(422, "Some values of the call are not as they must be.", fields=fields)


def _sentence(text: str) -> str:
    return text.removeprefix("Value error, ").rstrip(".") + "."


def _throttled(error: Throttled) -> ApiError:
    seconds = "a second" if error.wait == 1 else f"{error.wait} seconds"
    return ApiError(429, f"Too many calls in a minute. Try again in {seconds}.")


def _of_ninja(error: HttpError) -> ApiError:
    """Raised by the library itself: a body that is no JSON, nobody logged in."""
    if error.status_code == 401:
        return ApiError(401)
    return ApiError(400, "The body of the call is no JSON.")


def _mistake(error: Exception) -> ApiError:
    logger.error("api_failed", exc_info=error)
    return ApiError(500, "Nova made a mistake. The log has the details.", code="mistake")
