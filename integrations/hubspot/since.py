"""Since when changes count for the next comparison with HubSpot, said in one place.

A comparison that goes by times of change notes when it began. The next one takes up whatever
changed from a little before then on, so what became visible late is compared too; twice is free,
because what is equal writes nothing. Which rows changed is asked of an index on their time.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from integrations.models import System
from integrations.sync import read_cursor, save_cursor

OVERLAP = timedelta(minutes=10)
"""A change may become visible so much later than the time that it bears."""


def compared_at(stream: str) -> datetime | None:
    """When the last comparison that went through began, UTC; None: there was none."""
    position = read_cursor(System.HUBSPOT, stream)
    return datetime.fromisoformat(position["done_at"]) if position else None


def changed_since(
    stream: str, *, full: bool = False, given: Mapping[str, Any] | None = None
) -> datetime | None:
    """From when on a change makes a row be compared; None: every row is, changed or not.

    So it is the first time, if `full`, and where `given`, what the last comparison was made with,
    is something else by now.
    """
    position = read_cursor(System.HUBSPOT, stream)
    is_same = all(position.get(name) == value for name, value in (given or {}).items())
    if full or not position or not is_same:
        return None
    return datetime.fromisoformat(position["done_at"]) - OVERLAP


def note_compared(stream: str, began_at: datetime, **given: Any) -> None:
    """All that changed until `began_at` was compared, with `given`."""
    save_cursor(System.HUBSPOT, stream, {"done_at": began_at.isoformat(), **given})


def keys_of(rows: QuerySet[Any], size: int) -> Iterator[list[int]]:
    """Primary keys of these rows in their order, `size` at a time. One query.

    Which rows they are is asked once, and not in the order of their keys: for a page, or for the
    order, a database may go through the whole table where an index has the few rows.
    """
    keys = sorted(rows.order_by().values_list("pk", flat=True))
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
