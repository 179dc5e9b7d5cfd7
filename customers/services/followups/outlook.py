"""Who is due and what would happen to them, without doing any of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from customers.models import (
    Customer,
    FollowUp,
    FollowUpMessage,
    FollowUpState,
    MessageState,
    Outbox,
    Trigger,
)
from customers.services.followups.facts import read_facts
from customers.services.followups.judging import Step, Verdict, judge
from customers.services.followups.occasions import occasions
from customers.services.followups.planning import held_out_among, planned
from events.models import Event

_LATE = 10_000
"""More people than that are not listed."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One person who is due. `why` is what happened, `at` when; `verdict` what would be done."""

    follow_up: FollowUp
    customer: Customer
    event: Event
    why: str
    at: datetime
    due_at: datetime
    verdict: Verdict


def foresee(follow_ups: Iterable[FollowUp]) -> list[Foreseen]:
    """Everybody who is due now, the earliest first, as the next run would find it.

    One that is off is looked at as if it were switched on now. Nothing is written. At most twelve
    queries for each follow-up.
    """
    is_paused = Outbox.current().is_paused
    return [row for one in follow_ups for row in _of(one, timezone.now(), is_paused=is_paused)]


def _of(follow_up: FollowUp, now: datetime, *, is_paused: bool) -> list[Foreseen]:
    messages = _due(follow_up, now)
    facts = read_facts({m.customer_id for m in messages}, {m.event_id for m in messages})
    found = []
    for message in messages:
        verdict = judge(message, facts, now)
        if is_paused and verdict.step != Step.LEAVE_OUT:
            verdict = Verdict(Step.WAIT, "All follow-ups are paused.")
        if verdict.step in (Step.SEND, Step.HAND_OVER):
            facts.written_at[message.customer_id] = now  # a second one would wait
        customer, event = facts.people[message.customer_id], facts.events[message.event_id]
        found.append(
            Foreseen(
                follow_up=follow_up,
                customer=customer,
                event=event,
                why=_why(follow_up),
                at=message.triggered_at,
                due_at=message.due_at,
                verdict=verdict,
            )
        )
    return found


def _due(follow_up: FollowUp, now: datetime) -> list[FollowUpMessage]:
    """What is planned, and what would be. Three queries, and one or two for the trigger."""
    waiting = FollowUpMessage.objects.filter(
        follow_up=follow_up, state=MessageState.PLANNED, due_at__lte=now
    )
    kept = [] if follow_up.state == FollowUpState.OFF else list(waiting.order_by("due_at", "pk"))
    new = occasions(follow_up, now)[:_LATE]
    people = {m.customer_id for m in kept} | {occasion.customer_id for occasion in new}
    held_out = held_out_among(follow_up, people)
    for message in kept:
        message.follow_up, message.is_held_out = follow_up, message.customer_id in held_out
    return [*kept, *(planned(follow_up, occasion, held_out, now) for occasion in new)]


def _why(follow_up: FollowUp) -> str:
    if follow_up.trigger == Trigger.ABSENT:
        return f"{follow_up.days_absent} days since the last event"
    return follow_up.get_trigger_display()
