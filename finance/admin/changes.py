"""Changes of expenses: who entered, changed or deleted what, and when."""

from typing import Any

from django.http import HttpRequest

from finance.models import Expense, ExpenseStatus
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    ValuesFilter,
    badge,
    display,
    money,
    register,
)

_KINDS = {"+": ("Entered", "good"), "~": ("Changed", "busy"), "-": ("Deleted", "bad")}


@register(Expense.history.model)
class ExpenseChangeAdmin(ReadOnlyModelAdmin):
    """Every version that an expense had, the latest first."""

    list_display = [
        "history_date",
        "what",
        "by",
        "spent_on",
        "category",
        "amount_shown",
        "status_shown",
        "event",
    ]
    list_select_related = ["event", "history_user"]
    list_filter = [
        ("history_date", DateRangeFilter),
        ("history_type", ChoicesDropdownFilter),
        ("event", AutocompleteSelectFilter),
        ("category", ChoicesDropdownFilter),
        ("currency", ValuesFilter),
    ]
    ordering = ["-history_date", "-history_id"]
    search_fields = ["reference", "note"]
    search_help_text = "Reference or note"

    @display(description="What", ordering="history_type")
    def what(self, version: Any) -> str:
        return badge(*_KINDS[version.history_type])

    @display(description="By")
    def by(self, version: Any) -> str:
        return str(version.history_user or version.history_change_reason or "Nova")

    @display(description="Amount", ordering="amount")
    def amount_shown(self, version: Any) -> str:
        return money(version.amount, version.currency)

    @display(description="Status", ordering="status")
    def status_shown(self, version: Any) -> str:
        return str(ExpenseStatus(version.status).label)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        of_shared = lookup == "event__isnull"
        return of_shared or super().lookup_allowed(lookup, value, request)
