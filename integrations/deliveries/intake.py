"""Taking webhooks in, so fast that the system which sends them does not give up."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations.deliveries.systems import REREADS
from integrations.models import Delivery, DeliveryState, System
from integrations.models.deliveries import DeliveryQuerySet
from integrations.notices import Notice
from nova_project.bulk import insert_new

_LONGEST_KEPT = 2_000
"""So many bytes are kept of a body that nothing can be made of."""

_FIELDS = (
    *("system", "action", "object_type", "object_id", "key", "body", "told_at"),
    *("state", "message", "processed_at"),
)
_ANY_DUE = (
    f"SELECT 1 FROM {Delivery._meta.db_table} "
    "WHERE state = %s AND system = %s AND due_at <= %s LIMIT 1"
)

_TASK = "integrations.tasks.process_delivery"
_BURST_SECONDS = 2
"""One sale is told in several webhooks within a second or two: they are read at once, not each."""

_DATABASE_MILLISECONDS = 4_000
"""The systems hang up after five seconds, and call again."""


def receive(system: System, notices: Iterable[Notice]) -> None:
    """Stores what a webhook told, a repeat once, and has it processed in a moment.

    Where others of the system wait already, whoever comes for those comes to these, too. Two or
    three short statements; more for hundreds of notices.
    """
    rows = [_row(system, notice) for notice in notices]
    with _impatient():
        others_wait = _is_any_due(system)
        insert_new(Delivery, rows, fields=_FIELDS)
        first = None if others_wait else _first_due(system)
    if first is not None:
        transaction.on_commit(partial(set_going, first))


def receive_unreadable(system: System, body: bytes, reason: str) -> None:
    """Stores what the system sent although nothing can be made of it, for staff to see."""
    with _impatient():
        Delivery.objects.create(
            system=system,
            body=json.dumps(body[:_LONGEST_KEPT].decode(errors="replace")),
            state=DeliveryState.FAILED,
            due_at=None,
            message=reason,
            processed_at=timezone.now(),
        )


def set_going(delivery_id: int) -> None:
    """Asks a worker to process what waits. Without a broker nothing is lost: the sweep finds it."""
    with suppress(OperationalError):
        current_app.send_task(_TASK, [delivery_id], countdown=_BURST_SECONDS, retry=False)


def replay(deliveries: DeliveryQuerySet) -> int:
    """Lets webhooks be processed again, whatever came of them; returns how many.

    Those that name nothing which Nova reads are left alone.
    """
    told = deliveries.values_list("pk", "system", "object_type", "object_id", "action")
    replayed = [
        pk
        for pk, system, kind, object_id, action in told
        if object_id and not REREADS[system].why_left(kind, action)
    ]
    now = timezone.now()
    Delivery.objects.filter(pk__in=replayed).update(
        state=DeliveryState.RECEIVED,
        attempts=0,
        due_at=now,
        message="",
        processed_at=None,
        updated_at=now,
    )
    for system in System:
        first = _first_due(system)
        if first is not None:
            transaction.on_commit(partial(set_going, first))
    return len(replayed)


def dismiss(deliveries: DeliveryQuerySet) -> int:
    """Leaves failed webhooks aside for good; returns how many."""
    return deliveries.failed().update(state=DeliveryState.IGNORED, updated_at=timezone.now())


def _row(system: System, notice: Notice) -> tuple[Any, ...]:
    """The values of `_FIELDS`."""
    left = notice.why_left or REREADS[system].why_left(notice.object_type, notice.action)
    state = DeliveryState.IGNORED if left else DeliveryState.RECEIVED
    told = (notice.action, notice.object_type, notice.object_id, notice.key, notice.body)
    ended_at = timezone.now() if left else None
    return (system.value, *told, notice.told_at, state.value, left, ended_at)


def _is_any_due(system: System) -> bool:
    """As `Delivery.objects.due(system).exists()`, without what it costs to put the query together:
    this is asked for each webhook."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_ANY_DUE, [DeliveryState.RECEIVED.value, system.value, now])
        return cursor.fetchone() is not None


def _first_due(system: System) -> int | None:
    return Delivery.objects.due(system).order_by("due_at").values_list("pk", flat=True).first()


@contextmanager
def _impatient() -> Iterator[None]:
    """SQLite lets a statement wait its turn for long; whoever sends a webhook does not."""
    if connection.vendor != "sqlite":
        yield
        return
    usual = int(connection.settings_dict["OPTIONS"]["timeout"] * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {_DATABASE_MILLISECONDS}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
