"""What the seats of a whole file add up to, by order: read once before the first row is planned."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from customers.models import clean_address
from integrations.eventbrite.files.purchases import COSTS
from nova_project.money import ZERO


@dataclass(slots=True)
class OrderSum:
    """One order's seats in a file. `bad_row` is the first whose amounts cannot be read."""

    costs: dict[str, Decimal] = field(default_factory=dict)
    seat_count: int = 0
    bad_row: int = 0
    addresses: set[str] = field(default_factory=set)
    first_person: tuple[str, str] = ("", "")


class Sums:
    """The orders of a file of seats. A seat that comes twice counts once."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderSum] = {}
        self._seen: set[str] = set()

    def add(self, number: int, given: dict[str, Any], seat_id: str, is_sound: bool) -> None:
        found = self.orders.setdefault(given["order_id"], OrderSum())
        if seat_id in self._seen:
            return
        self._seen.add(seat_id)
        if not is_sound:
            found.bad_row = found.bad_row or number
        for name, amount in costs_of(given).items():
            found.costs[name] = found.costs.get(name, ZERO) + amount
        found.seat_count += 1
        if not found.addresses:
            found.first_person = (given.get("first_name", ""), given.get("last_name", ""))
        found.addresses.add(clean_address(given.get("email")))


def costs_of(given: dict[str, Any]) -> dict[str, Decimal]:
    """The amounts of a row that it states. All fees in one count as Eventbrite's."""
    found = {name: given[name] for name in COSTS if name in given}
    if "refund" in given:
        found["refund_imported"] = given["refund"]
    if "fees_total" in given and not {"eventbrite_fee", "payment_fee"} & given.keys():
        found["eventbrite_fee"] = given["fees_total"]
    return found
