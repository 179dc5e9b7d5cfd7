"""HubSpot's error envelopes."""

import json
import uuid
from typing import Any

from integrations.sandbox.crm import Taken
from integrations.sandbox.http import ApiError, Response
from integrations.sandbox.properties import BadValue, MissingValue

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


def envelope(category: str, message: str, **more: Any) -> dict[str, Any]:
    """The usual error body."""
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4())}
    return body | {"category": category} | more


def refuse(status: int, category: str, message: str, **more: Any) -> ApiError:
    """An error to raise."""
    return ApiError(Response(status, envelope(category, message, **more)))


def invalid(message: str, **more: Any) -> ApiError:
    """400 VALIDATION_ERROR."""
    return refuse(400, "VALIDATION_ERROR", message, **more)


def not_found(message: str = "resource not found", **more: Any) -> ApiError:
    """404 OBJECT_NOT_FOUND."""
    return refuse(404, "OBJECT_NOT_FOUND", message, **more)


def unauthenticated() -> ApiError:
    """401, for a missing or unknown token."""
    message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
    return refuse(401, "INVALID_AUTHENTICATION", message)


def missing_scopes(scopes: tuple[str, ...]) -> ApiError:
    """403, naming the scopes any one of which would do."""
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {SCOPES_PAGE}."
    )
    error = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    return refuse(403, "MISSING_SCOPES", message, errors=[error], links={"scopes": SCOPES_PAGE})


def bad_value(error: BadValue) -> dict[str, Any]:
    """The body for a value that its property refuses: JSON within the message."""
    if isinstance(error, MissingValue):
        message = "Error creating DEAL. Some required properties were not set."
        return envelope("VALIDATION_ERROR", message, context={"properties": [error.name]})
    detail = {
        "isValid": False,
        "message": error.message,
        "error": error.code,
        "name": error.name,
        "localizedErrorMessage": error.message,
    }
    shown = {
        "message": error.message,
        "code": error.code,
        "context": {"propertyName": [error.name]},
    }
    message = f"Property values were not valid: [{json.dumps(detail, separators=(',', ':'))}]"
    return envelope("VALIDATION_ERROR", message, errors=[shown])


def taken(error: Taken) -> tuple[int, dict[str, Any]]:
    """Status and body for a unique value that another record has."""
    if error.name == "email":
        message = f"Contact already exists. Existing ID: {error.record_id}"
        return 409, envelope("CONFLICT", message)
    message = f"{error.record_id} already has that value for {error.name}: {error.value}"
    return 400, envelope("VALIDATION_ERROR", message)


def of_write(error: BadValue | Taken) -> tuple[int, dict[str, Any]]:
    """Status and body for a refused write."""
    return (400, bad_value(error)) if isinstance(error, BadValue) else taken(error)
