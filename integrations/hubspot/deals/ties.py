"""Associating deals of orders with the contacts of their buyers."""

from collections.abc import Iterable

from django.db import transaction

from integrations.errors import Rejected
from integrations.hubspot.batches import Results, keep_results
from integrations.hubspot.client import CONTACTS, DEALS, HubSpotClient, Record
from integrations.hubspot.deals.plan import CONTACT, TIES_KIND, key_in, record_of_write
from integrations.hubspot.refusals import reason
from integrations.models import DealLink, RemoteWrite
from integrations.sync import RunLog
from nova_project.bulk import amend

_NO_DEAL = "The order has no deal in HubSpot yet. The next run plans anew."


def write_ties(client: HubSpotClient, log: RunLog, batch: list[RemoteWrite]) -> None:
    """Associates deals with the contacts of their buyers, up to 2,000 in one request."""
    rows = DealLink.objects.live().filter(order__in=[key_in(w.subject) for w in batch])
    deals = dict(rows.values_list("order_id", "hubspot_id"))
    results = Results()
    pairs: dict[int, tuple[str, str]] = {}
    for write in batch:
        if deal := deals.get(key_in(write.subject)):
            pairs[write.pk] = (deal, write.after[CONTACT])
        else:
            results.skipped[write.pk] = _NO_DEAL
    _send_ties(client, pairs, results)
    with transaction.atomic():
        tied = [pairs[pk] for pk in results.written]
        amend(DealLink, tied, fields=("hubspot_id", "contact_id"), key="hubspot_id")
        keep_results(batch, results, log, kind=TIES_KIND, record_of=record_of_write)


def _send_ties(client: HubSpotClient, pairs: dict[int, tuple[str, str]], results: Results) -> None:
    """Sends pairs by write id; those that are refused as a whole are halved."""
    if not pairs:
        return
    try:
        errors = client.tie(DEALS, CONTACTS, pairs.values())
    except Rejected as error:
        if len(pairs) == 1:
            results.failed[next(iter(pairs))] = str(error)
            return
        keys = list(pairs)
        for part in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            _send_ties(client, {pk: pairs[pk] for pk in part}, results)
        return
    refused = {ids: reason(error) for error in errors for ids in _named(error)}
    for pk, pair in pairs.items():
        if pair in refused:
            results.failed[pk] = refused[pair]
        else:
            results.written[pk] = {}


def _named(error: Record) -> Iterable[tuple[str, str]]:
    """The pairs that an error is about."""
    context = error.get("context") or {}
    starts, ends = (context.get(name) or [] for name in ("fromObjectId", "toObjectId"))
    return zip(map(str, starts), map(str, ends), strict=False)
