"""What the home page says of systems and of what waits; to each only what he may see."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from events.models import Event
from finance.models import LedgerCheck
from integrations.inbox import waiting_count
from integrations.models import WEBHOOKS, ContactLink, Outcome, RemoteWrite, SyncRun, System
from nova_project.admin import badge, link, list_url
from nova_project.panels import Panel


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that waits for a person, with the list that shows it."""

    tone: str
    state: str
    text: str
    url: str


def attention_panel(matters: list[Matter], health_url: str) -> Panel:
    """`health_url` leads to the health of the syncs; blank for those who may not see it."""
    return Panel(
        "What needs attention",
        columns=("State", "What"),
        rows=[
            (badge(matter.state, matter.tone), link(matter.url, matter.text)) for matter in matters
        ],
        more=("Sync health", health_url) if health_url else None,
    )


def attention(request: HttpRequest) -> Iterator[Matter]:
    """Systems first, then the inbox, then what is not in it; only what this person may open.

    Six queries.
    """
    may = request.user.has_perm
    if may("integrations.view_syncrun"):
        yield from _systems()
    if may("finance.view_ledgercheck"):
        yield _ledger()
    if number := waiting_count(request.user):
        yield _waits(number, "matters wait for a person", reverse("inbox"))
    for permission, count, text, url in _BESIDE_THE_INBOX:
        if may(permission) and (number := count()):
            yield _waits(number, text, url())


def _waits(number: int, text: str, url: str) -> Matter:
    return Matter("warning", f"{number:,}", text, url)


_BESIDE_THE_INBOX: tuple[tuple[str, Callable[[], int], str, Callable[[], str]], ...] = (
    (
        "events.view_event",
        lambda: Event.objects.without_show_type().count(),
        "shows have no show type",
        lambda: list_url("events.event", {"show_type__isnull": "True"}),
    ),
    (
        "integrations.view_contactlink",
        lambda: ContactLink.objects.doubled().count(),
        "HubSpot contacts may be two customers of ours",
        lambda: list_url("integrations.contactlink", {"doubled": "open"}),
    ),
    (
        "integrations.view_remotewrite",
        lambda: RemoteWrite.objects.pending().count(),
        "writes of the plan for HubSpot wait to be applied",
        lambda: reverse("hubspot-plan"),
    ),
)


def _systems() -> Iterator[Matter]:
    """The last sync of each system, webhooks aside. One query."""
    syncs = SyncRun.objects.exclude(command=WEBHOOKS).order_by()
    latest = syncs.values("system").annotate(last=Max("pk")).values("last")
    runs = {run.system: run for run in SyncRun.objects.filter(pk__in=latest)}
    for system in System:
        url = list_url("integrations.syncrun", {"system__exact": system})
        run = runs.get(system)
        if run is None:
            yield Matter("plain", "not yet", f"{system.label} was never read", url)
            continue
        tone, state = _ENDS[Outcome(run.outcome)]
        message = f": {run.message}" if run.message and tone != "good" else ""
        yield Matter(tone, state, f"{system.label}, {_ago(run)}{message}", url)


def _ledger() -> Matter:
    """When the ledger was last checked, and whether it added up. One query."""
    check = LedgerCheck.objects.finished().first()
    if check is None:
        url = list_url("finance.ledgercheck")
        return Matter("plain", "not yet", "The ledger was never checked", url)
    url, ago = reverse("admin:finance_ledgercheck_change", args=[check.pk]), _ago(check)
    if not check.difference_count:
        return Matter("good", "adds up", f"Ledger checked {ago}, no differences", url)
    number = check.difference_count
    told = "1 difference" if number == 1 else f"{number:,} differences"
    return Matter("bad", told, f"Ledger checked {ago}: see what differs and what to do", url)


def _ago(run: SyncRun | LedgerCheck) -> str:
    ended_at = run.finished_at or run.started_at
    if timezone.now() - ended_at < timedelta(minutes=1):
        return "just now"
    return f"{timesince(ended_at, depth=1)} ago"


_ENDS = {
    Outcome.WAITING: ("plain", "waiting to start"),
    Outcome.RUNNING: ("busy", "running"),
    Outcome.DONE: ("good", "in step"),
    Outcome.DONE_WITH_PROBLEMS: ("warning", "with problems"),
    Outcome.PAUSED: ("busy", "paused"),
    Outcome.FAILED: ("bad", "failed"),
    Outcome.INTERRUPTED: ("warning", "interrupted"),
}
