"""Writing many rows at once, at close to the speed of the database.

Django's `bulk_create(update_conflicts=True)` spends most of its time on escaping values; here rows
travel by COPY (PostgreSQL) or `executemany` (SQLite) into a temporary table, and one
INSERT … ON CONFLICT takes over only what differs. So an equal row writes nothing, and the
database itself says which rows are new and which changed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

from nova_project.rows import INCOMING, column_of, fill, prepared, send

_AT_A_TIME = 200


@dataclass(slots=True)
class Upserted:
    """What an upsert did. `created` and `updated` map each key to the primary key of its row."""

    created: dict[Any, int] = field(default_factory=dict)
    updated: dict[Any, int] = field(default_factory=dict)
    unchanged: int = 0

    @property
    def changed(self) -> dict[Any, int]:
        return self.created | self.updated


def upsert(
    model: type[models.Model],
    rows: Iterable[Sequence[Any]],
    *,
    fields: Sequence[str],
    key: str,
    keep: Sequence[str] = (),
    along: Sequence[str] = (),
) -> Upserted:
    """Inserts `rows`, or updates the row with the same `key` where a value differs.

    `fields` names the attributes (`event_id`, not `event`) in the order of each row's values;
    `key` is one of them and unique in the table. A key that comes twice counts once, the last one.
    Fields in `keep` are set on insert and never overwritten; those in `along` are overwritten where
    another field differs, and are no difference by themselves. `created_at` and `updated_at` are
    filled where the model has them. Other columns get the field's default on insert.

    Call it inside a transaction. Four statements, whatever the number of rows.
    Raises IntegrityError: a row breaks a constraint; nothing of the call is kept.
    """
    position = list(fields).index(key)
    unique = {row[position]: row for row in rows}
    if not unique:
        return Upserted()
    now = timezone.now()
    columns, tail = _filled_in(model, fields, now)
    fill(model, columns, unique.values(), tail)
    update = [name for name in fields if name not in (key, *keep)]
    written = _merge(model, columns, key, update, now, along)
    result = Upserted(unchanged=len(unique) - len(written))
    for value, pk, is_new in written:
        (result.created if is_new else result.updated)[value] = pk
    return result


def insert_many(
    model: type[models.Model], rows: Iterable[Sequence[Any]], *, fields: Sequence[str]
) -> int:
    """Inserts `rows` (values in the order of `fields`) and returns how many there were.

    `created_at` and `updated_at` are filled where the model has them, other columns get their
    default. One statement. Raises IntegrityError: a row breaks a constraint; none is kept.
    """
    columns, tail = _filled_in(model, fields, timezone.now())
    given = list(rows)
    if given:
        send(model, connection.ops.quote_name(model._meta.db_table), columns, given, tail)
    return len(given)


def insert_new(
    model: type[models.Model], rows: Iterable[Sequence[Any]], *, fields: Sequence[str]
) -> None:
    """Inserts `rows` as `insert_many` does, but leaves out those that a unique constraint refuses.

    For a few rows at a time: a statement for each 200, without a transaction of its own, so that
    a single row costs a single statement.
    """
    columns, tail = _filled_in(model, fields, timezone.now())
    ready = list(prepared(model, columns, rows, tail))
    names = ", ".join(connection.ops.quote_name(column_of(model, name)) for name in columns)
    target = connection.ops.quote_name(model._meta.db_table)
    marks = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for start in range(0, len(ready), _AT_A_TIME):
            part = ready[start : start + _AT_A_TIME]
            cursor.execute(
                f"INSERT INTO {target} ({names}) VALUES {', '.join([marks] * len(part))} "
                "ON CONFLICT DO NOTHING",
                [value for row in part for value in row],
            )


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Primary keys for `count` rows to be inserted. Call it in the transaction that inserts them.

    PostgreSQL hands each out once; on SQLite the transaction holds the write lock, so nobody else
    can take them.
    """
    table, pk = model._meta.db_table, str(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [connection.ops.quote_name(table), pk, count],
            )
            return [value for (value,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        used = (cursor.fetchone() or (0,))[0]
        return list(range(used + 1, used + count + 1))


def amend(
    model: type[models.Model],
    rows: Iterable[Sequence[Any]],
    *,
    fields: Sequence[str],
    key: str,
) -> set[Any]:
    """Changes the rows with these keys where a value differs; adds none. Returns changed keys.

    `fields` and `key` as in `upsert`. Three statements; call it inside a transaction.
    """
    unique = {row[list(fields).index(key)]: row for row in rows}
    if not unique:
        return set()
    stamp = [name for name in _stamps(model) if name == "updated_at"]
    columns = [*fields, *stamp]
    tail = (timezone.now(),) * len(stamp)
    fill(model, columns, unique.values(), tail)
    quote = connection.ops.quote_name
    target = quote(model._meta.db_table)
    column = {name: quote(column_of(model, name)) for name in columns}
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    given = [name for name in fields if name != key]
    assignments = ", ".join(f"{column[n]} = {INCOMING}.{column[n]}" for n in [*given, *stamp])
    changes = " OR ".join(f"{target}.{column[n]} {differs} {INCOMING}.{column[n]}" for n in given)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {target} SET {assignments} FROM {INCOMING} "
            f"WHERE {target}.{column[key]} = {INCOMING}.{column[key]} AND ({changes}) "
            f"RETURNING {target}.{column[key]}"
        )
        return {value for (value,) in cursor.fetchall()}


@contextmanager
def recorded(model: type[models.Model], keys: Iterable[Any], reason: str) -> Iterator[None]:
    """Adds to the history of these rows what the body makes of them, for statements that pass by
    the models; `reason` is what staff read there.

    A row without history is taken down as it was before, too, so that the change can be seen. Two
    statements, whatever the number of rows.
    """
    pks = list(keys)
    before = timezone.now()
    _take_down(model, pks, before, "", only_bare=True)
    yield
    _take_down(model, pks, max(timezone.now(), before + timedelta(microseconds=1)), reason)


def _take_down(
    model: type[models.Model], pks: list[Any], at: datetime, reason: str, *, only_bare: bool = False
) -> None:
    """Copies rows into their history; with `only_bare` those that have none yet."""
    history = model.history.model  # type: ignore[attr-defined]
    quote = connection.ops.quote_name
    source, target = quote(model._meta.db_table), quote(history._meta.db_table)
    kept = {f.column for f in history._meta.concrete_fields}
    shared = [quote(str(f.column)) for f in model._meta.concrete_fields if f.column in kept]
    is_postgres = connection.vendor == "postgresql"
    among = "= ANY(%s)" if is_postgres else "IN (SELECT value FROM json_each(%s))"
    pk = quote(str(model._meta.pk.column))
    bare = f" AND NOT EXISTS (SELECT 1 FROM {target} h WHERE h.{pk} = {source}.{pk})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {target} ({', '.join(shared)}, history_date, history_change_reason, "
            f"history_type) SELECT {', '.join(shared)}, %s, %s, '~' FROM {source} "
            f"WHERE {pk} {among}{bare if only_bare else ''}",
            [
                connection.ops.adapt_datetimefield_value(at),
                reason or None,
                pks if is_postgres else json.dumps(pks),
            ],
        )


