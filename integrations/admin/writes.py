"""What Nova wrote to HubSpot or means to: every field, before and after."""

from collections.abc import Mapping

from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.admin.properties import property_cell
from integrations.hubspot.labels import property_label
from integrations.models import RemoteWrite, WriteState
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    badge,
    change_link,
    display,
    register,
)
from nova_project.panels import Panel

STATE_TONES = {
    WriteState.PLANNED: "busy",
    WriteState.APPROVED: "special",
    WriteState.REJECTED: "plain",
    WriteState.HELD: "warning",
    WriteState.APPLIED: "good",
    WriteState.FAILED: "bad",
    WriteState.SKIPPED: "plain",
    WriteState.UNDONE: "warning",
}
_SHOWN_FIELDS = 2


def write_state(write: RemoteWrite) -> str:
    return badge(write.get_state_display(), STATE_TONES[WriteState(write.state)])


def in_short(write: RemoteWrite) -> str:
    """The first fields of a write: `Total spend: 20 → 45`."""
    changed = list(write.after.items())
    parts = [
        f"{property_label(name)}: {write.before.get(name) or '–'} → {value or '–'}"
        for name, value in changed[:_SHOWN_FIELDS]
    ]
    more = len(changed) - _SHOWN_FIELDS
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def write_rows(writes: QuerySet[RemoteWrite]) -> list[tuple]:
    """For a table: record, who, what, why, state. One query."""
    return [
        (
            change_link(write, write.remote_id or "new contact"),
            change_link(write.customer) if write.customer else write.subject.capitalize() or "–",
            in_short(write),
            write.reason,
            write_state(write),
        )
        for write in writes.select_related("customer")
    ]


def difference_panel(title: str, before: Mapping, after: Mapping, headings: tuple) -> Panel:
    """Field by field, what differs marked."""
    names = sorted({*before, *after})
    return Panel(
        title,
        columns=("Property", *headings, "State"),
        rows=[
            (
                property_cell(name),
                before.get(name) or "–",
                after.get(name) or "–",
                ""
                if (before.get(name) or "") == (after.get(name) or "")
                else badge("differs", "warning"),
            )
            for name in names
        ],
        empty="There is no field to compare.",
    )


@register(RemoteWrite)
class RemoteWriteAdmin(ReadOnlyModelAdmin):
    """One record per write; the commands sync_hubspot and undo_hubspot decide on them."""

    list_display = [
        "created_at",
        "operation",
        "customer",
        "remote_id",
        "fields_shown",
        "reason",
        "state_badge",
        "run",
    ]
    list_select_related = ["customer", "run"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("operation", ChoicesDropdownFilter),
        ("created_at", DateRangeFilter),
        ("applied_at", DateRangeFilter),
    ]
    ordering = ["-pk"]
    search_fields = ["remote_id", "customer__addresses__address", "customer__last_name", "reason"]
    search_help_text = "HubSpot id, any address of the customer, last name, or reason"
    fields = [
        ("operation", "object_type", "state_badge"),
        ("customer", "remote_id", "link"),
        ("reason", "run"),
        ("created_at", "applied_at"),
        "error",
    ]
    readonly_fields = ("state_badge",)

    def lookup_allowed(self, lookup, value, request):
        drill_downs = ("run__id__exact", "customer__id__exact", "link__id__exact")
        return lookup in drill_downs or super().lookup_allowed(lookup, value, request)

    @display(description="Fields")
    def fields_shown(self, write: RemoteWrite) -> str:
        return in_short(write)

    @display(description="State", ordering="state")
    def state_badge(self, write: RemoteWrite) -> str:
        return write_state(write)

    def panels(self, request: HttpRequest, obj: RemoteWrite) -> list[Panel]:
        return [
            difference_panel("Before and after", obj.before, obj.after, ("Before", "After")),
        ]
