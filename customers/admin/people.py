"""Customers, found by name or by any of their addresses."""

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseModelFormSet
from django.http import HttpRequest
from django.utils import timezone

from customers.admin.figures import customer_type, day_shown, figures_of
from customers.admin.followup_messages import messages_panel
from customers.admin.orders import order_rows
from customers.admin.scores import lead_band, lead_panel
from customers.admin.seats import seat_rows
from customers.admin.segments import SegmentFilter, changes_panel
from customers.models import (
    Attendance,
    Consent,
    Customer,
    EmailAddress,
    Order,
    Suppression,
    clean_address,
)
from customers.resources import CustomerResource
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    InlineFormSet,
    RangeNumericFilter,
    ReadOnlyModelAdmin,
    TabularInline,
    ValuesFilter,
    badge,
    display,
    list_url,
    money,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.money import company_currency
from nova_project.panels import Panel

CONSENT_TONES = {Consent.UNKNOWN: "plain", Consent.OPTED_IN: "good", Consent.OPTED_OUT: "bad"}
_LATEST = 20


class AddressForm(forms.ModelForm):
    """One address; that only one is primary is checked over all of them together."""

    class Meta:
        model = EmailAddress
        fields = ["address", "is_primary"]
        error_messages = {
            "address": {"unique": "Another customer has this address. Search for it to see whom."}
        }

    def clean_address(self) -> str:
        address = clean_address(self.cleaned_data["address"]) or self.cleaned_data["address"]
        if Suppression.objects.covering([address]):
            raise ValidationError("The person with this address asked to be forgotten.")
        return address

    def _get_validation_exclusions(self) -> set[str]:
        # Django's stubs leave it out.
        own: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return own | {"customer"}


class AddressFormSet(InlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("address") and not form.cleaned_data.get("DELETE")
        ]
        if kept and sum(bool(address["is_primary"]) for address in kept) != 1:
            raise ValidationError("Mark exactly one of the addresses as primary.")


class AddressInline(TabularInline):
    model = EmailAddress
    form = AddressForm
    formset = AddressFormSet
    verbose_name = "e-mail address"
    verbose_name_plural = "E-mail addresses"


