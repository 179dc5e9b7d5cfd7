"""CDNOW's customers as Nova's: each day is a show, and what was bought on it an order for it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from customers.models import Customer, Order
from events.models import Event
from nova_project.bulk import insert_many

FILE = Path(__file__).parents[2] / "payloads" / "cdnow" / "CDNOW_sample.txt"
LAST_DAY = date(1998, 6, 30)


class Purchase(NamedTuple):
    person: int
    day: date
    dollars: Decimal


def purchases() -> Iterator[Purchase]:
    for line in FILE.read_text().splitlines():
        _, person, day, _, dollars = line.split()
        yield Purchase(int(person), date.fromisoformat(day), Decimal(dollars))


def histories(last: date) -> list[tuple[int, float, float, int]]:
    """Of each person up to that day: days of purchase after the first, weeks from the first to the
    last of them, weeks since the first; and the days of purchase after that day."""
    days: dict[int, set[date]] = defaultdict(set)
    for purchase in purchases():
        days[purchase.person].add(purchase.day)
    found = []
    for bought in days.values():
        seen = sorted(day for day in bought if day <= last)
        since = (last - seen[0]).days / 7
        found.append((len(seen) - 1, (seen[-1] - seen[0]).days / 7, since, len(bought) - len(seen)))
    return found


def load() -> None:
    """Puts them into the database: six statements."""
    bought = list(purchases())
    people = sorted({purchase.person for purchase in bought})
    named = [(person, f"Customer {person}") for person in people]
    insert_many(Customer, named, fields=("id", "last_name"))
    days = sorted({purchase.day for purchase in bought})
    shows = {day: number for number, day in enumerate(days, 1)}
    events = [
        (number, f"d{number}", f"Day {number}", _at(day), _at(day), day, "EUR")
        for day, number in shows.items()
    ]
    insert_many(Event, events, fields=_EVENT)
    orders = [
        (f"o{number}", shows[day], person, "placed", _at(day), _at(day), "EUR", dollars, dollars)
        for number, (person, day, dollars) in enumerate(bought)
    ]
    insert_many(Order, orders, fields=_ORDER)


_EVENT = ("id", "eventbrite_id", "name", "start_at", "end_at", "starts_on", "currency")
_ORDER = ("eventbrite_id", "event_id", "buyer_id", "status", "ordered_at", "changed_at")
_ORDER += ("currency", "gross", "gross_paid")


def _at(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
