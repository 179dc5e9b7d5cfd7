"""An import from upload to the last row, and the rows that did not go in.

This module imports nothing of Nova, because `nova_project.models` imports it.
"""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class ImportState(models.TextChoices):
    CHECKING = "checking", "Being checked"
    READY = "ready", "Checked"
    IMPORTING = "importing", "Being imported"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


WORKING = (ImportState.CHECKING, ImportState.IMPORTING)


def upload_path(job: "ImportJob", name: str) -> str:
    """A name that cannot be guessed and tells nothing of the file's own."""
    return f"imports/{secrets.token_hex(16)}"


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def working(self) -> "ImportJobQuerySet":
        """Being checked or imported, or meant to be."""
        return self.filter(state__in=WORKING)


class ImportJob(models.Model):
    """One uploaded file: what it holds, how far it is, what it changed.

    `rows_done` counts the rows of the current state that are behind us; it is saved in the
    transaction that writes those rows, so a killed import goes on exactly where it stopped.
    """

    resource = models.CharField(max_length=120, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="imports"
    )
    name = models.CharField("file", max_length=200)
    file = models.FileField(upload_to=upload_path, blank=True)
    clears_blanks = models.BooleanField("blank cells clear what is there", default=False)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.CHECKING)
    message = models.TextField(blank=True)
    headings = models.JSONField(default=list)
    notices = models.JSONField(default=list)
    rows_total = models.PositiveIntegerField("rows", default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField("new", default=0)
    updated_count = models.PositiveIntegerField("changed", default=0)
    unchanged_count = models.PositiveIntegerField("unchanged", default=0)
    failed_count = models.PositiveIntegerField("with problems", default=0)
    sample = models.JSONField(default=list, help_text="The first changed rows, old and new.")
    created_at = models.DateTimeField("uploaded", auto_now_add=True)
    worked_at = models.DateTimeField("last sign of life", null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "import"
        constraints = [
            models.CheckConstraint(
                name="nova_project_importjob_state_known",
                condition=Q(state__in=[str(state) for state in ImportState.values]),
            )
        ]
        indexes = [models.Index(fields=["resource", "-id"], name="nova_import_latest")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        return self.state in WORKING

    @property
    def good_count(self) -> int:
        """Rows that would change something, or did."""
        return self.created_count + self.updated_count

    @property
    def seconds_silent(self) -> float:
        """How long ago somebody last worked on it."""
        return (timezone.now() - (self.worked_at or self.created_at)).total_seconds()

    def begin(self, state: ImportState) -> None:
        """Sets everything back to the first row of `state`. Not saved."""
        self.state = state
        self.rows_done = self.created_count = self.updated_count = 0
        self.unchanged_count = self.failed_count = 0
        self.sample = []


class ImportProblem(models.Model):
    """A row that did not go in: its cells as given, and what is wrong with it.

    `messages` holds pairs of column and sentence; the column is "" where the whole row is meant.
    """

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="problems")
    row_number = models.PositiveIntegerField(help_text="As a spreadsheet counts: headings are 1.")
    messages = models.JSONField()
    cells = models.JSONField()

    class Meta:
        ordering = ["job", "row_number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "row_number"], name="nova_import_problem_once")
        ]

    def __str__(self) -> str:
        return f"Row {self.row_number}: {self.text}"

    @property
    def text(self) -> str:
        return " ".join(
            f"{column}: {message}" if column else message for column, message in self._pairs()
        )

    def _pairs(self) -> list[tuple[str, Any]]:
        return [(column, message) for column, message in self.messages]
