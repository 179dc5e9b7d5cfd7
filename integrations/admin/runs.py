"""Runs, what went wrong in them, and where the next ones start."""

from typing import Protocol

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from integrations.admin.run_pages import MAY_WRITE
from integrations.admin.writes import write_rows
from integrations.hubspot.undo import Outlook, outlook
from integrations.models import Cursor, Outcome, Problem, SyncRun, System
from integrations.sync import reap_runs
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    DropdownFilter,
    ReadOnlyModelAdmin,
    ValuesFilter,
    action,
    badge,
    change_link,
    display,
    link,
    list_url,
    register,
)
from nova_project.models import count_of
from nova_project.panels import Panel

OUTCOME_TONES = {
    Outcome.WAITING: "plain",
    Outcome.RUNNING: "busy",
    Outcome.DONE: "good",
    Outcome.DONE_WITH_PROBLEMS: "warning",
    Outcome.PAUSED: "busy",
    Outcome.FAILED: "bad",
    Outcome.INTERRUPTED: "warning",
}
_LATEST = 50
_COUNTS = ("created", "updated", "unchanged", "failed", "conflict")


def outcome(run: SyncRun) -> str:
    return badge(run.get_outcome_display(), OUTCOME_TONES[Outcome(run.outcome)])


class _Listed(Protocol):
    """A run as the list reads it."""

    pk: int
    counted_problems: int


@register(SyncRun)
class SyncRunAdmin(ReadOnlyModelAdmin):
    """What each run did, how it ended, what it wrote."""

    list_display = [
        "started_at",
        "system",
        "command",
        "outcome_badge",
        "duration",
        "created_count",
        "updated_count",
        "failed_count",
        "open_problems",
        "write_count",
    ]
    list_filter = [
        ("system", ChoicesDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ("started_at", DateRangeFilter),
    ]
    search_fields = ["command", "message"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("system", "outcome_badge"),
                    "command",
                    "message",
                    ("started_at", "finished_at"),
                    ("duration", "request_count"),
                    "write_count",
                    ("day_calls", "day_calls_left"),
                ]
            },
        )
    ]
    readonly_fields = ("outcome_badge", "duration")

    def changelist_view(self, request, extra_context=None):
        reap_runs()
        return super().changelist_view(request, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        reap_runs()
        return super().change_view(request, object_id, form_url, extra_context)

    def get_queryset(self, request):
        problems = count_of(Problem.objects.open(), per="run")
        return super().get_queryset(request).annotate(counted_problems=problems)

    @display(description="Outcome", ordering="outcome")
    def outcome_badge(self, run: SyncRun) -> str:
        return outcome(run)

    @display(description="Took")
    def duration(self, run: SyncRun) -> str:
        return "still running" if run.seconds is None else f"{run.seconds:,.1f} s"

    @display(description="Open problems", ordering="counted_problems")
    def open_problems(self, run: _Listed) -> object:
        if not run.counted_problems:
            return "–"
        return link(
            list_url("integrations.problem", {"run__id__exact": run.pk}), run.counted_problems
        )

    def panels(self, request: HttpRequest, obj: SyncRun) -> list[Panel]:
        panels = [counts_panel(obj), problems_panel(obj), writes_panel(obj)]
        if obj.system == System.HUBSPOT and request.user.has_perm(MAY_WRITE):
            panels += undo_panel(outlook(obj))
        return panels


def undo_panel(told: Outlook) -> list[Panel]:
    """Nothing for a run that wrote nothing."""
    if not (told.restorable or told.created or told.others or told.undone):
        return []
    return [
        Panel(
            "Taking it back",
            columns=("What", "Records"),
            numbers=("Records",),
            rows=[
                ("Can be restored", f"{told.restorable:,}"),
                ("Undone already", f"{told.undone:,}"),
                ("Created, and stay in HubSpot", f"{told.created:,}"),
                ("Other writes, and stay as they are", f"{told.others:,}"),
            ],
            more=("Undo this run…", reverse("hubspot-undo", args=[told.run.pk])),
        )
    ]


def counts_panel(run: SyncRun) -> Panel:
    others = {name for counts in run.counts.values() for name in counts} - set(_COUNTS)
    names = (*_COUNTS, *sorted(others))
    headings = tuple(name.capitalize() for name in names)
    return Panel(
        "What it did, by kind of record",
        columns=("Kind", *headings),
        numbers=headings,
        rows=[
            (
                kind.replace("_", " "),
                *(f"{counts[name]:,}" if counts.get(name) else "–" for name in names),
            )
            for kind, counts in run.counts.items()
        ],
        empty="It came to no record.",
    )


def problems_panel(run: SyncRun) -> Panel:
    return Panel(
        "Its problems",
        columns=("Record", "What is wrong", "State"),
        rows=[
            (
                change_link(problem, problem.record),
                problem.message,
                badge("gone", "good") if problem.resolved_at else badge("open", "warning"),
            )
            for problem in run.problems.all()[:_LATEST]
        ],
        empty="None.",
        more=("As a list", list_url("integrations.problem", {"run__id__exact": run.pk})),
    )


def writes_panel(run: SyncRun) -> Panel:
    return Panel(
        f"Its writes (latest {_LATEST})",
        columns=("Record", "Who", "What", "Why", "State"),
        rows=write_rows(run.remote_writes.all()[:_LATEST]),
        empty="It planned nothing for HubSpot.",
        more=("All its writes", list_url("integrations.remotewrite", {"run__id__exact": run.pk})),
    )


class OpenFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("open", "Open"), ("gone", "Gone")]

    def queryset(self, request, queryset):
        if self.value() == "open":
            return queryset.open()
        return queryset.exclude(resolved_at=None) if self.value() == "gone" else queryset


@register(Problem)
class ProblemAdmin(ReadOnlyModelAdmin):
    """What a run could not do. A problem goes by itself once the record is read without it."""

    list_display = ["state", "system", "record", "message", "seen_count", "updated_at"]
    list_display_links = ["record"]
    list_filter = [
        OpenFilter,
        ("system", ChoicesDropdownFilter),
        ("code", ValuesFilter),
        ("created_at", DateRangeFilter),
    ]
    search_fields = ["record", "message"]
    fields = [
        ("system", "record", "code"),
        "message",
        ("seen_count", "created_at", "updated_at", "resolved_at"),
        "run",
    ]
    actions = ["resolve"]

    def get_ordering(self, request):
        return [F("resolved_at").desc(nulls_first=True), "-updated_at", "-pk"]

    @display(description="State", ordering="resolved_at")
    def state(self, problem: Problem) -> str:
        return badge("gone", "good") if problem.resolved_at else badge("open", "warning")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_problem")

    @action(description="Mark as gone", permissions=["resolve"])
    def resolve(self, request, queryset):
        now = timezone.now()
        count = queryset.filter(resolved_at=None).update(resolved_at=now, updated_at=now)
        messages.success(
            request, f"{count} problems are marked as gone. What is still wrong comes up again."
        )


@register(Cursor)
class CursorAdmin(ReadOnlyModelAdmin):
    """Where the next run of each stream starts; for superusers, when something is odd."""

    list_display = ["system", "stream", "updated_at"]
    fields = ["system", "stream", "position", "updated_at"]

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser
