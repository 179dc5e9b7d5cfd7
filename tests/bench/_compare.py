"""A report beside SQL written by hand: the same rows, and what each takes."""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Any


def median_ms(*works: Callable[[], Any], rounds: int = 9) -> list[float]:
    """The median milliseconds of each, taken in turns so that a busy moment hits all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            times[place].append((time.perf_counter() - start) * 1000)
    return [median(taken) for taken in times]


def fetch(sql: str, parameters: Any) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def assert_equal(rows: list[Any], by_hand: list[Any]) -> None:
    """Equal, however many digits a database gives a quotient; SQLite gives text and floats."""
    for row, expected in zip(rows, by_hand, strict=True):
        assert list(map(_plain, row)) == list(map(_plain, expected)), (row, expected)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | float | int):
        return round(float(value), 6)
    return str(value) if isinstance(value, date) else value
