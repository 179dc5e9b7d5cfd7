"""What people did as HubSpot's custom events: tickets bought, shows attended.

Off unless HUBSPOT_EVENTS names the day from which on they are sent. An event is sent once, about a
linked contact, and cannot be taken back. Its id follows from what it is about, so one that was
sent but not noted is dropped by HubSpot when it comes again.
"""

from integrations.hubspot.occurrences.apply import apply_occurrences, record_of_write
from integrations.hubspot.occurrences.definitions import (
    create_definitions,
    events_since,
    missing_definitions,
)
from integrations.hubspot.occurrences.plan import OBJECT_TYPE, drop_plan, plan_occurrences

__all__ = [
    "OBJECT_TYPE",
    "apply_occurrences",
    "create_definitions",
    "drop_plan",
    "events_since",
    "missing_definitions",
    "plan_occurrences",
    "record_of_write",
]
