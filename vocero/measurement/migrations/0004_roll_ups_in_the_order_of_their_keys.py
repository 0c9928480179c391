"""The roll-ups become tables in the order of their keys; they are made again from the facts by the next roll-up."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PROGRAM = models.ForeignKey(
    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="company.program"
)
COUNT = models.PositiveIntegerField(default=0)


class CreateTableOfKeys(migrations.CreateModel):
    """On SQLite the table is its primary key, and has no second copy of it."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        made = schema_editor.sql_create_table
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.sql_create_table = f"{made} WITHOUT ROWID"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = made


def stat(name: str, day: str, *columns: tuple[str, Any], further: tuple[tuple[str, Any], ...] = ()) -> Any:
    key = ["program", "dimension", day, "key", "network", *(name for name, _column in further)]
    return CreateTableOfKeys(
        name=name,
        fields=[
            ("pk", models.CompositePrimaryKey(*key, blank=True, editable=False, primary_key=True, serialize=False)),
            ("dimension", models.CharField(max_length=10)),
            (day, models.DateField()),
            ("key", models.CharField(max_length=120)),
            ("network", models.CharField(max_length=20)),
            *further,
            *columns,
            ("program", PROGRAM.clone()),
        ],
    )


def counts(*names: str) -> list[tuple[str, Any]]:
    return [(name, COUNT.clone()) for name in names]


CERTAINTIES = ("published", "measured", "self_reported", "personalized")


class Migration(migrations.Migration):
    dependencies = [
        ("company", "0003_program_reminded_at"),
        ("measurement", "0003_growing_periods"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel("ShareStat"),
        migrations.DeleteModel("EngagementStat"),
        migrations.DeleteModel("ConversionStat"),
        migrations.DeleteModel("AdvocateDay"),
        stat("ShareStat", "day_on", *counts(*CERTAINTIES)),
        stat("ShareWeek", "week_on", *counts(*CERTAINTIES)),
        stat(
            "EngagementStat",
            "day_on",
            *((name, models.IntegerField(default=0)) for name in ("reactions", "comments", "reshares")),
        ),
        stat(
            "ConversionStat",
            "day_on",
            ("count", COUNT.clone()),
            ("amount", models.BigIntegerField(default=0, help_text="minor units of the currency")),
            further=(
                ("state", models.CharField(max_length=12)),
                ("verified", models.BooleanField()),
                ("kind", models.CharField(max_length=12)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("converted", models.BooleanField(help_text="the amount is in the company's currency")),
            ),
        ),
        CreateTableOfKeys(
            name="AdvocateDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "program", "day_on", "member", "network",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                ("day_on", models.DateField()),
                ("network", models.CharField(max_length=20)),
                ("shares", COUNT.clone()),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("program", PROGRAM.clone()),
            ],
        ),
        migrations.RunSQL("DELETE FROM measurement_foldedday", migrations.RunSQL.noop),
    ]
