"""The first schedule of what is done about money. From here on it belongs to staff, in the admin."""

from django.conf import settings
from django.db import migrations

COMPARE_MINUTES = 15


def add_schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    crontab_model = apps.get_model("django_celery_beat", "CrontabSchedule")
    often, _ = interval_model.objects.get_or_create(every=COMPARE_MINUTES, period="minutes")
    days = dict.fromkeys(("day_of_week", "day_of_month", "month_of_year"), "*")
    by_night, _ = crontab_model.objects.get_or_create(minute="20", hour="3", **days)
    after_that, _ = crontab_model.objects.get_or_create(
        minute="20", hour="4", timezone=settings.TIME_ZONE, **days
    )
    schedule = {
        "Plan recurring expenses": ("plan_recurring_expenses", {"crontab": by_night}),
        "Check the ledger": ("check_ledger", {"crontab": after_that}),
        "Compare closed settlements": ("compare_settlements", {"interval": often}),
    }
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, (task, when) in schedule.items():
        defaults = {"task": f"finance.tasks.{task}", **when}
        task_model.objects.get_or_create(name=name, defaults=defaults)


class Migration(migrations.Migration):
    dependencies = [
        ("finance", "0002_triggers"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, migrations.RunPython.noop)]
