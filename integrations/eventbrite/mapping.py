"""Eventbrite's objects as frozen dataclasses. Pure: what they mean here is `pull`'s to decide.

Texts are cut to what Nova keeps. A value that cannot be understood fails here, by name.
Source: https://www.eventbrite.com/platform/api
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, Self, TypeVar

from integrations.eventbrite.sales import Attendee, Order
from integrations.eventbrite.values import UNKNOWN, Json, amount, count, identity, line, moment
from nova_project.currencies import UnknownCurrency, exponent

__all__ = [
    "UNKNOWN",
    "Attendee",
    "Event",
    "Order",
    "Organization",
    "TicketClass",
    "Unmappable",
    "Venue",
    "read",
]

_EVENT_STATUSES = {
    status: status for status in "draft live started ended completed deleted".split()
} | {"canceled": "cancelled", "cancelled": "cancelled"}


class Unmappable(ValueError):
    """A record that Nova cannot read. `record` names it, such as “order 1234”."""

    def __init__(self, record: str, reason: str) -> None:
        super().__init__(f"Eventbrite's {record} {reason} It is left out.")
        self.record = record


class _FromApi(Protocol):
    NAME: str

    @classmethod
    def from_api(cls, raw: Json) -> Self: ...


T = TypeVar("T", bound=_FromApi)


def read(kind: type[T], raw: Json) -> T:
    """`raw` as a `kind`. Raises Unmappable: it lacks something, or holds what Nova cannot read."""
    try:
        return kind.from_api(raw)
    except KeyError as error:
        reason = f"has no “{error.args[0]}”."
    except UnknownCurrency as error:
        reason = f"is in a currency that Nova does not know: {error}"
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        reason = f"is not in the form that Nova knows: {error}."
    number = raw.get("id", "without id") if isinstance(raw, dict) else "without id"
    raise Unmappable(f"{kind.NAME} {number}", reason)


@dataclass(frozen=True, slots=True)
class Organization:
    NAME = "organisation"

    id: str
    name: str

    @classmethod
    def from_api(cls, raw: Json) -> Self:
        return cls(id=identity(raw, "id"), name=raw.get("name") or "")


@dataclass(frozen=True, slots=True)
class Venue:
    NAME = "venue"

    id: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str
    capacity: int | None

    @classmethod
    def from_api(cls, raw: Json) -> Self:
        address = raw.get("address") or {}
        return cls(
            id=identity(raw, "id"),
            name=(raw["name"] or "Unnamed venue")[:200],
            address=line(address.get("address_1"), address.get("address_2"))[:250],
            city=(address.get("city") or "")[:120],
            postal_code=(address.get("postal_code") or "")[:20],
            country=(address.get("country") or "")[:2],
            capacity=count(raw.get("capacity")),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """`starts_on` is the day in the event's own zone. `status` is “unknown” for a new word."""

    NAME = "event"

    id: str
    organization_id: str
    name: str
    status: str
    remote_status: str
    start_at: datetime
    end_at: datetime
    time_zone: str
    starts_on: date
    currency: str
    capacity: int | None
    venue_id: str
    is_online: bool
    series_id: str
    is_series_parent: bool
    category_id: str
    subcategory_id: str
    format_id: str
    url: str
    changed_at: datetime

    @classmethod
    def from_api(cls, raw: Json) -> Self:
        start, end = raw["start"], raw["end"]
        exponent(raw["currency"])
        return cls(
            id=identity(raw, "id"),
            organization_id=raw.get("organization_id") or "",
            name=((raw["name"] or {}).get("text") or "Unnamed event")[:250],
            status=_EVENT_STATUSES.get(raw["status"], UNKNOWN),
            remote_status=raw["status"],
            start_at=datetime.fromisoformat(start["utc"]),
            end_at=datetime.fromisoformat(end["utc"]),
            time_zone=start["timezone"][:64],
            starts_on=date.fromisoformat(start["local"][:10]),
            currency=raw["currency"],
            capacity=count(raw.get("capacity")),
            venue_id=raw.get("venue_id") or "",
            is_online=bool(raw.get("online_event")),
            series_id=raw.get("series_id") or "",
            is_series_parent=bool(raw.get("is_series_parent")),
            category_id=raw.get("category_id") or "",
            subcategory_id=raw.get("subcategory_id") or "",
            format_id=raw.get("format_id") or "",
            url=(raw.get("url") or "")[:500],
            changed_at=datetime.fromisoformat(raw["changed"]),
        )


@dataclass(frozen=True, slots=True)
class TicketClass:
    """`price` and `fee` are None where free or donated; `currency` is "" then."""

    NAME = "ticket class"

    id: str
    event_id: str
    name: str
    is_free: bool
    price: Decimal | None
    fee: Decimal | None
    currency: str
    includes_fee: bool
    capacity: int | None
    sold_count: int
    sales_start_at: datetime | None
    sales_end_at: datetime | None

    @classmethod
    def from_api(cls, raw: Json) -> Self:
        cost, fee = raw.get("cost"), raw.get("fee")
        return cls(
            id=identity(raw, "id"),
            event_id=identity(raw, "event_id"),
            name=(raw["name"] or "Ticket")[:200],
            is_free=bool(raw.get("free")),
            price=amount(cost) if cost else None,
            fee=amount(fee) if fee else None,
            currency=cost["currency"] if cost else "",
            includes_fee=bool(raw.get("include_fee")),
            capacity=count(raw.get("quantity_total")),
            sold_count=count(raw.get("quantity_sold")) or 0,
            sales_start_at=moment(raw.get("sales_start")),
            sales_end_at=moment(raw.get("sales_end")),
        )
