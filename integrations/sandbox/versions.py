"""HubSpot's date-versioned paths, brought back to the numbered ones by which routes are known.

The dates are those of HubSpot's releases. For sending custom events the documentation and the
published specification name different paths; both are answered.
"""

import re

DATES = ("2026-03", "2026-09")
_DATE = rf"(?P<date>{'|'.join(DATES)})"
_RULES = [
    (rf"/crm/objects/{_DATE}/(?P<rest>[^/]+/[^/]+/associations/.+)", "/crm/v4/objects/"),
    (rf"/crm/objects/{_DATE}/(?P<rest>.+)", "/crm/v3/objects/"),
    (rf"/crm/associations/{_DATE}/(?P<rest>.+)", "/crm/v4/associations/"),
    *(
        (rf"/crm/{name}/{_DATE}(?P<rest>(/.*)?)", f"/crm/v3/{name}")
        for name in ("properties", "lists", "pipelines", "owners")
    ),
    *(
        (rf"/marketing/{name}/{_DATE}(?P<rest>(/.*)?)", f"/marketing/v3/{name}")
        for name in ("emails", "campaigns")
    ),
    (rf"/account-info/{_DATE}(?P<rest>/.+)", "/account-info/v3"),
    (rf"/events/event-occurrences/{_DATE}(?P<rest>.*)", "/events/v3/events"),
    (rf"/events/event-definitions/{_DATE}(?P<rest>.*)", "/events/v3/event-definitions"),
    (rf"/events/(custom/)?{_DATE}(?P<rest>/(send|event-definitions)(/.*)?)", "/events/v3"),
]
RULES = [(re.compile(pattern), head) for pattern, head in _RULES]


def numbered(path: str) -> tuple[str, str]:
    """The numbered path of a dated one and the date; any other path as it is, and ""."""
    for pattern, head in RULES:
        match = pattern.fullmatch(path)
        if match is not None:
            return head + match["rest"], match["date"]
    return path, ""
