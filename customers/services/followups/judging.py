"""May this message go out now? Asked at the moment of sending, of every message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from customers.models import (
    Carrier,
    Consent,
    CustomerType,
    FollowUp,
    FollowUpMessage,
    FollowUpState,
    Trigger,
    clean_address,
)
from customers.services.followups.facts import Facts
from customers.services.followups.occasions import OFF

_LONGEST_WAIT = timedelta(days=30)


class Step(StrEnum):
    """What happens with a message."""

    SEND = "Send"
    HAND_OVER = "Hand to HubSpot"
    HOLD_OUT = "Hold out"
    WAIT = "Wait"
    LEAVE_OUT = "Leave out"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A step, and why where it is not to be sent."""

    step: Step
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.step}: {self.reason}" if self.reason else str(self.step)


def judge(message: FollowUpMessage, facts: Facts, now: datetime) -> Verdict:
    """No query. People held out are asked the same questions, so that the groups stay alike."""
    follow_up = message.follow_up
    if reason := (
        _against_person(message.customer_id, facts) or _against_occasion(message, facts, now)
    ):
        return Verdict(Step.LEAVE_OUT, reason)
    if reason := _not_yet(message, facts, now):
        return Verdict(Step.WAIT, reason)
    if message.is_held_out:
        return Verdict(Step.HOLD_OUT)
    is_mail = follow_up.carrier == Carrier.MAIL
    return Verdict(Step.SEND if is_mail else Step.HAND_OVER)


def _against_person(customer_id: int, facts: Facts) -> str:
    person = facts.people.get(customer_id)
    address = facts.addresses.get(customer_id, "")
    if person is None or person.erased_at:
        return "Was erased."
    if person.consent == Consent.OPTED_OUT:
        return "Has opted out of marketing."
    if person.consent != Consent.OPTED_IN:
        return "Has not opted in to marketing."
    if not clean_address(address):
        return "Has no usable e-mail address."
    if address in facts.kept_away:
        return "The address is that of an erased person."
    return ""


def _against_occasion(message: FollowUpMessage, facts: Facts, now: datetime) -> str:
    follow_up, customer_id = message.follow_up, message.customer_id
    event = facts.events.get(message.event_id)
    if event is None or event.status in OFF:
        return "The show was cancelled."
    if follow_up.trigger == Trigger.VIP:
        if facts.people[customer_id].customer_type != CustomerType.VIP:
            return "Is VIP no more."
    elif event.pk not in facts.booked.get(customer_id, {}):
        return "Holds no valid ticket of the show any more."
    ends_by_booking = follow_up.is_unless_booked or follow_up.trigger == Trigger.ABSENT
    if ends_by_booking and facts.has_booked_after(customer_id, event):
        return "Has booked a later show."
    if now > message.due_at + _LONGEST_WAIT:
        return f"Waited for longer than {_LONGEST_WAIT.days} days."
    return ""


def _not_yet(message: FollowUpMessage, facts: Facts, now: datetime) -> str:
    follow_up, customer_id = message.follow_up, message.customer_id
    if follow_up.state == FollowUpState.PAUSED:
        return "The follow-up is paused."
    last = facts.written_at.get(customer_id)
    if follow_up.gap_days and last and last > now - timedelta(days=follow_up.gap_days):
        days = "day" if follow_up.gap_days == 1 else f"{follow_up.gap_days} days"
        return f"Got a follow-up in the last {days}."
    next_show = facts.next_show(customer_id, facts.events[message.event_id])
    if follow_up.is_with_next_show and next_show is None:
        return "No next show of this type is on sale for them."
    return "" if follow_up.is_open(now) else f"Sent {window_words(follow_up)} only."


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def window_words(follow_up: FollowUp) -> str:
    """Hours and weekdays: from 10:00 to 19:00, Mon, Tue."""
    hours = f"from {follow_up.send_from:%H:%M} to {follow_up.send_until:%H:%M}"
    if len(follow_up.weekdays) == len(_DAYS):
        return hours
    days = ", ".join(_DAYS[int(day) - 1] for day in sorted(follow_up.weekdays))
    return f"{hours}, {days}"
