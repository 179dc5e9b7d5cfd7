"""Events: what the programme knows of them."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Case, DurationField, ExpressionWrapper, F, Q, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone

from events.models import Event, EventStatus, TicketClass
from events.services import assign_show_types
from nova_project.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    MissingFilter,
    OwnedByEventbrite,
    RelatedDropdownFilter,
    TabularInline,
    action,
    badge,
    display,
)
from nova_project.money import company_currency

STATUS_TONES = {
    EventStatus.DRAFT: "plain",
    EventStatus.LIVE: "good",
    EventStatus.STARTED: "busy",
    EventStatus.ENDED: "plain",
    EventStatus.COMPLETED: "plain",
    EventStatus.CANCELLED: "bad",
    EventStatus.DELETED: "bad",
    EventStatus.UNKNOWN: "warning",
}
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y")
_DAYS_OF_ANY_YEAR = ("%d/%m", "%d.%m.", "%d.%m", "%d %b", "%d %B")


def event_status(event: Event) -> str:
    if event.missing_since:
        return badge(f"{event.get_status_display()}, gone from Eventbrite", "warning")
    return badge(event.get_status_display(), STATUS_TONES[EventStatus(event.status)])


def on_day(term: str) -> Q | None:
    """The events of the day that a person means by `term`; None where it is no day.

    2026-03-14, 14/03/2026, 14.3.2026 and 14 Mar 2026 are days; without the year, of any year.
    """
    for pattern in _DAYS:
        if day := _parsed(term, pattern):
            return Q(starts_on=day.date())
    for pattern in _DAYS_OF_ANY_YEAR:
        if day := _parsed(f"{term} 2000", f"{pattern} %Y"):
            return Q(starts_on__month=day.month, starts_on__day=day.day)
    return None


def _parsed(text: str, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


class EventForm(forms.ModelForm):
    """An event made by hand; of Eventbrite's, only the show type is there to change."""

    def clean_time_zone(self) -> str:
        zone = str(self.cleaned_data["time_zone"])
        if zone not in available_timezones():
            raise ValidationError(f"“{zone}” is not a time zone. Write it like Europe/Berlin.")
        return zone


class TicketClassInline(TabularInline):
    model = TicketClass
    fields = ["name", "price", "currency", "is_free", "capacity"]


class EventAdmin(OwnedByEventbrite, HistoryModelAdmin):
    """What the programme knows of an event; its show type is the organiser's in any case."""

    form = EventForm
    list_display = ["starts_on", "show", "venue", "show_type", "status_badge"]
    list_display_links = ["show"]
    list_select_related = ["venue", "show_type"]
    list_filter = [
        ("show_type", RelatedDropdownFilter),
        ("venue", RelatedDropdownFilter),
        ("status", ChoicesDropdownFilter),
        MissingFilter,
        ("starts_on", DateRangeFilter),
        ("is_show_type_by_hand", BooleanRadioFilter),
    ]
    date_hierarchy = "starts_on"
    ordering = ["-starts_on", "-start_at"]
    search_fields = ["name", "venue__name", "venue__city", "eventbrite_id"]
    search_help_text = "Name, venue, Eventbrite id, or a day such as 14 Mar 2026"
    autocomplete_fields = ["venue"]
    owned_fields = (
        "name",
        "status",
        "start_at",
        "end_at",
        "time_zone",
        "currency",
        "capacity",
        "venue",
        "is_online",
        "url",
    )
    readonly_fields = (
        "starts_on",
        "eventbrite_id",
        "is_show_type_by_hand",
        "changed_at",
        "missing_since",
        "series_id",
        "category_id",
        "subcategory_id",
        "format_id",
    )
    fieldsets = [
        (None, {"fields": ["name", ("show_type", "is_show_type_by_hand"), ("venue", "is_online")]}),
        (
            "When and how",
            {
                "fields": [
                    "start_at",
                    "end_at",
                    ("time_zone", "starts_on"),
                    ("status", "capacity", "currency"),
                ]
            },
        ),
        (
            "On Eventbrite",
            {
                "classes": ["collapse"],
                "description": "What stands here and above is Eventbrite's, but for the show type: "
                "change it there, and it comes with the next pull.",
                "fields": [
                    ("eventbrite_id", "changed_at", "missing_since"),
                    "url",
                    ("series_id", "category_id", "subcategory_id", "format_id"),
                ],
            },
        ),
    ]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    "name",
                    ("show_type", "venue"),
                    "start_at",
                    "end_at",
                    ("time_zone", "is_online"),
                    ("status", "capacity", "currency"),
                ]
            },
        )
    ]
    actions = ["back_to_rules"]
    actions_submit_line = ["save_and_follow_rules"]

    @display(description="Show", ordering="name")
    def show(self, event: Event) -> str:
        return event.name

    @display(description="Status", ordering="status")
    def status_badge(self, event: Event) -> str:
        return event_status(event)

    def get_changeform_initial_data(self, request):
        here = {"currency": company_currency(), "time_zone": settings.TIME_ZONE}
        return here | super().get_changeform_initial_data(request)

    def get_inlines(self, request, obj):
        inlines = super().get_inlines(request, obj)
        return inlines if obj and obj.eventbrite_id else [TicketClassInline, *inlines]

    def get_search_results(self, request, queryset, search_term):
        day = on_day(search_term) if search_term else None
        if day is not None:
            found, may_repeat = queryset.filter(day), False
        else:
            found, may_repeat = super().get_search_results(request, queryset, search_term)
        if request.path.endswith("/autocomplete/"):
            found = nearest_first(found)
        return found, may_repeat

    def save_model(self, request, obj, form, change):
        if not obj.eventbrite_id:
            obj.starts_on = timezone.localtime(obj.start_at, ZoneInfo(obj.time_zone)).date()
        if "show_type" in form.changed_data:
            obj.is_show_type_by_hand = True
            messages.info(
                request,
                "Rules leave this show type alone now. “Back to the rules” gives it back to them.",
            )
        super().save_model(request, obj, form, change)

    @action(description="Back to the rules: let them set the show type", permissions=["change"])
    def back_to_rules(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        self.follow_rules(request, queryset)

    @action(description="Back to the rules", permissions=["follow_rules"])
    def save_and_follow_rules(self, request: HttpRequest, event: Event) -> None:
        self.follow_rules(request, Event.objects.filter(pk=event.pk))

    def has_follow_rules_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        """Where a person has set the type there is a way back."""
        if not self.has_change_permission(request):
            return False
        if object_id is None:
            return True
        is_number = str(object_id).isdecimal()  # else the address is of no event
        return is_number and Event.objects.filter(is_show_type_by_hand=True, pk=object_id).exists()

    def follow_rules(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Forgets that a person set the show type of these events, and applies the rules."""
        count = queryset.update(is_show_type_by_hand=False, updated_at=timezone.now())
        moved, _ = assign_show_types()
        messages.success(request, f"{count} events follow the rules; {moved} changed their type.")


def nearest_first(events: QuerySet[Event]) -> QuerySet[Event]:
    """The show of today first, then those of yesterday and tomorrow, and so on."""
    now = timezone.now()
    distance = Case(
        When(start_at__gte=now, then=ExpressionWrapper(F("start_at") - now, DurationField())),
        default=ExpressionWrapper(now - F("start_at"), DurationField()),
    )
    return events.order_by(distance, "pk")
