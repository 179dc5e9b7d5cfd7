"""Where a record is to be seen: in HubSpot, on Eventbrite, in Nova's admin."""

from urllib.parse import quote

from django.conf import settings
from django.db.models import Model
from django.urls import reverse


def hubspot_contact(hubspot_id: str) -> str:
    """The contact in HubSpot; "" where HUBSPOT_PORTAL_ID does not say in which account."""
    return _hubspot("0-1", hubspot_id)


def hubspot_deal(hubspot_id: str) -> str:
    return _hubspot("0-3", hubspot_id)


def _hubspot(object_type: str, hubspot_id: str) -> str:
    portal = settings.HUBSPOT_PORTAL_ID
    if not portal or not hubspot_id:
        return ""
    return f"https://app.hubspot.com/contacts/{portal}/record/{object_type}/{quote(hubspot_id)}"


def eventbrite_event(eventbrite_id: str | None) -> str:
    """The organiser's page of the event; orders and seats have no page of their own."""
    if not eventbrite_id:
        return ""
    return f"https://www.eventbrite.com/myevent?eid={quote(eventbrite_id, safe='')}"


def in_nova(row: type[Model] | Model, pk: int | None = None) -> str:
    """The page of a row in the admin."""
    meta = row._meta
    key = row.pk if isinstance(row, Model) else pk
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[key])
