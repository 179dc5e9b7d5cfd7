"""Where the systems call when something changed. Stored, answered, and processed later.

The answer comes at once, whatever the notice says: it is 2xx once it is stored. A failing database
is a 5xx, and the system calls again. Nothing here answers 410, which would end a subscription.
"""

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.deliveries import receive, receive_unreadable
from integrations.eventbrite import webhook as eventbrite
from integrations.hubspot import webhook as hubspot
from integrations.models import System
from integrations.notices import Unreadable
from integrations.sync import note_problem

logger = structlog.get_logger(__name__)

HUBSPOT_LARGEST = 8 * 1024 * 1024
"""Bytes. A hundred events, each with a long text in it."""
EVENTBRITE_LARGEST = 64 * 1024


@csrf_exempt
@require_POST
def hubspot_webhook(request: HttpRequest) -> HttpResponse:
    """Takes in what HubSpot signed; 401 for what it did not, 503 while the secret is missing."""
    if not settings.HUBSPOT_CLIENT_SECRET:
        return _not_set_up()
    if _is_too_large(request, HUBSPOT_LARGEST):
        return _refused(System.HUBSPOT, "too large", 413)
    call = hubspot.Call(
        method=request.method or "",
        uri=_public_uri(request),
        body=request.body,
        timestamp=request.headers.get("X-HubSpot-Request-Timestamp", ""),
        signature=request.headers.get("X-HubSpot-Signature-v3", ""),
    )
    if reason := hubspot.refusal(call, settings.HUBSPOT_CLIENT_SECRET, timezone.now()):
        return _refused(System.HUBSPOT, reason, 401)
    try:
        receive(System.HUBSPOT, hubspot.notices(request.body))
    except Unreadable as error:
        receive_unreadable(System.HUBSPOT, request.body, str(error))
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def eventbrite_webhook(request: HttpRequest, secret: str) -> HttpResponse:
    """Takes in what knows the secret; for all else there is nothing here."""
    if not eventbrite.is_secret(secret, settings.EVENTBRITE_WEBHOOK_SECRET):
        logger.warning("webhook_refused", system="eventbrite", reason="wrong address")
        return HttpResponseNotFound()
    if _is_too_large(request, EVENTBRITE_LARGEST):
        return _refused(System.EVENTBRITE, "too large", 413)
    try:
        notice = eventbrite.notice(request.body, base_url=settings.EVENTBRITE_BASE_URL)
    except Unreadable as error:
        receive_unreadable(System.EVENTBRITE, request.body, str(error))
    else:
        receive(System.EVENTBRITE, [notice])
    return HttpResponse("OK", content_type="text/plain")


def _not_set_up() -> HttpResponse:
    note_problem(
        System.HUBSPOT,
        hubspot.NO_SECRET,
        "webhooks",
        "Somebody calls /webhooks/hubspot/, perhaps HubSpot, but HUBSPOT_CLIENT_SECRET is not set, "
        "so Nova cannot tell. Put the client secret of the app that sends the webhooks there.",
    )
    return HttpResponse(
        "HubSpot's webhooks are not set up here.", status=503, content_type="text/plain"
    )


def _is_too_large(request: HttpRequest, largest: int) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdecimal() or int(length) > largest


def _refused(system: System, reason: str, status: int) -> HttpResponse:
    """Nothing of it is kept but a line in the log, to be counted there."""
    logger.warning("webhook_refused", system=str(system), reason=reason)
    return HttpResponse(f"Refused: {reason}.", status=status, content_type="text/plain")


def _public_uri(request: HttpRequest) -> str:
    """The address that was called, as the caller wrote it: scheme, host, path, raw query."""
    origin = settings.NOVA_PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    query = request.META.get("QUERY_STRING", "")
    return f"{origin}{request.path}" + (f"?{query}" if query else "")
