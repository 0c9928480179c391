from django.db import migrations


class Migration(migrations.Migration):
    """How long single clicks stay is a setting of whoever runs the server (VOCERO_RAW_CLICK_DAYS)."""

    dependencies = [
        ("company", "0005_backed_up_at"),
    ]

    operations = [
        migrations.RemoveField(model_name="installation", name="raw_click_days"),
    ]
