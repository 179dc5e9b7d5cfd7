"""Vendors: who is paid, and how much."""

from django.db.models import Sum
from django.utils import timezone

from finance.models import COST, Expense, Vendor
from nova_project.admin import (
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    display,
    link,
    list_url,
    money,
    register,
)
from nova_project.models import count_of
from nova_project.panels import Panel


@register(Vendor)
class VendorAdmin(HistoryModelAdmin):
    list_display = ["name", "email", "tax_id", "default_category", "expense_count"]
    list_filter = [("default_category", ChoicesDropdownFilter)]
    search_fields = ["name", "email", "tax_id"]
    search_help_text = "Name, e-mail or tax id"
    ordering = ["name"]
    fieldsets = [(None, {"fields": ["name", ("email", "tax_id"), "default_category"]})]

    def get_queryset(self, request):
        queryset = super().get_queryset(request)
        return queryset.annotate(expense_count=count_of(Expense.objects.all(), per="vendor"))

    @display(description="Expenses", ordering="expense_count")
    def expense_count(self, vendor: Vendor) -> str:
        number = vendor.expense_count  # type: ignore[attr-defined]
        url = list_url("finance.expense", {"vendor__id__exact": vendor.pk})
        return link(url, f"{number:,}") if number else "0"

    def panels(self, request, obj):
        return [spend_panel(obj)] if request.user.has_perm("finance.view_expense") else []

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            # Their deals in HubSpot name the vendor, and are compared when an expense changes.
            Expense.objects.filter(vendor=obj).update(updated_at=timezone.now())


def spend_panel(vendor: Vendor) -> Panel:
    """What the vendor got or will get, by currency and year. One query."""
    sums = (
        Expense.objects.counted()
        .filter(vendor=vendor)
        .order_by("-spent_on__year", "currency")
        .values_list("spent_on__year", "currency")
        .annotate(total=Sum("amount"), net=Sum(COST))
    )
    return Panel(
        "Spent with this vendor",
        columns=("Year", "Paid or committed", "Without reclaimable tax"),
        numbers=("Paid or committed", "Without reclaimable tax"),
        rows=[
            (str(year), money(total, currency), money(net, currency))
            for year, currency, total, net in sums
        ],
        empty="No expenses of this vendor yet.",
        more=("All its expenses", list_url("finance.expense", {"vendor__id__exact": vendor.pk})),
    )
