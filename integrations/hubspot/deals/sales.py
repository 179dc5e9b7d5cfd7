"""Paid orders that are deals. Nova decides on all that it writes there."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from customers.models import Order, OrderStatus
from customers.models.ticketing import PAID_STATUSES
from integrations.hubspot.deals.expenses import LINK_FIELDS
from integrations.hubspot.deals.mapping import ORDER_ID, Deal, Sale, event_text
from integrations.models import DealKind, DealLink, DealState
from nova_project.bulk import Upserted, upsert

_NO_ORDER = "Nova has no order {key}."
_COLUMNS = (
    "pk",
    "eventbrite_id",
    "status",
    "gross_paid",
    "refund",
    "currency",
    "ordered_at",
    "event__eventbrite_id",
    "event__name",
    "event__starts_on",
)


def key_of(pk: int, eventbrite_id: str | None) -> str:
    """How a deal names its order."""
    return eventbrite_id or f"nova-{pk}"


def sold() -> QuerySet[Order]:
    """Orders that are a deal: placed, or paid once."""
    paid = Q(status__in=PAID_STATUSES, gross_paid__gt=0)
    return Order.objects.filter(Q(status=OrderStatus.PLACED) | paid)


def sales_of(orders: QuerySet[Order]) -> dict[int, Sale]:
    """What the deals of these orders should say, by the order's key. One query."""
    return {row[0]: _sale(*row) for row in orders.values_list(*_COLUMNS)}


def _sale(
    pk: int,
    eventbrite_id: str | None,
    status: str,
    gross_paid: Decimal,
    refund: Decimal,
    currency: str,
    ordered_at: Any,
    *event: Any,
) -> Sale:
    paid = gross_paid - refund if status in PAID_STATUSES else Decimal(0)
    is_lost = status != OrderStatus.PLACED if not gross_paid else not paid
    text = event_text(*event)
    name = f"{event[1]}, {event[2].isoformat()}"
    key = key_of(pk, eventbrite_id)
    return Sale(key, name, text, paid, currency, ordered_at, is_lost)


def take_sales(deals: Collection[Deal]) -> Upserted:
    """Keeps the deals of orders as read; what differs from the order is put right by a write.

    Three queries, and what the upsert takes; call it in a transaction.
    """
    if not deals:
        return Upserted()
    rows = DealLink.objects.filter(hubspot_id__among=[deal.id for deal in deals])
    known = dict(rows.values_list("hubspot_id", "order_id"))
    orders = _orders(deal.values.get(ORDER_ID, "") for deal in deals if not known.get(deal.id))
    return upsert(
        DealLink,
        [
            _row(deal, known.get(deal.id) or orders.get(deal.values.get(ORDER_ID, "")))
            for deal in deals
        ],
        fields=LINK_FIELDS,
        key="hubspot_id",
        along=("remote_changed_at", "is_push_due"),
    )


def _row(deal: Deal, order_id: int | None) -> tuple[Any, ...]:
    reason = "" if order_id else _NO_ORDER.format(key=deal.values.get(ORDER_ID, ""))
    return (
        deal.id,
        str(DealKind.ORDER),
        deal.name[:250],
        None,
        order_id,
        str(DealState.LINKED if order_id else DealState.WAITING),
        reason,
        dict(deal.values),
        None,
        deal.changed_at,
        True,
        None,
    )


def _orders(keys: Iterable[str]) -> dict[str, int]:
    """The orders without a deal that these keys name."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    own = [
        int(k.removeprefix("nova-"))
        for k in wanted
        if k.removeprefix("nova-").isdecimal() and k.startswith("nova-")
    ]
    rows = Order.objects.filter(Q(eventbrite_id__among=wanted) | Q(pk__in=own), deal_link=None)
    return {key_of(pk, remote): pk for pk, remote in rows.values_list("pk", "eventbrite_id")}
