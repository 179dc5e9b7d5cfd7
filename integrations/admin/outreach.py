"""Audiences with the lists that mirror them, and the events that HubSpot was told of."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from customers.admin import AudienceAdmin
from customers.models import Audience
from integrations.decisions import make_list_again, take_list_over
from integrations.models import AudienceLink, ListState, Occurrence
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    action,
    badge,
    change_link,
    display,
    list_url,
    register,
)
from nova_project.panels import Panel

_TONES = {
    ListState.IN_STEP: "good",
    ListState.WANTED: "busy",
    ListState.FOUND: "warning",
    ListState.GONE: "warning",
}


def list_state(link: AudienceLink) -> str:
    return badge(link.get_state_display(), _TONES[ListState(link.state)])


@register(Audience)
class AudienceWithListAdmin(AudienceAdmin):
    """What Nova knows of an audience, and the list that mirrors it."""

    list_display = [*AudienceAdmin.list_display, "hubspot_list"]
    list_select_related = ["show_type", "list_link"]

    @display(description="List in HubSpot")
    def hubspot_list(self, audience: Audience) -> str:
        if not audience.is_mirrored:
            return "–"
        link = getattr(audience, "list_link", None)
        return list_state(link) if link else badge("With the next run", "busy")

    def panels(self, request: HttpRequest, obj: Audience) -> list[Panel]:
        return [*super().panels(request, obj), list_panel(obj)]


def list_panel(audience: Audience) -> Panel:
    link = getattr(audience, "list_link", None)
    rows = [] if link is None else [_list_row(link)]
    return Panel(
        "The list in HubSpot",
        columns=("List", "State", "Members in HubSpot", "Members that should be", "Last compared"),
        numbers=("Members in HubSpot", "Members that should be"),
        rows=rows,
        empty="It is not mirrored, or the next run makes its list.",
        note="Only people whom a HubSpot contact stands for can be on it. A list that is no longer "
        "mirrored stays in HubSpot as it is.",
        more=(
            "Who joins and leaves",
            list_url("integrations.remotewrite", {"object_type__exact": "lists"}),
        ),
    )


def _list_row(link: AudienceLink) -> tuple[object, ...]:
    return (
        change_link(link),
        list_state(link),
        "–" if link.member_count is None else f"{link.member_count:,}",
        "–" if link.wanted_count is None else f"{link.wanted_count:,}",
        f"{link.compared_at:%-d %b %Y, %H:%M}" if link.compared_at else "–",
    )


@register(AudienceLink)
class AudienceLinkAdmin(ReadOnlyModelAdmin):
    """Lists. Nova changes only those that it made or that staff hand to it here."""

    list_display = [
        "list_name",
        "audience",
        "state_badge",
        "member_count",
        "wanted_count",
        "compared_at",
    ]
    list_select_related = ["audience"]
    list_filter = [("state", ChoicesDropdownFilter), ("compared_at", DateRangeFilter)]
    search_fields = ["list_name", "list_id", "audience__name"]
    search_help_text = "List, its HubSpot id, or audience"
    fields = [
        ("list_name", "list_id"),
        ("audience", "state_badge"),
        ("member_count", "wanted_count"),
        "compared_at",
    ]
    readonly_fields = ("state_badge",)
    actions = ["take_over", "make_again"]

    @display(description="State", ordering="state")
    def state_badge(self, link: AudienceLink) -> str:
        return list_state(link)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_audiencelink")

    @action(description="Take over: Nova decides who is on it", permissions=["decide"])
    def take_over(self, request: HttpRequest, queryset: QuerySet[AudienceLink]) -> None:
        self._decide(request, queryset, take_list_over)

    @action(description="Make again what was deleted in HubSpot", permissions=["decide"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[AudienceLink]) -> None:
        self._decide(request, queryset, make_list_again)

    def _decide(
        self,
        request: HttpRequest,
        links: QuerySet[AudienceLink],
        decision: Callable[..., AudienceLink],
    ) -> None:
        done = 0
        for link in links:
            try:
                decision(link=link)
            except ValidationError as error:
                messages.error(request, f"{link}: {' '.join(error.messages)}")
            else:
                done += 1
        if done:
            lists = "1 list" if done == 1 else f"{done} lists"
            messages.success(request, f"{lists} will be brought in step with the next run.")


@register(Occurrence)
class OccurrenceAdmin(ReadOnlyModelAdmin):
    """Purchases and visits that HubSpot was told of. They cannot be taken back."""

    list_display = ["sent_at", "kind", "customer", "event", "occurred_at"]
    list_select_related = ["customer", "event"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("sent_at", DateRangeFilter),
        ("occurred_at", DateRangeFilter),
    ]
    search_fields = ["customer__last_name", "customer__addresses__address", "event__name"]
    search_help_text = "Last name, any address, or show"
    fields = [("kind", "occurred_at"), ("customer", "event"), ("order", "uuid"), "sent_at"]
