"""Single values out of Eventbrite's JSON: amounts, times, names, codes. Pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from nova_project.currencies import from_minor

Json = dict[str, Any]

NOTHING = Decimal(0)
UNKNOWN = "unknown"
"""What a status is whose word Nova does not know."""
_PLACEHOLDER = "info requested"
"""Stands in name and address fields until a guest fills them in."""


def identity(raw: Json, key: str) -> str:
    """An id as text. Raises KeyError: it is missing or blank."""
    if value := raw[key]:
        return str(value)
    raise KeyError(key)


def refunds(requests: list[Json] | None, currency: str) -> Decimal | None:
    """Σ of what was processed; None where the list did not come.

    A request may have many items, for the whole order or single seats of it. Raises ValueError: one
    was processed in another currency than the order's.
    """
    if requests is None:
        return None
    amounts = [
        amount_in(item["amount_processed"], currency, "a refund")
        for request in requests
        for item in request.get("items") or ()
        if item.get("status") == "processed" and item.get("amount_processed")
    ]
    return sum(amounts, NOTHING)


def amount_in(money: Json, currency: str, what: str) -> Decimal:
    """The amount, which must be in `currency`. Raises ValueError."""
    if money["currency"] != currency:
        raise ValueError(f"{what} is in {money['currency']}, and the order in {currency}")
    return from_minor(money["value"], currency)


def consent(preferences: Json | None) -> bool | None:
    """None where the buyer was not asked, or Eventbrite does not say."""
    if not preferences or not preferences.get("has_contact_list"):
        return None
    return bool(preferences.get("has_opted_in"))


def code(given: Any) -> str:
    """A promo code, as text or as the object that an expansion gives."""
    if isinstance(given, dict):
        given = given.get("code")
    return str(given or "")[:120]


def amount(money: Json) -> Decimal:
    return from_minor(money["value"], money["currency"])


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def count(number: Any) -> int | None:
    """Whole and not negative, or None: Eventbrite leaves out what has no limit."""
    return int(number) if number is not None and int(number) >= 0 else None


def line(*parts: str | None) -> str:
    return " ".join(part.strip() for part in parts if part and part.strip())


def person_name(text: str | None) -> str:
    name = " ".join((text or "").split())
    return "" if name.lower() == _PLACEHOLDER else name


def name_parts(name: str, raw: Json) -> tuple[str, str]:
    """First and last name. `name` is what to go by; the parts serve where they add up to it."""
    first, last = person_name(raw.get("first_name")), person_name(raw.get("last_name"))
    if f"{first} {last}".strip() != name:
        first, _, last = name.partition(" ")
    return first[:120], last[:120]


def phone(profile: Json) -> str:
    kinds = ("cell_phone", "home_phone", "work_phone")
    return str(next((profile[kind] for kind in kinds if profile.get(kind)), ""))[:40]


def place(addresses: Json | None) -> Json:
    """The first of a person's addresses that names a city."""
    if not addresses:
        return {}
    found: Iterable[Json] = (addresses.get(kind) or {} for kind in ("home", "bill", "ship"))
    return next((place for place in found if place.get("city")), {})


def folded(name: str) -> str:
    """The name of a show as it is compared: without regard to case and spaces."""
    return " ".join(name.casefold().split())
