"""How the timeline tells of each row: what, how much, by whom, and where to look it up."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from customers.models import Attendance, FollowUpMessage, Order, Touch, TypeChange
from customers.models.ticketing import PAID_STATUSES
from finance.models import LedgerLine
from integrations.customer360.places import eventbrite_event, hubspot_contact, hubspot_deal, in_nova
from integrations.hubspot.deals.account import PAID, REFUNDED
from integrations.hubspot.labels import property_label
from integrations.hubspot.plans import kind_label
from integrations.models import (
    Conflict,
    ContactLink,
    DealLink,
    HubSpotDeal,
    Occurrence,
    RemoteWrite,
)
from nova_project.models import count_of
from nova_project.money import format_money

_SHOWN_FIELDS = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What staff read of an entry. `amount` is in `currency`; addresses are "" for none."""

    title: str
    detail: str = ""
    state: str = ""
    amount: Decimal | None = None
    currency: str = ""
    who: str = ""
    nova_url: str = ""
    elsewhere_url: str = ""

    @property
    def money(self) -> str:
        """The amount for people, "" where there is none."""
        return "" if self.amount is None else format_money(self.amount, self.currency)


Rows = Collection[int]


def orders(ids: Rows) -> dict[int, Told]:
    rows = Order.objects.filter(pk__in=ids).select_related("event")
    rows = rows.annotate(seat_number=count_of(Attendance.objects.valid(), per="order"))
    return {order.pk: _order(order) for order in rows}


def _order(order: Any) -> Told:
    number = "1 valid seat" if order.seat_number == 1 else f"{order.seat_number} valid seats"
    codes = [code for code in (order.promo_code, order.affiliate_code) if code]
    return Told(
        f"{'Ordered' if order.status in PAID_STATUSES else 'Order'}: {order.event.name}",
        ", ".join([number, *(f"code {code}" for code in codes)]),
        order.get_status_display(),
        order.gross_paid,
        order.currency,
        nova_url=in_nova(order),
        elsewhere_url=eventbrite_event(order.event.eventbrite_id),
    )


def refunds(ids: Rows) -> dict[int, Told]:
    rows = LedgerLine.objects.filter(pk__in=ids).select_related("order", "event")
    return {
        line.pk: Told(
            f"Refunded: {line.event.name}",
            str(line.order),
            amount=line.amount,
            currency=line.currency,
            nova_url=in_nova(line.order),
            elsewhere_url=eventbrite_event(line.event.eventbrite_id),
        )
        for line in rows
    }


def seats(ids: Rows) -> dict[int, Told]:
    return {seat.pk: _seat(seat, "Seat") for seat in _seats(ids)}


def check_ins(ids: Rows) -> dict[int, Told]:
    return {seat.pk: _seat(seat, "Checked in") for seat in _seats(ids)}


def _seats(ids: Rows) -> QuerySet[Attendance]:
    return Attendance.objects.filter(pk__in=ids).select_related("event", "ticket_class", "order")


def _seat(seat: Attendance, what: str) -> Told:
    return Told(
        f"{what}: {seat.event.name}",
        seat.ticket_name or (seat.ticket_class.name if seat.ticket_class else ""),
        seat.get_status_display(),
        seat.price,
        seat.currency,
        nova_url=in_nova(seat),
        elsewhere_url=eventbrite_event(seat.event.eventbrite_id),
    )


def touches(ids: Rows) -> dict[int, Told]:
    rows = Touch.objects.filter(pk__in=ids).select_related("campaign")
    return {
        touch.pk: Told(
            f"{touch.get_kind_display()}: {touch.campaign or touch.source}",
            touch.source if touch.campaign else "",
            nova_url=in_nova(touch),
        )
        for touch in rows
    }


def other_deals(ids: Rows) -> dict[int, Told]:
    return {
        deal.pk: Told(
            f"Deal: {deal}",
            deal.pipeline,
            "Gone from HubSpot" if deal.archived_at else deal.stage,
            deal.amount,
            deal.currency,
            deal.owner,
            in_nova(deal),
            hubspot_deal(deal.hubspot_id),
        )
        for deal in HubSpotDeal.objects.filter(pk__in=ids)
    }


