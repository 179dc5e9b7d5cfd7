"""History of rows that an import writes many at a time, as if each were saved by hand.

A statement copies whole rows from the table into its history, so nothing travels through Python.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone

REASON = "CSV import"
_REASON_BEFORE = "As it was before its first CSV import"
_MOST = 5_000


def remember(model: type[models.Model], pks: Collection[int]) -> None:
    """Keeps how these rows are now, where history does not know it yet. Call it before a change.

    Rows that a synchronisation made have no history; without this their old values would be lost.
    """
    history = model.history.model  # type: ignore[attr-defined]
    known = f"SELECT 1 FROM {_name(history)} AS past WHERE past.{_pk(model)} = source.{_pk(model)}"
    _copy(model, pks, kind="+", user_id=None, reason=_REASON_BEFORE, unless=known)


def record(
    model: type[models.Model],
    pks: Collection[int],
    *,
    is_new: bool,
    user_id: int | None,
    reason: str = REASON,
) -> None:
    """Adds these rows, as they are now, to their history: who, when and why."""
    _copy(model, pks, kind="+" if is_new else "~", user_id=user_id, reason=reason)


def delete(rows: Iterable[Any], *, user_id: int | None) -> None:
    """Deletes these rows one by one, with the same in their history."""
    user = get_user_model().objects.filter(pk=user_id).first() if user_id else None
    for row in rows:
        row._history_user, row._change_reason = user, REASON
        row.delete()


def _copy(
    model: type[models.Model],
    pks: Collection[int],
    *,
    kind: str,
    user_id: int | None,
    reason: str,
    unless: str = "",
) -> None:
    history = model.history.model  # type: ignore[attr-defined]
    quote = connection.ops.quote_name
    kept = ", ".join(quote(field.column) for field in history.tracked_fields)
    about = ("history_date", "history_type", "history_user_id", "history_change_reason")
    names = ", ".join(map(quote, about))
    now = timezone.now()
    moment = "source.updated_at" if unless else "%s"
    fixed: list[Any] = [] if unless else [connection.ops.adapt_datetimefield_value(now)]
    ids = list(pks)
    for start in range(0, len(ids), _MOST):
        some = ids[start : start + _MOST]
        marks = ", ".join(["%s"] * len(some))
        condition = f" AND NOT EXISTS ({unless})" if unless else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {_name(history)} ({kept}, {names}) "
                f"SELECT {kept}, {moment}, %s, %s, %s FROM {_name(model)} AS source "
                f"WHERE source.{_pk(model)} IN ({marks}){condition}",
                [*fixed, kind, user_id, reason, *some],
            )


def _name(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _pk(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(str(model._meta.pk.column)))
