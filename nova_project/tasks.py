"""Work of the base that is done beside the pages."""

from celery import shared_task

from nova_project.imports import jobs


@shared_task
def work_import(job_id: int) -> None:
    """Checks or imports an uploaded file to its end."""
    jobs.work(job_id)


@shared_task
def tend_imports() -> None:
    """Goes on with interrupted imports, and forgets the files of old ones."""
    for job_id in jobs.stalled():
        jobs.work(job_id)
    jobs.forget_old()
