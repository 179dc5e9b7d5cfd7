"""How rows of plain values travel to the database, for `bulk`: by COPY, or `executemany`."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from functools import cache
from typing import Any

from django.db import connection, models

INCOMING = "nova_incoming"
"""The temporary table that rows wait in."""
_as_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def fill(
    model: type[models.Model],
    columns: list[str],
    rows: Iterable[Sequence[Any]],
    tail: Sequence[Any],
) -> None:
    """Makes INCOMING anew, with these columns of the model and these rows."""
    names = ", ".join(connection.ops.quote_name(column_of(model, name)) for name in columns)
    target = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {INCOMING}")
        cursor.execute(f"CREATE TEMPORARY TABLE {INCOMING} AS SELECT {names} FROM {target} LIMIT 0")
    send(model, INCOMING, columns, rows, tail)


def send(
    model: type[models.Model],
    table: str,
    columns: list[str],
    rows: Iterable[Sequence[Any]],
    tail: Sequence[Any],
) -> None:
    """Adds rows to `table`, which has columns of the model, by the fastest way there is.

    `tail` is what every row ends in.
    """
    names = ", ".join(connection.ops.quote_name(column_of(model, name)) for name in columns)
    ready = prepared(model, columns, rows, tail)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in ready:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(ready))


@cache
def column_of(model: type[models.Model], attname: str) -> str:
    for f in model._meta.concrete_fields:
        if attname in (f.attname, f.name):
            return str(f.column)
    raise ValueError(f"{model.__name__} has no field “{attname}”.")


def prepared(
    model: type[models.Model],
    columns: list[str],
    rows: Iterable[Sequence[Any]],
    tail: Sequence[Any],
) -> Iterable[Sequence[Any]]:
    """Rows as the driver takes them; only the columns that need it are converted."""
    converters = _converters(model, tuple(columns), connection.vendor)
    own = len(columns) - len(tail)
    ending = [
        value if value is None or convert is None else convert(value)
        for value, convert in zip(tail, converters[own:], strict=True)
    ]
    needed = [(index, convert) for index, convert in enumerate(converters[:own]) if convert]
    for row in rows:
        values = [*row, *ending]
        for index, convert in needed:
            if values[index] is not None:
                values[index] = convert(values[index])
        yield values


@cache
def _converters(
    model: type[models.Model], columns: tuple[str, ...], vendor: str
) -> list[Callable[[Any], Any] | None]:
    """What brings a value of each column into shape; None where it is in shape as it is."""
    by_name = {f.attname: f for f in model._meta.concrete_fields} | {
        f.name: f for f in model._meta.concrete_fields
    }
    return [_converter(by_name[name], vendor) for name in columns]


def _converter(f: "models.Field[Any, Any]", vendor: str) -> Callable[[Any], Any] | None:
    if isinstance(f, models.JSONField):
        return _as_json
    if vendor == "postgresql":
        return None
    if isinstance(f, models.DateTimeField):
        return lambda value: str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(f, models.DecimalField | models.DateField):
        return str
    return None
