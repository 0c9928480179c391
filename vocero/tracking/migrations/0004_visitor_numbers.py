import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The visitor's number holds the day; a share's first click is a row of its own."""

    dependencies = [
        ('sharing', '0002_link_changed_at'),
        ('tracking', '0003_one_share_one_member'),
    ]

    operations = [
        migrations.DeleteModel('Click'),
        migrations.DeleteModel('Referrer'),
        migrations.CreateModel(
            name='Referrer',
            fields=[
                ('id', models.AutoField(primary_key=True, serialize=False)),
                ('origin', models.CharField(max_length=255, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='FirstClick',
            fields=[
                ('share', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='first_click', serialize=False, to='sharing.share')),
                ('click_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Click',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('visitor', models.BigIntegerField()),
                ('verdict', models.CharField(choices=[('valid', 'valid'), ('repeat', 'valid, again that day'), ('head', 'only asked for headers'), ('preview', "a network's preview"), ('bot', 'a robot'), ('prefetch', 'fetched ahead'), ('no_agent', 'no browser named'), ('own', "the advocate's own")], max_length=8)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('network_class', models.PositiveSmallIntegerField(choices=[(0, 'Unknown'), (1, 'Access network'), (2, 'Data center')], default=0)),
                ('device', models.CharField(blank=True, choices=[('p', 'Phone'), ('t', 'Tablet'), ('d', 'Computer')], max_length=1)),
                ('link', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clicks', to='sharing.link')),
                ('referrer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tracking.referrer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('verdict', 'valid')), fields=('visitor', 'link'), name='unique_click')],
            },
        ),
    ]
