"""Webhooks as stored: taken in, worked through, replayed, and rid of personal data in time.

A webhook is a hint. What it tells of is read again by id, within a run of its system like any
other; what cannot be read in a few attempts is left to the next sync, which reads what changed.
"""

from integrations.deliveries.forgetting import drop_old, forget_bodies, forget_objects, masked_body
from integrations.deliveries.intake import dismiss, receive, receive_unreadable, replay
from integrations.deliveries.work import process_waiting

__all__ = [
    "dismiss",
    "drop_old",
    "forget_bodies",
    "forget_objects",
    "masked_body",
    "process_waiting",
    "receive",
    "receive_unreadable",
    "replay",
]
