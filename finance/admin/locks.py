"""Closed months in the admin: rows dated in them are shown, and stay as they are."""

from typing import Any

from django import forms
from django.http import HttpRequest

from finance.models import LockedMonth
from finance.resources import LockedMonthResource
from finance.services.locks import lock_month, refuse_locking, unlock_month
from nova_project.admin import (
    AmountsForm,
    DateRangeFilter,
    DropdownFilter,
    HistoryModelAdmin,
    TextInput,
    badge,
    display,
    register,
)
from nova_project.imports.admin import ImportExportAdmin


class ExportAdmin(ImportExportAdmin):
    """A list that can be taken along as a file, and not brought in from one."""

    def has_import_permission(self, request: HttpRequest) -> bool:
        return False


class LockedRows:
    """For rows with a day: those of a locked month can be looked at only.

    `day_of` names the day's attribute, along relations with a dot.
    """

    day_of = "booked_on"

    def is_locked(self, obj: Any) -> bool:
        for name in self.day_of.split("."):
            obj = getattr(obj, name)
        months = LockedMonth.objects.in_force()
        return bool(months.filter(month=obj.replace(day=1)).exists())

    def has_change_permission(self, request, obj=None):
        may = super().has_change_permission(request, obj)  # type: ignore[misc]
        return may and (obj is None or not self.is_locked(obj))

    def has_delete_permission(self, request, obj=None):
        may = super().has_delete_permission(request, obj)  # type: ignore[misc]
        return may and (obj is None or not self.is_locked(obj))

    def get_deleted_objects(self, objs, request):
        found = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        *others, protected = found
        return (*others, [*protected, *(f"{obj} (locked month)" for obj in self._locked(objs))])

    def _locked(self, objs: Any) -> list[Any]:
        months = LockedMonth.objects.months()
        found = []
        for obj in objs if months else ():
            day = obj
            for name in self.day_of.split("."):
                day = getattr(day, name)
            if day.replace(day=1) in months:
                found.append(obj)
        return found


class InForceFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("locked", "Locked"), ("unlocked", "Unlocked again")]

    def queryset(self, request, queryset):
        wanted = {"locked": True, "unlocked": False}.get(self.value())
        return queryset if wanted is None else queryset.filter(unlocked_at__isnull=wanted)


class LockForm(AmountsForm):
    """Locks a month, or, on the page of one that is locked, unlocks it."""

    unlock_reason = forms.CharField(
        label="Reason for unlocking",
        max_length=200,
        required=True,
        help_text="Who unlocked the month and why stays here to read.",
        widget=TextInput,
    )

    def clean_month(self):
        month = self.cleaned_data["month"].replace(day=1)
        refuse_locking(month)
        return month


@register(LockedMonth)
class LockedMonthAdmin(ExportAdmin, HistoryModelAdmin):
    """Adding one locks the month; its page unlocks it, given the permission and a reason."""

    resource_class = LockedMonthResource
    form = LockForm
    list_display = ["month_shown", "state", "locked_by", "created_at", "unlocked_by", "reason"]
    list_display_links = ["month_shown"]
    list_select_related = ["locked_by", "unlocked_by"]
    list_filter = [InForceFilter, ("month", DateRangeFilter)]
    search_fields = ["note", "unlock_reason"]
    search_help_text = "Note or reason"

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            words = (
                "Nobody changes deposits, matches and expenses dated in a locked month, by no "
                "page and by no import, until somebody who may unlocks it and says why."
            )
            return [(None, {"description": words, "fields": ["month", "note"]})]
        told = ["month_shown", ("locked_by", "created_at"), "note"]
        if obj.unlocked_at:
            told += [("unlocked_by", "unlocked_at")]
        return [(None, {"fields": told}), ("Unlock", {"fields": ["unlock_reason"]})]

    def get_readonly_fields(self, request, obj=None):
        told = ("month_shown", "locked_by", "created_at", "unlocked_by", "unlocked_at")
        return told if obj is None else (*told, "note")

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None:
            form.base_fields.pop("unlock_reason", None)
        return form

    def has_change_permission(self, request, obj=None):
        is_open = obj is None or obj.unlocked_at is None
        return is_open and request.user.has_perm("finance.unlock_lockedmonth")

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description="Month", ordering="month")
    def month_shown(self, lock: LockedMonth) -> str:
        return f"{lock.month:%B %Y}"

    @display(description="State", ordering="unlocked_at")
    def state(self, lock: LockedMonth) -> str:
        return badge("Unlocked", "plain") if lock.unlocked_at else badge("Locked", "good")

    @display(description="Reason for unlocking")
    def reason(self, lock: LockedMonth) -> str:
        return lock.unlock_reason or "–"

    def save_model(self, request, obj, form, change):
        if change:
            unlock_month(lock=obj, user=request.user, reason=form.cleaned_data["unlock_reason"])
            return
        saved = lock_month(month=obj.month, user=request.user, note=obj.note)
        obj.pk = saved.pk
