from django.db import migrations

from vocero.tracking.columns import OwnNumber


class Migration(migrations.Migration):
    """SQLite: a click's id is its row's own number, so there is no second copy of it in an index. PostgreSQL: as it was."""

    dependencies = [
        ("tracking", "0007_click_months"),
    ]

    operations = [
        migrations.AlterField("Click", "id", OwnNumber(primary_key=True, serialize=False)),
    ]
