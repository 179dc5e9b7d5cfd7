"""How fresh each source is: up to when it has been read, and how late that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils.dateparse import parse_datetime
from django_celery_beat.models import PeriodicTask

from integrations.eventbrite.pull.windows import OVERLAP
from integrations.models import WEBHOOKS, Cursor, Outcome, SyncRun, System
from integrations.runs import APPLY_PLAN, UNDO

_GRACE = timedelta(minutes=2)
"""Beat and workers need a moment; what is no later than that, and a run's length, is in time."""

_TASKS = {
    "integrations.tasks.sync_eventbrite": System.EVENTBRITE,
    "integrations.tasks.sync_hubspot": System.HUBSPOT,
}
_STREAMS: tuple[tuple[System, str, str], ...] = (
    (System.EVENTBRITE, "orders of ", "Orders"),
    (System.EVENTBRITE, "attendees of ", "Seats"),
    (System.HUBSPOT, "contacts", "Contacts"),
    (System.HUBSPOT, "deals", "Deals"),
)
"""What is read from where the last run stopped: system, how its cursor's name begins, name."""


class State(StrEnum):
    IN_TIME = "in time"
    LATE = "late"
    PARTLY_READ = "partly read, goes on with the next run"
    NEVER_READ = "never read"
    NOT_SCHEDULED = "not scheduled"
    NOT_CONNECTED = "not connected"


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of record of one system. `read_to` is the time up to which Nova knows all.

    `late` is by how much it is behind its schedule.
    """

    system: System
    name: str
    read_to: datetime | None
    planned: str
    state: State
    late: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class _Schedule:
    """When a system is read, and how long that may take."""

    is_connected: bool
    tasks: tuple[PeriodicTask, ...] = ()
    allowed: timedelta = _GRACE

    @property
    def words(self) -> str:
        return ", ".join(
            task.crontab.human_readable if task.crontab else str(task.scheduler)
            for task in self.tasks
        )

    def late(self, read_to: datetime) -> timedelta:
        """How long ago the reading that follows `read_to` should have ended; zero: in time."""
        remaining = min(task.schedule.remaining_estimate(read_to) for task in self.tasks)
        return max(timedelta(), -remaining - self.allowed)


def sources() -> list[Source]:
    """Every source, with how fresh it is. Three queries, however many there are."""
    runs = _last_whole_runs()
    schedules = _schedules(runs)
    cursors = list(Cursor.objects.order_by("updated_at"))
    programme = runs.get(System.EVENTBRITE)
    found = [
        _source(
            System.EVENTBRITE,
            "Shows",
            programme.started_at if programme else None,
            schedules[System.EVENTBRITE],
        )
    ]
    for system, prefix, name in _STREAMS:
        of_stream = [c for c in cursors if c.system == system and c.stream.startswith(prefix)]
        position = of_stream[-1].position if of_stream else {}
        is_partly = bool(position.get("after") or position.get("walk"))
        found.append(_source(system, name, _read_to(position), schedules[system], is_partly))
    return found


def _source(
    system: System,
    name: str,
    read_to: datetime | None,
    schedule: _Schedule,
    is_partly: bool = False,
) -> Source:
    late = timedelta()
    if not schedule.is_connected:
        state = State.NOT_CONNECTED
    elif is_partly:
        state = State.PARTLY_READ
    elif read_to is None:
        state = State.NEVER_READ
    elif not schedule.tasks:
        state = State.NOT_SCHEDULED
    else:
        late = schedule.late(read_to)
        state = State.LATE if late else State.IN_TIME
    return Source(system, name, read_to, schedule.words, state, late)


def _last_whole_runs() -> dict[str, SyncRun]:
    """The last run of each system that read all and went through."""
    whole = (
        SyncRun.objects.filter(outcome__in=[Outcome.DONE, Outcome.DONE_WITH_PROBLEMS])
        .exclude(command__in=[WEBHOOKS, APPLY_PLAN])
        .exclude(command__startswith=UNDO)
    )
    latest = whole.order_by().values("system").annotate(last=Max("pk")).values("last")
    return {run.system: run for run in SyncRun.objects.filter(pk__in=latest)}


def _schedules(runs: Mapping[str, SyncRun]) -> dict[System, _Schedule]:
    tasks = PeriodicTask.objects.filter(task__in=_TASKS, enabled=True)
    related = tasks.select_related("interval", "crontab", "solar", "clocked")
    by_system: dict[System, list[PeriodicTask]] = {system: [] for system in System}
    for task in related:
        by_system[_TASKS[task.task]].append(task)
    is_connected = {
        System.EVENTBRITE: bool(settings.EVENTBRITE_TOKEN),
        System.HUBSPOT: bool(settings.HUBSPOT_ACCESS_TOKEN),
    }
    found = {}
    for system in System:
        seconds = (runs[system].seconds or 0) if system in runs else 0
        allowed = _GRACE + timedelta(seconds=seconds)
        found[system] = _Schedule(is_connected[system], tuple(by_system[system]), allowed)
    return found


def _read_to(position: Mapping[str, Any]) -> datetime | None:
    """Eventbrite's windows start a little before what was read; HubSpot's times are in ms."""
    if since := position.get("since"):
        moment = parse_datetime(since)
        return moment + OVERLAP if moment else None
    if done_to := position.get("done_to"):
        return datetime.fromtimestamp(done_to / 1000, UTC)
    return None
