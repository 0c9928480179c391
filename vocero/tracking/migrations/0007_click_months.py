from datetime import date, timedelta

from django.db import migrations, models

FIRST_DAY = date(2020, 1, 1)


def low_of(day):
    return (day - FIRST_DAY).days << 48


def month_after(month):
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def make_parts(apps, schema_editor):
    """PostgreSQL: the table of clicks in one part a month. Its key holds the visitor too, which tells the month."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("LOCK TABLE tracking_click IN ACCESS EXCLUSIVE MODE")
        cursor.execute("ALTER TABLE tracking_click RENAME TO tracking_click_before")
        cursor.execute("DROP INDEX unique_click")
        cursor.execute("ALTER TABLE tracking_click_before DROP CONSTRAINT tracking_click_pkey")
        cursor.execute("CREATE TABLE tracking_click (LIKE tracking_click_before INCLUDING CONSTRAINTS) PARTITION BY RANGE (visitor)")
        cursor.execute("CREATE TABLE tracking_click_rest PARTITION OF tracking_click DEFAULT")
        cursor.execute("SELECT DISTINCT visitor >> 48 FROM tracking_click_before")
        days = [FIRST_DAY + timedelta(days=number) for (number,) in cursor.fetchall() if number >= 0]
        today = date.today()
        months = {day.replace(day=1) for day in days} | {
            today.replace(day=1), month_after(today), month_after(month_after(today))
        }
        for month in sorted(months):
            cursor.execute(
                f"CREATE TABLE tracking_click_{month:%Y_%m} PARTITION OF tracking_click"
                f" FOR VALUES FROM ({low_of(month)}) TO ({low_of(month_after(month))})"
            )
        cursor.execute("INSERT INTO tracking_click SELECT * FROM tracking_click_before")
        cursor.execute("DROP TABLE tracking_click_before")
        cursor.execute("ALTER TABLE tracking_click ADD CONSTRAINT tracking_click_pkey PRIMARY KEY (id, visitor)")
        cursor.execute("CREATE UNIQUE INDEX unique_click ON tracking_click (visitor, link_id) WHERE verdict = 'valid'")
        add_references(cursor)


def make_one_table(apps, schema_editor):
    """The way back: one table again."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_click RENAME TO tracking_click_before")
        cursor.execute("ALTER TABLE tracking_click_before DROP CONSTRAINT tracking_click_pkey")
        cursor.execute("DROP INDEX unique_click")
        cursor.execute("CREATE TABLE tracking_click (LIKE tracking_click_before INCLUDING CONSTRAINTS)")
        cursor.execute("INSERT INTO tracking_click SELECT * FROM tracking_click_before")
        cursor.execute("DROP TABLE tracking_click_before")
        cursor.execute("ALTER TABLE tracking_click ADD CONSTRAINT tracking_click_pkey PRIMARY KEY (id)")
        cursor.execute("CREATE UNIQUE INDEX unique_click ON tracking_click (visitor, link_id) WHERE verdict = 'valid'")
        add_references(cursor)


def add_references(cursor):
    cursor.execute(
        "ALTER TABLE tracking_click ADD CONSTRAINT tracking_click_link FOREIGN KEY (link_id)"
        " REFERENCES sharing_link (id) DEFERRABLE INITIALLY DEFERRED"
    )
    cursor.execute(
        "ALTER TABLE tracking_click ADD CONSTRAINT tracking_click_referrer FOREIGN KEY (referrer_id)"
        " REFERENCES tracking_referrer (id) DEFERRABLE INITIALLY DEFERRED"
    )


class Migration(migrations.Migration):
    """Months of clicks that are beyond their time, how far export has come, and one part a month on PostgreSQL."""

    dependencies = [
        ("tracking", "0006_narrow_roll_ups"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClickMonth",
            fields=[
                ("month_on", models.DateField(help_text="its first day", primary_key=True, serialize=False)),
                ("file", models.CharField(blank=True, help_text="its name in the folder of the archive; blank: none", max_length=40)),
                ("machine", models.CharField(blank=True, help_text="which wrote the file", max_length=64)),
                ("clicks", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("coming", models.CharField(blank=True, help_text="the SHA-256 of a file that is about to take its place", max_length=64)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("cleared_at", models.DateTimeField(blank=True, help_text="no row of it is left", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ExportCursor",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("click_id", models.BigIntegerField(default=0)),
                ("moved_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RunPython(make_parts, make_one_table),
    ]
