"""Up to when each system has been read, and how long the oldest problem has waited."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from integrations.health import Source, State, sources
from integrations.models import Problem, System
from nova_project.reports import Reading, Topic, measure

_OLD = timedelta(days=3)


@measure(Topic.SALES, Topic.MONEY, place=10)
def eventbrite_as_of() -> Iterator[Reading]:
    """Three queries."""
    yield _as_of(System.EVENTBRITE)


@measure(Topic.PEOPLE, Topic.SOURCES, place=20)
def hubspot_as_of() -> Iterator[Reading]:
    """Three queries."""
    yield _as_of(System.HUBSPOT)


def _as_of(system: System) -> Reading:
    own = [source for source in sources() if source.system == system]
    return Reading(
        str(system.label),
        _shown(own),
        f"Up to when Nova has read all of {system.label}: shows, orders and people alike. Marked "
        "where a sync is late or has never read everything.",
        any(source.state in (State.LATE, State.NEVER_READ) for source in own),
        reverse("reports:report", args=["sync-health"]),
        "integrations.view_syncrun",
    )


def _shown(own: list[Source]) -> str:
    if all(source.state is State.NOT_CONNECTED for source in own):
        return "not connected"
    moments = [source.read_to for source in own if source.read_to is not None]
    if len(moments) < len(own):
        return "not read in full"
    return _time(min(moments))


def _time(moment: datetime) -> str:
    local = timezone.localtime(moment)
    is_today = local.date() == timezone.localdate()
    return f"as of {local:%H:%M}" if is_today else f"as of {local:%-d %b, %H:%M}"


@measure(*Topic, place=60)
def oldest_problem() -> Iterator[Reading]:
    """One query."""
    found = Problem.objects.open().aggregate(number=Count("pk"), oldest=Min("created_at"))
    oldest = found["oldest"]
    yield Reading(
        "Oldest open problem",
        f"{timesince(oldest, depth=1)} ({found['number']:,} open)" if oldest else "none",
        "Records that a sync could not read or write are missing from the figures until somebody "
        f"looks into them. Marked from {_OLD.days} days on.",
        oldest is not None and timezone.now() - oldest >= _OLD,
        reverse("inbox"),
        "integrations.view_problem",
    )