def order_deals(ids: Rows) -> dict[int, Told]:
    rows = DealLink.objects.filter(pk__in=ids).select_related("order")
    return {
        deal.pk: Told(
            f"Deal of {deal.order}",
            deal.name,
            stage_of(deal),
            nova_url=in_nova(deal),
            elsewhere_url=hubspot_deal(deal.hubspot_id),
        )
        for deal in rows
    }


def stage_of(deal: DealLink) -> str:
    """The stage of an order's deal, as HubSpot was last seen to have it."""
    if deal.archived_at:
        return "Gone from HubSpot"
    if not deal.seen:
        return deal.get_state_display()
    return PAID if deal.seen.get("hs_is_closed_won") == "true" else REFUNDED


def writes(ids: Rows) -> dict[int, Told]:
    rows = RemoteWrite.objects.filter(pk__in=ids).select_related("decided_by")
    return {write.pk: _write(write) for write in rows}


def _write(write: RemoteWrite) -> Told:
    what = f"HubSpot: {kind_label(write.object_type, write.operation, is_one=True).lower()}"
    fields = in_words(write)
    return Told(
        what,
        f"{fields}. {write.reason}" if fields else write.reason,
        write.get_state_display(),
        who=str(write.decided_by or ""),
        nova_url=in_nova(write),
        elsewhere_url=hubspot_contact(write.remote_id) if write.object_type == "contacts" else "",
    )


def in_words(write: RemoteWrite) -> str:
    """The first fields of a write: `Total spend: 20 → 45`."""
    parts = [
        f"{property_label(name)}: {write.before.get(name) or '–'} → {value or '–'}"
        for name, value in [*write.after.items()][:_SHOWN_FIELDS]
    ]
    more = len(write.after) - _SHOWN_FIELDS
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def occurrences(ids: Rows) -> dict[int, Told]:
    rows = Occurrence.objects.filter(pk__in=ids).select_related("event")
    return {
        sent.pk: Told(f"Event sent to HubSpot: {sent}", nova_url=in_nova(sent)) for sent in rows
    }


def links(ids: Rows) -> dict[int, Told]:
    rows = ContactLink.history.filter(pk__in=ids).select_related("history_user")
    return {
        row.pk: Told(
            f"HubSpot contact {row.hubspot_id}: {row.get_state_display()}",
            row.history_change_reason or row.evidence,
            "Gone from HubSpot" if row.archived_at else "",
            who=str(row.history_user or ""),
            nova_url=in_nova(ContactLink, row.id),
            elsewhere_url=hubspot_contact(row.hubspot_id),
        )
        for row in rows
    }


def conflicts(ids: Rows) -> dict[int, Told]:
    rows = Conflict.objects.filter(pk__in=ids).select_related("resolved_by")
    return {
        conflict.pk: Told(
            f"Changed in Nova and in HubSpot: {conflict.field.replace('_', ' ')}",
            f"Nova has “{conflict.local_value}”, HubSpot has “{conflict.remote_value}”",
            conflict.get_resolution_display() or conflict.get_state_display(),
            who=str(conflict.resolved_by or ""),
            nova_url=in_nova(conflict),
        )
        for conflict in rows
    }


def type_changes(ids: Rows) -> dict[int, Told]:
    rows = TypeChange.objects.filter(pk__in=ids).select_related("order__event")
    return {
        change.pk: Told(
            f"Became {_became(change)}",
            f"before that {change.get_from_type_display()}, by {change.order}: "
            f"{change.order.event.name}",
            nova_url=in_nova(change.order),
        )
        for change in rows
    }


def _became(change: TypeChange) -> str:
    kind = change.get_to_type_display()
    return kind if kind.isupper() else f"a {kind.lower()} customer"


def follow_ups(ids: Rows) -> dict[int, Told]:
    rows = FollowUpMessage.objects.filter(pk__in=ids).select_related("follow_up", "event")
    return {
        message.pk: Told(
            f"Follow-up: {message.follow_up}",
            f"about {message.event.name}",
            message.get_state_display(),
            nova_url=in_nova(message),
        )
        for message in rows
    }
