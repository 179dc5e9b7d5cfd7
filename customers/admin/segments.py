"""Segments and types of people: the bands, the filter of the list, and what pages say of them."""

from typing import Any

from django.http import HttpRequest

from customers.admin.orders import day_and_time
from customers.models import Customer, Segment, SegmentBands
from nova_project.admin import (
    DropdownFilter,
    HistoryModelAdmin,
    badge,
    change_link,
    register,
)
from nova_project.panels import Figure, Panel

SEGMENT_TONES = {
    Segment.CHAMPIONS: "special",
    Segment.LOYAL: "good",
    Segment.BIG_SPENDERS: "good",
    Segment.NEW: "busy",
    Segment.PROMISING: "busy",
    Segment.AT_RISK: "warning",
    Segment.LAPSED: "plain",
}


class SegmentFilter(DropdownFilter):
    """Customers of one segment, as of today."""

    title = "segment"
    parameter_name = "segment"

    def lookups(self, request, model_admin):
        return Segment.choices

    def queryset(self, request, queryset):
        if self.value() not in Segment.values:
            return queryset
        return queryset.with_segment().filter(segment=self.value())


def segment_figure(customer: Customer) -> Figure:
    """The segment with the scores behind it. Two queries."""
    if not customer.events_booked:
        return Figure("Segment", "–", "Who has booked nothing yet is in none.")
    scored: Any = Customer.objects.with_segment().get(pk=customer.pk)
    segment = Segment(scored.segment)
    return Figure(
        "Segment",
        badge(segment.label, SEGMENT_TONES[segment]),
        SegmentBands.current().definition(segment),
        note=f"Recency {scored.recency}, frequency {scored.frequency}, spend {scored.monetary}",
    )


def changes_panel(customer: Customer) -> Panel:
    """Since when they are new, returning, VIP. One query."""
    changes = list(customer.type_changes.select_related("order__event").order_by("-changed_at"))
    how = "As orders and seats stand now: what a refund or a cancellation took back is gone."
    return Panel(
        "Changes of type",
        columns=("When", "Change", "With the order", "Show"),
        rows=[
            (
                day_and_time(change.changed_at),
                str(change),
                change_link(change.order, change.order.eventbrite_id),
                change_link(change.order.event),
            )
            for change in changes
        ],
        empty="They have booked nothing yet.",
        note=how if changes else "",
    )


@register(SegmentBands)
class SegmentBandsAdmin(HistoryModelAdmin):
    """The one set of bands."""

    list_display = ["__str__", "recency", "frequency", "spend", "updated_at"]
    empty_hint = "Until somebody adds them, the usual bands hold."
    fieldsets = [
        (
            "Recency: days since the last booked event",
            {
                "description": "A show that is still to come counts as today. Who was away for "
                "longer scores 1.",
                "fields": [("recency_5", "recency_4"), ("recency_3", "recency_2")],
            },
        ),
        (
            "Frequency: booked events",
            {
                "description": "Who has fewer scores 1.",
                "fields": [("frequency_5", "frequency_4"), ("frequency_3", "frequency_2")],
            },
        ),
        (
            "Spend: paid less refunds, in the company's currency",
            {
                "description": "Who has spent less scores 1.",
                "fields": [("monetary_5", "monetary_4"), ("monetary_3", "monetary_2")],
            },
        ),
    ]

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not SegmentBands.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        obj.pk = 1
        super().save_model(request, obj, form, change)

    def panels(self, request: HttpRequest, obj: SegmentBands) -> list[Panel]:
        return [
            Panel(
                "Who belongs to which segment",
                columns=("Segment", "Who"),
                rows=[
                    (badge(segment.label, SEGMENT_TONES[segment]), obj.definition(segment))
                    for segment in Segment
                ],
                note="By the bands as saved. Of several that fit, the first counts.",
            )
        ]

    def recency(self, bands: SegmentBands) -> str:
        return _listed(bands, "recency")

    def frequency(self, bands: SegmentBands) -> str:
        return _listed(bands, "frequency")

    def spend(self, bands: SegmentBands) -> str:
        return _listed(bands, "monetary")


def _listed(bands: SegmentBands, measure: str) -> str:
    """The four bounds of a measure, from score 5 to 2."""
    return ", ".join(f"{getattr(bands, f'{measure}_{score}'):,.0f}" for score in (5, 4, 3, 2))
