"""Sending follow-ups: at most once for one person and event, whatever happens on the way.

A message is taken up in the database before it goes out, so that no other process sends it too.
A run that is killed leaves what it was sending as “being sent”; nobody sends that again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from customers.models import (
    Consent,
    FollowUp,
    FollowUpMessage,
    FollowUpState,
    MessageState,
    Outbox,
)
from customers.services.followups.facts import Facts, read_facts
from customers.services.followups.judging import Step, Verdict, judge
from customers.services.followups.planning import held_out_among, plan_messages
from customers.services.followups.post import MailRefused, Post, PostClosed
from nova_project.lock import exclusive

LOCK = "follow-ups"
_BATCH = 200
_TRIES = 3


@dataclass(slots=True)
class Outcome:
    """What a run did. `problem` says why it stopped early, or sent nothing at all."""

    planned: int = 0
    sent: int = 0
    handed_over: int = 0
    held_out: int = 0
    left_out: int = 0
    failed: int = 0
    waiting: int = 0
    problem: str = ""


def send_follow_ups() -> Outcome:
    """Plans and sends what is due of every follow-up that is on. One run at a time.

    Where the mail server cannot be reached the run ends, and the rest waits for the next one.
    """
    outcome = Outcome()
    with exclusive(LOCK) as is_mine:
        if not is_mine:
            outcome.problem = "Another run is under way."
            return outcome
        if Outbox.current().is_paused:
            outcome.problem = "All follow-ups are paused."
            return outcome
        with Post() as post:
            try:
                for follow_up in FollowUp.objects.on():
                    _Run(follow_up, post, outcome).go()
            except PostClosed as error:
                outcome.problem = str(error)
        _note_end(outcome)
    return outcome


def _note_end(outcome: Outcome) -> None:
    now = timezone.now()
    Outbox.objects.update_or_create(
        pk=1, defaults={"ran_at": now, "problem": outcome.problem[:300]}
    )


class _Run:
    """One follow-up in one run."""

    def __init__(self, follow_up: FollowUp, post: Post, outcome: Outcome) -> None:
        self._follow_up = follow_up
        self._post = post
        self._outcome = outcome
        self._do: dict[Step, Callable[[FollowUpMessage, Facts, Verdict], None]] = {
            Step.SEND: self._send,
            Step.HAND_OVER: self._hand_over,
            Step.HOLD_OUT: self._hold_out,
            Step.LEAVE_OUT: self._leave_out,
            Step.WAIT: self._wait,
        }

    def go(self) -> None:
        self._outcome.planned += plan_messages(self._follow_up, timezone.now())
        for batch in waiting_messages(self._follow_up, timezone.now()):
            facts = facts_for(batch)
            for message in batch:
                verdict = judge(message, facts, timezone.now())
                self._do[verdict.step](message, facts, verdict)

    def _send(self, message: FollowUpMessage, facts: Facts, verdict: Verdict) -> None:
        self._post.open()  # before anything is taken up
        if not take_up(message, MessageState.SENDING):
            return
        facts.written_at[message.customer_id] = timezone.now()
        try:
            self._post.deliver(message, facts)
        except MailRefused as refusal:
            self._set_aside(message, refusal)
            return
        except PostClosed as closed:
            if closed.is_unsent:
                _move(message, MessageState.PLANNED)
            raise
        _move(message, MessageState.SENT)
        self._outcome.sent += 1

    def _set_aside(self, message: FollowUpMessage, refusal: MailRefused) -> None:
        """A refusal for now is tried again by later runs, twice."""
        tries = message.tries + 1
        if refusal.is_for_now and tries < _TRIES:
            _move(message, MessageState.PLANNED, tries=tries)
            self._outcome.waiting += 1
            return
        _move(message, MessageState.FAILED, tries=tries, reason=str(refusal)[:200])
        self._outcome.failed += 1

    def _hand_over(self, message: FollowUpMessage, facts: Facts, verdict: Verdict) -> None:
        if take_up(message, MessageState.HANDED_OVER):
            facts.written_at[message.customer_id] = timezone.now()
            self._outcome.handed_over += 1

    def _hold_out(self, message: FollowUpMessage, facts: Facts, verdict: Verdict) -> None:
        done = FollowUpMessage.objects.filter(pk=message.pk, state=MessageState.PLANNED)
        now = timezone.now()
        self._outcome.held_out += done.update(
            state=MessageState.HELD_OUT, is_held_out=True, decided_at=now, updated_at=now
        )

    def _leave_out(self, message: FollowUpMessage, facts: Facts, verdict: Verdict) -> None:
        done = FollowUpMessage.objects.filter(pk=message.pk, state=MessageState.PLANNED)
        now = timezone.now()
        self._outcome.left_out += done.update(
            state=MessageState.SKIPPED, reason=verdict.reason, decided_at=now, updated_at=now
        )

    def _wait(self, message: FollowUpMessage, facts: Facts, verdict: Verdict) -> None:
        self._outcome.waiting += 1


def waiting_messages(follow_up: FollowUp, now: datetime) -> Iterator[list[FollowUpMessage]]:
    """The planned messages that are due, 200 at a time, the earliest first."""
    due = FollowUpMessage.objects.filter(
        follow_up=follow_up, state=MessageState.PLANNED, due_at__lte=now
    ).order_by("due_at", "pk")
    last: FollowUpMessage | None = None
    while True:
        after = Q(due_at__gt=last.due_at) | Q(due_at=last.due_at, pk__gt=last.pk) if last else Q()
        batch = list(due.filter(after)[:_BATCH])
        if not batch:
            return
        held_out = held_out_among(follow_up, {message.customer_id for message in batch})
        for message in batch:
            message.follow_up = follow_up
            message.is_held_out = message.customer_id in held_out
        yield batch
        last = batch[-1]


def facts_for(messages: list[FollowUpMessage]) -> Facts:
    return read_facts({m.customer_id for m in messages}, {m.event_id for m in messages})


def take_up(message: FollowUpMessage, state: MessageState) -> bool:
    """Claims a planned message, if all that must be so still is; False: somebody was faster.

    Pause, consent, erasure and holdout are asked once more by the statement that claims it.
    """
    is_paused = Outbox.objects.filter(is_paused=True)
    held_out = FollowUpMessage.objects.filter(
        follow_up=OuterRef("follow_up"), customer=OuterRef("customer"), is_held_out=True
    )
    now = timezone.now()
    claimed = FollowUpMessage.objects.filter(
        ~Exists(held_out),
        ~Exists(is_paused),
        pk=message.pk,
        state=MessageState.PLANNED,
        customer__consent=Consent.OPTED_IN,
        customer__erased_at=None,
        follow_up__state=FollowUpState.ON,
    )
    decided_at = now if state != MessageState.SENDING else None
    return bool(claimed.update(state=state, claimed_at=now, decided_at=decided_at, updated_at=now))


def _move(
    message: FollowUpMessage, state: MessageState, *, tries: int | None = None, reason: str = ""
) -> None:
    """What becomes of a message that this run has taken up."""
    now = timezone.now()
    FollowUpMessage.objects.filter(pk=message.pk, state=MessageState.SENDING).update(
        state=state,
        reason=reason,
        tries=message.tries if tries is None else tries,
        decided_at=None if state == MessageState.PLANNED else now,
        claimed_at=None if state == MessageState.PLANNED else now,
        updated_at=now,
    )
