"""What runs on schedule. Beat's schedule is in the admin, under “Periodic tasks”.

A task calls one function. A run that is under way elsewhere, or an account that is not connected
yet, is no failure: the next tick tries again.
"""

from contextlib import suppress
from typing import Any

import structlog
from celery import Task, shared_task
from django.conf import settings

from integrations.deliveries import drop_old, forget_bodies, process_waiting
from integrations.errors import Busy, RetryLater, SyncError
from integrations.eventbrite.pull import pull_eventbrite
from integrations.hubspot.sync import sync_with_hubspot
from integrations.matching.suggestions import refresh_suggestions
from integrations.models import Delivery, System
from integrations.privacy import erase_returned
from integrations.runs import waiting_runs, work
from integrations.sync import reap_runs, summary

logger = structlog.get_logger(__name__)


def _run(task: Task, system: str, sync: Any) -> dict[str, Any] | None:
    """Runs `sync`; what a run has to say of its end stands on its SyncRun already."""
    try:
        return summary(sync())
    except Busy:
        logger.info("sync_skipped", system=system, reason="another run is under way")
    except RetryLater as error:
        raise task.retry(exc=error, countdown=min(error.after_seconds, 300)) from error
    except SyncError as error:
        logger.warning("sync_failed", system=system, reason=str(error))
    return None


@shared_task(bind=True, max_retries=2)
def sync_eventbrite(self: Task) -> None:
    """Does what staff asked for first; pulls what changed on Eventbrite."""
    tend_runs()
    if settings.EVENTBRITE_TOKEN:
        _run(self, "eventbrite", lambda: pull_eventbrite(command="scheduled"))


@shared_task(bind=True, max_retries=2)
def sync_hubspot(self: Task) -> None:
    """Does what staff asked for first; pulls and plans; writes where the write mode is “auto”."""
    tend_runs()
    if settings.HUBSPOT_ACCESS_TOKEN:
        _run(self, "hubspot", lambda: sync_with_hubspot(command="scheduled"))


@shared_task(bind=True, max_retries=60)
def work_run(self: Task, run_id: int) -> None:
    """Does a run that staff asked for; while another holds the system, it waits its turn."""
    try:
        work(run_id)
    except Busy as error:
        raise self.retry(exc=error, countdown=10) from error


@shared_task
def tend_runs() -> None:
    """Tells of runs that were killed, and does those that wait and that no worker knows of.

    So it is after a restart of worker or broker.
    """
    reap_runs()
    for run_id in waiting_runs():
        with suppress(Busy):
            work(run_id)


@shared_task
def process_delivery(delivery_id: int) -> None:
    """Reads again what a webhook told of, and with it all else of that system that waits."""
    for system in Delivery.objects.filter(pk=delivery_id).values_list("system", flat=True):
        _process(System(system))


@shared_task
def sweep_deliveries() -> None:
    """Picks up webhooks that wait: for a run to end, a lag to pass, a worker to come back."""
    for system in System:
        _process(system)


def _process(system: System) -> None:
    """What hinders it hinders only for now: the sweep comes again, and so does the sync."""
    try:
        process_waiting(system)
    except Busy:
        logger.info("webhooks_wait", system=system, reason="another run is under way")
    except SyncError as error:
        logger.warning("webhooks_wait", system=system, reason=str(error))


@shared_task
def forget_deliveries() -> None:
    """Takes personal data out of webhooks older than NOVA_RETENTION_DAYS; deletes very old ones."""
    if count := forget_bodies():
        logger.info("webhooks_masked", count=count)
    if count := drop_old():
        logger.info("webhooks_dropped", count=count)


@shared_task
def keep_people_erased() -> None:
    """Erases again whoever came back through a run that was under way at their erasure."""
    if count := erase_returned():
        logger.warning("people_erased_again", count=count)


@shared_task
def suggest_matches() -> None:
    """Looks among everybody for pairs that may be one person."""
    refreshed = refresh_suggestions(everyone=True)
    logger.info("matches_suggested", new=refreshed.new, gone=refreshed.gone)
