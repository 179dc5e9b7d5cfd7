"""What HubSpot means by a reply that is no success, in words for staff.

Source: developers.hubspot.com, error handling and usage guidelines.
"""

import json
import re
from typing import Any

from integrations.errors import Misconfigured, NotAllowed, Rejected, RetryLater, SyncError
from integrations.http import NotNow, Reply

SCOPES = {
    "crm.objects.contacts.read": "read contacts",
    "crm.objects.contacts.write": "change contacts",
    "crm.schemas.contacts.read": "read the definitions of contact properties",
    "crm.schemas.contacts.write": "define contact properties",
    "crm.objects.owners.read": "read who owns a contact",
    "crm.objects.deals.read": "read deals",
    "crm.objects.deals.write": "change deals",
    "crm.schemas.deals.read": "read the definitions of deal properties",
    "crm.schemas.deals.write": "define deal properties",
    "crm.lists.read": "read lists and their members",
    "crm.lists.write": "make lists and change their members",
    "behavioral_events.event_definitions.read_write": "define custom events",
    "analytics.behavioral_events.send": "send custom events",
    "marketing.campaigns.read": "read campaigns",
    "marketing.email.read": "read the statistics of e-mails",
}
"""What each permission that Nova asks for is good for."""

_LATER = {423, 477, 502, 503, 504, 521, 522, 523, 524}
_TEN_SECONDS, _A_SECOND, _LOCKED_SECONDS = 10.0, 1.0, 2.0
_UNTIL_TOMORROW = 3600.0
_EXISTING = re.compile(r"Existing ID: (\d+)")
_VALUES = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)


def refusal(reply: Reply) -> SyncError | None:
    """The error that `reply` means; None for a success."""
    if 200 <= reply.status < 300:
        return None
    body = _body(reply)
    if reply.status == 429:
        return _too_many(reply, body)
    if reply.status in _LATER:
        wait = _retry_after(reply) or (_LOCKED_SECONDS if reply.status == 423 else None)
        return NotNow(
            f"HubSpot is not able to answer at the moment (status {reply.status}). "
            "Nothing is lost; the next run goes on.",
            wait_seconds=wait,
        )
    if reply.status == 401:
        return Misconfigured(
            "HubSpot does not know the access token. Copy it anew from HubSpot into "
            "HUBSPOT_ACCESS_TOKEN."
        )
    if reply.status == 403:
        return NotAllowed(_forbidden(body))
    if reply.status >= 500:
        return NotNow(f"HubSpot failed with status {reply.status}. The next run tries again.")
    return Rejected(reason(body) or f"HubSpot refused with status {reply.status}.")


def _body(reply: Reply) -> dict[str, Any]:
    try:
        body = json.loads(reply.body or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _too_many(reply: Reply, body: dict[str, Any]) -> SyncError:
    """A refusal for want of budget; which budget, the policy or the message says."""
    told = f"{body.get('policyName', '')} {body.get('message', '')}".lower()
    if "daily" in told:
        return RetryLater(
            "HubSpot's calls for today are used up. They start anew at midnight, in the time zone "
            "of the HubSpot account.",
            after_seconds=_retry_after(reply) or _UNTIL_TOMORROW,
        )
    per_second = "secondly" in told.replace("ten_secondly", "")
    wait = _retry_after(reply) or (_A_SECOND if per_second else _TEN_SECONDS)
    return NotNow(
        "HubSpot asks for fewer calls. If this stays, check HUBSPOT_TIER, and whether another "
        "system uses the same token.",
        wait_seconds=wait,
    )


def _retry_after(reply: Reply) -> float | None:
    try:
        return float(reply.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _forbidden(body: dict[str, Any]) -> str:
    scopes = missing_scopes(body)
    if not scopes:
        return f"HubSpot forbids this: {body.get('message') or 'it does not say why'}"
    listed = " or ".join(f"{scope} ({SCOPES.get(scope, 'see HubSpot')})" for scope in scopes)
    return (
        f"The HubSpot access token lacks the scope {listed}. Add it where the token was made, "
        "in HubSpot's settings, and try again."
    )


def missing_scopes(body: dict[str, Any]) -> list[str]:
    """The scopes any one of which would do, from the body of a 403."""
    found: list[str] = []
    for error in body.get("errors") or []:
        context = error.get("context") or {}
        for key in ("requiredGranularScopes", "requiredScopes"):
            found += context.get(key) or []
    return list(dict.fromkeys(found))


def reason(body: dict[str, Any]) -> str:
    """Why a record was refused, from an error body or from one entry of a batch's errors."""
    message = str(body.get("message") or "")
    if existing := _EXISTING.search(message):
        return f"Another HubSpot contact ({existing[1]}) has this address already."
    if values := _VALUES.search(message):
        return _bad_values(values[1]) or message
    if "does not exist" in message and "PROPERTY_DOESNT_EXIST" in str(body.get("errors")):
        return f"{message} Run setup_hubspot."
    return message


def _bad_values(text: str) -> str:
    """The refused properties of a message that is JSON inside."""
    try:
        details = json.loads(text)
    except ValueError:
        return ""
    parts = [
        f"{detail.get('name', '')}: {detail.get('message', '')}"
        for detail in details
        if isinstance(detail, dict)
    ]
    hint = " Run setup_hubspot." if "PROPERTY_DOESNT_EXIST" in text else ""
    return f"HubSpot refuses {'; '.join(parts)}.{hint}" if parts else ""
