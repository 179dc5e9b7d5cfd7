"""Runs of a synchronisation, where the next one starts, and what went wrong."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from nova_project.models import Timestamped, one_of


class System(models.TextChoices):
    EVENTBRITE = "eventbrite", "Eventbrite"
    HUBSPOT = "hubspot", "HubSpot"


class Outcome(models.TextChoices):
    WAITING = "waiting", "Waiting to start"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DONE_WITH_PROBLEMS = "problems", "Done, with problems"
    PAUSED = "paused", "Paused, goes on later"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class SyncRun(models.Model):
    """One run: what it did, what it cost and how it ended."""

    system = models.CharField(max_length=12, choices=System)
    command = models.CharField(
        max_length=40, help_text="What was asked for, such as sync_hubspot --dry-run."
    )
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.RUNNING)
    message = models.TextField(blank=True, help_text="How it ended, in plain words.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    created_count = models.PositiveIntegerField("created", default=0)
    updated_count = models.PositiveIntegerField("updated", default=0)
    unchanged_count = models.PositiveIntegerField("unchanged", default=0)
    failed_count = models.PositiveIntegerField("failed", default=0)
    conflict_count = models.PositiveIntegerField("conflicts", default=0)
    request_count = models.PositiveIntegerField("requests", default=0)
    write_count = models.PositiveIntegerField(
        "write requests", default=0, help_text="Requests that change something remotely."
    )
    day_calls = models.PositiveIntegerField(
        "calls allowed a day", null=True, blank=True, help_text="As HubSpot's answers said last."
    )
    day_calls_left = models.PositiveIntegerField(
        "calls left of the day",
        null=True,
        blank=True,
        help_text="Other systems of the account use up the same calls.",
    )
    counts = models.JSONField(
        default=dict, blank=True, help_text="Created, updated and unchanged by kind of record."
    )
    progress = models.JSONField(
        default=dict, blank=True, help_text="What it is at: stream, done, and total if known."
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who asked for it, here or by the API; nobody where a schedule or a command did.",
    )

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            one_of("system", System),
            one_of("outcome", Outcome),
            models.UniqueConstraint(
                fields=["system"],
                condition=Q(outcome=str(Outcome.WAITING)),
                name="integrations_syncrun_one_waits",
            ),
        ]
        indexes = [
            models.Index(
                fields=["system", "outcome", "-finished_at"], name="integrations_run_last"
            ),
            models.Index(fields=["started_at"], name="integrations_run_started"),
        ]

    def __str__(self) -> str:
        return f"{self.get_system_display()} run {self.pk}"

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class Cursor(Timestamped):
    """Where the next run of one stream of records starts.

    `position` belongs to the pull that saves it: a time, and within a page loop the token or id to
    go on from after a crash.
    """

    system = models.CharField(max_length=12, choices=System)
    stream = models.CharField(max_length=80)
    position = models.JSONField(default=dict)

    class Meta:
        ordering = ["system", "stream"]
        constraints = [
            one_of("system", System),
            models.UniqueConstraint(fields=["system", "stream"], name="integrations_cursor_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_system_display()} {self.stream}"


class ProblemQuerySet(models.QuerySet["Problem"]):
    def open(self) -> "ProblemQuerySet":
        """Seen and not yet gone."""
        return self.filter(resolved_at=None)


class Problem(Timestamped):
    """One thing that a run could not do, in words for staff. It is resolved when it is gone.

    There is one open row per record and code, however often it happens. What turned up outside
    any run, as when a webhook came in, has none.
    """

    run = models.ForeignKey(
        SyncRun, on_delete=models.CASCADE, null=True, blank=True, related_name="problems"
    )
    system = models.CharField(max_length=12, choices=System)
    code = models.CharField(max_length=40)
    record = models.CharField(max_length=120, help_text="Which record, such as order 1234.")
    message = models.TextField()
    seen_count = models.PositiveIntegerField("times seen", default=1)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            one_of("system", System),
            models.UniqueConstraint(
                fields=["system", "code", "record"],
                condition=Q(resolved_at=None),
                name="integrations_problem_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.message
