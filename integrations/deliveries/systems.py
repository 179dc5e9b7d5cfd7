"""Where each system's part is found."""

from types import ModuleType

from integrations.eventbrite import reread as eventbrite_reread
from integrations.eventbrite import webhook as eventbrite_webhook
from integrations.hubspot import reread as hubspot_reread
from integrations.hubspot import webhook as hubspot_webhook
from integrations.models import System

REREADS: dict[str, ModuleType] = {
    System.EVENTBRITE: eventbrite_reread,
    System.HUBSPOT: hubspot_reread,
}
"""Each has `why_left`, `read_by_syncs` and `Rereading`."""

WEBHOOKS: dict[str, ModuleType] = {
    System.EVENTBRITE: eventbrite_webhook,
    System.HUBSPOT: hubspot_webhook,
}
"""Each has `masked`."""
