"""Settlements: the closed versions as a list, and the page of a show's settlement."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path, reverse

from events.models import Event
from finance.admin import settlement_pages as pages
from finance.admin.sheets import frozen_panel
from finance.models import Settlement
from finance.resources import SettlementResource
from finance.services import to_be_settled
from nova_project.admin import (
    AutocompleteSelectFilter,
    DateRangeFilter,
    DropdownFilter,
    ReadOnlyModelAdmin,
    ValuesFilter,
    badge,
    display,
    link,
    list_url,
    profit,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.panels import Figure, Panel


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("closed", "Closed"),
            ("moved", "Closed, and moved since"),
            ("reopened", "Reopened"),
        ]

    def queryset(self, request, queryset):
        if self.value() == "closed":
            return queryset.standing()
        if self.value() == "moved":
            return queryset.standing().exclude(move=None)
        return queryset.exclude(reopening=None) if self.value() == "reopened" else queryset


class EventSettlementFilter(DropdownFilter):
    """For the list of events: which are to be settled, and which are closed."""

    title = "settlement"
    parameter_name = "settlement"

    def lookups(self, request, model_admin):
        return [("open", "To be settled"), ("closed", "Closed"), ("moved", "Closed, moved since")]

    def queryset(self, request, queryset):
        if self.value() == "open":
            return to_be_settled(queryset)
        standing = Settlement.objects.standing()
        if self.value() == "closed":
            return queryset.filter(pk__in=standing.values("event"))
        if self.value() == "moved":
            return queryset.filter(pk__in=standing.exclude(move=None).values("event"))
        return queryset


@register(Settlement)
class SettlementAdmin(ImportExportAdmin, ReadOnlyModelAdmin):
    """Every version that was closed; each leads to the page of its show."""

    resource_class = SettlementResource
    list_display = ["show", "version", "net_revenue_shown", "state", "closed_at", "closed_by"]
    list_display_links = None
    list_select_related = ["event", "closed_by", "reopening", "move"]
    list_filter = [
        StateFilter,
        ("event", AutocompleteSelectFilter),
        ("event__starts_on", DateRangeFilter),
        ("closed_at", DateRangeFilter),
        ("currency", ValuesFilter),
    ]
    search_fields = ["event__name"]
    search_help_text = "Show"
    fields = [("event", "version"), ("net_revenue_shown", "state"), ("closed_at", "closed_by")]
    readonly_fields = ("net_revenue_shown", "state")

    def has_import_permission(self, request):
        return False

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path("<int:event_id>/", view(pages.sheet), name="finance_settlement_of_event"),
            path("<int:event_id>/close/", view(pages.close), name="finance_settlement_close"),
            path("<int:event_id>/reopen/", view(pages.reopen), name="finance_settlement_reopen"),
            path("<int:event_id>/print/", view(pages.house_print), name="finance_settlement_print"),
            path(
                "<int:event_id>/print/<int:agreement_id>/",
                view(pages.performer_print),
                name="finance_settlement_print_performer",
            ),
        ]
        return own + super().get_urls()

    @display(description="Show", ordering="event__starts_on")
    def show(self, settlement: Settlement) -> str:
        return link(page_url(settlement.event_id), settlement.event)

    @display(description="Net revenue", ordering="net_revenue")
    def net_revenue_shown(self, settlement: Settlement) -> str:
        return profit(settlement.net_revenue, settlement.currency)

    @display(description="State")
    def state(self, settlement: Settlement) -> str:
        if hasattr(settlement, "reopening"):
            return badge("Reopened", "plain")
        if hasattr(settlement, "move"):
            return badge("Moved since", "warning")
        return badge("Closed", "good")

    def list_panels(self, request: HttpRequest, queryset: QuerySet[Settlement]) -> list[Panel]:
        waiting = to_be_settled(Event.objects.all()).count()
        closed = Settlement.objects.standing()
        events = list_url("events.event", {"settlement": "open"})
        moved = list_url("finance.settlement", {"state": "moved"})
        return [
            Panel(
                "Shows",
                figures=[
                    Figure("To be settled", f"{waiting:,}", "Over, played and not closed.", events),
                    Figure("Closed", f"{closed.count():,}", "Their last version stands."),
                    Figure(
                        "Moved since",
                        f"{closed.exclude(move=None).count():,}",
                        "Closed, and their figures are others by now.",
                        moved,
                    ),
                ],
            )
        ]

    def panels(self, request: HttpRequest, obj: Settlement) -> list[Panel]:
        return [frozen_panel(obj)]


def page_url(event_id: int) -> str:
    """The settlement of a show."""
    return reverse("admin:finance_settlement_of_event", args=[event_id])
