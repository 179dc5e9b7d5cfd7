"""The filters of the list of expenses."""

from django.db.models import Q

from events.models import ShowType
from finance.models import Expense, Receipt
from nova_project.admin import DropdownFilter


class ReachFilter(DropdownFilter):
    title = "direct or shared"
    parameter_name = "reach"

    def lookups(self, request, model_admin):
        return [
            ("direct", "Of one event"),
            ("shared", "Shared by several"),
            ("unplaced", "Shared, waiting for a show"),
        ]

    def queryset(self, request, queryset):
        if self.value() == "direct":
            return queryset.exclude(event=None)
        if self.value() == "unplaced":
            return queryset.filter(pk__in=Expense.objects.unplaced().values("pk"))
        return queryset.filter(event=None) if self.value() == "shared" else queryset


class ShowTypeFilter(DropdownFilter):
    """Expenses of events of a type, and those that the type's events share."""

    title = "show type"
    parameter_name = "type"

    def lookups(self, request, model_admin):
        return [(str(pk), name) for pk, name in ShowType.objects.values_list("pk", "name")]

    def queryset(self, request, queryset):
        if not (self.value() or "").isdecimal():
            return queryset
        return queryset.filter(Q(event__show_type=self.value()) | Q(show_type=self.value()))


class ReceiptFilter(DropdownFilter):
    title = "receipts"
    parameter_name = "receipt"

    def lookups(self, request, model_admin):
        return [("no", "Without receipt"), ("yes", "With receipt")]

    def queryset(self, request, queryset):
        has_receipt = Receipt.objects.values("expense")
        if self.value() == "no":
            return queryset.exclude(pk__in=has_receipt)
        return queryset.filter(pk__in=has_receipt) if self.value() == "yes" else queryset
