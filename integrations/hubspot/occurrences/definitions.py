"""The two kinds of event, as they are defined in HubSpot and named by it."""

from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.errors import Misconfigured, Rejected
from integrations.hubspot.marketing_client import MarketingClient
from integrations.models import OccurrenceKind

OFF = "off"
NAMES = {
    OccurrenceKind.PURCHASED: "nova_ticket_purchased",
    OccurrenceKind.ATTENDED: "nova_attended",
}
"""What each kind is called in HubSpot, before the account's own prefix."""
PROPERTIES = {
    "show": ("Show", "string"),
    "show_type": ("Show type", "string"),
    "venue": ("Venue", "string"),
    "price": ("Price", "number"),
    "currency": ("Currency", "string"),
}
LONGEST = 256
"""Most characters of a value."""

_DESCRIPTIONS = {
    OccurrenceKind.PURCHASED: "An order of tickets. Sent by Nova Analytics.",
    OccurrenceKind.ATTENDED: "A booked show that has started. Sent by Nova Analytics.",
}


def events_since() -> datetime | None:
    """From when on events are sent; None where HUBSPOT_EVENTS is “off”.

    Raises Misconfigured: it is neither that nor a day.
    """
    text = str(settings.HUBSPOT_EVENTS).strip().lower()
    if text in ("", OFF):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Misconfigured(
            f"HUBSPOT_EVENTS “{text}” is no day. Write “off”, or the day from which on purchases "
            "and visits are sent to HubSpot, such as 2026-12-01."
        ) from None
    return timezone.make_aware(datetime.combine(day, time()))


def missing_definitions(client: MarketingClient) -> list[OccurrenceKind]:
    """The kinds that HubSpot does not know yet. One request."""
    return [kind for kind, name in full_names(client).items() if not name]


def create_definitions(client: MarketingClient) -> list[OccurrenceKind]:
    """Defines what is missing, and returns what is missing still: a name that was deleted once
    cannot be used again."""
    for kind in missing_definitions(client):
        try:
            client.define_event(_definition(kind))
        except Rejected:
            continue  # it may be there by now: the second look tells
    return missing_definitions(client)


def full_names(client: MarketingClient) -> dict[OccurrenceKind, str]:
    """What HubSpot calls each kind, "" where it is not defined. One request."""
    known = client.event_definitions()
    return {
        kind: str(known[name]["fullyQualifiedName"]) if name in known else ""
        for kind, name in NAMES.items()
    }


def _definition(kind: OccurrenceKind) -> dict[str, Any]:
    return {
        "label": f"{kind.label} (Nova)",
        "name": NAMES[kind],
        "description": _DESCRIPTIONS[kind],
        "primaryObject": "CONTACT",
        "includeDefaultProperties": False,
        "propertyDefinitions": [
            {"name": name, "label": label, "type": value_type}
            for name, (label, value_type) in PROPERTIES.items()
        ],
    }
