"""Deposits: money that reached the bank, and what it pays for."""

from decimal import Decimal
from typing import Protocol

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, F, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse

from finance.admin.locks import LockedRows
from finance.admin.matches import origin_badge
from finance.admin.review import ReviewPages
from finance.admin.statements import StatementPages
from finance.models import BankAccount, Deposit
from finance.services.deposits import leave_deposits, match_certain, take_back
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    DropdownFilter,
    HistoryModelAdmin,
    RelatedDropdownFilter,
    ValuesFilter,
    action,
    badge,
    change_link,
    display,
    money,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.money import ZERO
from nova_project.panels import Panel


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("waiting", "Waiting for an event"), ("matched", "Matched"), ("left", "Left")]

    def queryset(self, request, queryset):
        if self.value() == "waiting":
            return queryset.filter(left_at=None).exclude(unmatched=0)
        if self.value() == "matched":
            return queryset.filter(unmatched=0)
        return queryset.exclude(left_at=None) if self.value() == "left" else queryset


class _Listed(Protocol):
    """A deposit as the list reads it."""

    currency: str
    unmatched: Decimal
    left_at: object


@register(Deposit)
class DepositAdmin(StatementPages, ReviewPages, LockedRows, ImportExportAdmin, HistoryModelAdmin):
    """Money that reached the bank. What is certain is matched as soon as it is in."""

    list_display = ["booked_on", "amount_shown", "rest", "text", "account", "source"]
    list_display_links = ["booked_on", "amount_shown"]
    list_select_related = ["account"]
    list_filter = [
        StateFilter,
        ("account", RelatedDropdownFilter),
        ("booked_on", DateRangeFilter),
        ("source", ChoicesDropdownFilter),
        ("currency", ValuesFilter),
    ]
    search_fields = ["description", "counterparty", "external_id"]
    search_help_text = "Reference, from or to, or id"
    fields = [
        ("amount", "currency"),
        ("account", "booked_on"),
        "description",
        ("counterparty", "external_id"),
        "value_on",
    ]
    actions = ["leave", "let_wait", "export_selected"]

    def get_queryset(self, request):
        return super().get_queryset(request).with_matched()

    @display(description="Amount", ordering="amount")
    def amount_shown(self, deposit: Deposit) -> str:
        return money(deposit.amount, deposit.currency)

    @display(description="Without an event", ordering="unmatched")
    def rest(self, deposit: _Listed) -> str:
        if deposit.left_at:
            return badge("Left", "plain")
        if not deposit.unmatched:
            return badge("Matched", "good")
        return money(deposit.unmatched, deposit.currency)

    @display(description="Reference", ordering="description")
    def text(self, deposit: Deposit) -> str:
        whole = deposit.description or deposit.counterparty or "–"
        return whole if len(whole) <= 80 else f"{whole[:79]}…"

    def get_changeform_initial_data(self, request):
        initial = super().get_changeform_initial_data(request)
        accounts = list(BankAccount.objects.all()[:2])
        if len(accounts) == 1:
            initial |= {"account": accounts[0].pk, "currency": accounts[0].currency}
        return initial

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if match_certain():
            messages.info(request, "What is certain was matched to its events.")

    def panels(self, request: HttpRequest, obj: Deposit) -> list[Panel]:
        return [matches_panel(obj)]

    def list_panels(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> list[Panel]:
        return [totals_panel(queryset)]

    @action(description="Leave: these are no payouts", permissions=["change"])
    def leave(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        _tell(request, lambda: leave_deposits(deposits=queryset, user=request.user), "left")

    @action(description="Let these wait for an event again", permissions=["change"])
    def let_wait(self, request: HttpRequest, queryset: QuerySet[Deposit]) -> None:
        _tell(request, lambda: take_back(deposits=queryset, user=request.user), "waiting again")


def _tell(request, do, word):
    """Does it, and says for how many, or why not."""
    try:
        number = do()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    noun = "1 deposit" if number == 1 else f"{number:,} deposits"
    messages.success(request, f"{noun} {word}.")


def matches_panel(deposit: Deposit) -> Panel:
    matches = deposit.matches.select_related("event").order_by("pk")
    return Panel(
        "Pays for",
        columns=("Event", "Amount", "Matched", "Evidence"),
        numbers=("Amount",),
        rows=[
            (
                change_link(match.event),
                money(match.amount, match.currency),
                origin_badge(match),
                match.evidence or "–",
            )
            for match in matches
        ],
        empty="Left as no payout." if deposit.left_at else "No event yet.",
        note=deposit.left_because,
        more=("To match it", f"{reverse('admin:finance_deposit_review')}?deposit={deposit.pk}"),
    )


def totals_panel(deposits: QuerySet[Deposit]) -> Panel:
    """Sums of the filtered list by currency. One query."""
    sums = (
        deposits.order_by()
        .values_list("currency")
        .annotate(number=Count("pk"), total=Sum("amount"), waiting=Sum(F("unmatched")))
    )
    return Panel(
        "Totals of this list",
        columns=("Currency", "Deposits", "Amount", "Without an event"),
        numbers=("Deposits", "Amount", "Without an event"),
        rows=[
            (code, f"{number:,}", money(total, code), money(waiting or ZERO, code))
            for code, number, total, waiting in sorted(sums)
        ],
        empty="There is nothing to add up.",
        note="What was left as no payout is in these sums, unless you filter it out.",
    )
