"""The filters of lists: the theme's, and ours where the theme's go wrong."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.admin import AllValuesFieldListFilter, FieldListFilter
from django.db.models import DateTimeField
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateFilter,
    RangeNumericFilter,
)
from unfold.contrib.filters.admin import RelatedDropdownFilter as UnfoldRelatedDropdownFilter
from unfold.contrib.filters.forms import DropdownForm, RangeDateForm
from unfold.widgets import INPUT_CLASSES

__all__ = [
    "AutocompleteSelectFilter",
    "BooleanRadioFilter",
    "ChoicesDropdownFilter",
    "DateRangeFilter",
    "DropdownFilter",
    "MissingFilter",
    "RangeNumericFilter",
    "RelatedDropdownFilter",
    "ValuesFilter",
    "day_in",
]


def day_in(text: str) -> date | None:
    """The day that an address names as YYYY-MM-DD; None where it names none."""
    try:
        return parse_date(text)
    except ValueError:
        return None


class _DateRangeForm(RangeDateForm):
    """From and to as the browser's own date fields: ISO dates, by keyboard or picker."""

    class Media:
        js: tuple[str, ...] = ()

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(name, *args, **kwargs)
        for end, label in (("_from", "From"), ("_to", "To")):
            self.fields[name + end].widget = forms.DateInput(
                format="%Y-%m-%d",
                attrs={"type": "date", "aria-label": label, "class": " ".join(INPUT_CLASSES)},
            )


class DateRangeFilter(RangeDateFilter):
    """Days from and to, both included, of a date or a time; what is no day filters nothing.

    Unfold's own shows days as day/month, reads them as month/day, and ends a time at midnight
    before the last day.
    """

    form_class = _DateRangeForm

    def queryset(self, request, queryset):
        first, last = self._day("_from"), self._day("_to")
        end = last + timedelta(days=1) if last else None
        if isinstance(self.field, DateTimeField):
            first, end = (day and make_aware(datetime.combine(day, time())) for day in (first, end))
        bounds = {f"{self.parameter_name}__gte": first, f"{self.parameter_name}__lt": end}
        return queryset.filter(**{lookup: day for lookup, day in bounds.items() if day})

    def _day(self, end: str) -> date | None:
        return day_in(self.used_parameters.get(f"{self.parameter_name}{end}", ""))


class MissingFilter(DropdownFilter):
    """Rows that Eventbrite shows no more, or the others (`missing_since`)."""

    title = "gone from Eventbrite"
    parameter_name = "missing"

    def lookups(self, request, model_admin):
        return [("yes", "Gone from Eventbrite"), ("no", "Still there")]

    def queryset(self, request, queryset):
        wanted = {"yes": False, "no": True}.get(self.value())
        return queryset if wanted is None else queryset.filter(missing_since__isnull=wanted)


class RelatedDropdownFilter(UnfoldRelatedDropdownFilter):
    """One of the related rows; an address may also ask for rows without one (`__isnull`).

    Unfold's own takes that parameter and forgets it.
    """

    def queryset(self, request, queryset):
        if self.lookup_val_isnull:
            return FieldListFilter.queryset(self, request, queryset)
        return super().queryset(request, queryset)


class ValuesFilter(AllValuesFieldListFilter):
    """One of the values that a text field has, from a list; blank ones are left out."""

    template = "unfold/filters/filters_field.html"
    form_class = DropdownForm

    def queryset(self, request, queryset):
        return super().queryset(request, queryset) if self._chosen() else queryset

    def choices(self, changelist):
        values = [value for value in self.lookup_choices if value]
        yield {
            "form": DropdownForm(
                label=f"By {self.title}",
                name=self.lookup_kwarg,
                choices=[("", "All"), *((value, value) for value in values)],
                data={self.lookup_kwarg: self._chosen()},
            )
        }

    def _chosen(self) -> str:
        return self.lookup_val[-1] if self.lookup_val else ""
