"""What imports keep of a person who is erased: uploaded files, samples, rows that were refused."""

from collections.abc import Collection
from contextlib import suppress
from functools import partial

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from nova_project.imports.jobs import resource_of
from nova_project.imports.models import WORKING, ImportJob, ImportProblem, ImportState
from nova_project.imports.reading import open_table

_OPEN = (*WORKING, ImportState.READY)
_CANCELLED = (
    "Cancelled, because a person in the file was erased. Rows that are in stay in. Upload the file "
    "again without the person."
)
_ERASED_ROW = "This row was about a person who was erased."


def mentioning_jobs(addresses: Collection[str]) -> QuerySet[ImportJob]:
    """Imports whose uploaded file has one of the addresses in a cell. Reads every file kept."""
    kept = ImportJob.objects.exclude(file="") if addresses else ()
    return ImportJob.objects.filter(pk__in=[job.pk for job in kept if _mentions(job, addresses)])


def _mentions(job: ImportJob, addresses: Collection[str]) -> bool:
    with suppress(ValidationError, FileNotFoundError):
        table = open_table(lambda: job.file.open("rb"), resource_of(job).known_headings())
        for _, cells in table.rows():
            text = "\n".join(str(cell) for cell in cells if cell).lower()
            if any(address in text for address in addresses):
                return True
    return False


def mentioning_rows(words: Collection[str]) -> QuerySet[ImportProblem]:
    """Rows that did not go in, with one of the words in a cell or in what is said of it."""
    found = Q(pk__in=[])
    for word in words:
        found |= Q(given__icontains=word) | Q(said__icontains=word)
    rows = ImportProblem.objects.alias(
        given=Cast("cells", TextField()), said=Cast("messages", TextField())
    )
    return rows.filter(found)


def forget_files(jobs: QuerySet[ImportJob]) -> None:
    """Removes the files of these imports, with what was kept of their rows; counts stay."""
    for job in jobs:
        if job.state in _OPEN:
            job.state, job.message = ImportState.CANCELLED, _CANCELLED
            job.finished_at = timezone.now()
        name, job.file, job.sample = job.file.name or "", "", []
        job.save()
        job.problems.all().delete()
        transaction.on_commit(partial(default_storage.delete, name))


def mask_rows(rows: QuerySet[ImportProblem]) -> None:
    """Of these rows only their number stays."""
    rows.update(cells=[], messages=[["", _ERASED_ROW]])
