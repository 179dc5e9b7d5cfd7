"""Two customers become one; keys by which they are found."""

import customers.models.keys
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0008_changed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('kept_id', models.PositiveBigIntegerField(verbose_name='customer who stayed')),
                ('merged_id', models.PositiveBigIntegerField(db_index=True, verbose_name='customer who went')),
                ('state', models.CharField(choices=[('standing', 'Merged'), ('undone', 'Undone'), ('sealed', 'Cannot be undone')], default='standing', max_length=8)),
                ('evidence', models.CharField(blank=True, max_length=400, verbose_name='why')),
                ('conflicts', models.JSONField(blank=True, default=list)),
                ('steps', models.JSONField(blank=True, default=list, editable=False)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('left_behind', models.JSONField(blank=True, default=list, help_text='What the undo could not move back.', verbose_name='what stayed')),
            ],
            options={
                'verbose_name': 'merge',
                'verbose_name_plural': 'merges',
                'ordering': ['-id'],
            },
        ),
        migrations.AlterModelOptions(
            name='customer',
            options={'ordering': ['last_name', 'first_name', 'id'], 'permissions': [('erase_customer', 'Can erase a person for good'), ('merge_customer', 'Can merge two customers, and undo it')]},
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(customers.models.keys.NamePhoneKey('first_name', 'last_name', 'phone'), name='customers_customer_name_phone'),
        ),
        migrations.AddIndex(
            model_name='emailaddress',
            index=models.Index(customers.models.keys.AddressKey('address'), name='customers_address_mailbox'),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='merged_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='survivor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merges', to='customers.customer'),
        ),
        migrations.AddField(
            model_name='customermerge',
            name='undone_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='customermerge',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['standing', 'undone', 'sealed'])), name='customers_customermerge_state_known'),
        ),
        migrations.AddConstraint(
            model_name='customermerge',
            constraint=models.CheckConstraint(condition=models.Q(('kept_id', models.F('merged_id')), _negated=True), name='customers_customermerge_of_two'),
        ),
    ]
