"""Eventbrite's orders and seats as frozen dataclasses, read by `mapping`. Pure.

Source: https://www.eventbrite.com/platform/api
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from integrations.eventbrite.values import (
    NOTHING,
    UNKNOWN,
    Json,
    amount,
    amount_in,
    code,
    consent,
    identity,
    line,
    moment,
    name_parts,
    person_name,
    phone,
    place,
    refunds,
)
from nova_project.currencies import from_minor

_ORDER_STATUSES = {
    status: status
    for status in (
        "started pending unpaid placed refunded cancelled deleted transferred abandoned".split()
    )
} | {"canceled": "cancelled"}
_SEAT_STATUSES = {
    "": "attending",
    "attending": "attending",
    "not attending": "cancelled",
    "checked in": "checked_in",
    "unpaid": "unpaid",
    "deleted": "deleted",
    "transferred": "transferred",
}


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase, amounts in `currency`.

    `status` is “unknown” for a word that Nova does not know. `refund_requested` and `has_consented`
    are None where Eventbrite did not say.
    """

    NAME = "order"

    id: str
    event_id: str
    name: str
    first_name: str
    last_name: str
    email: str
    status: str
    remote_status: str
    ordered_at: datetime
    changed_at: datetime
    currency: str
    gross: Decimal
    tax: Decimal
    eventbrite_fee: Decimal
    payment_fee: Decimal
    refund_requested: Decimal | None
    has_consented: bool | None
    promo_code: str

    @classmethod
    def from_api(cls, raw: Json) -> Self:
        costs = raw["costs"]
        currency = costs["gross"]["currency"]
        name = person_name(raw.get("name")) or line(raw.get("first_name"), raw.get("last_name"))
        first_name, last_name = name_parts(name, raw)
        return cls(
            id=identity(raw, "id"),
            event_id=identity(raw, "event_id"),
            name=name[:250],
            first_name=first_name,
            last_name=last_name,
            email=raw.get("email") or "",
            status=_ORDER_STATUSES.get(raw["status"], UNKNOWN),
            remote_status=raw["status"][:40],
            ordered_at=datetime.fromisoformat(raw["created"]),
            changed_at=datetime.fromisoformat(raw["changed"]),
            currency=currency,
            gross=from_minor(costs["gross"]["value"], currency),
            tax=amount_in(costs["tax"], currency, "the tax"),
            eventbrite_fee=amount_in(costs["eventbrite_fee"], currency, "Eventbrite's fee"),
            payment_fee=amount_in(costs["payment_fee"], currency, "the processing fee"),
            refund_requested=refunds(raw.get("refund_requests"), currency),
            has_consented=consent(raw.get("contact_list_preferences")),
            promo_code=code(raw.get("promo_code")),
        )


@dataclass(frozen=True, slots=True)
class Attendee:
    """One seat. `price` is what was paid for it, fees and tax included, in `currency`.

    `currency` is "" where the seat does not say. `status` is “unknown” for a new word.
    """

    NAME = "seat"

    id: str
    order_id: str
    event_id: str
    ticket_class_id: str
    ticket_name: str
    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    city: str
    country: str
    status: str
    remote_status: str
    checked_in_at: datetime | None
    changed_at: datetime
    currency: str
    price: Decimal
    affiliate_code: str
    promo_code: str

    @classmethod
    def from_api(cls, raw: Json) -> Self:
        profile = raw.get("profile") or {}
        name = person_name(profile.get("name"))
        if not name:
            name = person_name(line(profile.get("first_name"), profile.get("last_name")))
        first_name, last_name = name_parts(name, profile)
        home = place(profile.get("addresses"))
        gross = (raw.get("costs") or {}).get("gross")
        status, checked_in_at = _seat_status(raw)
        return cls(
            id=identity(raw, "id"),
            order_id=identity(raw, "order_id"),
            event_id=identity(raw, "event_id"),
            ticket_class_id=raw.get("ticket_class_id") or "",
            ticket_name=(raw.get("ticket_class_name") or "")[:200],
            name=name[:250],
            first_name=first_name,
            last_name=last_name,
            email=profile.get("email") or "",
            phone=phone(profile),
            city=home.get("city") or "",
            country=home.get("country") or "",
            status=status,
            remote_status=raw.get("status") or "",
            checked_in_at=checked_in_at,
            changed_at=datetime.fromisoformat(raw["changed"]),
            currency=gross["currency"] if gross else "",
            price=amount(gross) if gross else NOTHING,
            affiliate_code=(raw.get("affiliate") or "")[:120],
            promo_code=code(raw.get("promotional_code")),
        )


def _seat_status(raw: Json) -> tuple[str, datetime | None]:
    """The flags are the base, the text says more; when the door let the person in.

    A scanned ticket counts as checked in by any of its three signs: people who were scanned at
    times lack the status.
    """
    told = _SEAT_STATUSES.get((raw.get("status") or "").lower(), UNKNOWN)
    barcodes = raw.get("barcodes") or ()
    used = next((one for one in barcodes if one.get("status") == "used"), None)
    if told == "transferred":
        return told, None
    if raw.get("refunded") or any(one.get("status") == "refunded" for one in barcodes):
        return "refunded", None
    if told == "deleted":
        return told, None
    if raw.get("cancelled") or told == "cancelled":
        return "cancelled", None
    if told == "checked_in" or raw.get("checked_in") or used:
        return "checked_in", moment(used.get("changed")) if used else None
    return told, None
