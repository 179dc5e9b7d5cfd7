"""Matches of deposits with events: how they came about, and taking them back."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, Sum
from django.http import HttpRequest

from finance.admin.locks import ExportAdmin, LockedRows
from finance.models import (
    DepositMatch,
    MatchOrigin,
)
from finance.resources import (
    DepositMatchResource,
)
from finance.services.deposits import undo_match
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    HistoryModelAdmin,
    ValuesFilter,
    action,
    badge,
    display,
    money,
    register,
)
from nova_project.panels import Panel

ORIGIN_TONES = {
    MatchOrigin.AUTOMATIC: "good",
    MatchOrigin.ACCEPTED: "good",
    MatchOrigin.BY_HAND: "busy",
}


def origin_badge(match: DepositMatch) -> str:
    return badge(match.get_origin_display(), ORIGIN_TONES[MatchOrigin(match.origin)])


@register(DepositMatch)
class DepositMatchAdmin(LockedRows, ExportAdmin, HistoryModelAdmin):
    """Matches are made under “Deposits to match”, and taken back here or there."""

    resource_class = DepositMatchResource
    day_of = "deposit.booked_on"
    list_display = ["event", "amount_shown", "deposit", "origin_shown", "evidence"]
    list_select_related = ["event", "deposit"]
    list_filter = [
        ("event", AutocompleteSelectFilter),
        ("origin", ChoicesDropdownFilter),
        ("deposit__booked_on", DateRangeFilter),
        ("currency", ValuesFilter),
    ]
    search_fields = ["event__name", "deposit__description", "evidence"]
    search_help_text = "Show, reference or evidence"
    fields = [("event", "deposit"), ("amount", "currency"), ("origin", "evidence")]
    readonly_fields = ("event", "deposit", "amount", "currency", "origin", "evidence")
    actions = ["undo", "export_selected"]

    def get_actions(self, request):
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    @display(description="Amount", ordering="amount")
    def amount_shown(self, match: DepositMatch) -> str:
        return money(match.amount, match.currency)

    @display(description="Matched", ordering="origin")
    def origin_shown(self, match: DepositMatch) -> str:
        return origin_badge(match)

    def list_panels(self, request: HttpRequest, queryset: QuerySet[DepositMatch]) -> list[Panel]:
        sums = queryset.order_by().values_list("currency").annotate(total=Sum("amount"))
        return [
            Panel(
                "Totals of this list",
                columns=("Currency", "Matched"),
                numbers=("Matched",),
                rows=[(code, money(total, code)) for code, total in sorted(sums)],
                empty="There is nothing to add up.",
            )
        ]

    @action(description="Undo these matches", permissions=["delete"])
    def undo(self, request: HttpRequest, queryset: QuerySet[DepositMatch]) -> None:
        done = 0
        for match in queryset.select_related("deposit"):
            try:
                undo_match(match=match, user=request.user)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
            else:
                done += 1
        messages.success(request, "1 match undone." if done == 1 else f"{done} matches undone.")
