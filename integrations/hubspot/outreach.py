"""What comes after the contacts: campaigns are read, lists and events follow.

Each of them is something that an account may lack; then it rests, and the others go on.
"""

from collections.abc import Callable, Iterator

from integrations.errors import NotAllowed
from integrations.hubspot import lists, occurrences
from integrations.hubspot.campaigns import pull_campaigns
from integrations.hubspot.connection import Connection
from integrations.hubspot.features import Feature, attempt, let_rest, wake
from integrations.hubspot.marketing_client import MarketingClient
from integrations.hubspot.touches import note_sources
from integrations.models import RemoteWrite
from integrations.sync import RunLog

_UNDEFINED = (
    "The event “{name}” cannot be defined: HubSpot does not give a name again that was deleted. "
    "Set HUBSPOT_EVENTS=off, or ask HubSpot's support to restore it."
)
_NOT_YET = "The event “{name}” is not defined."


def sync_outreach(
    connection: Connection, log: RunLog, *, full: bool, pull_only: bool, writes: bool
) -> None:
    """Reads campaigns, then plans lists and events, and writes both if `writes`.

    Call it when contacts are in step, so that new ones find their lists in the same run.
    """
    client = MarketingClient(connection)
    attempt(Feature.CAMPAIGNS, log, lambda: pull_campaigns(client, log, full=full), again=full)
    note_sources(log, full=full)
    if pull_only:
        return
    attempt(Feature.LISTS, log, lambda: _lists(client, log, full, writes), again=full)
    attempt(Feature.EVENTS, log, lambda: _events(client, log, full, writes), again=full)
    if not writes:
        _say_what_waits(log)


def apply_approved_outreach(connection: Connection, log: RunLog) -> None:
    """Writes what staff approved of lists and events."""
    client = MarketingClient(connection)
    for feature, kind, apply in (
        (Feature.LISTS, lists.OBJECT_TYPE, lists.apply_lists),
        (Feature.EVENTS, occurrences.OBJECT_TYPE, occurrences.apply_occurrences),
    ):
        if RemoteWrite.objects.approved().filter(object_type=kind).exists():
            _apply_approved(feature, client, log, apply)


def _apply_approved(
    feature: Feature, client: MarketingClient, log: RunLog, apply: Callable[..., None]
) -> None:
    attempt(feature, log, lambda: apply(client, log, only_approved=True), again=True)


def _say_what_waits(log: RunLog) -> None:
    """Adds to the run's message how much of its plan is about lists and events."""
    planned = RemoteWrite.objects.pending()
    for kind, one, many in (
        (lists.OBJECT_TYPE, "1 change of lists waits", "{:,} changes of lists wait"),
        (occurrences.OBJECT_TYPE, "1 event waits", "{:,} events wait"),
    ):
        if count := planned.filter(object_type=kind).count():
            text = one if count == 1 else many.format(count)
            log.run.message = f"{log.run.message} {text} to be written.".strip()


def _lists(client: MarketingClient, log: RunLog, full: bool, writes: bool) -> None:
    lists.plan_lists(client, log, full=full)
    if writes:
        lists.apply_lists(client, log)


def _events(client: MarketingClient, log: RunLog, full: bool, writes: bool) -> None:
    since = occurrences.events_since()
    if since is None:
        occurrences.drop_plan()
        return
    occurrences.plan_occurrences(client, log, since, full=full)
    if writes:
        occurrences.apply_occurrences(client, log)


def set_up_outreach(
    connection: Connection, *, may_write: bool
) -> tuple[list[str], list[str], list[str]]:
    """Looks whether the account has each feature, and defines the events if `may_write`.

    Returns what was defined, what is missing still, and what rests, in words for staff.
    """
    client = MarketingClient(connection)
    resting = list(_resting(client))
    created: list[str] = []
    missing: list[str] = []
    if occurrences.events_since() is None:
        return created, missing, resting
    try:
        before = occurrences.missing_definitions(client)
        left = occurrences.create_definitions(client) if may_write and before else before
    except NotAllowed as error:
        return created, missing, [*resting, _rest(Feature.EVENTS, error)]
    wake(Feature.EVENTS)
    created = [f"event “{kind.label}”" for kind in before if kind not in left]
    text = _UNDEFINED if may_write else _NOT_YET
    return created, [text.format(name=kind.label) for kind in left], resting


def _resting(client: MarketingClient) -> Iterator[str]:
    """Tries lists and campaigns, a request each, and tells which the account lacks."""
    trials: tuple[tuple[Feature, Callable[[], object]], ...] = (
        (Feature.LISTS, lambda: client.list_named(lists.PREFIX.strip())),
        (Feature.CAMPAIGNS, lambda: next(client.campaigns(), None)),
    )
    for feature, attempt_it in trials:
        try:
            attempt_it()
        except NotAllowed as error:
            yield _rest(feature, error)
        else:
            wake(feature)


def _rest(feature: Feature, error: NotAllowed) -> str:
    let_rest(feature, str(error))
    return f"{feature} are left out: {error}"
