"""What deals need in a HubSpot account: two pipelines, a property group and five properties."""

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from finance.models import Category
from integrations.errors import Misconfigured, NotAllowed, Rejected
from integrations.hubspot.client import DEALS, HubSpotClient, Record
from integrations.hubspot.deals.account import (
    CANCELLED,
    EXPENSES,
    PAID,
    REFUNDED,
    SALES,
    STATUSES,
    Account,
    read_account,
)
from integrations.hubspot.deals.mapping import CATEGORY, EVENT, EXPENSE_ID, ORDER_ID, VENDOR
from integrations.hubspot.gaps import Gap, option, property_gaps
from integrations.hubspot.mapping import GROUP

LABEL = "Nova Analytics"
_KEPT: dict[str, tuple[str, ...] | None] = {
    "off": None,
    "expenses": (EXPENSES,),
    "sales": (SALES,),
    "all": (EXPENSES, SALES),
}


def _stage(label: str, place: int, probability: str) -> Record:
    """A stage. 1.0 is won, 0.0 is closed and not won, so it is in no forecast either."""
    metadata = {"probability": probability, "isClosed": "true"}
    return {"label": label, "displayOrder": place, "metadata": metadata}


PIPELINES = {
    EXPENSES: [_stage(label, place, "0.0") for place, label in enumerate((*STATUSES, CANCELLED))],
    SALES: [_stage(PAID, 0, "1.0"), _stage(REFUNDED, 1, "0.0")],
}


def _text(name: str, label: str, description: str, *, is_unique: bool = False) -> Record:
    return {
        "name": name,
        "label": label,
        "groupName": GROUP,
        "type": "string",
        "fieldType": "text",
        "description": description,
        **({"hasUniqueValue": True} if is_unique else {}),
    }


_CATEGORY: Record = {
    "name": CATEGORY,
    "label": "Nova expense category",
    "groupName": GROUP,
    "type": "enumeration",
    "fieldType": "select",
    "description": "What kind of cost it is.",
    "options": [option(str(one), place, one.label) for place, one in enumerate(Category)],
}
DEFINITIONS: dict[str, Record] = {
    definition["name"]: definition
    for definition in (
        _text(EXPENSE_ID, "Nova expense", "Kept by Nova Analytics: leave blank.", is_unique=True),
        _text(ORDER_ID, "Nova order", "Kept by Nova Analytics: leave blank.", is_unique=True),
        _text(
            EVENT,
            "Nova event",
            "The Eventbrite id of the event, or its name and date: Jazz Night, 2026-05-14.",
        ),
        _text(VENDOR, "Nova vendor", "Who is paid."),
        _CATEGORY,
    )
}


def kept() -> tuple[str, ...] | None:
    """The labels of the pipelines that are kept in step; None where deals are left alone.

    Raises Misconfigured: HUBSPOT_DEALS is unknown.
    """
    try:
        return _KEPT[settings.HUBSPOT_DEALS]
    except KeyError:
        raise Misconfigured(
            f"HUBSPOT_DEALS “{settings.HUBSPOT_DEALS}” is unknown. Choose one of "
            f"{', '.join(_KEPT)}."
        ) from None


def deal_gaps(client: HubSpotClient, labels: tuple[str, ...] | None) -> Iterator[Gap]:
    """What is missing for the pipelines with these labels, in words for staff."""
    if labels is None:
        return
    try:
        account, names = read_account(client), client.group_names(DEALS)
    except Misconfigured as error:
        yield Gap("scope", f"{error} Or set HUBSPOT_DEALS=off: Nova then leaves deals alone.")
        return
    yield from _scope_gaps(client)
    if GROUP not in names:
        group = {"name": GROUP, "label": LABEL}
        yield Gap(
            f"deal property group “{LABEL}”",
            f"The property group “{LABEL}” of deals is missing.",
            lambda client: client.create_group(DEALS, group),
        )
    yield from property_gaps(DEALS, DEFINITIONS, account.properties)
    yield from _pipeline_gaps(account, labels)


def missing(account: Account, labels: tuple[str, ...]) -> list[str]:
    """What a run that keeps deals in these pipelines would miss, in words for staff."""
    gaps = [
        *property_gaps(DEALS, DEFINITIONS, account.properties),
        *_pipeline_gaps(account, labels),
    ]
    return [gap.text for gap in gaps]


def _scope_gaps(client: HubSpotClient) -> Iterator[Gap]:
    """Tries each right. The writes that are tried name no record, so nothing can come of them."""
    for attempt in (client.try_empty_upsert, client.try_empty_definition):
        try:
            attempt(DEALS)
        except NotAllowed as error:
            yield Gap("scope", str(error))
        except Rejected:
            continue


def _pipeline_gaps(account: Account, labels: tuple[str, ...]) -> Iterator[Gap]:
    for label in labels:
        found = account.pipeline(label)
        if found is None:
            pipeline = {"label": label, "displayOrder": 9, "stages": PIPELINES[label]}
            yield Gap(
                f"pipeline “{label}”",
                f"The deal pipeline “{label}” is missing.",
                partial(_create_pipeline, pipeline=pipeline),
            )
            continue
        for stage in PIPELINES[label]:
            if not found.stage(stage["label"]):
                yield Gap(
                    f"stage “{stage['label']}” of “{label}”",
                    f"The pipeline “{label}” lacks the stage “{stage['label']}”.",
                    partial(_create_stage, pipeline_id=found.id, stage=stage),
                )


def _create_pipeline(client: HubSpotClient, pipeline: Record) -> None:
    client.create_pipeline(pipeline)


def _create_stage(client: HubSpotClient, pipeline_id: str, stage: Record) -> None:
    client.create_stage(pipeline_id, stage)
