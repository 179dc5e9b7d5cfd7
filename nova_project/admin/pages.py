"""The pages of the admin: lists and forms with panels, read-only ones, inlines and form fields."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin import ShowFacets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

from nova_project.money import MoneyField, quantize
from nova_project.panels import Panel


class SuggestingTextInput(TextInput):
    """A text field that suggests earlier values while one types, and takes any other.

    `suggestions` are texts, or a function that returns them for each page anew.
    """

    template_name = "admin/nova/suggesting_input.html"

    def __init__(self, suggestions: Any = (), attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", **(attrs or {})})
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_list"
        context["widget"]["attrs"]["list"] = list_id
        found = self.suggestions() if callable(self.suggestions) else self.suggestions
        return context | {"list_id": list_id, "suggestions": list(found)}


class AmountsForm(forms.ModelForm):
    """Shows amounts with as many digits as their currency has: 20.00, not 20.000."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = getattr(self.instance, "currency", "")
        for field in self.instance._meta.concrete_fields:
            amount = self.initial.get(field.name, field.default)
            if isinstance(field, MoneyField) and isinstance(amount, Decimal):
                self.initial[field.name] = quantize(amount, currency)


class ModelAdmin(UnfoldModelAdmin):
    """A page of Nova's admin. Panels show what a form cannot: figures, tables, charts."""

    form: type[forms.ModelForm] = AmountsForm
    empty_hint = ""
    """How rows come to a list that has none, where “Add” is not all there is to say."""
    list_per_page = 50
    list_max_show_all = 200
    list_filter_submit = True
    list_fullwidth = True
    empty_value_display = "–"
    show_facets = ShowFacets.NEVER
    compressed_fields = True
    warn_unsaved_form = True
    list_before_template = "admin/nova/list_panels.html"
    change_form_outer_before_template = "admin/nova/panels_above.html"
    change_form_outer_after_template = "admin/nova/panels_below.html"

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        """What stands above and below the form of `obj`; a page of its own names the model."""
        return []

    def list_panels(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Panel]:
        """What stands above the list; `queryset` is the whole filtered list."""
        return []

    def has_history(self, obj: Any) -> bool:
        """Is there anything behind “History” on the page of `obj`?"""
        return True

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj is not None:
            context["show_history"] = self.has_history(obj)
        if obj is not None and "_popup" not in request.GET:
            panels = self.panels(request, obj)
            context["panels_above"] = [panel for panel in panels if panel.is_above]
            context["panels_below"] = [panel for panel in panels if not panel.is_above]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(self, request, extra_context=None):
        response = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", None) or {}
        if "cl" in listed:
            listed["list_panels"] = self.list_panels(request, listed["cl"].queryset)
        return response


class HistoryModelAdmin(SimpleHistoryAdmin, ModelAdmin):
    """For models with `history`: who changed what and when, before and after."""


class ReadOnlyMixin:
    """Nobody adds, changes or deletes these rows here; who may view them, views them."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyModelAdmin(ReadOnlyMixin, ModelAdmin):
    """A page to look at only, of rows without history."""

    warn_unsaved_form = False

    def has_history(self, obj: Any) -> bool:
        return False


class OwnedByEventbrite(ModelAdmin):
    """Rows with an Eventbrite id: the fields in `owned_fields` are read-only, and nobody deletes.

    What Eventbrite owns would come back, or be undone, with the next pull.
    """

    owned_fields: tuple[str, ...] = ()

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        if obj is not None and obj.eventbrite_id:
            return (*fields, *(name for name in self.owned_fields if name not in fields))
        return fields

    def has_delete_permission(self, request, obj=None):
        if obj is not None and obj.eventbrite_id:
            return False
        return super().has_delete_permission(request, obj)


class TabularInline(UnfoldTabularInline):
    """Related rows as a table; empty rows come by “add”, not unasked."""

    form: type[forms.ModelForm] = AmountsForm
    extra = 0
    hide_title = True


class StackedInline(UnfoldStackedInline):
    """Related rows one under the other; empty ones come by “add”, not unasked."""

    extra = 0


def leave_dialog(url: str) -> HttpResponse:
    """What an action with a dialog returns when it is done: the browser goes on to `url`."""
    return HttpResponse(headers={"HX-Redirect": url})
