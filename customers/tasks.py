"""What runs on schedule about people. Beat's schedule is in the admin, under “Periodic tasks”."""

import structlog
from celery import shared_task
from django.core.exceptions import ValidationError

logger = structlog.get_logger(__name__)


@shared_task
def score_leads() -> None:
    """Scores who will book within 90 days; the card and the report tell the end."""
    from customers.scoring.run import score_leads  # numpy stays out of processes that never score

    try:
        scored = score_leads()
    except ValidationError as error:
        logger.info("scoring_skipped", reason=error.messages[0])
        return
    logger.info("leads_scored", people=scored.people, changed=scored.changed)
