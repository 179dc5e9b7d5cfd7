"""Customers with HubSpot beside them."""

from dataclasses import replace

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from customers.admin import CustomerAdmin
from customers.models import Customer
from integrations.admin.customer360 import STATE_TONES, page_360, url_of
from integrations.admin.erasing import MAY_ERASE
from integrations.admin.links import in_force, link_state
from integrations.admin.matchactions import MAY_MERGE
from integrations.admin.properties import property_cell
from integrations.admin.writes import write_rows
from integrations.customer360.beside import compare
from integrations.models import Conflict, ContactLink
from nova_project.admin import action, badge, change_link, list_url, register
from nova_project.panels import Panel

_LATEST = 10


@register(Customer)
class CustomerWithHubSpotAdmin(CustomerAdmin):
    """A customer, the HubSpot contacts that may be this person, and what Nova writes there."""

    actions = ["erase_chosen"]
    actions_detail = ["merge", "erase"]

    def has_erase_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm(MAY_ERASE)

    def has_merge_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm(MAY_MERGE)

    @action(description="Merge with another", url_path="merge", permissions=["merge"])
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("match-merge", object_id)

    @action(description="Erase for good", url_path="erase", permissions=["erase"])
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("erase-person", object_id)

    @action(description="Erase for good", permissions=["erase"])
    def erase_chosen(
        self, request: HttpRequest, queryset: QuerySet[Customer]
    ) -> HttpResponse | None:
        """Leads to the page that asks; one person at a time, for it cannot be taken back."""
        chosen = list(queryset.values_list("pk", flat=True)[:2])
        if len(chosen) == 1:
            return redirect("erase-person", chosen[0])
        messages.error(request, "Choose one person at a time: it cannot be taken back.")
        return None

    def get_urls(self):
        view = self.admin_site.admin_view(page_360)
        return [path("<int:pk>/360/", view, name="customers_customer_360"), *super().get_urls()]

    def panels(self, request: HttpRequest, obj: Customer) -> list[Panel]:
        figures, *others = super().panels(request, obj)
        own = [replace(figures, more=("Customer 360", url_of(obj))), *others]
        if not request.user.has_perm("integrations.view_contactlink"):
            return own
        links = list(obj.contact_links.order_by("pk"))
        beside = [beside_panel(obj, link) for link in links if in_force(link)]
        panels = [*beside, links_panel(links), *own]
        if request.user.has_perm("integrations.view_conflict"):
            conflicts = list(Conflict.objects.open().filter(link__customer=obj).order_by("pk"))
            panels = [*([conflicts_panel(conflicts)] if conflicts else []), *panels]
        if request.user.has_perm("integrations.view_remotewrite"):
            panels.append(writes_panel(obj))
        return panels


def links_panel(links: list[ContactLink]) -> Panel:
    return Panel(
        "HubSpot contacts",
        columns=("Contact", "Link", "Rule", "Evidence"),
        rows=[
            (
                change_link(link, link.hubspot_id),
                link_state(link),
                link.get_rule_display(),
                link.evidence or "–",
            )
            for link in links
        ],
        empty="No HubSpot contact is linked to this person yet.",
        is_half=True,
    )


def beside_panel(customer: Customer, link: ContactLink) -> Panel:
    """What HubSpot holds against what Nova has, property by property, and what comes of it."""
    return Panel(
        "HubSpot and Nova side by side",
        columns=("Property", "HubSpot holds", "Nova has", "State"),
        rows=[
            (
                property_cell(row.name),
                row.hubspot or "–",
                row.nova or "–",
                badge(row.state, STATE_TONES[row.state]),
            )
            for row in compare(customer, link)
        ],
        is_half=True,
        note="A name, number or place that is changed on one side comes to the other with the next "
        "run. Nova's own figures are put right where HubSpot holds others.",
        more=("Who decides on what", reverse("admin:integrations_contactlink_policy")),
    )


def conflicts_panel(conflicts: list[Conflict]) -> Panel:
    return Panel(
        "Changed in Nova and in HubSpot",
        columns=("Field", "Nova has", "HubSpot has", "Before"),
        rows=[
            (
                change_link(conflict, conflict.field.replace("_", " ").capitalize()),
                conflict.local_value or "–",
                conflict.remote_value or "–",
                conflict.base_value or "–",
            )
            for conflict in conflicts
        ],
        note="Both keep their own until you choose. Open the field to do so.",
        is_above=True,
    )


def writes_panel(customer: Customer) -> Panel:
    writes = customer.remote_writes.order_by("-pk")[:_LATEST]
    return Panel(
        f"Planned and past writes (latest {_LATEST})",
        columns=("Record", "Who", "What", "Why", "State"),
        rows=write_rows(writes),
        empty="Nova has written nothing about this person.",
        more=(
            "All writes",
            list_url("integrations.remotewrite", {"customer__id__exact": customer.pk}),
        ),
    )
