"""Interrupted imports go on, and old files are forgotten, without anybody asking."""

from django.db import migrations


def add_schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = interval_model.objects.get_or_create(every=5, period="minutes")
    task_model.objects.get_or_create(
        name="Go on with interrupted imports",
        defaults={"task": "nova_project.tasks.tend_imports", "interval": interval},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("nova_project", "0001_imports"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, migrations.RunPython.noop)]
