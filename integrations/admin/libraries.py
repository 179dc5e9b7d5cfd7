"""Pages of libraries, in the looks of the rest: users, roles, and the schedule of the syncs."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django_celery_beat.admin import ClockedScheduleAdmin as BeatClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm as BeatPeriodicTaskForm
from django_celery_beat.admin import TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from nova_project.admin import (
    AdminPasswordChangeForm,
    BooleanRadioFilter,
    ModelAdmin,
    RelatedDropdownFilter,
    Select,
    TextInput,
    UserChangeForm,
    UserCreationForm,
    register,
)

for model in (
    User,
    Group,
    PeriodicTask,
    IntervalSchedule,
    CrontabSchedule,
    SolarSchedule,
    ClockedSchedule,
):
    admin.site.unregister(model)


@register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "roles", "is_active", "last_login"]
    list_filter = [("groups", RelatedDropdownFilter), ("is_active", BooleanRadioFilter)]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        if user.is_superuser:
            return "Everything"
        return ", ".join(group.name for group in user.groups.all()) or "–"


@register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Roles; `setup_roles` makes Nova's own and puts them right."""


class _TaskSelect(Select, TaskSelectWidget):
    """The tasks that the worker knows."""


class PeriodicTaskForm(BeatPeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = TextInput()
        self.fields["regtask"].widget = _TaskSelect()


@register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, ModelAdmin):
    """When each sync runs, and whether it does."""

    form = PeriodicTaskForm
    change_form_template = None  # beat's own has an inline script, which the page refuses to run
    date_hierarchy = None
    list_display = ["name", "enabled", "scheduler", "last_run_at"]
    list_filter = [("enabled", BooleanRadioFilter)]
    fieldsets = [
        (None, {"fields": [("name", "enabled"), "description"]}),
        ("When", {"fields": [("interval", "crontab"), "start_time", ("one_off", "last_run_at")]}),
        (
            "What",
            {"classes": ["collapse"], "fields": ["task", "regtask", ("args", "kwargs")]},
        ),
    ]
    readonly_fields = ("last_run_at",)


@register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    list_display = ["__str__", "every", "period"]


@register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabScheduleAdmin, ModelAdmin):
    """Times of the day and week."""

    inlines: tuple[type[InlineModelAdmin], ...] = ()


@register(SolarSchedule)
class SolarScheduleAdmin(ModelAdmin):
    """Sunrise, sunset and the like."""


@register(ClockedSchedule)
class ClockedScheduleAdmin(BeatClockedScheduleAdmin, ModelAdmin):
    """One moment, once."""

    inlines: tuple[type[InlineModelAdmin], ...] = ()
