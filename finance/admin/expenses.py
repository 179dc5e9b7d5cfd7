"""Expenses: quick to enter by keyboard, added up as filtered."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from finance.admin.adspend import AdSpendPages
from finance.admin.expensefilters import ReachFilter, ReceiptFilter, ShowTypeFilter
from finance.admin.expenseforms import ExpenseForm
from finance.admin.expensepanels import (
    credit_panel,
    receipts_panel,
    shares_panel,
    totals_panel,
)
from finance.admin.locks import LockedRows
from finance.admin.sheet import SheetPage
from finance.models import Basis, Expense, ExpenseStatus, LockedMonth, Receipt
from finance.resources import ExpenseResource
from finance.services import share_expenses
from finance.services.receipts import add_receipts, forget_files
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    ValuesFilter,
    action,
    badge,
    change_link,
    day_in,
    display,
    money,
    register,
)
from nova_project.bulk import recorded
from nova_project.money import ZERO, quantize
from nova_project.panels import Panel

STATUS_TONES = {
    ExpenseStatus.PLANNED: "plain",
    ExpenseStatus.COMMITTED: "busy",
    ExpenseStatus.PAID: "good",
}


@register(Expense)
class ExpenseAdmin(LockedRows, SheetPage, AdSpendPages, HistoryModelAdmin):
    """What shows cost. Every change shares the common costs anew."""

    day_of = "spent_on"
    form = ExpenseForm
    resource_class = ExpenseResource
    import_export_change_list_template = "finance/expense_list.html"
    list_display = [
        "spent_on",
        "category",
        "amount_shown",
        "vendor",
        "borne_by",
        "status_badge",
    ]
    list_display_links = ["spent_on", "category"]
    list_select_related = ["event", "show_type", "vendor"]
    list_filter = [
        ("category", ChoicesDropdownFilter),
        ("event", AutocompleteSelectFilter),
        ("vendor", AutocompleteSelectFilter),
        ShowTypeFilter,
        ReachFilter,
        ("spent_on", DateRangeFilter),
        ("status", ChoicesDropdownFilter),
        ("basis", ChoicesDropdownFilter),
        ReceiptFilter,
        ("currency", ValuesFilter),
    ]
    ordering = ["-spent_on", "-pk"]
    search_fields = ["vendor__name", "reference", "note", "event__name"]
    search_help_text = "Vendor, reference, note, or show"
    autocomplete_fields = ["event", "campaign", "credits"]
    fieldsets = [
        (
            None,
            {
                "description": "Ctrl+Enter saves and starts the next one, "
                "with the same date, event and category.",
                "fields": [
                    ("amount", "currency"),
                    ("category", "event"),
                    ("vendor", "spent_on"),
                    ("status", "basis"),
                    ("tax_amount", "note"),
                    "new_receipts",
                ],
            },
        ),
        (
            "A cost that several events share",
            {
                "classes": ["collapse"],
                "description": "Leave the event above blank. The cost falls on the shows of the "
                "type and days given here that are in its currency and not cancelled. Without "
                "show type: on all shows; without days: on those of the month of the date above.",
                "fields": [("show_type", "spread"), ("shared_from", "shared_until")],
            },
        ),
        ("More", {"classes": ["collapse"], "fields": ["credits", "campaign", "reference"]}),
    ]

    actions = ["export_selected", "mark_committed", "mark_paid"]

    @action(description="Set to committed", permissions=["change"])
    def mark_committed(self, request, queryset):
        self._mark(request, queryset, ExpenseStatus.COMMITTED)

    @action(description="Set to paid", permissions=["change"])
    def mark_paid(self, request, queryset):
        self._mark(request, queryset, ExpenseStatus.PAID)

    @transaction.atomic
    def _mark(
        self, request: HttpRequest, queryset: QuerySet[Expense], status: ExpenseStatus
    ) -> None:
        locked = LockedMonth.objects.months()
        rows = queryset.exclude(status=status).values_list("pk", "spent_on")
        days = dict(rows)
        wanted = [pk for pk, day in days.items() if day.replace(day=1) not in locked]
        if left := len(days) - len(wanted):
            self.message_user(
                request, f"{left} in locked months stay as they are.", messages.WARNING
            )
        with recorded(Expense, wanted, f"Set to {status.label.lower()} in the list"):
            Expense.objects.filter(pk__among=wanted).update(
                status=status, updated_at=timezone.now()
            )
        share_expenses()
        self.message_user(request, f"{len(wanted)} expenses set to {status.label.lower()}.")

    @display(description="Amount", ordering="amount")
    def amount_shown(self, expense: Expense) -> str:
        return money(expense.amount, expense.currency)

    @display(description="Event, or shared by", ordering="event__starts_on")
    def borne_by(self, expense: Expense) -> str:
        if expense.event:
            return change_link(expense.event)
        shared_by = expense.show_type.name if expense.show_type else "all shows"
        return f"{shared_by}, {expense.shared_period}"

    @display(description="Status", ordering="status")
    def status_badge(self, expense: Expense) -> str:
        shown = badge(expense.get_status_display(), STATUS_TONES[ExpenseStatus(expense.status)])
        is_budget = expense.basis == Basis.BUDGET
        return shown + format_html(" {}", badge("Budget", "special")) if is_budget else shown

    def lookup_allowed(self, lookup, value, request):
        drill_down = lookup == "shares__event__id__exact"
        return drill_down or super().lookup_allowed(lookup, value, request)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        for name in ("event", "campaign", "credits"):
            if name in form.base_fields:
                _without_ways_out(form.base_fields[name].widget)
        form.only_plans = self.may_only_plan(request)
        if "amount" in form.base_fields and obj is None:
            form.base_fields["amount"].widget.attrs["autofocus"] = True
        return form

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        if "spent_on" in initial:
            initial["spent_on"] = day_in(initial["spent_on"])
        elif str(initial.get("credits", "")).isdecimal():
            initial |= of_credited(int(initial["credits"]))
        else:
            initial |= last_entered(request)
        return initial

    def response_add(self, request, obj, post_url_continue=None):
        response = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST:
            kept = {
                "spent_on": obj.spent_on.isoformat(),
                "event": obj.event_id or "",
                "category": obj.category,
                "currency": obj.currency,
            }
            joint = "&" if "?" in response["Location"] else "?"
            response["Location"] += joint + urlencode(kept)
        return response

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        uploads = form.cleaned_data.get("new_receipts") or []
        add_receipts(expense=form.instance, uploads=uploads, user=request.user)
        share_expenses()

    @transaction.atomic
    def delete_model(self, request, obj):
        forget_files(list(obj.receipts.all()))
        super().delete_model(request, obj)
        share_expenses()

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        forget_files(list(Receipt.objects.filter(expense__in=queryset)))
        super().delete_queryset(request, queryset)
        share_expenses()

    def list_panels(self, request: HttpRequest, queryset: QuerySet[Expense]) -> list[Panel]:
        return [totals_panel(queryset)]

    def panels(self, request: HttpRequest, obj: Expense) -> list[Panel]:
        found = []
        if obj.is_shared and obj.is_counted:
            found.append(shares_panel(obj))
        if request.user.has_perm("finance.view_receipt"):
            found.append(receipts_panel(request, obj))
        if obj.basis == Basis.ACTUAL and obj.amount > 0:
            found.append(credit_panel(request, obj))
        return found


def last_entered(request: HttpRequest) -> dict[str, str]:
    """The category of the expense that this person entered last."""
    entered = Expense.history.filter(history_user=request.user.pk, history_type="+")
    last = entered.order_by("-history_id").values_list("category", flat=True).first()
    return {"category": last} if last else {}


def of_credited(pk: int) -> dict[str, Any]:
    """What a credit note for this expense starts with: all that is left of it. Two queries."""
    expense = Expense.objects.select_related("vendor").filter(pk=pk).first()
    if expense is None:
        return {}
    credited = expense.credit_notes.aggregate(total=Sum("amount"))["total"] or ZERO
    copied = ("category", "currency", "vendor", "event", "show_type", "shared_from", "shared_until")
    found = {name: getattr(expense, name) for name in (*copied, "spread", "campaign")}
    return found | {"amount": quantize(-(expense.amount + credited), expense.currency)}


def _without_ways_out(widget: Any) -> None:
    """Takes the buttons away that would add or change the chosen row: they lead away from entry."""
    for may in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
        setattr(widget, may, False)
