"""Show types and the rules that assign them."""

from typing import Protocol

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from events.models import Event, ShowType, ShowTypeRule
from events.services import assign_show_types
from nova_project.admin import (
    HistoryModelAdmin,
    TabularInline,
    action,
    badge,
    display,
    leave_dialog,
    link,
    list_url,
)
from nova_project.models import count_of
from nova_project.panels import Panel


class _Listed(Protocol):
    """A show type as the list reads it."""

    pk: int
    counted_events: int
    counted_rules: int


class RuleInline(TabularInline):
    model = ShowTypeRule
    fields = ["kind", "value", "position"]


class ShowTypeAdmin(HistoryModelAdmin):
    """Show types with the rules that assign them; saving applies all rules at once."""

    list_display = ["name", "event_count", "rule_count", "note"]
    search_fields = ["name"]
    inlines = [RuleInline]
    actions_list = ["apply_rules"]

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(
                counted_events=count_of(Event.objects.played_or_planned(), per="show_type"),
                counted_rules=count_of(ShowTypeRule.objects.all(), per="show_type"),
            )
        )

    @display(description="Events", ordering="counted_events")
    def event_count(self, show_type: _Listed) -> str:
        url = list_url("events.event", {"show_type__id__exact": show_type.pk})
        return link(url, f"{show_type.counted_events:,}")

    @display(description="Rules", ordering="counted_rules")
    def rule_count(self, show_type: _Listed) -> int:
        return show_type.counted_rules

    def panels(self, request: HttpRequest, obj: ShowType) -> list[Panel]:
        events = list(Event.objects.played_or_planned())
        rows = [
            (str(rule.get_kind_display()), rule.value, sum(map(rule.fits, events)))
            for rule in obj.rules.all()
        ]
        shown = [
            (kind, value, f"{fitting:,}" if fitting else badge("matches nothing", "warning"))
            for kind, value, fitting in rows
        ]
        return [
            Panel(
                "What the rules find",
                columns=("Rule", "Looks for", "Events that fit"),
                rows=shown,
                numbers=("Events that fit",),
                empty="No rule yet: events get this type by hand only.",
                note="Where several rules fit an event, the first one decides: by series, then "
                "subcategory, category, format and name, and within these by position.",
                more=("Its events", list_url("events.event", {"show_type__id__exact": obj.pk})),
            )
        ]

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        self.assign(request)

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        self.assign(request)

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        self.assign(request)

    @action(
        description="Apply the rules now",
        permissions=["change"],
        icon="rule",
        dialog={
            "title": "Apply the rules now?",
            "description": "Every event whose type no person has set gets the type of the first "
            "rule that fits. This also happens whenever a show type is saved.",
            "form_submit_text": "Apply",
        },
    )
    def apply_rules(self, request, form):
        self.assign(request)
        return leave_dialog(reverse("admin:events_showtype_changelist"))

    def assign(self, request: HttpRequest) -> None:
        """Applies all rules and says what came of it."""
        moved, useless = assign_show_types()
        messages.success(request, f"{moved} events changed their show type.")
        for rule in useless:
            messages.warning(request, f"The rule “{rule}” matches no event.")
