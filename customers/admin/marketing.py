"""Campaigns and the codes that point to them."""

from typing import Protocol

from django.http import HttpRequest

from customers.admin.emails import emails_panel
from customers.admin.touches import ClaimsTouches, touches_panels
from customers.models import Campaign, CampaignCode
from customers.resources import CampaignResource
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    TabularInline,
    display,
    money,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.models import count_of
from nova_project.panels import Panel


class _Listed(Protocol):
    """A campaign as the list reads it."""

    counted_codes: int


class CodeInline(TabularInline):
    model = CampaignCode
    fields = ["kind", "code"]


@register(Campaign)
class CampaignAdmin(ClaimsTouches, ImportExportAdmin, HistoryModelAdmin):
    """Marketing efforts; a sale with one of a campaign's codes is the campaign's."""

    resource_class = CampaignResource
    list_display = ["name", "channel", "start_on", "end_on", "budget_shown", "code_count"]
    list_filter = [("channel", ChoicesDropdownFilter), ("start_on", DateRangeFilter)]
    search_fields = ["name", "codes__code"]
    search_help_text = "Name or code"
    fields = ["name", "channel", ("start_on", "end_on"), ("budget", "currency"), "note"]
    inlines = [CodeInline]

    def get_queryset(self, request):
        codes = CampaignCode.objects.all()
        return super().get_queryset(request).annotate(counted_codes=count_of(codes, per="campaign"))

    @display(description="Budget", ordering="budget")
    def budget_shown(self, campaign: Campaign) -> str:
        return money(campaign.budget, campaign.currency)

    @display(description="Codes", ordering="counted_codes")
    def code_count(self, campaign: _Listed) -> int:
        return campaign.counted_codes

    def panels(self, request: HttpRequest, obj: Campaign) -> list[Panel]:
        may = request.user.has_perm
        emails = [emails_panel(obj)] if may("customers.view_campaignemailstats") else []
        return [*(touches_panels(obj) if may("customers.view_touch") else []), *emails]
