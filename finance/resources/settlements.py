"""Closed settlements as a file: one row a version, the rungs as they were frozen."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from finance.models import Settlement
from finance.services.settling import LABELS
from nova_project.imports.columns import Column, ShownWidget
from nova_project.imports.resource import BulkResource
from nova_project.imports.rows import CHUNK


class SettlementResource(BulkResource):
    """Settlements are made by closing a show, so a file only shows them."""

    key = "id"
    noun = "settlement"

    event = Column("event__name", ShownWidget(), heading="Event", readonly=True)

    class Meta:
        model = Settlement

    def headings(self) -> list[str]:
        return [
            *("Event ID", "Event", "Date", "Version", "Closed", "Closed by", "State", "Currency"),
            "Seats",
            *LABELS.values(),
        ]

    def export_rows(self, queryset: QuerySet[Any]) -> Iterator[list[Any]]:
        """The rungs are signed as they add to net revenue. One query."""
        fields = (
            "event_id",
            "event__eventbrite_id",
            "event__name",
            "event__starts_on",
            "version",
            "closed_at",
            "closed_by__username",
            "reopening__reason",
            "currency",
            "figures",
        )
        for values in queryset.values_list(*fields).iterator(chunk_size=CHUNK):
            event_id, eventbrite_id, name, day, version, at, by, reason, currency, figures = values
            rungs = figures["rungs"]
            yield [
                eventbrite_id or f"nova-{event_id}",
                name,
                day,
                version,
                at.isoformat(" ", "seconds"),
                by or "",
                "Closed" if reason is None else f"Reopened: {reason}",
                currency,
                figures["seats"],
                *(Decimal(rungs[key]) if key in rungs else None for key in LABELS),
            ]
