"""Percentiles and spans of time in SQL, the same on PostgreSQL and on SQLite."""

from collections.abc import Sequence

from django.db import connection

PERCENTS = (50, 75, 90)


def percentiles(table: str, column: str, per: str) -> str:
    """A query of `per`, `n` and the percentiles p50, p75, p90 of `column`, a row for each `per`.

    Between two values it goes straight from one to the other, so the median of 1 and 2 is 1.5
    (PERCENTILE_CONT). Nulls are left out. `table`, `column` and `per` are SQL of our own.
    """
    if connection.vendor == "postgresql":
        shares = ", ".join(str(percent / 100) for percent in PERCENTS)
        found = f"PERCENTILE_CONT(ARRAY[{shares}]) WITHIN GROUP (ORDER BY {column})"
        picked = ", ".join(f"found[{n + 1}] AS p{p}" for n, p in enumerate(PERCENTS))
        return (
            f"SELECT {per}, n, {picked} FROM (SELECT {per}, COUNT(*) AS n, {found} AS found"
            f" FROM {table} WHERE {column} IS NOT NULL GROUP BY {per}) AS counted"
        )
    # A value weighs 1 at its place, and less the further the percentile lies from it.
    weighed = ", ".join(
        f"SUM({column} * MAX(0, 1 - ABS(place - last * {p} / 100.0))) AS p{p}" for p in PERCENTS
    )
    return (
        f"SELECT {per}, COUNT(*) AS n, {weighed} FROM (SELECT {per}, {column},"
        f" ROW_NUMBER() OVER (PARTITION BY {per} ORDER BY {column}) - 1 AS place,"
        f" COUNT(*) OVER (PARTITION BY {per}) - 1 AS last"
        f" FROM {table} WHERE {column} IS NOT NULL) AS placed GROUP BY {per}"
    )


def earliest(columns: Sequence[str]) -> str:
    """SQL of the smallest of some values, as null where all are null."""
    if connection.vendor == "postgresql":
        return f"LEAST({', '.join(columns)})"
    others = [f"COALESCE({', '.join([c, *(o for o in columns if o != c)])})" for c in columns]
    return f"MIN({', '.join(others)})"


def seconds(moment: str) -> str:
    """SQL of a time as whole seconds, to be taken from another one."""
    if connection.vendor == "postgresql":
        return f"FLOOR(DATE_PART('epoch', {moment}))"
    return f"CAST(STRFTIME('%%s', {moment}) AS INTEGER)"


def month_of(moment: str, zone: str) -> str:
    """SQL of the month of a time as 2026-03; `zone` is SQL of the name of a time zone."""
    if connection.vendor == "postgresql":
        return f"TO_CHAR({moment} AT TIME ZONE {zone}, 'YYYY-MM')"
    return f"SUBSTR(DJANGO_DATETIME_TRUNC('month', {moment}, {zone}, 'UTC'), 1, 7)"
