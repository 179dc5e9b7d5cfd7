"""Venues."""

from typing import Protocol

from django.http import HttpRequest

from events.admin.events import event_status
from events.models import Event, Venue
from nova_project.admin import (
    HistoryModelAdmin,
    OwnedByEventbrite,
    change_link,
    display,
    link,
    list_url,
    register,
)
from nova_project.models import count_of
from nova_project.panels import Panel


class _Listed(Protocol):
    """A venue as the list reads it."""

    pk: int
    counted_events: int


@register(Venue)
class VenueAdmin(OwnedByEventbrite, HistoryModelAdmin):
    """Houses, with the latest shows in each."""

    list_display = ["name", "city", "country", "capacity", "event_count"]
    search_fields = ["name", "city", "eventbrite_id"]
    owned_fields = ("name", "address", "city", "postal_code", "country", "capacity")
    readonly_fields = ("eventbrite_id",)
    fields = [
        "name",
        "address",
        ("postal_code", "city", "country"),
        ("capacity", "eventbrite_id"),
    ]

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(counted_events=count_of(Event.objects.all(), per="venue"))
        )

    @display(description="Events", ordering="counted_events")
    def event_count(self, venue: _Listed) -> str:
        url = list_url("events.event", {"venue__id__exact": venue.pk})
        return link(url, f"{venue.counted_events:,}")

    def panels(self, request: HttpRequest, obj: Venue) -> list[Panel]:
        shows = obj.events.select_related("show_type")[:20]
        return [
            Panel(
                "Latest shows here",
                columns=("Date", "Show", "Show type", "Status"),
                rows=[
                    (
                        f"{show.starts_on:%-d %b %Y}",
                        change_link(show, show.name),
                        show.show_type or "–",
                        event_status(show),
                    )
                    for show in shows
                ],
                empty="No show has been here yet.",
                more=("All shows", list_url("events.event", {"venue__id__exact": obj.pk})),
            )
        ]
