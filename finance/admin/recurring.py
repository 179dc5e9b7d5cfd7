"""Recurring expenses: rules, and what they have planned."""

from django.contrib import messages
from django.utils import timezone

from finance.models import RecurringExpense
from finance.services.recurring import AHEAD, plan_recurring_expenses, plan_rule
from nova_project.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    action,
    change_link,
    display,
    leave_dialog,
    list_url,
    money,
    register,
)
from nova_project.panels import Panel

_SHOWN = 24


@register(RecurringExpense)
class RecurringExpenseAdmin(HistoryModelAdmin):
    """What is saved here is planned at once; every night follows what has come nearer."""

    list_display = ["name", "schedule", "amount_shown", "vendor", "starts_on", "ends_on", "is_on"]
    list_select_related = ["vendor"]
    list_filter = [
        ("schedule", ChoicesDropdownFilter),
        ("category", ChoicesDropdownFilter),
        ("is_on", BooleanRadioFilter),
    ]
    search_fields = ["name", "vendor__name", "note"]
    search_help_text = "Name, vendor or note"
    autocomplete_fields = ["vendor"]
    actions_list = ["plan_now"]
    fieldsets = [
        (
            None,
            {
                "description": f"Planned expenses are made {AHEAD.days} days ahead, and for every "
                "known show. They do not reduce profit until you set them to committed or paid. "
                "A change here reaches those that are made from then on.",
                "fields": [
                    ("name", "is_on"),
                    "schedule",
                    ("starts_on", "ends_on"),
                    ("amount", "currency", "tax_amount"),
                    ("category", "vendor"),
                    ("show_type", "spread"),
                    "note",
                ],
            },
        )
    ]

    @display(description="Amount", ordering="amount")
    def amount_shown(self, rule: RecurringExpense) -> str:
        return money(rule.amount, rule.currency)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        today = timezone.localdate()
        if RecurringExpense.objects.running(today).filter(pk=form.instance.pk).exists():
            made = plan_rule(form.instance.pk, today)
            if made:
                messages.info(request, f"{made} planned expenses made.")

    @action(
        description="Plan now",
        permissions=["change"],
        icon="event_repeat",
        dialog={
            "title": "Plan now?",
            "description": "Every rule that is on makes the planned expenses that are not there "
            "yet. This also happens every night.",
            "form_submit_text": "Plan",
        },
    )
    def plan_now(self, request, form):
        made = plan_recurring_expenses()
        messages.success(request, f"{made} planned expenses made.")
        return leave_dialog(list_url("finance.recurringexpense"))

    def panels(self, request, obj):
        entries = obj.entries.select_related("expense__vendor").order_by(
            "-expense__spent_on", "-pk"
        )
        return [
            Panel(
                "Made by this rule",
                columns=("Expense", "Date", "Amount", "Status"),
                numbers=("Amount",),
                rows=[
                    (change_link(e, e.reference), e.spent_on, money(e.amount, e.currency),
                     e.get_status_display())
                    for e in (entry.expense for entry in entries)
                ],
                empty="Nothing yet. Save the rule, or choose “Plan now” on the list.",
                note=f"The latest {_SHOWN}. One that you delete is not made again.",
            )
        ]  # fmt: skip
