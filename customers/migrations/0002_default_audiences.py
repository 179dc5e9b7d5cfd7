"""The audiences that every organiser wants. From here on they belong to staff."""

from django.db import migrations

AUDIENCES = (
    ("Repeat customers", "repeat", None),
    ("VIPs", "vip", None),
    ("First-timers of the last 30 days", "first", 30),
    ("Lapsed for a year", "lapsed", 365),
)


def add_audiences(apps, schema_editor):
    audiences = apps.get_model("customers", "Audience").objects
    if not audiences.exists():  # where staff has audiences, none comes back that they took away
        audiences.bulk_create(
            audiences.model(name=name, rule=rule, days=days) for name, rule, days in AUDIENCES
        )


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [migrations.RunPython(add_audiences, migrations.RunPython.noop)]
