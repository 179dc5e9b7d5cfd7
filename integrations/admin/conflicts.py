"""Conflicts: what was changed in Nova and in HubSpot, for staff to choose from."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect

from integrations.hubspot.conflicts import resolve
from integrations.models import Conflict, ConflictState, Resolution
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ModelAdmin,
    Select,
    TextInput,
    action,
    badge,
    change_link,
    display,
    register,
)

_CHOICES = (Resolution.NOVA, Resolution.HUBSPOT, Resolution.TYPED)


class ChoiceForm(forms.ModelForm):
    """Which value counts. HubSpot's as it was shown travels along, so nobody chooses unseen."""

    resolution = forms.ChoiceField(label="Which counts", widget=Select)
    chosen_value = forms.CharField(
        label="Another value",
        required=False,
        strip=True,
        widget=TextInput,
        help_text="Only with “Another value”; blank clears the field on both sides.",
    )
    remote_shown = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    class Meta:
        model = Conflict
        fields = ("resolution", "chosen_value")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offered = {
            Resolution.NOVA: self.instance.spelt(self.instance.local_value) or "(blank)",
            Resolution.HUBSPOT: self.instance.spelt(self.instance.remote_value) or "(blank)",
        }
        labels = [
            (
                str(choice),
                f"{choice.label}: {offered[choice]}" if choice in offered else choice.label,
            )
            for choice in _CHOICES
        ]
        self.fields["resolution"] = forms.ChoiceField(
            label="Which counts", widget=Select, choices=[("", "Please choose"), *labels]
        )
        self.fields["remote_shown"].initial = self.instance.remote_value


@register(Conflict)
class ConflictAdmin(ModelAdmin):
    """Open ones first. What is chosen is in Nova at once, in HubSpot with the next run."""

    form = ChoiceForm
    list_display = [
        "state_badge",
        "field_shown",
        "whose",
        "in_nova",
        "in_hubspot",
        "local_changed_at",
        "remote_changed_at",
        "outcome",
    ]
    list_display_links = ["field_shown"]
    list_select_related = ["link__customer", "deal__expense", "resolved_by"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("resolution", ChoicesDropdownFilter),
        ("created_at", DateRangeFilter),
    ]
    search_fields = [
        "link__hubspot_id",
        "link__email",
        "link__customer__first_name",
        "link__customer__last_name",
        "deal__hubspot_id",
        "local_value",
        "remote_value",
    ]
    search_help_text = "Name, address or HubSpot id, or one of the values"
    readonly_fields = (
        "state_badge",
        "field_shown",
        "whose",
        "before",
        "in_nova",
        "local_changed_at",
        "in_hubspot",
        "remote_changed_at",
        "outcome",
        "resolved_at",
    )
    actions = ["take_nova", "take_hubspot"]

    def get_ordering(self, request):
        return ["state", "-pk"]

    def get_fieldsets(self, request, obj=None):
        what = (
            None,
            {
                "fields": [
                    ("field_shown", "state_badge"),
                    "whose",
                    ("in_nova", "local_changed_at"),
                    ("in_hubspot", "remote_changed_at"),
                    "before",
                ]
            },
        )
        if not self.has_change_permission(request, obj):
            return [what, (None, {"fields": [("outcome", "resolved_at")]})]
        choice = {"fields": [("resolution", "chosen_value"), "remote_shown"]}
        return [what, ("Your choice", choice)]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).seen_by(request.user)

    def has_change_permission(self, request, obj=None):
        if obj is None:
            return super().has_change_permission(request)
        return obj.state == ConflictState.OPEN and obj.is_decided_by(request.user)

    def has_history(self, obj: Conflict) -> bool:
        return False

    @display(description="State", ordering="state")
    def state_badge(self, conflict: Conflict) -> str:
        is_open = conflict.state == ConflictState.OPEN
        return badge(conflict.get_state_display(), "warning" if is_open else "good")

    @display(description="Field", ordering="field")
    def field_shown(self, conflict: Conflict) -> str:
        return conflict.field_name

    @display(description="In Nova", ordering="local_value")
    def in_nova(self, conflict: Conflict) -> str:
        return conflict.spelt(conflict.local_value) or "–"

    @display(description="In HubSpot", ordering="remote_value")
    def in_hubspot(self, conflict: Conflict) -> str:
        return conflict.spelt(conflict.remote_value) or "–"

    @display(description="In HubSpot before")
    def before(self, conflict: Conflict) -> str:
        return conflict.spelt(conflict.base_value) or "–"

    @display(description="Whose", ordering=F("link__customer__last_name").asc(nulls_last=True))
    def whose(self, conflict: Conflict) -> object:
        if conflict.link is not None and conflict.link.customer is not None:
            return change_link(conflict.link.customer)
        if conflict.deal is not None and conflict.deal.expense is not None:
            return change_link(conflict.deal.expense, conflict.deal.name)
        return str(conflict.subject)

    @display(description="Outcome")
    def outcome(self, conflict: Conflict) -> str:
        if not conflict.resolution:
            return "–"
        who = f" ({conflict.resolved_by})" if conflict.resolved_by else ""
        return f"{conflict.get_resolution_display()}{who}"

    def save_model(self, request, obj, form, change):
        seen = Conflict(pk=obj.pk, remote_value=form.cleaned_data["remote_shown"])
        chosen = form.cleaned_data["chosen_value"]
        try:
            resolve(
                conflict=seen,
                resolution=Resolution(form.cleaned_data["resolution"]),
                user=request.user,
                value=chosen,
            )
        except ValidationError as error:
            obj.refusal = " ".join(error.messages)

    def response_change(self, request, obj):
        if refusal := getattr(obj, "refusal", ""):
            messages.error(request, refusal)
            return redirect(request.path)
        return super().response_change(request, obj)

    @action(description="Take Nova's values", permissions=["change"])
    def take_nova(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._resolve(request, queryset, Resolution.NOVA)

    @action(description="Take HubSpot's values", permissions=["change"])
    def take_hubspot(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> None:
        self._resolve(request, queryset, Resolution.HUBSPOT)

    def _resolve(
        self, request: HttpRequest, conflicts: QuerySet[Conflict], resolution: Resolution
    ) -> None:
        done = 0
        for conflict in conflicts.filter(state=ConflictState.OPEN).order_by("pk"):
            if not conflict.is_decided_by(request.user):
                messages.error(request, f"{conflict} is for others to decide.")
                continue
            try:
                resolve(conflict=conflict, resolution=resolution, user=request.user)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
            else:
                done += 1
        noun = "1 conflict" if done == 1 else f"{done} conflicts"
        messages.success(
            request, f"{noun} resolved. What differs in HubSpot is written by the next run."
        )
