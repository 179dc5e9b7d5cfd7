"""One run from end to end: pull, refresh, plan, apply."""

from django.conf import settings

from customers.services import refresh_rollups
from integrations.errors import Misconfigured
from integrations.http import Meter, Patience
from integrations.hubspot.client import CONTACTS, HubSpotClient
from integrations.hubspot.deals.sync import NOTHING_WRITTEN, apply_approved_deals, sync_deals
from integrations.hubspot.outreach import apply_approved_outreach, sync_outreach
from integrations.hubspot.plan import make_plan
from integrations.hubspot.pull import pull_contacts
from integrations.hubspot.push import apply_plan
from integrations.hubspot.setup import require_set_up
from integrations.matching.suggestions import refresh_suggestions
from integrations.models import RemoteWrite, SyncRun, System
from integrations.sync import Listener, RunLog, sync_run

MODES = ("off", "review", "auto")


def sync_with_hubspot(
    *,
    command: str,
    full: bool = False,
    pull_only: bool = False,
    dry_run: bool = False,
    apply: bool = False,
    listener: Listener | None = None,
    patience: Patience | None = None,
    run: SyncRun | None = None,
) -> RunLog:
    """Reads from HubSpot, plans, and writes where that is allowed; returns the run.

    It writes in mode “auto”, and in “review” with `apply`; never with `dry_run` or `pull_only`.
    `run` is one that was asked for and waits.
    Raises Misconfigured, RetryLater, Busy: what they say; what was done until then stays.
    """
    mode = write_mode()
    if apply and mode == "off":
        raise Misconfigured(
            "Nova may not write to HubSpot: HUBSPOT_WRITE_MODE is “off”. Set it to “review” to "
            "write with --apply, or to “auto” to write on every run."
        )
    writes = not (dry_run or pull_only) and (apply or mode == "auto")
    with sync_run(System.HUBSPOT, command, listener=listener, run=run) as log:
        client = connect(log.meter, patience=patience)
        pull_contacts(client, log, full=full)
        refresh_rollups()
        refresh_suggestions()
        if not pull_only:
            make_plan(log, full=full)
            _apply_or_say_why_not(client, log, writes=writes)
        sync_deals(client, log, full=full, pull_only=pull_only, writes=writes)
        sync_outreach(client, log, full=full, pull_only=pull_only, writes=writes)
    return log


def apply_approved(
    *,
    command: str,
    listener: Listener | None = None,
    patience: Patience | None = None,
    run: SyncRun | None = None,
) -> RunLog:
    """Writes what staff approved in the plan that stands, and nothing else.

    Raises Misconfigured, RetryLater, Busy: what they say; what was done until then stays.
    """
    require_writing("Nothing of the plan was written")
    with sync_run(System.HUBSPOT, command, listener=listener, run=run) as log:
        client = connect(log.meter, patience=patience)
        if RemoteWrite.objects.approved().exists():
            require_set_up(client)
            apply_plan(client, log, only_approved=True)
            apply_approved_deals(client, log)
            apply_approved_outreach(client, log)
        else:
            log.run.message = "Nothing was approved, so nothing was written."
    return log


def require_writing(consequence: str) -> None:
    """Raises Misconfigured: the write mode is “off”."""
    if write_mode() == "off":
        raise Misconfigured(
            f"{consequence}: HUBSPOT_WRITE_MODE is “off”. Set it to “review” and restart Nova."
        )


def _apply_or_say_why_not(client: HubSpotClient, log: RunLog, *, writes: bool) -> None:
    planned = RemoteWrite.objects.pending().filter(object_type=CONTACTS).count()
    if planned and writes:
        require_set_up(client)
        apply_plan(client, log)
    elif planned:
        differ = "1 contact differs" if planned == 1 else f"{planned:,} contacts differ"
        log.run.message = f"{differ} from Nova. {NOTHING_WRITTEN}"


def connect(meter: Meter, *, patience: Patience | None = None) -> HubSpotClient:
    """A line to the account that the settings name. Raises Misconfigured: there is no token."""
    require_connected()
    return HubSpotClient(
        settings.HUBSPOT_ACCESS_TOKEN,
        base_url=settings.HUBSPOT_BASE_URL,
        tier=settings.HUBSPOT_TIER,
        meter=meter,
        folder=settings.VAR_DIR,
        redis_url=settings.REDIS_URL,
        version=settings.HUBSPOT_API_VERSION,
        patience=patience,
    )


def require_connected() -> None:
    """Raises Misconfigured: there is no token."""
    if not settings.HUBSPOT_ACCESS_TOKEN:
        raise Misconfigured(
            "HubSpot is not connected: HUBSPOT_ACCESS_TOKEN is empty. README says how to get one."
        )


def write_mode() -> str:
    """Whether Nova may write to HubSpot. Raises Misconfigured: the setting is unknown."""
    mode = settings.HUBSPOT_WRITE_MODE
    if mode not in MODES:
        raise Misconfigured(
            f"HUBSPOT_WRITE_MODE “{mode}” is unknown. Choose one of {', '.join(MODES)}."
        )
    return str(mode)
