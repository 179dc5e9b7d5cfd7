"""Building an audience: its conditions, and how many it would have while one is typing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from customers.models import Audience, AudienceCondition, Customer, Subject
from customers.models.conditions import QUESTIONS
from events.models import ShowType
from nova_project.admin import TabularInline
from nova_project.panels import Panel

_SUGGESTIONS = 200
_MAY_SEE = "customers.view_audience"

Panels = Callable[[HttpRequest, Audience], list[Panel]]
"""Of an audience, saved or not: the panels that tell who belongs to it."""


class ConditionForm(forms.ModelForm):
    """A condition as staff read it: labels where keys are kept."""

    class Meta:
        model = AudienceCondition
        fields = ("subject", "relation", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["value"] = self.instance.shown_value


class ConditionInline(TabularInline):
    model = AudienceCondition
    form = ConditionForm
    verbose_name_plural = "conditions: whoever belongs to it meets every one"
    hide_title = True

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("show_type")


ConditionFormSet = inlineformset_factory(
    Audience, AudienceCondition, form=ConditionForm, formset=BaseInlineFormSet, extra=0
)


@require_GET
def questions(request: HttpRequest) -> HttpResponse:
    """By subject: the relations that fit, and values to suggest. Three queries."""
    if not request.user.has_perm(_MAY_SEE):
        raise PermissionDenied
    found = {subject: [label for _key, label in QUESTIONS[subject].choices] for subject in Subject}
    found[Subject.SHOW_TYPE] = list(ShowType.objects.values_list("name", flat=True))
    for subject in (Subject.CITY, Subject.SOURCE):
        found[subject] = _usual(QUESTIONS[subject].column)
    return JsonResponse(
        {
            str(subject): {
                "relations": [str(relation) for relation in QUESTIONS[subject].relations],
                "suggestions": suggestions,
            }
            for subject, suggestions in found.items()
        }
    )


def _usual(column: str) -> list[str]:
    rows = Customer.objects.exclude(**{column: ""}).order_by().values_list(column)
    usual = rows.annotate(people=Count("pk")).order_by("-people", column)[:_SUGGESTIONS]
    return [text for text, _people in usual]


def preview(
    form_class: type[forms.ModelForm], panels: Panels, request: HttpRequest, pk: int | None
) -> HttpResponse:
    """Who would belong to the audience as it stands in the form; nothing is kept.

    A condition without a value does not count yet. A draft that means nothing yet has no panels.
    The panels' queries, and two more.
    """
    audience = Audience() if pk is None else get_object_or_404(Audience, pk=pk)
    form = form_class(request.POST, instance=audience)
    form.fields.pop("name", None)
    filled = _without_blanks(request.POST)
    conditions = ConditionFormSet(filled, instance=audience, prefix="conditions")
    if form.is_valid() and conditions.is_valid():
        audience.drafted = [each.instance for each in conditions if _stays(each)]
        shown = panels(request, audience)
    else:
        shown = []
    return TemplateResponse(request, "customers/audience_preview.html", {"panels": shown})


def _without_blanks(typed: QueryDict) -> QueryDict:
    told = typed.copy()
    for name in typed:
        is_value = name.startswith("conditions-") and name.endswith("-value")
        if is_value and not str(typed[name]).strip():
            told[f"{name.removesuffix('value')}DELETE"] = "on"
    return told


def _stays(form: forms.ModelForm) -> bool:
    """Neither ticked to be deleted nor an empty row that nobody filled in."""
    if not form.has_changed():
        return form.instance.pk is not None
    return not form.cleaned_data.get("DELETE")
