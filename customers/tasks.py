"""What runs on schedule about people. Beat's schedule is in the admin, under “Periodic tasks”."""

import structlog
from celery import shared_task
from django.core.exceptions import ValidationError

from customers.services import followups

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


@shared_task
def send_follow_ups() -> None:
    """Sends what is due of the follow-ups that are on; their pages and the inbox tell the end."""
    outcome = followups.send_follow_ups()
    if outcome.problem:
        logger.warning("follow_ups_stopped", reason=outcome.problem)
    if outcome.sent or outcome.handed_over:
        logger.info("follow_ups_sent", sent=outcome.sent, handed_over=outcome.handed_over)
