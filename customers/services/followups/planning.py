"""Making a message of each occasion, and settling who is held out, once and for good."""

import hmac
from collections.abc import Collection
from datetime import datetime

from customers.models import FollowUp, FollowUpMessage
from customers.services.followups.occasions import Occasion, occasions

_BATCH = 500


def plan_messages(follow_up: FollowUp, now: datetime) -> int:
    """Notes a message for everybody who is due; returns how many. It sends nothing.

    The database takes one row per person and event, whoever else plans meanwhile.
    """
    due = occasions(follow_up, now)
    held_out = held_out_among(follow_up, {occasion.customer_id for occasion in due})
    rows = [planned(follow_up, occasion, held_out, now) for occasion in due]
    FollowUpMessage.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
    return len(rows)


def planned(
    follow_up: FollowUp, occasion: Occasion, held_out: Collection[int], now: datetime
) -> FollowUpMessage:
    """The message of an occasion, not saved. What is older than the switching on is due then."""
    due_at = max(occasion.at + follow_up.delay, follow_up.on_since or now)
    return FollowUpMessage(
        follow_up=follow_up,
        customer_id=occasion.customer_id,
        event_id=occasion.event_id,
        triggered_at=occasion.at,
        due_at=due_at,
        is_held_out=occasion.customer_id in held_out,
        is_once=follow_up.is_once,
    )


def held_out_among(follow_up: FollowUp, customer_ids: Collection[int]) -> set[int]:
    """Those of the customers who never get this follow-up. One query.

    Whoever has a message of it already stays in the group that this message says; of the others
    the salt decides. Of two who became one, one who was held out decides.
    """
    known: dict[int, bool] = {}
    rows = FollowUpMessage.objects.filter(follow_up=follow_up, customer__pk__among=customer_ids)
    for customer_id, is_held_out in rows.values_list("customer_id", "is_held_out"):
        known[customer_id] = known.get(customer_id, False) or is_held_out
    return {pk for pk in customer_ids if known.get(pk, is_drawn(follow_up, pk))}


def is_drawn(follow_up: FollowUp, customer_id: int) -> bool:
    """Does the draw hold this customer out? The same answer for the same salt and share."""
    digest = hmac.digest(follow_up.salt.encode(), str(customer_id).encode(), "sha256")
    return int.from_bytes(digest[:8]) * 100 < follow_up.holdout_percent << 64
