"""HubSpot's deals: those that Nova keeps in step, and all others as they are there."""

from django.http import HttpRequest
from django.utils.html import format_html_join

from integrations.admin.properties import property_cell
from integrations.models import DealLink, DealState, HubSpotDeal, RemoteWrite
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ModelAdmin,
    ReadOnlyMixin,
    ValuesFilter,
    badge,
    change_link,
    display,
    list_url,
    money,
    register,
)
from nova_project.panels import Panel

STATE_TONES = {
    DealState.LINKED: "good",
    DealState.WAITING: "warning",
    DealState.CANCELLED: "plain",
}


@register(DealLink)
class DealLinkAdmin(ReadOnlyMixin, ModelAdmin):
    """Which deal is which expense or order, and what those that wait are waiting for."""

    list_display = ["hubspot_id", "name", "kind", "stands_for", "state_badge", "reason"]
    list_select_related = ["expense__vendor", "order"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("archived_at", DateRangeFilter),
        ("pushed_at", DateRangeFilter),
    ]
    search_fields = ["hubspot_id", "name", "expense__reference", "order__eventbrite_id"]
    search_help_text = "HubSpot id, name of the deal, reference of the expense, order number"
    fields = [
        ("hubspot_id", "name"),
        ("kind", "stands_for"),
        ("state_badge", "reason"),
        ("remote_changed_at", "pushed_at", "archived_at"),
        "contact_id",
    ]
    readonly_fields = ("stands_for", "state_badge")
    warn_unsaved_form = False

    def has_history(self, obj: DealLink) -> bool:
        return False

    @display(description="In Nova")
    def stands_for(self, link: DealLink) -> object:
        row = link.expense or link.order
        return change_link(row) if row else "–"

    @display(description="State", ordering="state")
    def state_badge(self, link: DealLink) -> str:
        if link.archived_at:
            return badge("Gone from HubSpot", "plain")
        return badge(link.get_state_display(), STATE_TONES[DealState(link.state)])

    def panels(self, request: HttpRequest, obj: DealLink) -> list[Panel]:
        writes = RemoteWrite.objects.filter(object_type="deals", remote_id=obj.hubspot_id)
        return [
            Panel(
                "The deal as last read",
                columns=("Property", "Value"),
                rows=[(property_cell(name), value) for name, value in sorted(obj.seen.items())],
                empty="Nothing of it has been read yet.",
                more=(
                    f"Its writes ({writes.count():,})",
                    list_url("integrations.remotewrite", {"q": obj.hubspot_id}),
                ),
            )
        ]


@register(HubSpotDeal)
class HubSpotDealAdmin(ReadOnlyMixin, ModelAdmin):
    """Deals of other pipelines. Nova reads them and writes nothing there."""

    list_display = ["name", "pipeline", "stage_badge", "amount_shown", "closes_on", "owner"]
    list_filter = [
        ("pipeline", ValuesFilter),
        ("stage", ValuesFilter),
        ("closes_on", DateRangeFilter),
        ("archived_at", DateRangeFilter),
    ]
    search_fields = ["hubspot_id", "name", "owner", "contacts__email"]
    search_help_text = "Name, HubSpot id, owner, or the address of a contact"
    fields = [
        ("name", "hubspot_id"),
        ("pipeline", "stage_badge"),
        ("amount_shown", "closes_on"),
        ("owner", "remote_created_at"),
        ("remote_changed_at", "archived_at"),
        "people",
    ]
    readonly_fields = ("stage_badge", "amount_shown", "people")
    warn_unsaved_form = False

    def has_history(self, obj: HubSpotDeal) -> bool:
        return False

    @display(description="Stage", ordering="stage")
    def stage_badge(self, deal: HubSpotDeal) -> str:
        if deal.archived_at:
            return badge("Gone from HubSpot", "plain")
        tone = "good" if deal.is_won else "plain" if deal.is_closed else "busy"
        return badge(deal.stage or "–", tone)

    @display(description="Amount", ordering="amount")
    def amount_shown(self, deal: HubSpotDeal) -> str:
        return "–" if deal.amount is None else money(deal.amount, deal.currency)

    @display(description="Contacts")
    def people(self, deal: HubSpotDeal) -> object:
        links = deal.contacts.select_related("customer").order_by("pk")
        shown = [change_link(link.customer or link) for link in links]
        return format_html_join(", ", "{}", ([one] for one in shown)) or "–"
