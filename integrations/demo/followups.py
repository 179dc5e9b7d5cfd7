"""Who said yes to e-mails, and half a year of a follow-up that was sent."""

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Mod
from django.utils import timezone

from customers.models import Consent, Customer, FirstVisits, FollowUp, FollowUpMessage, MessageState
from customers.services.followups.planning import is_drawn

NAME = "Thanks for the first visit"
_OLDEST = timedelta(days=210)
_BODY = """Hello {{ first_name|default:"there" }},

thank you for coming to {{ show }}. See you again?

To end these e-mails: {{ unsubscribe }}
"""
_FIELDS = {
    "trigger": "first_visit",
    "delay_hours": 24,
    "holdout_percent": 30,
    "subject": "Thank you for coming",
    "body": _BODY,
    "note": "Half a year of history, so that there are results to look at.",
    "salt": "demo",
}


def add_consents() -> None:
    """Two of three people opted in when they bought; what HubSpot knows of the others stays."""
    unasked = Customer.objects.filter(consent=Consent.UNKNOWN).annotate(third=Mod(F("pk"), 3))
    unasked.exclude(third=0).update(consent=Consent.OPTED_IN, updated_at=timezone.now())


def add_follow_up() -> int:
    """A follow-up that was sent the day after each first show, and is off now; returns how many
    people it was about. A second demo adds nothing."""
    follow_up, is_new = FollowUp.objects.get_or_create(name=NAME, defaults=_FIELDS)
    if not is_new:
        return 0
    now = timezone.now()
    visits = FirstVisits.objects.filter(
        first_event__end_at__gt=now - _OLDEST,
        first_event__end_at__lt=now - follow_up.delay,
        customer__consent=Consent.OPTED_IN,
        customer__events_attended__gt=0,
    )
    rows = visits.order_by("pk").values_list("customer_id", "first_event_id", "first_event__end_at")
    messages = [_message(follow_up, *row) for row in rows]
    FollowUpMessage.objects.bulk_create(messages, batch_size=500)
    return len(messages)


def _message(
    follow_up: FollowUp, customer_id: int, event_id: int, ended_at: datetime
) -> FollowUpMessage:
    is_held_out = is_drawn(follow_up, customer_id)
    due_at = ended_at + follow_up.delay
    return FollowUpMessage(
        follow_up=follow_up,
        customer_id=customer_id,
        event_id=event_id,
        state=MessageState.HELD_OUT if is_held_out else MessageState.SENT,
        is_held_out=is_held_out,
        is_once=True,
        triggered_at=ended_at,
        due_at=due_at,
        claimed_at=None if is_held_out else due_at,
        decided_at=due_at,
    )
