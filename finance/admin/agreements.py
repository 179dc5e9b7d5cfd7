"""Performers and what they are promised, with what it comes to by now."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from events.models import Event
from finance.models import AgreementStatus, BonusStep, Performer, PerformerAgreement
from finance.resources import AgreementResource, PerformerResource
from finance.services import compare_settlements
from finance.services.dues import in_words, reckon, terms_of
from finance.services.profit import event_money
from finance.services.settling import figures_for
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    TabularInline,
    ValuesFilter,
    action,
    badge,
    change_link,
    display,
    link,
    list_url,
    money,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.money import ZERO
from nova_project.panels import Panel

STATUS_TONES = {
    AgreementStatus.DRAFT: "plain",
    AgreementStatus.AGREED: "busy",
    AgreementStatus.PAID: "good",
}


@register(Performer)
class PerformerAdmin(ImportExportAdmin, HistoryModelAdmin):
    """Who plays, and how they are paid."""

    resource_class = PerformerResource
    list_display = ["name", "email", "agreements_shown"]
    search_fields = ["name", "email"]
    search_help_text = "Name or e-mail"
    list_filter = [("agreements__status", ChoicesDropdownFilter)]
    fields = ["name", "email", "payment_details"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(agreement_count=Count("agreements"))

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        may = self.has_change_permission(request) or self.has_add_permission(request)
        return fields if may else [name for name in fields if name != "payment_details"]

    @display(description="Agreements", ordering="agreement_count")
    def agreements_shown(self, performer: Performer) -> str:
        number = performer.agreement_count  # type: ignore[attr-defined]
        filters = {"performer__id__exact": performer.pk}
        return link(list_url("finance.performeragreement", filters), number) if number else "–"

    def panels(self, request: HttpRequest, obj: Performer) -> list[Panel]:
        if not request.user.has_perm("finance.view_performeragreement"):
            return []
        agreements = obj.agreements.with_due().select_related("event")[:50]
        return [
            Panel(
                "Shows",
                columns=("Show", "Agreement", "Due", "Status"),
                numbers=("Due",),
                rows=[
                    (
                        change_link(agreement.event),
                        change_link(agreement, agreement.get_kind_display()),
                        money(agreement.due, agreement.currency),  # type: ignore[attr-defined]
                        status_badge(agreement),
                    )
                    for agreement in agreements
                ],
                empty="No agreement yet. Add one under Agreements.",
            )
        ]


class BonusStepInline(TabularInline):
    model = BonusStep
    fields = ["from_seats", "from_base", "amount"]
    verbose_name_plural = "Bonus steps"


@register(PerformerAgreement)
class PerformerAgreementAdmin(ImportExportAdmin, HistoryModelAdmin):
    """The deals, each with what it comes to by the figures of now."""

    resource_class = AgreementResource
    inlines = [BonusStepInline]
    list_display = ["show", "performer_shown", "kind", "due_shown", "status_badge", "paid_on"]
    list_display_links = ["kind"]
    list_select_related = ["event", "performer"]
    list_filter = [
        ("event", AutocompleteSelectFilter),
        ("performer", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("event__starts_on", DateRangeFilter),
        ("currency", ValuesFilter),
    ]
    ordering = ["-event__starts_on", "performer__name", "pk"]
    search_fields = ["performer__name", "event__name", "note"]
    search_help_text = "Performer, show or note"
    autocomplete_fields = ["event", "performer"]
    fieldsets = [
        (None, {"fields": [("event", "performer"), ("kind", "currency")]}),
        (
            "Terms",
            {
                "description": "Flat fee: the fee. Door split: percentage and what of. Guarantee "
                "plus share: guarantee, percentage, what of, and the split point. Guarantee versus "
                "share: guarantee, percentage and what of; the greater counts. Per ticket: the "
                "amount per seat. Leave the others blank.",
                "fields": [
                    ("guarantee", "percentage"),
                    ("base", "split_point"),
                    ("per_seat", "above_seats"),
                ],
            },
        ),
        ("State", {"fields": [("status", "paid_on"), "note"]}),
    ]
    actions = ["export_selected", "mark_as_paid"]

    def get_queryset(self, request):
        return super().get_queryset(request).with_due()

    @display(description="Show", ordering="event__starts_on")
    def show(self, agreement: PerformerAgreement) -> str:
        return change_link(agreement.event)

    @display(description="Performer", ordering="performer__name")
    def performer_shown(self, agreement: PerformerAgreement) -> str:
        return change_link(agreement.performer)

    @display(description="Due", ordering="due")
    def due_shown(self, agreement: PerformerAgreement) -> str:
        return money(agreement.due, agreement.currency)  # type: ignore[attr-defined]

    @display(description="Status", ordering="status")
    def status_badge(self, agreement: PerformerAgreement) -> str:
        return status_badge(agreement)

    @action(description="Mark as paid today", permissions=["change"])
    def mark_as_paid(self, request: HttpRequest, queryset: QuerySet[PerformerAgreement]) -> None:
        agreed = PerformerAgreement.objects.filter(pk__in=queryset.values("pk"), status="agreed")
        number = 0
        for agreement in agreed:
            agreement.status, agreement.paid_on = AgreementStatus.PAID, timezone.localdate()
            agreement.save()
            number += 1
        self.message_user(request, f"{number} of the chosen agreements are marked as paid.")

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        if str(initial.get("event", "")).isdecimal() and "currency" not in initial:
            event = Event.objects.filter(pk=initial["event"])
            currency = event.values_list("currency", flat=True).first()
            initial |= {"currency": currency} if currency else {}
        return initial

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        compare_settlements([form.instance.event_id])

    def panels(self, request: HttpRequest, obj: PerformerAgreement) -> list[Panel]:
        terms = terms_of(obj)
        rows = event_money(Event.objects.filter(pk=obj.event_id))
        steps = reckon(terms, figures_for(terms.currency, rows))
        words = in_words(terms)
        return [
            Panel(
                "What is due by now",
                columns=("Step", obj.currency),
                numbers=(obj.currency,),
                rows=[(step.words, money(step.amount, obj.currency)) for step in steps],
                note=f"{words[0].upper()}{words[1:]}."
                + ("" if obj.is_counted else " A draft does not reduce profit yet."),
                more=(
                    "Settlement of the show",
                    reverse("admin:finance_settlement_of_event", args=[obj.event_id]),
                ),
                is_above=True,
            )
        ]

    def list_panels(
        self, request: HttpRequest, queryset: QuerySet[PerformerAgreement]
    ) -> list[Panel]:
        return [dues_panel(queryset)]


def status_badge(agreement: PerformerAgreement) -> str:
    tone = STATUS_TONES[AgreementStatus(agreement.status)]
    return badge(agreement.get_status_display(), tone)


def dues_panel(agreements: QuerySet[PerformerAgreement]) -> Panel:
    """Sums of the filtered list by currency and status. One query."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    sums = agreements.order_by().values_list("currency", "status").annotate(total=Sum("due"))
    for currency, status, total in sums:
        found[currency][status] = total
    return Panel(
        "Due to the performers of this list",
        columns=("Currency", *AgreementStatus.labels),
        numbers=AgreementStatus.labels,
        rows=[
            (
                currency,
                *(money(by_status.get(status, ZERO), currency) for status in AgreementStatus),
            )
            for currency, by_status in sorted(found.items())
        ],
        empty="There is nothing to add up.",
    )
