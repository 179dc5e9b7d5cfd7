"""One run of a synchronisation: alone on its system, counted, and told in plain words.

A pull or push asks for `sync_run` and reports to the RunLog it gets; how runs exclude each other,
how they end and how problems come and go is decided here and nowhere else.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import structlog
from django.db.models import F
from django.utils import timezone

from integrations.errors import BudgetSpent, Busy, SyncError
from integrations.http import Meter
from integrations.models import Cursor, Outcome, Problem, SyncRun, System
from nova_project.bulk import Upserted
from nova_project.lock import exclusive

logger = structlog.get_logger(__name__)

_TELL_EVERY_SECONDS = 0.5

Listener = Callable[[str, int, int | None], None]
"""Told of progress: what is being read, how many records so far, how many in all if known."""


class RunLog:
    """What a run reports to: counts, problems, progress."""

    def __init__(
        self, run: SyncRun, listener: Listener | None = None, *, is_watched: bool = False
    ) -> None:
        """`is_watched` saves the progress now and then, for a page that follows it."""
        self.run = run
        self._is_watched = is_watched
        self._told_at = monotonic()
        self.meter = Meter()
        self.counts: dict[str, Counter[str]] = {}
        self._listener = listener
        self._open: dict[str, list[Problem]] = {}
        self._reported: set[tuple[str, str]] = set()
        for problem in Problem.objects.open().filter(system=run.system):
            self._open.setdefault(problem.record, []).append(problem)

    def count(self, kind: str, result: Upserted) -> None:
        """Adds what an upsert of `kind` ("orders") did."""
        counter = self.counts.setdefault(kind, Counter())
        counter["created"] += len(result.created)
        counter["updated"] += len(result.updated)
        counter["unchanged"] += result.unchanged

    def add(self, kind: str, outcome: str, number: int = 1) -> None:
        """Adds `number` to an outcome of `kind`: created, updated, unchanged, failed, conflict."""
        self.counts.setdefault(kind, Counter())[outcome] += number

    def progress(self, stream: str, done: int, total: int | None = None) -> None:
        if self._listener:
            self._listener(stream, done, total)
        if self._is_watched and monotonic() - self._told_at >= _TELL_EVERY_SECONDS:
            self._told_at = monotonic()
            self.run.progress = {"stream": stream, "done": done, "total": total}
            self.run.save(update_fields=["progress"])

    def problem(self, code: str, record: str, message: str, *, kind: str = "") -> None:
        """Notes that `record` ("order 1234") could not be dealt with, and why, for staff.

        `kind` counts it as failed under that kind. Says it once a run, however often it happens.
        """
        if (code, record) in self._reported:
            return
        self._reported.add((code, record))
        if kind:
            self.add(kind, "failed")
        note_problem(System(self.run.system), code, record, message, run=self.run)

    def checked(self, records: Iterable[str]) -> None:
        """`records` were looked at in full: problems they had and no longer have are resolved."""
        gone = [
            problem.pk
            for record in records
            for problem in self._open.get(record, ())
            if (problem.code, record) not in self._reported
        ]
        if gone:
            now = timezone.now()
            Problem.objects.filter(pk__in=gone).update(resolved_at=now, updated_at=now)

    def settle(self, code: str) -> None:
        """All of `code` were looked for: those that this run did not meet again are resolved."""
        records = {
            record
            for record, problems in self._open.items()
            if any(problem.code == code for problem in problems)
        }
        self.checked(records)

    def total(self, outcome: str) -> int:
        return sum(counter[outcome] for counter in self.counts.values())

    @property
    def has_problems(self) -> bool:
        return bool(self._reported)

    def save(self) -> None:
        """Writes the counts so far, so that a run can be watched."""
        run = self.run
        run.created_count = self.total("created")
        run.updated_count = self.total("updated")
        run.unchanged_count = self.total("unchanged")
        run.failed_count = self.total("failed")
        run.conflict_count = self.total("conflict")
        run.request_count = self.meter.requests
        run.write_count = self.meter.writes
        run.day_calls, run.day_calls_left = self.meter.day or (None, None)
        run.counts = {kind: dict(counter) for kind, counter in self.counts.items()}
        run.save()


def note_problem(
    system: System, code: str, record: str, message: str, *, run: SyncRun | None = None
) -> None:
    """Opens a problem, or says again what an open one says. `run` None: no run met it."""
    seen = Problem.objects.open().filter(system=system, code=code, record=record)
    now = timezone.now()
    if not seen.update(run=run, message=message, seen_count=F("seen_count") + 1, updated_at=now):
        Problem.objects.create(run=run, system=system, code=code, record=record, message=message)


@contextmanager
def sync_run(
    system: System,
    command: str,
    *,
    listener: Listener | None = None,
    run: SyncRun | None = None,
) -> Iterator[RunLog]:
    """A run of `system`, the only one at this moment in any process.

    `run` is one that was asked for and waits; without it, a new one is made.
    Raises Busy: another run holds the system. Whatever ends the body ends the run: a SyncError
    with its message, anything else as a fault of Nova; both are raised again. A budget of calls
    that is spent is no failure: the run ends as paused.
    """
    reap_runs()
    with exclusive(_lock_of(system)) as is_mine:
        if not is_mine:
            raise Busy(
                f"Another {system.label} run is under way. Wait until it ends; "
                "“Sync runs” in the admin shows it."
            )
        _close_interrupted(system)
        log = RunLog(_begin(system, command, run), listener, is_watched=run is not None)
        try:
            yield log
        except BudgetSpent as pause:
            _end(log, Outcome.PAUSED, _so_far(log, pause))
        except SyncError as error:
            _end(log, Outcome.FAILED, str(error))
            raise
        except Exception:
            _end(log, Outcome.FAILED, "Nova made a mistake. The log of this run has the details.")
            raise
        else:
            ended = Outcome.DONE_WITH_PROBLEMS if log.has_problems else Outcome.DONE
            _end(log, ended, log.run.message)


def _so_far(log: RunLog, pause: BudgetSpent) -> str:
    """How far a paused run came, and why it goes on later."""
    new, other = log.total("created"), log.total("updated")
    return f"Done so far: {new:,} records new, {other:,} changed. {pause}"


def _begin(system: System, command: str, run: SyncRun | None) -> SyncRun:
    now = timezone.now()
    if run is None:
        return SyncRun.objects.create(system=system, command=command, started_at=now)
    run.outcome, run.started_at, run.message = Outcome.RUNNING, now, ""
    run.save()
    return run


def reap_runs() -> None:
    """Says of runs whose process is gone that they were interrupted.

    Such a run is under way by its row, and nobody holds its system. One query if there is none.
    """
    going = SyncRun.objects.filter(outcome=Outcome.RUNNING)
    for system in set(going.order_by().values_list("system", flat=True)):
        with exclusive(_lock_of(system)) as is_mine:
            if is_mine:
                _close_interrupted(System(system))


def _lock_of(system: str) -> str:
    return f"sync-{system}"


def _close_interrupted(system: System) -> None:
    """Runs that were killed hold no lock; whoever has it says so in their stead."""
    SyncRun.objects.filter(system=system, outcome=Outcome.RUNNING).update(
        outcome=Outcome.INTERRUPTED,
        message="The run was interrupted. The next one goes on where it stopped.",
        finished_at=timezone.now(),
    )


def _end(log: RunLog, outcome: Outcome, message: str) -> None:
    log.run.outcome = outcome
    log.run.message = message
    log.run.finished_at = timezone.now()
    log.save()
    logger.info(
        "sync_run_ended",
        run=log.run.pk,
        system=log.run.system,
        outcome=str(outcome),
        **_numbers(log.run),
    )


def _numbers(run: SyncRun) -> dict[str, Any]:
    return {
        "created": run.created_count,
        "updated": run.updated_count,
        "unchanged": run.unchanged_count,
        "failed": run.failed_count,
        "conflicts": run.conflict_count,
        "requests": run.request_count,
        "writes": run.write_count,
        "seconds": round(run.seconds or 0, 3),
    }


def summary(log: RunLog) -> dict[str, Any]:
    """What a command tells of its run."""
    return summary_of(log.run)


def summary_of(run: SyncRun) -> dict[str, Any]:
    """What commands and the API tell of a run."""
    return {
        "run": run.pk,
        "outcome": str(run.outcome),
        "message": run.message,
        **_numbers(run),
        "counts": run.counts,
    }


def read_cursor(system: System, stream: str) -> dict[str, Any]:
    """The saved position of a stream, empty before its first run."""
    cursor = Cursor.objects.filter(system=system, stream=stream).first()
    return dict(cursor.position) if cursor else {}


def save_cursor(system: System, stream: str, position: dict[str, Any]) -> None:
    """Call it in the transaction that writes what was read up to `position`."""
    Cursor.objects.update_or_create(system=system, stream=stream, defaults={"position": position})
