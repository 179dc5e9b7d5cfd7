"""The kinds of matters that wait for a person. A new kind is one entry of SOURCES."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import (
    Cast,
    Coalesce,
    NullIf,
)
from django.utils import timezone

from finance.models import LedgerCheck
from integrations.decisions import decide
from integrations.deliveries import dismiss as dismiss_deliveries
from integrations.deliveries import replay
from integrations.hubspot.decisions import dismiss, never_write, try_again
from integrations.inbox import bank, followups, imports, matches, money
from integrations.inbox.source import DISMISS, NEVER, RETRY, Action, Person, Source
from integrations.inbox.words import counted, field_name, name_of, words
from integrations.models import (
    WEBHOOKS,
    Conflict,
    ContactLink,
    DealLink,
    Delivery,
    LinkState,
    Outcome,
    Problem,
    RemoteWrite,
    SyncRun,
    System,
)

_TOLD_ELSEWHERE = ("refused", "waiting")
"""Problems that a failed write or a waiting deal tells of already."""


# Writes that HubSpot refused


def _try_again(writes: Any, user: Person) -> str:
    return f"{counted(try_again(writes), 'write', 'writes')} will be tried with the next run."


def _dismiss_writes(writes: Any, user: Person) -> str:
    number = counted(dismiss(writes), "failed write", "failed writes")
    return f"{number} dismissed. They come up again when the values are others."


def _never_write(writes: Any, user: Person) -> str:
    number = never_write(writes, user=user)
    dismiss(writes)
    return f"{counted(number, 'record', 'records')} will never be written again."


# Problems of runs


def _problems() -> QuerySet[Problem]:
    """Open ones, but those that another kind shows."""
    return Problem.objects.open().exclude(system=System.HUBSPOT, code__in=_TOLD_ELSEWHERE)


def _resolve(problems: QuerySet[Any], user: Person) -> str:
    now = timezone.now()
    number = problems.update(resolved_at=now, updated_at=now)
    told = counted(number, "problem", "problems")
    return f"{told} dismissed. What is still wrong comes up again with the next run."


# Contacts that may be somebody we know


def _confirm(links: QuerySet[Any], user: Person) -> str:
    return f"{_decide_all(links, LinkState.CONFIRMED)} confirmed."


def _reject(links: QuerySet[Any], user: Person) -> str:
    return f"{_decide_all(links, LinkState.REJECTED)} rejected; they are never suggested again."


def _decide_all(links: QuerySet[Any], state: LinkState) -> str:
    done = 0
    for link in links.select_related("customer"):
        with suppress(ValidationError):
            decide(link, state)
            done += 1
    return counted(done, "suggestion", "suggestions")


# Runs that failed, and nothing has gone well since


def _failed_runs() -> QuerySet[SyncRun]:
    later = SyncRun.objects.filter(system=OuterRef("system"), pk__gt=OuterRef("pk"))
    later = later.exclude(outcome__in=[Outcome.RUNNING, Outcome.WAITING])
    failed = SyncRun.objects.filter(outcome=Outcome.FAILED).exclude(command=WEBHOOKS)
    return failed.filter(~Exists(later.exclude(command=WEBHOOKS)))


# Webhooks that Nova gave up


def _process_again(deliveries: Any, user: Person) -> str:
    return f"{counted(replay(deliveries), 'webhook', 'webhooks')} will be processed again."


def _dismiss_deliveries(deliveries: Any, user: Person) -> str:
    return f"{counted(dismiss_deliveries(deliveries), 'webhook', 'webhooks')} dismissed."


SOURCES: list[Source] = [
    Source(
        kind="conflicts",
        title="Conflicts",
        help="Changed in Nova and in HubSpot: both keep their own until you choose.",
        permission="integrations.view_conflict",
        rows=Conflict.objects.open,
        of=lambda _, user: Conflict.objects.open().seen_by(user),
        record=Coalesce(
            name_of("link__customer"), F("link__email"), F("deal__name"), output_field=CharField()
        ),
        reason=words(
            field_name(),
            Value(": Nova has “"),
            F("local_value"),
            Value("”, HubSpot has “"),
            F("remote_value"),
            Value("”."),
        ),
    ),
    Source(
        kind="writes",
        title="Failed writes",
        help="HubSpot refused what Nova wanted to write there.",
        permission="integrations.view_remotewrite",
        rows=RemoteWrite.objects.refused,
        record=Coalesce(
            name_of("customer"),
            NullIf(F("subject"), Value("")),
            F("remote_id"),
            output_field=CharField(),
        ),
        reason=F("error"),
        actions=(
            Action(RETRY, "Try again", "integrations.apply_remotewrite", _try_again),
            Action(DISMISS, "Dismiss", "integrations.apply_remotewrite", _dismiss_writes),
            Action(NEVER, "Never again", "integrations.apply_remotewrite", _never_write),
        ),
    ),
    Source(
        kind="suggestions",
        title="Suggested contacts",
        help="A second HubSpot contact that may be somebody we know.",
        permission="integrations.view_contactlink",
        rows=ContactLink.objects.suggested,
        record=Coalesce(
            name_of("customer"),
            NullIf(F("email"), Value("")),
            F("hubspot_id"),
            output_field=CharField(),
        ),
        reason=words(Value("HubSpot contact "), F("hubspot_id"), Value(": "), F("evidence")),
        actions=(
            Action("confirm", "It is this person", "integrations.change_contactlink", _confirm),
            Action(NEVER, "Somebody else", "integrations.change_contactlink", _reject),
        ),
    ),
    Source(
        kind="deals",
        title="Deals that lack something",
        help="Entered in HubSpot as an expense: complete them there, and Nova takes them in.",
        permission="integrations.view_deallink",
        rows=DealLink.objects.waiting,
        record=Coalesce(NullIf(F("name"), Value("")), F("hubspot_id"), output_field=CharField()),
        reason=F("reason"),
    ),
    Source(
        kind="runs",
        title="Failed runs",
        help="The last run of a system failed as a whole.",
        permission="integrations.view_syncrun",
        rows=_failed_runs,
        record=words(F("system"), Value(" run "), Cast("pk", CharField())),
        reason=F("message"),
        first_at=F("started_at"),
        last_at=Coalesce("finished_at", "started_at", output_field=DateTimeField()),
    ),
    Source(
        kind="ledger",
        title="Differences in the ledger",
        help="Totals that are not what their sources add up to. The next check that adds up ends "
        "the matter.",
        permission="finance.view_ledgercheck",
        rows=LedgerCheck.objects.differing,
        record=words(Value("Ledger check "), Cast("pk", CharField())),
        reason=words(
            Cast("difference_count", CharField()),
            Value(" differences: open the check for each, with both values and what to do."),
        ),
        first_at=F("started_at"),
        last_at=Coalesce("finished_at", "started_at", output_field=DateTimeField()),
    ),
    Source(
        kind="webhooks",
        title="Failed webhooks",
        help="What they tell of could not be read. The next sync that reads it ends the matter.",
        permission="integrations.view_delivery",
        rows=Delivery.objects.failed,
        record=words(F("system"), Value(" "), F("action"), Value(" "), F("object_id")),
        reason=F("message"),
        first_at=F("received_at"),
        actions=(
            Action(RETRY, "Process again", "integrations.change_delivery", _process_again),
            Action(DISMISS, "Dismiss", "integrations.change_delivery", _dismiss_deliveries),
        ),
    ),
    Source(
        kind="problems",
        title="Problems of runs",
        help="Records that a run could not read or use. They go by themselves once mended.",
        permission="integrations.view_problem",
        rows=_problems,
        record=F("record"),
        reason=F("message"),
        actions=(Action(DISMISS, "Dismiss", "integrations.change_problem", _resolve),),
    ),
    Source(
        kind="imports",
        title="Interrupted imports",
        help="A file that stopped on the way.",
        permission="",
        rows=imports.silent_imports,
        of=lambda rows, user: rows if user.is_superuser else rows.filter(user=user),
        record=F("name"),
        reason=words(
            Value("Stopped at row "),
            Cast("rows_done", CharField()),
            Value(" of "),
            Cast("rows_total", CharField()),
            Value("."),
        ),
        last_at=Coalesce("worked_at", "created_at", output_field=DateTimeField()),
        actions=(
            Action(RETRY, "Go on", "", imports.go_on),
            Action(DISMISS, "Cancel it", "", imports.cancel),
        ),
        urls=imports.pages,
    ),
    *matches.SOURCES,
    *money.SOURCES,
    *bank.SOURCES,
    *followups.SOURCES,
]
