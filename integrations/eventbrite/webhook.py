"""Eventbrite's webhooks: whether they know the secret, and what they tell of. Plain Python.

Eventbrite signs nothing, so a long secret stands in the address. A body holds no data, only the
address of the object; that is never asked, the id alone is taken from it.
Source: https://www.eventbrite.com/platform/docs/webhooks
"""

import hmac
import json
import re
from typing import Any

from integrations.notices import MASK, Notice, Unreadable

ORDERS, SEATS, EVENTS, VENUES = "orders", "attendees", "events", "venues"

_HOME = "https://www.eventbriteapi.com"
_ID = "[0-9A-Za-z_-]{1,32}"
_FORMS = (
    (ORDERS, re.compile(f"orders/({_ID})/?")),
    (SEATS, re.compile(f"events/({_ID})/attendees/({_ID})/?")),
    (EVENTS, re.compile(f"events/({_ID})(?:/ticket_classes/{_ID})?/?")),
    (VENUES, re.compile(f"venues/({_ID})/?")),
    ("organizers", re.compile(f"organizers/({_ID})/?")),
)
"""What addresses of objects look like. A ticket class is read with its event."""

_NAME = re.compile(r"[\w.-]{1,60}", re.ASCII)


def is_secret(given: str, secret: str) -> bool:
    """Whether `given` is the secret; never if there is none. Takes as long wherever they differ."""
    return bool(secret) and hmac.compare_digest(given.encode(), secret.encode())


def notice(body: bytes, *, base_url: str) -> Notice:
    """What a request tells of. `base_url` is the API's address beside Eventbrite's own.

    Raises Unreadable: it is not the JSON that Eventbrite sends.
    """
    try:
        told = json.loads(body)
    except ValueError:
        raise Unreadable("Eventbrite sent something other than JSON.") from None
    config = told.get("config") if isinstance(told, dict) else None
    if not isinstance(config, dict):
        raise Unreadable("Eventbrite sent JSON, but not what a webhook of it looks like.")
    action = config.get("action")
    action = action if isinstance(action, str) and _NAME.fullmatch(action) else ""
    text = _text(told, config)
    if action == "test":
        return Notice(action, "", "", text, why_left="Eventbrite's test button. All is well.")
    object_type, object_id = _object(told.get("api_url"), base_url)
    if not object_id:
        left = "The address in it is not one of an object that Nova knows. It was not asked."
        return Notice(action, "", "", text, why_left=left)
    return Notice(action, object_type, object_id, text)


def masked(text: str) -> str:
    """The body of a notice without who subscribed to it. Masking twice is once."""
    told = json.loads(text)
    config = told.get("config") if isinstance(told, dict) else None
    if not isinstance(config, dict):
        return json.dumps(MASK)
    kept = {name: config[name] for name in ("action", "webhook_id") if name in config}
    hidden = {name: MASK for name in config if name not in kept}
    address = told.get("api_url")
    known = isinstance(address, str) and any(
        form.fullmatch(address.partition("/v3/")[2]) for _, form in _FORMS
    )
    return json.dumps({"config": kept | hidden, "api_url": address if known else MASK})


def _text(told: dict[str, Any], config: dict[str, Any]) -> str:
    """As received, but for our own address: it has the secret in it."""
    shown = config | ({"endpoint_url": MASK} if "endpoint_url" in config else {})
    return json.dumps(told | {"config": shown})


def _object(address: Any, base_url: str) -> tuple[str, str]:
    """Kind and id of the object at an address, both blank unless it is exactly of a known form.

    The id of a seat is that of its event and its own, with a stroke between them.
    """
    if not isinstance(address, str):
        return "", ""
    for home in (_HOME, base_url):
        if address.startswith(f"{home}/v3/"):
            path = address.removeprefix(f"{home}/v3/")
            for kind, form in _FORMS:
                if found := form.fullmatch(path):
                    return kind, "/".join(found.groups())
    return "", ""
