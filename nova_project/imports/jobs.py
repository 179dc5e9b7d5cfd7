"""Working a file off: check it, wait for a yes, import it. Killed anywhere, it goes on.

Every chunk is planned and written in one transaction that also saves how far the job is. Who calls
`work` does not matter: a worker, a page, the sweep; a lock lets one of them in at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from nova_project.imports.models import ImportJob, ImportJobQuerySet, ImportProblem, ImportState
from nova_project.imports.reading import MAX_ROWS, Table, check_size, open_table
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import PROBLEM, Row, chunks
from nova_project.lock import exclusive

SMALL = 2_000
"""Up to so many rows are checked and imported while the page loads."""

SAMPLE = 100
KEPT_DAYS = 7
_STALLED = timedelta(minutes=2)


def open_job(
    *,
    upload: "File[Any]",
    resource: type[BulkResource],
    user: AbstractBaseUser,
    clears_blanks: bool = False,
) -> ImportJob:
    """Keeps an uploaded file as a job to be checked; nothing of it is written yet.

    Raises ValidationError: the file cannot be read, or its headings do not do.
    """
    check_size(upload.size or 0)
    job = ImportJob(
        resource=resource_path(resource),
        user_id=user.pk,
        name=(upload.name or "file")[-200:],
        clears_blanks=clears_blanks,
    )
    job.file.save(job.name, upload, save=False)
    try:
        _look_at(job)
    except ValidationError:
        job.file.delete(save=False)
        raise
    job.save()
    return job


def _look_at(job: ImportJob) -> None:
    table = open_table(lambda: job.file.open("rb"), resource_of(job).known_headings())
    layout = resource_of(job).accept(table.headings)
    job.headings = table.headings
    job.notices = [*table.notices, *layout.notices]
    job.rows_total = table.count()
    if not job.rows_total:
        raise ValidationError("The file has headings and no rows.", code="no_rows")
    if job.rows_total > MAX_ROWS:
        raise ValidationError(
            f"The file has more than {MAX_ROWS:,} rows. Split it in two.", code="too_many_rows"
        )


def resource_path(resource: type[BulkResource]) -> str:
    return f"{resource.__module__}.{resource.__qualname__}"


def of_resource(resource: type[BulkResource]) -> ImportJobQuerySet:
    """The imports of one kind of row, the latest first."""
    return ImportJob.objects.filter(resource=resource_path(resource)).select_related("user")


def resource_class(job: ImportJob) -> type[BulkResource]:
    found = import_string(job.resource)
    if not (isinstance(found, type) and issubclass(found, BulkResource)):
        raise TypeError(f"{job.resource} is no BulkResource.")
    return found


def resource_of(job: ImportJob) -> BulkResource:
    """A fresh resource for one walk over the job's file."""
    return resource_class(job)(clears_blanks=job.clears_blanks, user_id=job.user_id)


def is_small(job: ImportJob) -> bool:
    return job.rows_total <= SMALL


@transaction.atomic
def confirm(job: ImportJob) -> ImportJob:
    """The yes to what the check found: the import begins at the first row.

    Raises ValidationError: the job does not wait for it (`not_ready`), or has nothing to bring in
    (`nothing`).
    """
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if job.state != ImportState.READY:
        raise ValidationError("This import does not wait for a confirmation.", code="not_ready")
    if not job.good_count:
        raise ValidationError("There is nothing to import.", code="nothing")
    job.begin(ImportState.IMPORTING)
    job.worked_at = None
    job.save()
    job.problems.all().delete()
    return job


@transaction.atomic
def cancel(job: ImportJob) -> ImportJob:
    """Gives the file up. Rows that are in stay in. Raises ValidationError: it is over already."""
    job = ImportJob.objects.select_for_update().get(pk=job.pk)
    if job.finished_at:
        raise ValidationError("This import is over already.", code="over")
    _end(job, ImportState.CANCELLED, "Cancelled.")
    transaction.on_commit(lambda: _forget(job))
    return job


def work(job_id: int, *, seconds: float | None = None) -> ImportJob:
    """Does what is left to do, or as much as fits in about `seconds`; returns the job as it is.

    Does nothing while somebody else works on it, or when there is nothing to do.
    """
    with exclusive(f"import-{job_id}") as is_mine:
        job = ImportJob.objects.get(pk=job_id)
        if is_mine and job.is_working:
            try:
                _Walk(job).go(until=monotonic() + seconds if seconds else None)
            except ValidationError as error:
                _end(job, ImportState.FAILED, " ".join(error.messages))
            except FileNotFoundError:
                _end(job, ImportState.FAILED, "The uploaded file is gone. Please upload it again.")
    return job


