"""Posting orders to the ledger: always the difference, never an edit."""

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from customers.models import Order
from customers.models.ticketing import PAID_STATUSES
from finance.models import LedgerKind, LedgerLine
from nova_project.bulk import insert_many

_Key = tuple[int, str, str]
"""Event, kind and currency: an order that moves between events or currencies is posted anew."""

_FIELDS = ("order_id", "event_id", "kind", "amount", "currency", "occurred_at", "known_at")
_ORDER_FIELDS = (
    "pk",
    "event_id",
    "status",
    "currency",
    "gross_paid",
    "tax",
    "eventbrite_fee",
    "payment_fee",
    "refund",
    "ordered_at",
    "changed_at",
)


@transaction.atomic
def post_orders(order_ids: Collection[int]) -> int:
    """Adds the lines that are missing for the ledger to say what these orders say now.

    After it, an order's lines add up to: sale = gross paid, less tax, Eventbrite fee, processing
    fee and refund as the order has them; all to zero where the order was never paid. Posting
    again adds nothing. Returns how many lines were added. Three statements.
    """
    if not order_ids:
        return 0
    posted = _posted(order_ids)
    now = timezone.now()
    orders = Order.objects.filter(pk__in=order_ids).order_by("pk").select_for_update()
    lines = [
        line
        for order in orders.values(*_ORDER_FIELDS)
        for line in _missing(order, posted.get(order["pk"], {}), now)
    ]
    insert_many(LedgerLine, lines, fields=_FIELDS)
    return len(lines)


def _posted(order_ids: Collection[int]) -> dict[int, dict[_Key, Decimal]]:
    posted: dict[int, dict[_Key, Decimal]] = {}
    sums = (
        LedgerLine.objects.filter(order__in=order_ids)
        .order_by()
        .values_list("order_id", "event_id", "kind", "currency")
        .annotate(posted=Sum("amount"))
    )
    for order_id, event_id, kind, currency, amount in sums:
        posted.setdefault(order_id, {})[event_id, kind, currency] = amount
    return posted


def _due(order: dict[str, Any]) -> dict[_Key, Decimal]:
    """What the lines of `order` should add up to."""
    if order["status"] not in PAID_STATUSES:
        return {}
    amounts = {
        LedgerKind.SALE: order["gross_paid"],
        LedgerKind.TAX: -order["tax"],
        LedgerKind.EVENTBRITE_FEE: -order["eventbrite_fee"],
        LedgerKind.PROCESSING_FEE: -order["payment_fee"],
        LedgerKind.REFUND: -order["refund"],
    }
    return {
        (order["event_id"], kind.value, order["currency"]): amount
        for kind, amount in amounts.items()
    }


def _missing(
    order: dict[str, Any], posted: dict[_Key, Decimal], now: datetime
) -> Iterator[tuple[Any, ...]]:
    due = _due(order)
    for key in due | posted:
        amount = due.get(key, Decimal(0)) - posted.get(key, Decimal(0))
        if amount:
            event_id, kind, currency = key
            is_first = key not in posted and kind != LedgerKind.REFUND
            occurred_at = order["ordered_at"] if is_first else order["changed_at"]
            yield order["pk"], event_id, kind, amount, currency, occurred_at, now
