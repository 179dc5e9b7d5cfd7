"""From the codes of orders to touches, and from touches to the campaigns that claim them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from customers.models import Attendance, CampaignCode, Order, Touch, TouchKind
from customers.models.marketing import CODE_KINDS
from nova_project.bulk import upsert

_FIELDS = ("key", "customer_id", "campaign_id", "order_id", "kind", "source", "occurred_at")


class _Sale(NamedTuple):
    """What a touch takes from its order."""

    pk: int
    eventbrite_id: str | None
    buyer_id: int | None
    ordered_at: datetime
    promo_code: str


@transaction.atomic
def note_order_codes(order_ids: Collection[int]) -> int:
    """Makes the touches of these orders what their codes say: a tracking link for each affiliate
    code of their seats, one for the promo code.

    A code belongs to the campaign that has it, in upper or lower case; without one the touch waits
    for `claim_touches`. Returns how many touches were added or changed; noting again changes none.
    Three statements, and five more where there are codes.
    """
    ids = list(order_ids)
    codes = _codes_of(ids)
    stale = dict(Touch.objects.of_orders().filter(order__in=ids).values_list("key", "pk"))
    campaigns = _campaigns() if codes else {}
    rows = [
        (key, sale.buyer_id, campaigns.get((kind, code.lower())), sale.pk, kind, code, at)
        for sale, kind, code in codes
        for key, at in [(_key(sale, kind, code), sale.ordered_at)]
    ]
    result = upsert(Touch, rows, fields=_FIELDS, key="key")
    if gone := stale.keys() - {row[0] for row in rows}:
        Touch.objects.filter(pk__in=[stale[key] for key in gone]).delete()
    return len(result.changed)


@transaction.atomic
def claim_touches() -> int:
    """Gives the touches of orders to the campaigns that have their codes now, and takes them from
    those that have them no more. Returns how many moved.

    Two reads, then one write per pair of campaigns between which touches move.
    """
    campaigns = _campaigns()
    moves: dict[tuple[str, int | None, int | None], list[str]] = {}
    seen = Touch.objects.of_orders().order_by()
    for kind, source, campaign_id in seen.values_list("kind", "source", "campaign_id").distinct():
        wanted = campaigns.get((kind, source.lower()))
        if wanted != campaign_id:
            moves.setdefault((kind, campaign_id, wanted), []).append(source)
    now = timezone.now()
    return sum(
        Touch.objects.filter(kind=kind, campaign=before, source__among=sources).update(
            campaign=after, updated_at=now
        )
        for (kind, before, after), sources in moves.items()
    )


def _codes_of(order_ids: list[int]) -> list[tuple[_Sale, str, str]]:
    """Each of the orders with the kind and text of each of its codes. Two queries."""
    links: dict[int, set[str]] = {}
    seats = Attendance.objects.filter(order__in=order_ids).exclude(affiliate_code="")
    for pk, code in seats.order_by().values_list("order_id", "affiliate_code").distinct():
        links.setdefault(pk, set()).add(code)
    orders = Order.objects.filter(pk__in=order_ids).order_by("pk")
    return [
        (sale, kind, code)
        for row in orders.values_list(*_Sale._fields)
        for sale in [_Sale(*row)]
        for kind, code in _codes(sale, links.get(sale.pk, set()))
    ]


def _codes(sale: _Sale, links: set[str]) -> Iterator[tuple[str, str]]:
    for code in sorted(links):
        yield str(TouchKind.TRACKING_LINK), code
    if sale.promo_code:
        yield str(TouchKind.PROMO_CODE), sale.promo_code


def _key(sale: _Sale, kind: str, code: str) -> str:
    """The same however often the order is read, and in whatever case its seats spell the code."""
    order = sale.eventbrite_id or f"nova-{sale.pk}"
    return f"order {order} {kind} {code.lower()}"


def _campaigns() -> dict[tuple[str, str], int]:
    """The campaign of each code, by kind of touch and small letters. One query."""
    kinds = {str(code_kind): str(kind) for kind, code_kind in CODE_KINDS.items()}
    codes = CampaignCode.objects.filter(kind__in=kinds).order_by()
    rows: Any = codes.values_list("kind", "code", "campaign_id")
    return {(kinds[kind], code.lower()): campaign_id for kind, code, campaign_id in rows}
