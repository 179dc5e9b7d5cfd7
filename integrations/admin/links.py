"""Which HubSpot contact is which customer: staff confirm or reject what rules suggest."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from integrations.admin.policy import policy_page
from integrations.admin.properties import property_cell
from integrations.decisions import decide, part_customers
from integrations.models import ContactLink, LinkState
from integrations.models.links import LINKED
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    DropdownFilter,
    HistoryModelAdmin,
    ReadOnlyMixin,
    action,
    badge,
    change_link,
    display,
    list_url,
    register,
)
from nova_project.panels import Panel

STATE_TONES = {
    LinkState.AUTO: "good",
    LinkState.SUGGESTED: "warning",
    LinkState.CONFIRMED: "good",
    LinkState.REJECTED: "bad",
    LinkState.UNMATCHED: "plain",
}


def link_state(link: ContactLink) -> str:
    if link.archived_at:
        return badge("Gone from HubSpot", "plain")
    return badge(link.get_state_display(), STATE_TONES[LinkState(link.state)])


class DoubledFilter(DropdownFilter):
    """Contacts that may be two customers, by what staff said of them."""

    title = "perhaps two customers"
    parameter_name = "doubled"

    def lookups(self, request, model_admin):
        return [("open", "To be looked at"), ("other", "They are two people")]

    def queryset(self, request, queryset):
        if self.value() == "open":
            return queryset.doubled()
        other = queryset.filter(also__isnull=False, is_also_other=True)
        return other if self.value() == "other" else queryset


@register(ContactLink)
class ContactLinkAdmin(ReadOnlyMixin, HistoryModelAdmin):
    """Links. Rules make them; a suggestion waits for a person to confirm or reject it."""

    list_display = ["hubspot_id", "email", "customer", "also", "state_badge", "rule", "evidence"]
    list_select_related = ["customer", "also"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        DoubledFilter,
        ("rule", ChoicesDropdownFilter),
        ("archived_at", DateRangeFilter),
        ("pushed_at", DateRangeFilter),
    ]
    search_fields = [
        "hubspot_id",
        "email",
        "customer__first_name",
        "customer__last_name",
        "customer__addresses__address",
    ]
    search_help_text = "HubSpot id, name, or any address"
    fields = [
        ("hubspot_id", "email"),
        ("customer", "state_badge"),
        ("also", "is_also_other"),
        ("rule", "evidence"),
        ("remote_changed_at", "pushed_at", "archived_at"),
    ]
    readonly_fields = ("state_badge",)
    actions = ["confirm", "reject", "part"]
    actions_detail = ["whose"]
    warn_unsaved_form = False

    def get_urls(self):
        view = self.admin_site.admin_view(policy_page)
        return [path("policy/", view, name="integrations_contactlink_policy"), *super().get_urls()]

    @display(description="Link", ordering="state")
    def state_badge(self, link: ContactLink) -> str:
        return link_state(link)

    def has_decide_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm("integrations.change_contactlink")

    @action(description="Link or unlink", url_path="whose", permissions=["decide"])
    def whose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("match-contact", object_id)

    @action(description="Confirm: it is this person", permissions=["decide"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[ContactLink]) -> None:
        self._decide(request, queryset, LinkState.CONFIRMED)

    @action(description="Reject: it is somebody else", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ContactLink]) -> None:
        self._decide(request, queryset, LinkState.REJECTED)

    @action(description="They are two people", permissions=["decide"])
    def part(self, request: HttpRequest, queryset: QuerySet[ContactLink]) -> None:
        parted = part_customers(queryset)
        messages.success(request, f"{parted} pairs of customers stay two people.")

    def _decide(self, request: HttpRequest, links: QuerySet[ContactLink], state: LinkState) -> None:
        done = 0
        for link in links.filter(state=LinkState.SUGGESTED).select_related("customer"):
            try:
                decide(link, state)
            except ValidationError as error:
                messages.error(request, f"{link}: {' '.join(error.messages)}")
            else:
                done += 1
        messages.success(request, f"{done} suggestions {state.label.lower()}.")

    def panels(self, request: HttpRequest, obj: ContactLink) -> list[Panel]:
        seen = sorted(obj.seen.items())
        return [
            *doubled_panels(obj),
            Panel(
                "The contact as last read",
                columns=("Property", "Value"),
                rows=[
                    (property_cell(name), value if value not in ("", None) else "–")
                    for name, value in seen
                ],
                empty="Nothing of it has been read yet.",
                more=(
                    "Its writes",
                    list_url("integrations.remotewrite", {"link__id__exact": obj.pk}),
                ),
            ),
        ]


def doubled_panels(link: ContactLink) -> list[Panel]:
    """Says what to do where the contact may be two customers; none where it is one."""
    if link.customer is None or link.also is None or link.is_also_other or not in_force(link):
        return []
    return [
        Panel(
            "Perhaps two customers are one person",
            columns=("Customer", "Why"),
            rows=[
                (change_link(link.customer), "The contact stands for this customer."),
                (change_link(link.also), "This customer has one of the contact's addresses."),
            ],
            note="If they are one person, merge them under “Matches to review”. If not, choose "
            "“They are two people” in the list of links.",
            is_above=True,
        )
    ]


def in_force(link: ContactLink) -> bool:
    """Does it stand for its customer? The same rule as `ContactLinkQuerySet.linked`."""
    return link.state in LINKED and link.archived_at is None
