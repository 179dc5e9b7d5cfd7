"""Pairs that may be one person, looked for every night."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def add_schedule(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = interval_model.objects.get_or_create(every=1, period="days")
    task_model.objects.get_or_create(
        name="Look for people who are there twice",
        defaults={"task": "integrations.tasks.suggest_matches", "interval": interval},
    )


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0009_matching'),
        ('integrations', '0003_changed'),
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MatchSuggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('pair', models.CharField(editable=False, max_length=60, unique=True)),
                ('rule', models.CharField(choices=[('secondary', "One of the contact's other addresses"), ('mailbox', 'Same mailbox, spelt in another way'), ('mistyped', 'Typing error in the domain'), ('phone', 'Same name and phone')], max_length=10)),
                ('evidence', models.CharField(max_length=400)),
                ('strength', models.PositiveSmallIntegerField(help_text='From 0 to 100.')),
                ('state', models.CharField(choices=[('open', 'To be looked at'), ('confirmed', 'Confirmed'), ('rejected', 'Two people')], default='open', max_length=10)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='match_suggestions', to='customers.customer')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('link', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='match_suggestions', to='integrations.contactlink')),
                ('other', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='match_suggestions_as_other', to='customers.customer')),
            ],
            options={
                'verbose_name': 'suggested match',
                'verbose_name_plural': 'suggested matches',
                'ordering': ['-strength', 'id'],
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['-strength', 'id'], name='integrations_suggestion_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['open', 'confirmed', 'rejected'])), name='integrations_matchsuggestion_state_known'), models.CheckConstraint(condition=models.Q(('rule__in', ['secondary', 'mailbox', 'mistyped', 'phone'])), name='integrations_matchsuggestion_rule_known'), models.CheckConstraint(condition=models.Q(models.Q(('link', None), ('other__isnull', False)), models.Q(('link__isnull', False), ('other', None)), _connector='OR'), name='integrations_suggestion_of_two'), models.CheckConstraint(condition=models.Q(('other', None), ('other__gt', models.F('customer')), _connector='OR'), name='integrations_suggestion_in_order'), models.CheckConstraint(condition=models.Q(('strength__lte', 100)), name='integrations_suggestion_strength')],
            },
        ),
        migrations.RunPython(add_schedule, migrations.RunPython.noop),
    ]
