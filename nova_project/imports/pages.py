"""What the pages of an import show: plain values, made ready for the templates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nova_project.imports.jobs import SAMPLE, is_small, resource_class
from nova_project.imports.models import ImportJob, ImportState
from nova_project.imports.resource import BulkResource

SHOWN_PROBLEMS = 200
_PATIENCE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Count:
    label: str
    number: int
    tone: str


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One message about one row; `column` is "" where it is about the whole row."""

    row_number: int
    column: str
    message: str


def upload_context(resource: type[BulkResource], form: Any) -> dict[str, Any]:
    made = resource()
    return {"form": form, "columns": list(made.columns.values()), "key_words": made.key_words}


def job_context(job: ImportJob) -> dict[str, Any]:
    is_over = job.state == ImportState.DONE
    problems = list(_problems(job))
    return {
        "job": job,
        "noun": resource_class(job).noun,
        "counts": list(_counts(job)),
        "is_small": is_small(job),
        "is_silent": job.is_working and job.seconds_silent > _PATIENCE_SECONDS,
        "sample": job.sample,
        "is_sample_whole": job.updated_count <= SAMPLE,
        "problems": problems,
        "is_problems_whole": job.failed_count <= SHOWN_PROBLEMS,
        "shown_problems": SHOWN_PROBLEMS,
        "is_over": is_over,
        "percent": round(job.rows_done * 100 / job.rows_total) if job.rows_total else 0,
    }


def _counts(job: ImportJob) -> Iterator[Count]:
    yield Count("New", job.created_count, "good" if job.created_count else "plain")
    yield Count("Changed", job.updated_count, "busy" if job.updated_count else "plain")
    yield Count("Unchanged", job.unchanged_count, "plain")
    yield Count("With problems", job.failed_count, "bad" if job.failed_count else "plain")


def _problems(job: ImportJob) -> Iterator[ProblemLine]:
    for problem in job.problems.order_by("row_number")[:SHOWN_PROBLEMS]:
        for column, message in problem.messages:
            yield ProblemLine(problem.row_number, column, message)
