"""The database refuses to change or delete lines of the audit log."""

from django.db import migrations

from vocero.company import triggers


def guard(apps, schema_editor):
    triggers.guard(schema_editor.connection)


def release(apps, schema_editor):
    triggers.release(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("company", "0001_initial")]
    operations = [migrations.RunPython(guard, release)]
