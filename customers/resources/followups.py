"""Messages of follow-ups as a file, to take along only."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from customers.models import FollowUpMessage, MessageState
from nova_project.imports.columns import Column, ShownWidget
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import CHUNK

_FIELDS = (
    "follow_up__name",
    "customer_id",
    "customer__first_name",
    "customer__last_name",
    "event__name",
    "event__starts_on",
    "state",
    "reason",
    "triggered_at",
    "due_at",
    "decided_at",
)


class FollowUpMessageResource(BulkResource):
    """Runs alone make messages, so a file only shows them."""

    key = "id"
    noun = "follow-up message"

    follow_up = Column("follow_up__name", ShownWidget(), heading="Follow-up", readonly=True)

    class Meta:
        model = FollowUpMessage

    def headings(self) -> list[str]:
        return [
            *("Follow-up", "Customer ID", "First name", "Last name", "Show", "Date"),
            *("State", "Why not", "Happened", "Due", "Done"),
        ]

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """Times are local. One query."""
        states = dict(MessageState.choices)
        for row in queryset.values_list(*_FIELDS).iterator(chunk_size=CHUNK):
            *known, state, reason, happened, due, done = row
            moments = [_local(moment) for moment in (happened, due, done)]
            yield [*known, states.get(state, state), reason, *moments]


def _local(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
