"""The follow-up that every organiser wants, switched off, and the schedule of sending.

From here on both belong to staff.
"""

from django.db import migrations

SUBJECT = "{% if first_name %}{{ first_name }}, {% endif %}see you again at {{ next_show }}?"
BODY = """Hello {{ first_name|default:"there" }},

thank you for coming to {{ show }} on {{ date }}. It was good to have you with us.

If you liked it, this may be for you: {{ next_show }}, {{ next_show_date }}{% if next_show_venue %}, {{ next_show_venue }}{% endif %}.
{% if next_show_url %}
Tickets: {{ next_show_url }}
{% endif %}
We would love to see you again.

You get this e-mail because you said that we may write to you. To end all such e-mails: {{ unsubscribe }}
"""


def add_rescue(apps, schema_editor):
    follow_ups = apps.get_model("customers", "FollowUp").objects
    if follow_ups.exists():  # where staff has some, none comes back that they took away
        return
    follow_ups.create(
        name="First-timer rescue",
        note="Brings people back who came once: two weeks after their first show, with the next "
        "show of the same type. Look at the text, see who is due, then switch it on.",
        trigger="first_visit",
        delay_hours=14 * 24,
        look_back_days=60,
        is_unless_booked=True,
        is_with_next_show=True,
        subject=SUBJECT,
        body=BODY,
    )


def add_schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    ten_minutes, _ = interval_model.objects.get_or_create(every=10, period="minutes")
    task_model.objects.get_or_create(
        name="Send follow-ups",
        defaults={"task": "customers.tasks.send_follow_ups", "interval": ten_minutes},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_follow_ups"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RunPython(add_rescue, migrations.RunPython.noop),
        migrations.RunPython(add_schedule, migrations.RunPython.noop),
    ]
