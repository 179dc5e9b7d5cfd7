"""What Nova needs in a HubSpot account: properties, pipelines of deals, a few scopes."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings

from integrations.errors import Misconfigured, Rejected
from integrations.hubspot.client import CONTACTS, HubSpotClient, Record
from integrations.hubspot.deals.setup import deal_gaps, kept
from integrations.hubspot.gaps import Gap, option, property_gaps
from integrations.hubspot.mapping import (
    ATTENDEE,
    BANDS,
    CUSTOMER_TYPE,
    EVENTS_ATTENDED,
    FIRST_EVENT,
    GROUP,
    LAST_EVENT,
    LEAD_BAND,
    LEAD_SCORE,
    TAGS,
    TOTAL_SPEND,
    TYPES,
)

_GROUP_LABEL = "Nova Analytics"


def _definition(
    name: str, label: str, kind: str, field_type: str, description: str, options: list[str]
) -> Record:
    defined: Record = {
        "name": name,
        "label": label,
        "groupName": GROUP,
        "type": kind,
        "fieldType": field_type,
        "description": description,
    }
    if options:
        defined["options"] = [option(value, place) for place, value in enumerate(options)]
    return defined


_TYPE_NAMES = [option for option in TYPES.values() if option]
DEFINITIONS = {
    definition[0]: _definition(*definition)
    for definition in (
        (
            EVENTS_ATTENDED,
            "Events attended",
            "number",
            "number",
            "Booked shows that have started. Kept by Nova Analytics.",
            [],
        ),
        (
            TOTAL_SPEND,
            "Total spend",
            "number",
            "number",
            "Paid less refunds, in the company's currency. Kept by Nova Analytics.",
            [],
        ),
        (
            FIRST_EVENT,
            "First event date",
            "date",
            "date",
            "The day of the first booked show. Kept by Nova Analytics.",
            [],
        ),
        (
            LAST_EVENT,
            "Last event date",
            "date",
            "date",
            "The day of the last booked show. Kept by Nova Analytics.",
            [],
        ),
        (
            CUSTOMER_TYPE,
            "Customer type",
            "enumeration",
            "select",
            "New, returning or VIP. Kept by Nova Analytics.",
            _TYPE_NAMES,
        ),
        (
            TAGS,
            "Nova tags",
            "enumeration",
            "checkbox",
            "Nova Analytics ticks “Nova Attendee” for all who booked a show.",
            [ATTENDEE],
        ),
    )
}
SCORE_DEFINITIONS = {
    definition[0]: _definition(*definition)
    for definition in (
        (
            LEAD_SCORE,
            "Lead score",
            "number",
            "number",
            "0 to 100: the chance in percent of a booking within 90 days, or points while there "
            "is too little data. Kept by Nova Analytics.",
            [],
        ),
        (
            LEAD_BAND,
            "Lead band",
            "enumeration",
            "select",
            "Hot, warm, cool or cold, by the lead score. Kept by Nova Analytics.",
            list(BANDS.values()),
        ),
    )
}
"""What is needed besides where HUBSPOT_LEAD_SCORES is on."""


def definitions() -> dict[str, Record]:
    """The properties of contacts that Nova writes under the settings."""
    return DEFINITIONS | SCORE_DEFINITIONS if settings.HUBSPOT_LEAD_SCORES else DEFINITIONS


def find_gaps(client: HubSpotClient) -> list[Gap]:
    """What is missing or wrong, in words for staff. Changes nothing.

    Raises Misconfigured: HubSpot does not know the token.
    """
    client.account()
    return [*_scope_gaps(client), *_definition_gaps(client), *deal_gaps(client, kept())]


def set_up(client: HubSpotClient) -> tuple[list[Gap], list[Gap]]:
    """Creates what is missing; returns what was mended, and what is left for staff.

    Raises Misconfigured: the token may not define properties.
    """
    found = find_gaps(client)
    for gap in found:
        if gap.mend:
            try:
                gap.mend(client)
            except Rejected:
                continue  # it may be there by now: the second look tells
    left = find_gaps(client) if any(gap.mend for gap in found) else found
    texts = {gap.text for gap in left}
    return [gap for gap in found if gap.text not in texts], left


def require_set_up(client: HubSpotClient) -> None:
    """Raises Misconfigured: a property that Nova writes is missing or of another type."""
    if gaps := list(property_gaps(CONTACTS, definitions(), client.properties(CONTACTS))):
        listed = " ".join(gap.text for gap in gaps)
        raise Misconfigured(f"HubSpot is not set up for Nova. {listed} Run setup_hubspot.")


def _scope_gaps(client: HubSpotClient) -> Iterator[Gap]:
    """Tries each right. The writes that are tried name no record, so nothing can come of them."""
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: client.list_objects(CONTACTS, ("email",)),
        lambda: client.try_empty_upsert(CONTACTS),
        lambda: client.try_empty_definition(CONTACTS),
        client.owners,
    )
    for attempt in attempts:
        try:
            attempt()
        except Misconfigured as error:
            yield Gap("scope", str(error))
        except Rejected:
            continue


def _definition_gaps(client: HubSpotClient) -> Iterator[Gap]:
    try:
        names, properties = client.group_names(CONTACTS), client.properties(CONTACTS)
    except Misconfigured:
        return  # the missing scope is told already
    if GROUP not in names:
        group = {"name": GROUP, "label": _GROUP_LABEL}
        yield Gap(
            f"property group “{_GROUP_LABEL}”",
            f"The property group “{_GROUP_LABEL}” is missing.",
            lambda client: client.create_group(CONTACTS, group),
        )
    yield from property_gaps(CONTACTS, definitions(), properties)
