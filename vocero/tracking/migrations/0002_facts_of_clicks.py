import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Clicks are kept small: their id holds their moment, the unique click is one by constraint, referrers are rows."""

    dependencies = [
        ('company', '0001_initial'),
        ('sharing', '0002_link_changed_at'),
        ('tracking', '0001_initial'),
    ]

    operations = [
        migrations.DeleteModel('VisitorDay'),
        migrations.DeleteModel('ClickStat'),
        migrations.DeleteModel('Click'),
        migrations.DeleteModel('SegmentCursor'),
        migrations.CreateModel(
            name='SegmentCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('node', models.CharField(max_length=64)),
                ('segment', models.CharField(max_length=120)),
                ('offset', models.PositiveBigIntegerField(default=0)),
                ('clicks', models.PositiveBigIntegerField(default=0)),
                ('lost', models.PositiveBigIntegerField(default=0, help_text='clicks that its writer could not store')),
                ('damaged', models.PositiveBigIntegerField(default=0, help_text='bytes between sound records that were none')),
                ('moved_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(blank=True, help_text='read to its end; nobody writes it any more', null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('node', 'segment'), name='one_cursor_per_segment')],
            },
        ),
        migrations.CreateModel(
            name='Referrer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('origin', models.CharField(max_length=255, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='VisitorCount',
            fields=[
                ('day_on', models.DateField(primary_key=True, serialize=False)),
                ('unique_clicks', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='ClickStat',
            fields=[
                ('pk', models.CompositePrimaryKey('program', 'dimension', 'day_on', 'key', 'network', blank=True, editable=False, primary_key=True, serialize=False)),
                ('dimension', models.CharField(max_length=10)),
                ('day_on', models.DateField()),
                ('key', models.CharField(max_length=120)),
                ('network', models.CharField(max_length=20)),
                ('raw', models.PositiveIntegerField(default=0)),
                ('valid', models.PositiveIntegerField(default=0)),
                ('unique', models.PositiveIntegerField(default=0)),
                ('visitors', models.PositiveIntegerField(default=0)),
                ('head', models.PositiveIntegerField(default=0)),
                ('preview', models.PositiveIntegerField(default=0)),
                ('bot', models.PositiveIntegerField(default=0)),
                ('prefetch', models.PositiveIntegerField(default=0)),
                ('no_agent', models.PositiveIntegerField(default=0)),
                ('own', models.PositiveIntegerField(default=0)),
                ('program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='company.program')),
            ],
        ),
        migrations.CreateModel(
            name='Click',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('day_on', models.DateField()),
                ('visitor', models.BinaryField(max_length=16)),
                ('verdict', models.CharField(choices=[('valid', 'valid'), ('repeat', 'valid, again that day'), ('head', 'only asked for headers'), ('preview', "a network's preview"), ('bot', 'a robot'), ('prefetch', 'fetched ahead'), ('no_agent', 'no browser named'), ('own', "the advocate's own")], max_length=8)),
                ('country', models.CharField(blank=True, max_length=2)),
                ('network_class', models.PositiveSmallIntegerField(choices=[(0, 'Unknown'), (1, 'Access network'), (2, 'Data center')], default=0)),
                ('device', models.CharField(blank=True, choices=[('p', 'Phone'), ('t', 'Tablet'), ('d', 'Computer')], max_length=1)),
                ('link', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clicks', to='sharing.link')),
                ('referrer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tracking.referrer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('verdict', 'valid')), fields=('day_on', 'link', 'visitor'), name='unique_click')],
            },
        ),
    ]
