"""Deals of other pipelines, as HubSpot has them. Nova reads them and never writes them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from integrations.hubspot.client import CONTACTS, DEALS, HubSpotClient
from integrations.hubspot.deals.account import CURRENCY, Account
from integrations.hubspot.deals.mapping import AMOUNT, CREATED, OWNER, PIPELINE, STAGE, Deal
from integrations.models import ContactLink, HubSpotDeal, HubSpotDealContact
from nova_project.bulk import Upserted, insert_many, upsert

_FIELDS = (
    "hubspot_id",
    "name",
    "pipeline",
    "stage",
    "is_closed",
    "is_won",
    "amount",
    "currency",
    "closes_on",
    "owner",
    "remote_created_at",
    "remote_changed_at",
    "archived_at",
)
_LARGEST = Decimal(10) ** 11
_TIES_AT_ONCE = 1_000
ERASED = 0
"""In the place of the row of a contact whose person was erased."""


def store_deals(
    account: Account,
    deals: Collection[Deal],
    ties: Mapping[str, Iterable[str]],
    owners: Mapping[str, str],
) -> Upserted:
    """Keeps these deals as read, with the contacts that `ties` names by the deal's id.

    A deal that `ties` does not have keeps the contacts it had, and has no name until they are read.
    Seven queries, whatever their number; call it in a transaction.
    """
    if not deals:
        return Upserted()
    links = _links(ties)
    named = {deal for deal, tied in ties.items() if all(links.get(c) != ERASED for c in tied)}
    rows = [_row(deal, account, owners, is_named=deal.id in named) for deal in deals]
    stored = upsert(
        HubSpotDeal, rows, fields=_FIELDS, key="hubspot_id", along=("remote_changed_at",)
    )
    _keep_ties([deal.id for deal in deals if deal.id in ties], ties, links)
    return stored


def _links(ties: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Nova's rows of these contacts, by HubSpot's id; ERASED for those of erased people."""
    contacts = {contact for tied in ties.values() for contact in tied}
    rows = ContactLink.objects.filter(hubspot_id__among=contacts)
    return {
        contact: ERASED if erased_at else pk
        for contact, pk, erased_at in rows.values_list("hubspot_id", "pk", "erased_at")
    }


def read_ties(client: HubSpotClient, ids: list[str]) -> dict[str, list[str]]:
    """The contacts that each deal is associated with, as `HubSpotClient.ties` says.

    A request for each thousand deals.
    """
    ties: dict[str, list[str]] = {}
    for start in range(0, len(ids), _TIES_AT_ONCE):
        ties |= client.ties(DEALS, CONTACTS, ids[start : start + _TIES_AT_ONCE])
    return ties


def _row(
    deal: Deal, account: Account, owners: Mapping[str, str], *, is_named: bool
) -> tuple[Any, ...]:
    """A deal of an erased person has no name, for HubSpot names deals after people."""
    values = deal.values
    pipeline = account.pipelines.get(values.get(PIPELINE, ""))
    stage = pipeline.stages.get(values.get(STAGE, ""), "") if pipeline else ""
    amount = Decimal(values[AMOUNT]) if AMOUNT in values else None
    created = values.get(CREATED)
    return (
        deal.id,
        deal.name[:250] if is_named else "",
        (pipeline.label if pipeline else "")[:120],
        stage[:120],
        values.get("hs_is_closed") == "true",
        values.get("hs_is_closed_won") == "true",
        None if amount is None or abs(amount) >= _LARGEST else amount.quantize(Decimal("0.001")),
        (values.get(CURRENCY) or account.currency)[:3],
        deal.day(timezone.get_default_timezone()),
        owners.get(values.get(OWNER, ""), "")[:160],
        datetime.fromisoformat(created) if created else None,
        deal.changed_at,
        None,
    )


def _keep_ties(ids: list[str], ties: Mapping[str, Iterable[str]], links: Mapping[str, int]) -> None:
    """Makes the contacts of these deals those that `ties` names and Nova knows."""
    keys = dict(HubSpotDeal.objects.filter(hubspot_id__among=ids).values_list("hubspot_id", "pk"))
    wanted = {
        (keys[deal], links[contact])
        for deal, tied in ties.items()
        for contact in tied
        if deal in keys and links.get(contact, ERASED) != ERASED
    }
    known = HubSpotDealContact.objects.filter(deal__in=keys.values())
    there = {(deal, link): pk for pk, deal, link in known.values_list("pk", "deal_id", "link_id")}
    gone = [pk for pair, pk in there.items() if pair not in wanted]
    if gone:
        HubSpotDealContact.objects.filter(pk__in=gone).delete()
    insert_many(HubSpotDealContact, sorted(wanted - there.keys()), fields=("deal_id", "link_id"))


def forget(ids: Iterable[str]) -> None:
    """Deals that became one of Nova's own are mirrored no more."""
    HubSpotDeal.objects.filter(hubspot_id__among=list(ids)).delete()
