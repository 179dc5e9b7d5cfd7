"""Follow-ups: who is due, what is written to them, sending it, and taking back a consent.

`sending` alone sends to customers and changes the state of messages.
"""

from customers.services.followups.optout import opt_out, person_of
from customers.services.followups.outlook import Foreseen, foresee
from customers.services.followups.sending import Outcome, send_follow_ups
from customers.services.followups.switching import (
    pause_all,
    pause_follow_up,
    resume_all,
    switch_off,
    switch_on,
)
from customers.services.followups.trying import send_test

__all__ = [
    "Foreseen",
    "Outcome",
    "foresee",
    "opt_out",
    "pause_all",
    "pause_follow_up",
    "person_of",
    "resume_all",
    "send_follow_ups",
    "send_test",
    "switch_off",
    "switch_on",
]
