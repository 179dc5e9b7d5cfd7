"""The filters of the marketing reports: shows, and how their sales are given to touches."""

from typing import Any

from django import forms

from finance.reports.filters import ShowForm
from finance.services.attribution import USUAL_MODEL, Grouping, Model, usual_days
from nova_project.periods import Period

_MOST_DAYS = 3_650


class ModelForm(ShowForm):
    """Period, show type and currency of shows, a model, and its window in days."""

    model = forms.ChoiceField(
        label="Model",
        required=False,
        choices=[(model.value, model.label) for model in Model],
        error_messages={"invalid_choice": "Model: choose one of the list."},
    )
    days = forms.IntegerField(
        label="Days before the order",
        required=False,
        min_value=1,
        max_value=_MOST_DAYS,
        error_messages={
            "invalid": "Days before the order: write a whole number such as 30.",
            "min_value": "Days before the order: write 1 or more.",
            "max_value": f"Days before the order: write {_MOST_DAYS} or less.",
        },
    )
    field_order: tuple[str, ...] = ("start", "end", "show_type", "currency", "model", "days")

    def clean_model(self) -> Model:
        return Model(self.cleaned_data["model"] or USUAL_MODEL)

    def clean_days(self) -> int:
        return int(self.cleaned_data["days"] or usual_days())

    def show(self, period: Period) -> None:
        super().show(period)
        chosen: dict[str, Any] = {"model": USUAL_MODEL.value, "days": str(usual_days())}
        self.data = chosen | dict(self.data)


class RoiForm(ModelForm):
    """As for all marketing reports, and what the rows are."""

    by = forms.ChoiceField(
        label="By",
        required=False,
        choices=[(group.value, group.value.capitalize()) for group in Grouping],
        error_messages={"invalid_choice": "By: choose one of the list."},
    )
    field_order = (*ModelForm.field_order, "by")

    def clean_by(self) -> Grouping:
        return Grouping(self.cleaned_data["by"] or Grouping.CAMPAIGN)
