"""The versions of HubSpot's API, and where each path lies in them.

Nova's code and HubSpot's own client name the numbered paths everywhere. With a date as version,
each path is rewritten here on its way out; bodies are the same in both. HubSpot supports numbered
associations (v4) until 30 March 2027 and the other numbered paths until September 2027.
Source: developers.hubspot.com, migration guide of the legacy APIs.
"""

import re

NUMBERED = "v3"
VERSIONS = (NUMBERED, "2026-03")
"""What HUBSPOT_API_VERSION may be."""

_RULES = tuple(
    (re.compile(f"{pattern}(?=/|$)"), head)
    for pattern, head in (
        ("/crm/v[34]/objects", "/crm/objects/{date}"),
        ("/crm/v4/associations", "/crm/associations/{date}"),
        (r"/crm/v3/(properties|lists|pipelines|owners)", r"/crm/\1/{date}"),
        (r"/marketing/v3/(emails|campaigns)", r"/marketing/\1/{date}"),
        ("/account-info/v3", "/account-info/{date}"),
        ("/events/v3/events", "/events/event-occurrences/{date}"),
        # For custom events HubSpot's documentation has the path below, and its specification
        # /events/{date}; try it on a test account before setting a date.
        ("/events/v3", "/events/custom/{date}"),
    )
)


def versioned(path: str, version: str) -> str:
    """Where the numbered `path` lies in `version`. Raises LookupError: nobody knows."""
    if version == NUMBERED:
        return path
    for pattern, head in _RULES:
        if pattern.match(path):
            return pattern.sub(head.format(date=version), path, count=1)
    raise LookupError(f"{path} has no place in version {version} yet: add it to versions.py")