class _Walk:
    """One walk over a job's file, from where the last one stopped."""

    def __init__(self, job: ImportJob) -> None:
        self.job = job
        self.resource = resource_of(job)
        self.is_import = job.state == ImportState.IMPORTING

    def go(self, until: float | None) -> None:
        """Raises ValidationError: the file cannot be read to its end."""
        table = open_table(lambda: self.job.file.open("rb"), self.resource.known_headings())
        self.resource.accept(table.headings)
        self.resource.survey(table.rows)
        for rows in self._rest(table):
            with transaction.atomic():
                if not self._is_still_wanted():
                    return
                self._take(rows)
            if until and monotonic() > until:
                return
        self._finish()

    def _rest(self, table: Table) -> Iterator[list[Row]]:
        """Chunks not yet done. The rows before them are planned again, for what they were about."""
        numbered = table.rows()
        for rows in chunks(islice(numbered, self.job.rows_done)):
            self.resource.plan(rows)
        return chunks(numbered)

    def _is_still_wanted(self) -> bool:
        """Holds the job, unless somebody cancelled it meanwhile."""
        held = ImportJob.objects.select_for_update().filter(pk=self.job.pk)
        return held.values_list("state", flat=True).first() == self.job.state

    def _take(self, rows: list[Row]) -> None:
        self.resource.plan(rows, lock=self.is_import)
        if self.is_import:
            self._write([row for row in rows if row.is_new or row.is_changed])
        job = self.job
        job.rows_done += len(rows)
        job.created_count += sum(row.is_new for row in rows)
        job.updated_count += sum(row.is_changed for row in rows)
        bad = [row for row in rows if row.problems]
        job.failed_count += len(bad)
        job.unchanged_count = job.rows_done - job.good_count - job.failed_count
        self._keep_sample(rows)
        job.worked_at = timezone.now()
        job.save()
        ImportProblem.objects.bulk_create(
            ImportProblem(
                job=job,
                row_number=row.number,
                messages=row.problems,
                cells=[] if row.is_private else [_as_given(cell) for cell in row.cells],
            )
            for row in bad
        )

    def _write(self, rows: Sequence[Row]) -> None:
        """Writes rows; those that the database refuses are narrowed down to, and noted."""
        if not rows:
            return
        try:
            with transaction.atomic():
                self.resource.write(rows)
        except (IntegrityError, DataError) as error:
            if len(rows) == 1:
                rows[0].refuse("", f"The database refuses this row: {str(error).splitlines()[0]}")
                return
            middle = len(rows) // 2
            self._write(rows[:middle])
            self._write(rows[middle:])

    def _keep_sample(self, rows: Sequence[Row]) -> None:
        sample = self.job.sample
        for row in rows:
            if len(sample) >= SAMPLE:
                return
            if row.is_changed:
                title, cells = self.resource.title(row), self.resource.differences(row)
                sample.append({"row": row.number, "title": title, "cells": cells})

    def _finish(self) -> None:
        job = self.job
        job.rows_total = job.rows_done
        if not self.is_import:
            job.state = ImportState.READY
            job.notices = [*job.notices, *self.resource.findings()]
            job.save()
            return
        self.resource.finish()
        _end(job, ImportState.DONE, "")


def _as_given(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _end(job: ImportJob, state: ImportState, message: str) -> None:
    job.state, job.message = state, message
    job.finished_at = timezone.now()
    job.save()


def bad_rows(job: ImportJob) -> Iterator[list[str]]:
    """The rows that did not go in, as given, each with what is wrong as its last cell."""
    width = len(job.headings)
    for problem in job.problems.order_by("row_number").iterator(chunk_size=2_000):
        cells = [*problem.cells, *[""] * width][: max(width, len(problem.cells))]
        yield [*cells, problem.text]


def bad_rows_headings(job: ImportJob) -> list[str]:
    return [*job.headings, PROBLEM]


def stalled() -> list[int]:
    """Jobs that somebody should be working on, and nobody seems to; not those of yesterday.

    What has failed for a whole day fails for a reason, and waits for a person.
    """
    now = timezone.now()
    working = ImportJob.objects.working().exclude(worked_at__gt=now - _STALLED)
    recent = working.filter(created_at__lt=now - _STALLED, created_at__gt=now - timedelta(days=1))
    return list(recent.values_list("pk", flat=True))


def forget_old() -> int:
    """Removes what is personal of imports that ended, or were left, a week ago; counts stay."""
    limit = timezone.now() - timedelta(days=KEPT_DAYS)
    old = ImportJob.objects.exclude(file="").filter(created_at__lt=limit)
    old = old.exclude(state=ImportState.IMPORTING)
    number = 0
    for job in old:
        if not job.finished_at:
            _end(job, ImportState.CANCELLED, f"Not confirmed within {KEPT_DAYS} days.")
        _forget(job)
        number += 1
    return number


def _forget(job: ImportJob) -> None:
    with suppress(FileNotFoundError):
        job.file.delete(save=False)
    job.file, job.sample = "", []
    job.save(update_fields=["file", "sample"])
    job.problems.all().delete()
