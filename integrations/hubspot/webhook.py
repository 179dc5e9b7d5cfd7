"""HubSpot's webhooks: whether HubSpot sent them, and what they tell of. Plain Python.

Source: developers.hubspot.com, “Validating requests” (signature, version 3) and “Webhooks”.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.notices import MASK, Notice, Unreadable

WINDOW_MILLISECONDS = 5 * 60 * 1000
"""A timestamp that is further away than this, in either direction, proves nothing."""

NO_SECRET = "webhook_secret"
"""The code of the problem that nobody can tell who calls."""

_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""The signs that are decoded in the address before it is signed; all others stay as they are."""

_TYPES = {"contact": "contacts", "deal": "deals", "company": "companies", "ticket": "tickets"}
_NUMBERS = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-5": "tickets"}
_NAME = re.compile(r"[\w.-]{1,60}", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}")
_MERGED = ("objectId", "primaryObjectId", "newObjectId")
_LONGEST_KEY = 200

_IMPERSONAL = {
    *("eventId", "subscriptionId", "portalId", "appId", "occurredAt", "attemptNumber"),
    *("subscriptionType", "eventType", "objectId", "objectTypeId", "changeSource", "changeFlag"),
    *("propertyName", "isSensitive", "primaryObjectId", "mergedObjectIds", "newObjectId"),
    *("numberOfPropertiesMoved", "associationType", "fromObjectId", "toObjectId"),
    *("associationRemoved", "isPrimaryAssociation"),
}
"""What a notice may keep for good: numbers and names of kinds, nothing that a person is or says."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in. `uri` is the whole public address that HubSpot called."""

    method: str
    uri: str
    body: bytes
    timestamp: str
    signature: str


def refusal(call: Call, secret: str, now: datetime) -> str:
    """Why the call does not count as HubSpot's; blank if it does."""
    if not call.signature or not _is_number(call.timestamp):
        return "no signature, version 3"
    age = now.timestamp() * 1000 - int(call.timestamp)
    if abs(age) > WINDOW_MILLISECONDS:
        return "timestamp too old" if age > 0 else "timestamp in the future"
    if not hmac.compare_digest(signature(call, secret), call.signature.encode()):
        return "wrong signature"
    return ""


def signature(call: Call, secret: str) -> bytes:
    """What HubSpot sends with this call if both sides know the same secret."""
    uri = _DECODED.sub(lambda found: chr(int(found[1], 16)), call.uri)
    signed = f"{call.method}{uri}".encode() + call.body + call.timestamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256))


def notices(body: bytes) -> list[Notice]:
    """The objects that a request tells of; a merge tells of each contact that is part of it.

    Raises Unreadable: it is no JSON list.
    """
    try:
        events = json.loads(body)
    except ValueError:
        raise Unreadable("HubSpot sent something other than JSON.") from None
    if not isinstance(events, list):
        raise Unreadable("HubSpot sent JSON, but not a list of events.")
    return [notice for event in events for notice in _notices(event)]


def masked(text: str) -> str:
    """The body of a notice without anything that tells of a person. Masking twice is once."""
    event = json.loads(text)
    if not isinstance(event, dict):
        return json.dumps(MASK)
    return json.dumps(
        {name: value if name in _IMPERSONAL else MASK for name, value in event.items()}
    )


def _notices(event: Any) -> Iterator[Notice]:
    text = json.dumps(event)
    action = _action(event)
    ids = _ids(event) if action else []
    if not ids:
        yield Notice(
            action, "", "", text, why_left="It does not say what happened to which record."
        )
    for object_id in ids:
        yield Notice(
            action,
            _object_type(action, event),
            object_id,
            text,
            key=_key(event, object_id),
            told_at=_time(event.get("occurredAt")),
        )


def _action(event: Any) -> str:
    if not isinstance(event, dict):
        return ""
    action = event.get("subscriptionType") or event.get("eventType")
    return action if isinstance(action, str) and _NAME.fullmatch(action) else ""


def _ids(event: dict[str, Any]) -> list[str]:
    """The object's id; of a merge the ids of all contacts that went into it or came of it."""
    merged = event.get("mergedObjectIds")
    given = [event.get(name) for name in _MERGED] + (merged if isinstance(merged, list) else [])
    ids = (str(one) for one in given if isinstance(one, int | str))
    return list(dict.fromkeys(one for one in ids if _ID.fullmatch(one)))


def _object_type(action: str, event: dict[str, Any]) -> str:
    word = action.partition(".")[0]
    if word == "object":
        return _NUMBERS.get(str(event.get("objectTypeId")), "other records")
    return _TYPES.get(word, word)


def _key(event: dict[str, Any], object_id: str) -> str:
    """Source: the guide's rule for repeats. Event ids are not unique."""
    parts = [event.get(name) for name in ("subscriptionId", "occurredAt", "propertyName")]
    if parts[1] is None:
        return ""
    return ":".join((object_id, *(str(part or "") for part in parts)))[:_LONGEST_KEY]


def _time(milliseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20
