"""Merges of customers: who made which, what gave way, what moved, and the way back."""

from collections import Counter

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from customers.models import CustomerMerge, MergeState
from integrations.admin.matchactions import MAY_MERGE
from integrations.matching.verdicts import part_again
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    action,
    badge,
    display,
    register,
)
from nova_project.panels import Panel

_TONES = {MergeState.STANDING: "good", MergeState.UNDONE: "plain", MergeState.SEALED: "bad"}


@register(CustomerMerge)
class CustomerMergeAdmin(ReadOnlyModelAdmin):
    """Merges. They are made on the page of matches, and from the page of a customer."""

    empty_hint = "Merges are made under “Matches to review”, or on the page of a customer."
    list_display = ["__str__", "survivor", "state_badge", "evidence", "merged_by", "created_at"]
    list_select_related = ["survivor", "merged_by"]
    list_filter = [("state", ChoicesDropdownFilter), ("created_at", DateRangeFilter)]
    search_fields = ["survivor__last_name", "survivor__first_name", "=merged_id", "=kept_id"]
    search_help_text = "Name of the customer who stayed, or the number of either"
    fields = [
        ("survivor", "state_badge"),
        ("kept_id", "merged_id"),
        "evidence",
        ("merged_by", "created_at"),
        ("undone_by", "undone_at"),
    ]
    readonly_fields = ("state_badge",)
    actions_detail = ["undo"]

    @display(description="State", ordering="state")
    def state_badge(self, merge: CustomerMerge) -> str:
        return badge(merge.get_state_display(), _TONES[MergeState(merge.state)])

    def has_undo_permission(self, request: HttpRequest, object_id: str | int = 0) -> bool:
        is_open = CustomerMerge.objects.filter(pk=object_id, state=MergeState.STANDING).exists()
        return is_open and request.user.has_perm(MAY_MERGE)

    @action(description="Undo this merge", url_path="undo", permissions=["undo"])
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        merge = CustomerMerge.objects.get(pk=object_id)
        try:
            undone = part_again(merge=merge, user=request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, "They are two customers again.")
            if undone.left_behind:
                left = ", ".join(undone.left_behind)
                messages.warning(request, f"These stay with customer {merge.kept_id}: {left}.")
        return redirect("admin:customers_customermerge_change", object_id)

    def panels(self, request: HttpRequest, obj: CustomerMerge) -> list[Panel]:
        gave_way = Panel(
            "What gave way",
            columns=("Value", "Kept", "Of the customer who went"),
            rows=obj.conflicts,
            empty="Nothing: where both had a value, it was the same.",
            is_half=True,
        )
        moved = Panel(
            "What moved",
            columns=("What", "Rows"),
            numbers=("Rows",),
            rows=[(kind, f"{number:,}") for kind, number in _moved(obj).items()],
            empty="Nothing is kept of it: the person was erased.",
            is_half=True,
        )
        left = [(line,) for line in obj.left_behind]
        stayed = [Panel("What the undo left behind", columns=("What",), rows=left)] if left else []
        return [gave_way, moved, *stayed]


def _moved(merge: CustomerMerge) -> Counter[str]:
    """How many rows of each kind the merge changed."""
    found: Counter[str] = Counter()
    for step in merge.steps:
        name = str(apps.get_model(step["model"])._meta.verbose_name_plural).capitalize()
        found[name] += len(step.get("pks", [0]))
    return found
