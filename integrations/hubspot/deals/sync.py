"""Deals in one run: read, plan, and write where that is allowed."""

from collections.abc import Collection

from integrations.errors import Misconfigured, NotAllowed
from integrations.hubspot.client import DEALS, HubSpotClient
from integrations.hubspot.deals.account import Account, read_account
from integrations.hubspot.deals.plan import TIES, plan_deals
from integrations.hubspot.deals.pull import Deals, pull_deals, stream_of
from integrations.hubspot.deals.push import apply_deals, planned
from integrations.hubspot.deals.setup import kept, missing
from integrations.sync import RunLog

NOTHING_WRITTEN = "Nothing was written to HubSpot."
_RECORD, _RIGHTS = "HubSpot: set-up of deals", "HubSpot: Deals"


def sync_deals(
    client: HubSpotClient, log: RunLog, *, full: bool, pull_only: bool, writes: bool
) -> None:
    """Brings deals in step, those that HUBSPOT_DEALS names; the others are read.

    An account that is not set up for Nova's pipelines is told once, and its deals are read.
    Where the token or the account's plan does not cover deals they are left out, and staff told.
    """
    labels = kept()
    if labels is None:
        return
    try:
        _sync(client, log, labels, full=full, pull_only=pull_only, writes=writes)
    except NotAllowed as error:
        leave_out(log, error)
    else:
        log.checked([_RIGHTS])


def leave_out(log: RunLog, error: NotAllowed) -> str:
    """Tells staff that deals are left out, and why; returns the words."""
    text = f"Deals are left out: {error} Or set HUBSPOT_DEALS=off."
    log.problem("not_available", _RIGHTS, text)
    return text


def reading_of(client: HubSpotClient, log: RunLog) -> Deals:
    """What keeps single deals as a sync does. Raises NotAllowed: the account has none for Nova."""
    account = read_account(client)
    return Deals(client, log, account, _ready(account, kept() or (), log), full=False)


def stream() -> str:
    """Where a sync of deals keeps how far it has read. Raises Misconfigured."""
    return stream_of(kept() or ())


def _sync(
    client: HubSpotClient,
    log: RunLog,
    labels: tuple[str, ...],
    *,
    full: bool,
    pull_only: bool,
    writes: bool,
) -> None:
    account = read_account(client)
    labels = _ready(account, labels, log)
    pull_deals(client, log, account, labels, full=full)
    if pull_only:
        return
    plan_deals(log, account, labels, full=full)
    if writes:
        apply_deals(client, log, account)
    elif number := planned(DEALS).count():
        differ = "1 deal differs" if number == 1 else f"{number:,} deals differ"
        told = f"{differ} from Nova. {NOTHING_WRITTEN}"
        before = log.run.message.removesuffix(NOTHING_WRITTEN).strip()
        log.run.message = f"{before} {told}".strip()


def apply_approved_deals(client: HubSpotClient, log: RunLog) -> None:
    """Writes what staff approved of deals. Raises Misconfigured: the account is not set up."""
    labels = kept()
    if labels is None or not any(planned(t, only_approved=True).exists() for t in (DEALS, TIES)):
        return
    account = read_account(client)
    if gaps := missing(account, labels):
        raise Misconfigured(f"HubSpot is not set up for deals. {' '.join(gaps)} Run setup_hubspot.")
    apply_deals(client, log, account, only_approved=True)


def _ready(account: Account, labels: Collection[str], log: RunLog) -> tuple[str, ...]:
    """The labels, or none while the account is not set up for them."""
    if gaps := missing(account, tuple(labels)):
        text = f"Deals are only read: {' '.join(gaps)} Run setup_hubspot, or set HUBSPOT_DEALS=off."
        log.problem("not_set_up", _RECORD, text)
        return ()
    log.checked([_RECORD])
    return tuple(labels)
