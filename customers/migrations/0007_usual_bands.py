"""The usual bands of the segments, for staff to change; and first visits of all who have booked.

Whoever has booked anything is due for a refresh, which computes their first visits and the changes
of their type.
"""

from django.db import migrations


def add_bands(apps, schema_editor):
    apps.get_model("customers", "SegmentBands").objects.get_or_create(pk=1)


def make_due(apps, schema_editor):
    customers = apps.get_model("customers", "Customer").objects
    customers.filter(events_booked__gt=0).update(is_rollup_due=True)


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_segments_and_stages")]
    operations = [
        migrations.RunPython(add_bands, migrations.RunPython.noop),
        migrations.RunPython(make_due, migrations.RunPython.noop),
    ]