def update_statistics(*tables: type[models.Model]) -> None:
    """Tells the database how large these tables are now, after many rows came in at once.

    Until it knows, it may plan the next queries as if they were empty.
    """
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f"ANALYZE {quote(model._meta.db_table)}")


def _stamps(model: type[models.Model]) -> list[str]:
    names = {f.name for f in model._meta.concrete_fields}
    return [name for name in ("created_at", "updated_at") if name in names]


def _filled_in(
    model: type[models.Model], fields: Sequence[str], now: datetime
) -> tuple[list[str], tuple[Any, ...]]:
    """All columns, those of `fields` first, and what every row has in the others."""
    stamps = _stamps(model)
    defaults = _defaults(model, {*fields, *stamps})
    return [*fields, *stamps, *defaults], (*(now for _ in stamps), *defaults.values())


def _defaults(model: type[models.Model], given: set[str]) -> dict[str, Any]:
    """The values that Django would put into the columns which the caller leaves out."""
    return {
        f.attname: f.get_default()
        for f in model._meta.concrete_fields
        if not f.primary_key and f.attname not in given
    }


def _merge(
    model: type[models.Model],
    columns: list[str],
    key: str,
    update: list[str],
    now: datetime,
    along: Sequence[str] = (),
) -> list[tuple[Any, int, bool]]:
    """Moves the temporary rows over; returns (key, primary key, is new) of the written ones."""
    quote = connection.ops.quote_name
    target = quote(model._meta.db_table)
    column = {name: quote(column_of(model, name)) for name in columns}
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    stamp = ["updated_at"] if "updated_at" in columns else []
    assignments = ", ".join(f"{column[n]} = excluded.{column[n]}" for n in [*update, *stamp])
    changes = " OR ".join(
        f"{target}.{column[n]} {differs} excluded.{column[n]}" for n in update if n not in along
    )
    action = f"DO UPDATE SET {assignments} WHERE {changes}" if update else "DO NOTHING"
    is_new = f"{column['created_at']} = %s" if "created_at" in columns else "%s IS NULL"
    names = ", ".join(column[name] for name in columns)
    pk = quote(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {target} ({names}) SELECT {names} FROM {INCOMING} WHERE true "
            f"ON CONFLICT ({column[key]}) {action} RETURNING {column[key]}, {pk}, {is_new}",
            [connection.ops.adapt_datetimefield_value(now)],
        )
        return [(value, pk, bool(new)) for value, pk, new in cursor.fetchall()]
