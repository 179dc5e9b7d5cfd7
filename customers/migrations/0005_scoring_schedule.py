"""People are scored every night, after the syncs of the day. From here on it belongs to staff."""

from django.conf import settings
from django.db import migrations


def add_schedule(apps, schema_editor):
    crontab_model = apps.get_model("django_celery_beat", "CrontabSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    days = dict.fromkeys(("day_of_week", "day_of_month", "month_of_year"), "*")
    nightly, _ = crontab_model.objects.get_or_create(
        minute="40", hour="2", timezone=settings.TIME_ZONE, **days
    )
    task_model.objects.get_or_create(
        name="Score who will book",
        defaults={"task": "customers.tasks.score_leads", "crontab": nightly},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_scoring"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, migrations.RunPython.noop)]