class CustomerAdmin(ImportExportAdmin, HistoryModelAdmin):
    """What Nova itself knows of a person; integrations adds what HubSpot knows."""

    resource_class = CustomerResource
    list_display = [
        "person",
        "email_shown",
        "type_badge",
        "events",
        "spend",
        "last_event",
        "lead_shown",
        "consent_badge",
        "source",
    ]
    list_filter = [
        ("customer_type", ChoicesDropdownFilter),
        ("lead_band", ChoicesDropdownFilter),
        ("lead_score", RangeNumericFilter),
        SegmentFilter,
        ("consent", ChoicesDropdownFilter),
        ("lifecycle_stage", ValuesFilter),
        ("city", ValuesFilter),
        ("events_booked", RangeNumericFilter),
        ("last_event_on", DateRangeFilter),
        ("first_event_on", DateRangeFilter),
        ("erased_at", DateRangeFilter),
    ]
    search_fields = ["first_name", "last_name", "addresses__address", "phone"]
    search_help_text = "Name, any e-mail address, or phone number"
    readonly_fields = (
        "lifecycle_stage",
        "owner",
        "source",
        "latest_source",
        "crm_created_at",
        "first_engaged_at",
        "last_contacted_at",
        "emails_delivered_count",
        "emails_opened_count",
        "emails_clicked_count",
    )
    fieldsets = [
        (
            "How to reach them",
            {
                "fields": [
                    ("first_name", "last_name"),
                    ("phone", "consent"),
                    ("city", "country"),
                    "note",
                ]
            },
        ),
        (
            "What the CRM says",
            {
                "classes": ["collapse"],
                "fields": [
                    ("lifecycle_stage", "owner"),
                    ("source", "latest_source"),
                    ("crm_created_at", "first_engaged_at", "last_contacted_at"),
                    ("emails_delivered_count", "emails_opened_count", "emails_clicked_count"),
                ],
            },
        ),
    ]
    inlines = [AddressInline]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("addresses")

    def has_change_permission(self, request, obj=None):
        """Whoever was erased stays so: nobody types a name in again."""
        is_erased = obj is not None and obj.erased_at is not None
        return not is_erased and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        is_erased = obj is not None and obj.erased_at is not None
        return not is_erased and super().has_delete_permission(request, obj)

    @display(description="Name", ordering="last_name")
    def person(self, customer: Customer) -> str:
        return str(customer)

    @display(description="E-mail")
    def email_shown(self, customer: Customer) -> str:
        return customer.email or "–"

    @display(description="Type", ordering="customer_type")
    def type_badge(self, customer: Customer) -> str:
        return customer_type(customer)

    @display(description="Booked / attended", ordering="events_booked")
    def events(self, customer: Customer) -> str:
        return f"{customer.events_booked} / {customer.events_attended}"

    @display(description="Last event", ordering="last_event_on")
    def last_event(self, customer: Customer) -> str:
        return day_shown(customer.last_event_on)

    @display(description="Spend", ordering="total_spend")
    def spend(self, customer: Customer) -> str:
        return money(customer.total_spend, company_currency())

    @display(description="Lead score", ordering="lead_score")
    def lead_shown(self, customer: Customer) -> str:
        return lead_band(customer)

    @display(description="Consent", ordering="consent")
    def consent_badge(self, customer: Customer) -> str:
        return badge(customer.get_consent_display(), CONSENT_TONES[Consent(customer.consent)])

    def panels(self, request: HttpRequest, obj: Customer) -> list[Panel]:
        figures = Panel(
            "What they did", figures=figures_of(obj), note=_erased_note(obj), is_above=True
        )
        may_see_mail = request.user.has_perm("customers.view_followupmessage")
        return [
            figures,
            lead_panel(obj),
            seats_panel(obj),
            orders_panel(obj),
            changes_panel(obj),
            *([messages_panel(obj)] if may_see_mail else []),
        ]

    def save_formset(self, request, form, formset, change):
        if formset.model is not EmailAddress:
            return super().save_formset(request, form, formset, change)
        return save_addresses(formset)


def save_addresses(formset: BaseModelFormSet) -> None:
    """The old primary address steps back before the new one steps up: there is never a second."""
    changed = formset.save(commit=False)
    for address in formset.deleted_objects:
        address.delete()
    for address in sorted(changed, key=lambda address: address.is_primary):
        address.save()


def _erased_note(customer: Customer) -> str:
    if customer.erased_at is None:
        return ""
    day = timezone.localtime(customer.erased_at)
    return f"This person was erased on {day:%-d %b %Y}. The figures stay, without a name."


def seats_panel(customer: Customer) -> Panel:
    seats = Attendance.objects.filter(holder=customer).order_by("-event__start_at", "pk")
    return Panel(
        f"Seats (latest {_LATEST})",
        columns=("Date", "Show", "Ticket", "Status", "Price", "Order"),
        numbers=("Price",),
        rows=seat_rows(seats[:_LATEST]),
        empty="No seat bears an address of this person.",
        more=("All seats", list_url("customers.attendance", {"holder__id__exact": customer.pk})),
    )


def orders_panel(customer: Customer) -> Panel:
    orders = Order.objects.filter(buyer=customer)
    return Panel(
        f"Orders (latest {_LATEST})",
        columns=("Ordered", "Order", "Show", "Status", "Paid", "Refund"),
        numbers=("Paid", "Refund"),
        rows=order_rows(orders[:_LATEST]),
        empty="This person has ordered nothing.",
        more=("All orders", list_url("customers.order", {"buyer__id__exact": customer.pk})),
    )


@register(Suppression)
class SuppressionAdmin(ReadOnlyModelAdmin):
    """Who was erased: only a hash is kept, so that nobody comes back by a sync or an import."""

    list_display = ["__str__", "reason", "created_at"]
    fields = ["reason", "created_at"]
