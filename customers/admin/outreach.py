"""Audiences: who belongs together, how many they are, and the list of them as a file."""

from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_POST

from customers.admin.audiences import ConditionInline, preview, questions
from customers.models import (
    Audience,
    AudienceRule,
    Consent,
    Customer,
    CustomerType,
    EmailAddress,
    count_members,
)
from nova_project.admin import (
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    badge,
    change_link,
    display,
    money,
)
from nova_project.exports import stream_csv
from nova_project.money import company_currency, quantize
from nova_project.panels import Figure, Panel

_PREVIEW = 20
_COLUMNS = {
    "First name": "first_name",
    "Last name": "last_name",
    "E-mail": "address",
    "Type": "customer_type",
    "Booked events": "events_booked",
    "Attended events": "events_attended",
    "Total spend": "total_spend",
    "Last event": "last_event_on",
    "Marketing consent": "consent",
}
_MAY_SEE_MEMBERS = "customers.view_customer"


def with_address(people: QuerySet[Customer]) -> QuerySet[Customer]:
    """Adds `address`: the primary one."""
    primary = EmailAddress.objects.filter(customer=OuterRef("pk"), is_primary=True)
    return people.annotate(address=Subquery(primary.values("address")[:1]))


class AudienceAdmin(HistoryModelAdmin):
    """What Nova itself knows of an audience; integrations adds the list that mirrors it."""

    list_display = ["name", "definition_shown", "people", "in_use"]
    list_select_related = ["show_type"]
    list_filter = [("rule", ChoicesDropdownFilter), "is_active", "is_mirrored"]
    search_fields = ["name", "note"]
    fields = [
        "name",
        ("rule", "show_type"),
        "days",
        ("is_for_marketing", "is_active"),
        "is_mirrored",
        "note",
    ]
    inlines = [ConditionInline]

    class Media:
        js = ["customers/audience.js"]

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        """Whom a follow-up hands over only the follow-up itself keeps."""
        if db_field.name == "rule":
            kept = str(AudienceRule.FOLLOW_UP)
            kwargs["choices"] = [c for c in db_field.get_choices() if c[0] != kept]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(self, request, obj=None):
        is_kept = obj is not None and obj.rule == AudienceRule.FOLLOW_UP
        return ("rule", "show_type", "days") if is_kept else ()

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        counts = count_members(changelist.result_list)
        for audience in changelist.result_list:
            audience.counted_people = counts.get(audience.pk, 0)
        return changelist

    def get_urls(self):
        view = self.admin_site.admin_view(require_GET(self.members_view))
        own = path("<int:pk>/members.csv", view, name="customers_audience_members")
        typed = self.admin_site.admin_view(require_POST(self.preview_view))
        views = [
            own,
            path("questions/", self.admin_site.admin_view(questions)),
            path("preview/", typed),
            path("<int:pk>/preview/", typed),
        ]
        return [*views, *super().get_urls()]

    def preview_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Who would belong to it, by the form as typed."""
        verb = "change" if pk else "add"
        if not request.user.has_perm(f"customers.{verb}_audience"):
            raise PermissionDenied
        return preview(self.get_form(request), partial(AudienceAdmin.panels, self), request, pk)

    @display(description="Who")
    def definition_shown(self, audience: Audience) -> str:
        return audience.definition

    @display(description="People now")
    def people(self, audience: Any) -> str:
        return f"{audience.counted_people:,}"

    @display(description="In use", ordering="is_active")
    def in_use(self, audience: Audience) -> str:
        return badge("in use", "good") if audience.is_active else badge("resting", "plain")

    def panels(self, request: HttpRequest, obj: Audience) -> list[Panel]:
        if not request.user.has_perm(_MAY_SEE_MEMBERS):
            return [definition_panel(obj)]
        return [definition_panel(obj), members_panel(obj)]

    def members_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The members as CSV, by name. One query, whatever their number."""
        audience = get_object_or_404(Audience, pk=pk)
        may_see = request.user.has_perm(_MAY_SEE_MEMBERS)
        if not (may_see and self.has_view_permission(request, audience)):
            raise PermissionDenied
        rows = with_address(audience.members()).values_list(*_COLUMNS.values())
        currency = company_currency()
        types, consents = dict(CustomerType.choices), dict(Consent.choices)
        lines = (
            (
                *row[:3],
                types.get(row[3], row[3]),
                *row[4:6],
                quantize(row[6], currency),
                row[7],
                consents.get(row[8], row[8]),
            )
            for row in rows.iterator()
        )
        filename = f"{slugify(audience.name)}-{timezone.localdate().isoformat()}"
        return stream_csv([*_COLUMNS], lines, filename)


def definition_panel(audience: Audience) -> Panel:
    count = audience.members().count()
    return Panel(
        "Who belongs to it",
        figures=[Figure("People now", f"{count:,}")],
        note=f"{audience.definition} People without an e-mail address are never in an audience. "
        "The figures are those that were last refreshed.",
        is_above=True,
    )


def members_panel(audience: Audience) -> Panel:
    people: Any = with_address(audience.members()).order_by("-last_event_on", "pk")[:_PREVIEW]
    currency = company_currency()
    return Panel(
        f"Members (latest {_PREVIEW})",
        columns=("Name", "E-mail", "Type", "Booked events", "Spend", "Last event"),
        numbers=("Booked events", "Spend"),
        rows=[
            (
                change_link(person),
                person.address,
                person.get_customer_type_display(),
                person.events_booked,
                money(person.total_spend, currency),
                f"{person.last_event_on:%-d %b %Y}" if person.last_event_on else "–",
            )
            for person in people
        ],
        empty="Nobody belongs to it at the moment.",
        more=_as_csv(audience) if audience.drafted is None else None,
    )


def _as_csv(audience: Audience) -> tuple[str, str]:
    return "All members as CSV", reverse("admin:customers_audience_members", args=[audience.pk])
