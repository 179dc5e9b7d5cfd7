"""Runs that staff ask for. Each is a row first, so none is lost, and a worker does it.

Where no worker answers, the page of the run does it instead; who calls `work` does not matter,
because a system's lock lets one run in at a time.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from celery import current_app
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations.errors import Busy, SyncError
from integrations.hubspot.options import SyncOptions
from integrations.hubspot.sync import apply_approved, sync_with_hubspot
from integrations.hubspot.undo import undo_run
from integrations.models import WEBHOOKS, Outcome, SyncRun, System
from integrations.sync import RunLog
from nova_project.lock import exclusive

MAKE_PLAN, APPLY_PLAN, UNDO = "sync_hubspot --dry-run", "apply_plan", "undo_hubspot"


_TASK = "integrations.tasks.work_run"


def request_run(*, command: str, user: AbstractBaseUser | AnonymousUser) -> SyncRun:
    """A run of HubSpot that waits to be done.

    `command` is MAKE_PLAN, APPLY_PLAN, UNDO and the number of a run, or what SyncOptions says.
    `set_going` hands it to a worker. Raises ValidationError: one is waiting already (`waiting`).
    """
    with suppress(IntegrityError), transaction.atomic():
        return SyncRun.objects.create(
            system=System.HUBSPOT,
            command=command,
            outcome=Outcome.WAITING,
            started_at=timezone.now(),
            requested_by_id=user.pk,
        )
    waiting = SyncRun.objects.filter(system=System.HUBSPOT, outcome=Outcome.WAITING).first()
    told = f"{waiting} ({waiting.command})" if waiting else "Another run"
    raise ValidationError(
        f"{told} waits to start. Let it end, or cancel it, first.", code="waiting"
    )


def set_going(run: SyncRun) -> bool:
    """Asks a worker to do it; False: there is no broker to ask.

    Nothing is lost then: the run's page offers to do it, and the sweep finds it.
    """
    try:
        current_app.send_task(_TASK, [run.pk], retry=False)
    except OperationalError:
        return False
    return True


def run_under_way() -> SyncRun | None:
    """The run of HubSpot that waits or is at work; reading what webhooks told of is none.

    A row that says “running” after its process was killed counts as none: it holds no lock.
    """
    open_runs = SyncRun.objects.filter(
        system=System.HUBSPOT, outcome__in=[Outcome.WAITING, Outcome.RUNNING]
    )
    found = open_runs.exclude(command=WEBHOOKS).order_by("pk").first()
    if found is None or found.outcome == Outcome.WAITING:
        return found
    with exclusive(f"sync-{System.HUBSPOT}") as nobody_works:
        return None if nobody_works else found


def is_worker_there() -> bool:
    """Does a background worker answer within a second, or is one at work on another run?

    Raises OperationalError: there is no broker to ask through.
    """
    if current_app.control.ping(timeout=1, limit=1):
        return True
    return SyncRun.objects.filter(outcome=Outcome.RUNNING).exists()


def cancel(run: SyncRun) -> bool:
    """Gives up a run that has not started; False: it has."""
    waiting = SyncRun.objects.filter(pk=run.pk, outcome=Outcome.WAITING)
    now = timezone.now()
    return bool(
        waiting.update(
            outcome=Outcome.INTERRUPTED, message="Cancelled before it began.", finished_at=now
        )
    )


def work(run_id: int) -> SyncRun:
    """Does a run that waits; does nothing if it is under way or over. Returns it as it ended.

    Raises Busy: another run holds the system; this one waits on.
    """
    run = SyncRun.objects.get(pk=run_id)
    if run.outcome == Outcome.WAITING:
        try:
            _job(run)()
        except Busy:
            raise
        except SyncError as error:
            _note_failure(run, str(error))
    return SyncRun.objects.get(pk=run_id)


def waiting_runs() -> list[int]:
    """Runs that nobody has begun, oldest first."""
    waiting = SyncRun.objects.filter(outcome=Outcome.WAITING).order_by("pk")
    return list(waiting.values_list("pk", flat=True))


def _job(run: SyncRun) -> Callable[[], RunLog]:
    name, _, number = run.command.partition(" ")
    if name == UNDO and number.isdecimal():
        return lambda: undo_run(run_id=int(number), command=run.command, run=run)
    if run.command == APPLY_PLAN:
        return lambda: apply_approved(command=run.command, run=run)
    if options := SyncOptions.of_command(run.command):
        return lambda: sync_with_hubspot(command=run.command, run=run, **asdict(options))
    raise ValueError(f"Nobody knows how to do “{run.command}”.")


def _note_failure(run: SyncRun, message: str) -> None:
    """For what stopped a run before it began; the end of one that began is noted already."""
    waiting = SyncRun.objects.filter(pk=run.pk, outcome=Outcome.WAITING)
    waiting.update(outcome=Outcome.FAILED, message=message, finished_at=timezone.now())
