"""Runs of HubSpot by the API: asked for as in the admin, and watched until they end."""

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from kombu.exceptions import OperationalError
from ninja import Schema
from pydantic import Field

from integrations import runs
from integrations.api.access import Caller
from integrations.api.errors import ApiError
from integrations.errors import Misconfigured
from integrations.hubspot.options import SyncOptions
from integrations.hubspot.sync import require_connected, require_writing
from integrations.models import Outcome, SyncRun
from integrations.sync import summary_of

MAY_START, MAY_READ = "integrations.apply_remotewrite", "integrations.view_syncrun"
MAY_READ_PROBLEMS = "integrations.view_problem"
_LATEST = 100
State = Literal["waiting", "running", "ended"]
_STATES: dict[str, State] = {Outcome.WAITING: "waiting", Outcome.RUNNING: "running"}


class SyncRequest(Schema):
    """What the run is to do; the flags of the command `sync_hubspot`, and the same defaults."""

    model_config = {"extra": "forbid", "strict": True}

    full: bool = Field(default=False, description="Compare everybody, not only what changed.")
    pull_only: bool = Field(default=False, description="Read, and nothing else.")
    dry_run: bool = Field(default=False, description="Read and plan; write nothing to HubSpot.")
    apply: bool = Field(
        default=False,
        description="Write the plan. Refused in write mode “off”; in “auto” a run writes anyway.",
    )


class Progress(Schema):
    """What the run is at."""

    stream: str
    done: int
    total: int | None = None


class RunProblem(Schema):
    """One thing that the run could not do, in plain words."""

    code: str
    record: str
    message: str
    is_open: bool


class Run(Schema):
    """A run: what the commands print of it with `--json`, how far it is, and its problems."""

    run: int
    system: str
    command: str
    state: State
    outcome: str = Field(description="waiting, running, done, problems, paused, failed …")
    message: str = Field(description="How it ended, in plain words.")
    created: int
    updated: int
    unchanged: int
    failed: int
    conflicts: int
    requests: int
    writes: int
    seconds: float
    counts: dict[str, dict[str, int]]
    progress: Progress | None
    started_at: datetime | None = Field(description="None while it waits.")
    finished_at: datetime | None
    problem_count: int
    problems: list[RunProblem] | None = Field(
        description="The latest hundred; None where you may not read them."
    )
    url: str = Field(description="Where to ask for this again.")


def start_sync(caller: Caller, asked: SyncRequest) -> SyncRun:
    """Makes the run and hands it to a worker.

    Raises ApiError: 422 for flags that contradict each other or the write mode, 409 while another
    run waits or works, 503 while HubSpot is not connected or nobody would do the run.
    """
    options = _options(asked)
    if under_way := runs.run_under_way():
        raise _busy(under_way)
    try:
        run = runs.request_run(command=options.command, user=caller.user)
    except ValidationError as error:
        if under_way := runs.run_under_way():
            raise _busy(under_way) from error
        raise ApiError(409, "Another run was just asked for.", code="busy") from error
    if not runs.set_going(run) or not _is_worker_there():
        raise ApiError(
            503,
            "No background worker answers. The run is kept and starts when one is back: do not "
            f"ask again, look at run {run.pk}.",
            code="no_worker",
            run=run.pk,
        )
    return run


def _is_worker_there() -> bool:
    try:
        return runs.is_worker_there()
    except OperationalError:
        return False


def _options(asked: SyncRequest) -> SyncOptions:
    try:
        options = SyncOptions(**asked.model_dump())
    except ValueError:
        message = "“apply” writes; “dry_run” and “pull_only” do not."
        raise ApiError(422, message, fields=[("apply", message)]) from None
    try:
        require_connected()
        if options.apply:
            require_writing("Nothing was started")
    except Misconfigured as error:
        code = "not_set_up"
        raise ApiError(422 if options.apply else 503, str(error), code=code) from error
    return options


def _busy(run: SyncRun) -> ApiError:
    does = "waits to start" if run.outcome == Outcome.WAITING else "is under way"
    return ApiError(
        409, f"{run} ({run.command}) {does}. Wait until it ends.", code="busy", run=run.pk
    )


def read_run(caller: Caller, run_id: int) -> Run:
    """Raises ApiError 404: there is no such run."""
    run = SyncRun.objects.filter(pk=run_id).first()
    if run is None:
        raise ApiError(404, f"There is no run {run_id}.")
    return told(caller, run)


def told(caller: Caller, run: SyncRun) -> Run:
    """The run as the API tells it. Two queries."""
    state = _STATES.get(run.outcome, "ended")
    may_read = caller.user.has_perm(MAY_READ_PROBLEMS)
    progress = run.progress if state == "running" and run.progress else None
    return Run(
        **summary_of(run),
        system=run.system,
        command=run.command,
        state=state,
        progress=progress,
        started_at=None if state == "waiting" else run.started_at,
        finished_at=run.finished_at,
        problem_count=run.problems.count(),
        problems=_problems(run) if may_read else None,
        url=f"/api/runs/{run.pk}",
    )


def _problems(run: SyncRun) -> list[Any]:
    return [
        RunProblem(
            code=problem.code,
            record=problem.record,
            message=problem.message,
            is_open=problem.resolved_at is None,
        )
        for problem in run.problems.all()[:_LATEST]
    ]
