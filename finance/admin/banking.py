"""Bank accounts, how banks write their files, and why payouts differ."""

from finance.admin.locks import ExportAdmin
from finance.models import (
    BankAccount,
    PayoutVariance,
    StatementMapping,
)
from finance.resources import (
    BankAccountResource,
    PayoutVarianceResource,
    StatementMappingResource,
)
from finance.resources.statements import FIELDS
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    ValuesFilter,
    display,
    money,
    register,
)
from nova_project.imports.admin import ImportExportAdmin


@register(BankAccount)
class BankAccountAdmin(ImportExportAdmin, HistoryModelAdmin):
    """Where payouts arrive."""

    resource_class = BankAccountResource
    list_display = ["name", "iban_ending", "currency", "payout_words"]
    list_filter = [("currency", ValuesFilter)]
    search_fields = ["name", "iban_ending"]
    search_help_text = "Name or last digits"
    fields = [("name", "iban_ending"), ("currency", "payout_words")]

    def get_readonly_fields(self, request, obj=None):
        is_used = obj is not None and obj.deposits.exists()
        return ("currency",) if is_used else ()


@register(StatementMapping)
class StatementMappingAdmin(ExportAdmin, HistoryModelAdmin):
    """How banks write their files, as somebody explained it once. Deleting one asks again."""

    resource_class = StatementMappingResource
    list_display = ["name", "kind", "date_format", "updated_at"]
    empty_hint = "The first statement of a bank that you import asks which column is what."
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["name"]
    search_help_text = "Name"
    fields = [
        ("name", "kind"),
        ("amount_style", "debit_words"),
        ("date_format", "has_decimal_comma"),
        "columns_shown",
    ]
    readonly_fields = ("columns_shown",)

    def has_add_permission(self, request):
        return False

    @display(description="Columns")
    def columns_shown(self, mapping: StatementMapping) -> str:
        named = [f"{FIELDS.get(name, name)}: {heading}" for name, heading in mapping.fields.items()]
        return "; ".join(named) or "–"


@register(PayoutVariance)
class PayoutVarianceAdmin(ExportAdmin, HistoryModelAdmin):
    """Why a payout differs from what was expected."""

    resource_class = PayoutVarianceResource
    list_display = ["event", "kind", "amount_shown", "note", "entered_by", "created_at"]
    list_select_related = ["event", "entered_by"]
    list_filter = [
        ("event", AutocompleteSelectFilter),
        ("kind", ChoicesDropdownFilter),
        ("created_at", DateRangeFilter),
        ("currency", ValuesFilter),
    ]
    search_fields = ["event__name", "note"]
    search_help_text = "Show or note"
    autocomplete_fields = ["event"]
    fields = ["event", ("kind", "note"), ("amount", "currency")]

    @display(description="Amount", ordering="amount")
    def amount_shown(self, variance: PayoutVariance) -> str:
        return money(variance.amount, variance.currency)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.entered_by = request.user
        super().save_model(request, obj, form, change)
