"""Codes, the campaigns that they point to, and the touches that tell of them."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from customers.admin.orders import day_and_time
from customers.models import Campaign, CampaignCode, CodeKind, Touch, TouchKind
from customers.models.marketing import CODE_KINDS
from customers.resources import TouchResource
from customers.services import claim_touches
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    ModelAdmin,
    ReadOnlyModelAdmin,
    RelatedDropdownFilter,
    change_link,
    link,
    list_url,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.panels import Panel

_MOST = 50
_LATEST = 20


class ClaimsTouches(ModelAdmin):
    """After a change of codes, touches belong to the campaigns that have their codes now."""

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        claim_touches()

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        claim_touches()

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        claim_touches()


@register(CampaignCode)
class CampaignCodeAdmin(ClaimsTouches, HistoryModelAdmin):
    """All codes with their campaigns, and above them those that sales bear and nobody claims."""

    list_display = ["code", "kind", "campaign"]
    list_select_related = ["campaign"]
    list_filter = [("kind", ChoicesDropdownFilter), ("campaign", RelatedDropdownFilter)]
    search_fields = ["code", "campaign__name"]
    search_help_text = "Code or campaign"
    ordering = ["code", "pk"]
    autocomplete_fields = ["campaign"]
    fields = ["kind", "code", "campaign"]

    def list_panels(self, request: HttpRequest, queryset: Any) -> list[Panel]:
        return [unclaimed_panel(may_add=self.has_add_permission(request))]


def unclaimed_panel(*, may_add: bool) -> Panel:
    """The codes and sources that were seen and belong to no campaign, the most used first.

    Two queries.
    """
    sources = Touch.objects.unclaimed().by_source()
    rows = list(sources[: _MOST + 1])
    return Panel(
        "Seen, and of no campaign",
        columns=("Code or source", "Seen as", "Orders", "Touches", "Last seen", "What to do"),
        numbers=("Orders", "Touches"),
        rows=[
            (
                row["source"],
                TouchKind(row["kind"]).label,
                f"{row['orders']:,}",
                f"{row['touches']:,}",
                _day(row["last_seen"]),
                _way_out(row) if may_add else "–",
            )
            for row in rows[:_MOST]
        ],
        empty="Every code that was seen belongs to a campaign.",
        note=f"These are the {_MOST} most used ones." if len(rows) > _MOST else "",
        more=("Their touches", list_url("customers.touch", {"campaign__isnull": "True"})),
    )


def _way_out(row: dict[str, Any]) -> str:
    """A new code, filled in but for the campaign, which is chosen there or made."""
    kind = CODE_KINDS.get(TouchKind(row["kind"]), CodeKind.CRM)
    form = reverse("admin:customers_campaigncode_add")
    filled = urlencode({"kind": kind, "code": row["source"]})
    return link(f"{form}?{filled}", "Choose or make its campaign")


@register(Touch)
class TouchAdmin(ImportExportAdmin, ReadOnlyModelAdmin):
    """Who was reached, by which campaign or code, and when. Files add to them, and name people, so
    they are for those who may see addresses."""

    resource_class = TouchResource

    list_display = ["occurred_at", "customer", "kind", "source", "campaign", "order"]
    list_select_related = ["customer", "campaign", "order"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("campaign", RelatedDropdownFilter),
        ("occurred_at", DateRangeFilter),
    ]
    ordering = ["-occurred_at", "-pk"]
    search_fields = ["source", "order__eventbrite_id", "customer__addresses__address"]
    search_help_text = "Code or source, order number, or any address of the customer"
    fields = [("customer", "occurred_at"), ("kind", "source"), ("campaign", "order")]

    def has_import_permission(self, request):
        may = ["customers.add_touch", "customers.view_emailaddress"]
        return request.user.has_perms(may)

    def has_export_permission(self, request):
        may_name = request.user.has_perm("customers.view_emailaddress")
        return may_name and super().has_export_permission(request)


def touches_panels(campaign: Campaign) -> list[Panel]:
    """How often and whom a campaign reached, by kind, and the latest of it. Two queries."""
    return [_by_kind_panel(campaign), _latest_panel(campaign)]


def _by_kind_panel(campaign: Campaign) -> Panel:
    counts = (
        campaign.touches.order_by()
        .values("kind")
        .annotate(
            touches=Count("pk"),
            customers=Count("customer", distinct=True),
            orders=Count("order", distinct=True),
            last_seen=Max("occurred_at"),
        )
    )
    return Panel(
        "Touches by kind",
        columns=("Kind", "Touches", "Customers", "Orders", "Last"),
        numbers=("Touches", "Customers", "Orders"),
        rows=[
            (
                TouchKind(row["kind"]).label,
                *(f"{row[name]:,}" for name in ("touches", "customers", "orders")),
                _day(row["last_seen"]),
            )
            for row in counts.order_by("-touches", "kind")
        ],
        empty="No code of this campaign was seen yet.",
        is_half=True,
    )


def _latest_panel(campaign: Campaign) -> Panel:
    return Panel(
        f"Touches (latest {_LATEST})",
        columns=("When", "Customer", "Kind", "Code or source", "Order"),
        rows=[
            (
                day_and_time(touch.occurred_at),
                change_link(touch.customer),
                touch.get_kind_display(),
                touch.source,
                change_link(touch.order),
            )
            for touch in campaign.touches.select_related("customer", "order")[:_LATEST]
        ],
        empty="None yet.",
        more=("As a list", list_url("customers.touch", {"campaign__id__exact": campaign.pk})),
    )


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%-d %b %Y}"
