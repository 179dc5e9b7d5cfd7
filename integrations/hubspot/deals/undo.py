"""What an undo has to know of deals: how they are read, and what is kept of them afterwards."""

from collections.abc import Mapping

from integrations.hubspot.batches import Results
from integrations.hubspot.client import Record
from integrations.hubspot.deals.account import Account
from integrations.hubspot.deals.expenses import remote_values
from integrations.hubspot.deals.mapping import PLACES, Deal
from integrations.models import DealLink, RemoteWrite
from nova_project.bulk import amend


def deal_values(record: Record) -> Mapping[str, str]:
    """Raises ValueError: a value is not of its property's kind."""
    return Deal.from_api(record).values


def deals_restored(account: Account, results: Results, writes: list[RemoteWrite]) -> None:
    """What the deals hold now is what was last seen, and the base of their next merge.

    So what Nova has counts as newer, and is planned again: held back, for staff to decide.
    """
    by_id = {write.remote_id: write.pk for write in writes}
    links = {link.hubspot_id: link for link in DealLink.objects.filter(hubspot_id__among=by_id)}
    after = {
        pk: Deal(pk, link.seen).after(
            results.sent[by_id[pk]], Deal.from_api(results.written[by_id[pk]])
        )
        for pk, link in links.items()
    }
    remote = remote_values(list(after.values()), account) if after else {}
    rows = []
    for pk, deal in after.items():
        base = links[pk].agreed
        if base is not None:
            sent = results.sent[by_id[pk]]
            theirs = {ours: remote[pk][ours] for ours, name in PLACES.items() if name in sent}
            base = base | {ours: [value, value] for ours, value in theirs.items()}
        rows.append((pk, dict(deal.values), base, deal.changed_at, True))
    fields = ("hubspot_id", "seen", "agreed", "remote_changed_at", "is_push_due")
    amend(DealLink, rows, fields=fields, key="hubspot_id")
