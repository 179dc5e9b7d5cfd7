"""The first schedule of syncs and webhooks. From here on it belongs to staff, in the admin."""

from django.db import migrations

SCHEDULE = {
    "Pull from Eventbrite": ("sync_eventbrite", 10, "minutes"),
    "Keep HubSpot in step": ("sync_hubspot", 15, "minutes"),
    "Pick up webhooks that wait": ("sweep_deliveries", 15, "seconds"),
    "Take personal data out of old webhooks": ("forget_deliveries", 1, "days"),
    "Keep erased people away": ("keep_people_erased", 1, "days"),
}


def add_schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, (task, every, period) in SCHEDULE.items():
        interval, _ = interval_model.objects.get_or_create(every=every, period=period)
        defaults = {"task": f"integrations.tasks.{task}", "interval": interval}
        if period == "seconds":
            # Those that found no worker in time are of no use later.
            defaults["expire_seconds"] = every
        task_model.objects.get_or_create(name=name, defaults=defaults)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(add_schedule, migrations.RunPython.noop)]
