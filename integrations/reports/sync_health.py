"""Whether the syncs do what they should: runs, calls, failures, freshness and what waits."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Min
from django.http import HttpRequest
from django.utils import timezone

from integrations.health import SystemDay, backlog, sources, system_days
from integrations.health.days import FAILED, totals
from integrations.models import DeliveryState, SyncRun, System
from integrations.reports.panels import backlog_panel, freshness_panel
from integrations.sync import reap_runs
from nova_project.admin import list_url
from nova_project.panels import Panel
from nova_project.periods import Period
from nova_project.reports import (
    Arguments,
    Chart,
    Column,
    Kind,
    PeriodForm,
    Report,
    Series,
    register,
)

USUAL_DAYS = 14


class HealthForm(PeriodForm):
    """Days and one system, or both. Without days, the last two weeks."""

    currency = None  # type: ignore[assignment]  # no amounts here
    system = forms.ChoiceField(
        label="System",
        required=False,
        choices=[("", "Both"), *System.choices],
        error_messages={"invalid_choice": "System: choose one of the list."},
    )

    def usual_period(self, last: date) -> Period:
        return Period.inclusive(last - timedelta(days=USUAL_DAYS - 1), last)


def _to_runs(row: SystemDay, arguments: Arguments) -> str:
    return list_url("integrations.syncrun", _on_day(row, "started_at")) if row.runs else ""


def _to_failed_runs(row: SystemDay, arguments: Arguments) -> str:
    outcomes = {"outcome__in": ",".join(outcome.value for outcome in FAILED)}
    filters = _on_day(row, "started_at") | outcomes
    return list_url("integrations.syncrun", filters) if row.failed_runs else ""


def _to_failed_webhooks(row: SystemDay, arguments: Arguments) -> str:
    filters = _on_day(row, "received_at") | {"state__exact": DeliveryState.FAILED.value}
    return list_url("integrations.delivery", filters) if row.failed_webhooks else ""


def _to_problems(row: SystemDay, arguments: Arguments) -> str:
    return list_url("integrations.problem", _on_day(row, "created_at")) if row.problems else ""


def _on_day(row: SystemDay, field: str) -> dict[str, Any]:
    return {"system__exact": row.system.value, f"{field}_from": row.day, f"{field}_to": row.day}


COLUMNS = [
    Column("Day", "day", Kind.DATE, names_row=True),
    Column("System", "system_name"),
    Column(
        "Runs",
        "runs",
        Kind.COUNT,
        help="Syncs, plans, writes, undos and readings of webhooks that began on the day.",
        link=_to_runs,
    ),
    Column(
        "Failed runs",
        "failed_runs",
        Kind.COUNT,
        help="Runs that failed or were interrupted. What was paused goes on later and is none.",
        link=_to_failed_runs,
    ),
    Column("Failed runs %", "failed_runs_share", Kind.PERCENT, help="Of all runs."),
    Column("Mean seconds", "mean_seconds", Kind.COUNT, help="How long a run took, on average."),
    Column("Longest seconds", "longest_seconds", Kind.COUNT, help="How long the longest run took."),
    Column(
        "API calls",
        "calls",
        Kind.COUNT,
        help="Requests to the system, repeated ones included. They count on the day on which "
        "their run began.",
    ),
    Column("Writes", "writes", Kind.COUNT, help="Those calls that change something there."),
    Column(
        "Busiest hour",
        "busiest_hour",
        Kind.COUNT,
        help="Calls of all runs that began within the same clock hour, in the hour with most.",
    ),
    Column(
        "Budget",
        "budget",
        Kind.COUNT,
        help="Calls that are allowed. Eventbrite: an hour, from EVENTBRITE_CALLS_PER_HOUR. "
        "HubSpot: a day, as its answers said, else by HUBSPOT_TIER; other systems of the account "
        "use them, too.",
    ),
    Column(
        "Budget used %",
        "budget_used",
        Kind.PERCENT,
        help="Eventbrite: the busiest hour in percent of the budget. HubSpot: the calls of the "
        "day. In totals, the highest day.",
    ),
    Column("Changed records", "changed", Kind.COUNT, help="Created or updated by the runs."),
    Column(
        "Failed records",
        "failed_records",
        Kind.COUNT,
        help="Records that runs could not read or write, counted again by each run.",
    ),
    Column(
        "Failed records %",
        "failed_records_share",
        Kind.PERCENT,
        help="Of all records that the runs dealt with, unchanged ones included.",
    ),
    Column("Webhooks", "webhooks", Kind.COUNT, help="Received on the day, repeats once."),
    Column(
        "Failed webhooks",
        "failed_webhooks",
        Kind.COUNT,
        help="Those of them that were given up and that no later sync has read.",
        link=_to_failed_webhooks,
    ),
    Column("Failed webhooks %", "failed_webhooks_share", Kind.PERCENT, help="Of all webhooks."),
    Column(
        "New problems",
        "problems",
        Kind.COUNT,
        help="Problems that turned up on the day, whether they are gone since or not.",
        link=_to_problems,
    ),
    Column(
        "Last good run",
        "good_at",
        Kind.MOMENT,
        help="When the last run that went through ended, webhooks aside.",
    ),
]


def runs_by_day(rows: Sequence[SystemDay], arguments: Arguments) -> Chart | None:
    """Runs that went well and failed ones as bars; the budget used as points, a colour a system."""
    days = sorted({row.day for row in rows if row.day})
    by_key = {(row.day, row.system): row for row in rows}

    def count(figure: str) -> list[int]:
        return [sum(getattr(r, figure) for r in rows if r.day == day) for day in days]

    failed = count("failed_runs")
    good = [runs - bad for runs, bad in zip(count("runs"), failed, strict=True)]
    series = [
        _bars("Runs that went well", good, "var(--color-primary-500)"),
        _bars("Failed runs", failed, "#dc2626"),
    ]
    for system, color in ((System.EVENTBRITE, "#d97706"), (System.HUBSPOT, "#7c3aed")):
        used = [by_key.get((day, system)) for day in days]
        if any(used):
            series.append(_points(f"{system.label} budget %", used, color))
    labels = [f"{day:%-d %b}" for day in days]
    return Chart("Runs by day, and how much of the budget they used", "Day", labels, series, "runs")


def _bars(name: str, values: Sequence[int], color: str) -> Series:
    return Series(name, list(map(Decimal, values)), [f"{value:,}" for value in values], color)


def _points(name: str, days: Sequence[SystemDay | None], color: str) -> Series:
    column = next(column for column in COLUMNS if column.attribute == "budget_used")
    return Series(
        name,
        [day.budget_used if day else None for day in days],
        [column.shown(day) if day else "" for day in days],
        color,
        is_percent=True,
    )


@register
class SyncHealth(Report):
    slug, title = "sync-health", "Sync health"
    description = (
        "Whether Nova is in step: runs and how long they take, calls against what is allowed, "
        "failures, how fresh each source is, and what waits."
    )
    permission_required = "integrations.view_syncrun"
    form_class = HealthForm
    columns = COLUMNS
    totals = staticmethod(totals)
    key_figures = (
        "Runs",
        "Failed runs %",
        "Longest seconds",
        "API calls",
        "Budget used %",
        "Failed records %",
        "Last good run",
    )
    chart = staticmethod(runs_by_day)
    dates = "by the day on which a run began"
    empty_hint = "Choose a longer period, or run a sync: manage.py sync_eventbrite, sync_hubspot."

    @staticmethod
    def rows(period: Period, system: str) -> list[SystemDay]:
        """As `system_days`, once it is told of runs whose process is gone. Four queries."""
        reap_runs()
        return system_days(period, system)

    @staticmethod
    def total_name(row: SystemDay) -> str:
        return row.system_name

    @staticmethod
    def panels(request: HttpRequest) -> Sequence[Panel]:
        return [freshness_panel(sources()), backlog_panel(backlog(), request)]

    @staticmethod
    def span() -> Period | None:
        """From the day of the first run to today."""
        first = SyncRun.objects.aggregate(first=Min("started_at"))["first"]
        if first is None:
            return None
        return Period.inclusive(timezone.localdate(first), timezone.localdate())
