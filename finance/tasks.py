"""What runs on schedule about money. Beat's schedule is in the admin, under “Periodic tasks”."""

import structlog
from celery import shared_task

from finance import services

logger = structlog.get_logger(__name__)


@shared_task
def check_ledger() -> None:
    """Computes every total again from its sources; the home page and the inbox tell the end."""
    check = services.check_ledger()
    logger.info("ledger_checked", check=check.pk, differences=check.difference_count)


@shared_task
def compare_settlements() -> None:
    """Notes which closed shows have other figures by now."""
    services.compare_settlements()


@shared_task
def plan_recurring_expenses() -> None:
    """Plans ahead what recurs."""
    made = services.plan_recurring_expenses()
    logger.info("recurring_expenses_planned", made=made)
