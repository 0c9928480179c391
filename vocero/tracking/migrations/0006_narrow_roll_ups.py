from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from vocero.tracking.columns import DayColumn, NarrowKey, NarrowOnly, NumberedWord, ShortWord, WithoutRowId

DIMENSIONS = ("all", "post", "campaign", "topic", "origin", "kind", "purpose", "team", "location", "language")
LETTERS = {
    "*": "*", "linkedin": "l", "x": "x", "facebook": "f", "instagram": "i", "threads": "t", "mastodon": "m",
    "bluesky": "b", "whatsapp": "w", "line": "n", "email": "e", "copy": "c",
}  # fmt: skip
REASONS = "head, preview, bot, prefetch, no_agent, own"
DAY = {"sqlite": "CAST(julianday({}) - julianday('2020-01-01') AS integer)", "postgresql": "{}::date - DATE '2020-01-01'"}
MONTH = {"sqlite": "date(day_on, 'start of month')", "postgresql": "date_trunc('month', day_on)"}


def carry_over(apps: Any, schema_editor: Any) -> None:
    """Fill the new tables from the old ones, which hold the same figures."""
    vendor = schema_editor.connection.vendor
    day, month = DAY[vendor].format("day_on"), DAY[vendor].format(MONTH[vendor])
    letters = "".join(f" WHEN '{word}' THEN '{letter}'" for word, letter in LETTERS.items())
    network = f"CASE network{letters} ELSE '=' || network END"
    places = "".join(f" WHEN '{word}' THEN {place}" for place, word in enumerate(DIMENSIONS))
    old = "FROM tracking_clickstatbefore WHERE"
    for statement in (
        f'INSERT INTO tracking_clickstat (program_id, dimension, day_on, key, network, valid, "unique", visitors)'
        f' SELECT program_id, CASE dimension{places} END, {day}, key, {network}, valid, "unique", visitors {old}'
        " dimension NOT IN ('share', 'member') AND (valid > 0 OR visitors > 0)",
        'INSERT INTO tracking_clickweek (program_id, dimension, week_on, key, network, valid, "unique", visitors)'
        " SELECT program_id, dimension, day_on - (day_on + 2) % 7 AS week, key, network,"
        ' SUM(valid), SUM("unique"), SUM(visitors) FROM tracking_clickstat'
        " GROUP BY program_id, dimension, day_on - (day_on + 2) % 7, key, network",
        f"INSERT INTO tracking_requeststat (program_id, day_on, network, raw, valid, {REASONS})"
        f" SELECT program_id, {day}, {network}, raw, valid, {REASONS} {old} dimension = 'all' AND raw > 0",
        f'INSERT INTO tracking_shareday (day_on, share_id, valid, "unique")'
        f' SELECT {day}, CAST(key AS integer), SUM(valid), SUM("unique") {old} dimension = \'share\' AND valid > 0'
        " GROUP BY day_on, key",
        f'INSERT INTO tracking_memberday (day_on, member_id, program_id, valid, "unique")'
        f' SELECT {day}, CAST(key AS integer), program_id, SUM(valid), SUM("unique") {old}'
        " dimension = 'member' AND valid > 0 GROUP BY day_on, key, program_id",
        f'INSERT INTO tracking_membermonth (month_on, member_id, program_id, valid, "unique")'
        f' SELECT {month}, CAST(key AS integer), program_id, SUM(valid), SUM("unique") {old}'
        f" dimension = 'member' AND valid > 0 GROUP BY {month}, key, program_id",
        'INSERT INTO tracking_sharetotal (share_id, first_click_id, valid, "unique")'
        ' SELECT f.share_id, MIN(f.click_id), SUM(d.valid), SUM(d."unique")'
        " FROM tracking_firstclick f JOIN tracking_shareday d ON d.share_id = f.share_id GROUP BY f.share_id",
    ):
        schema_editor.execute(statement, params=None)


class CreateNarrow(WithoutRowId, migrations.CreateModel):
    pass


def program() -> NarrowKey:
    return NarrowKey(
        to="company.program", db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT,
        related_name="+", small=True,
    )  # fmt: skip


def narrow(to: str) -> NarrowKey:
    return NarrowKey(
        to=to, db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
        small=False,
    )  # fmt: skip


def count() -> models.IntegerField:
    return models.IntegerField(default=0)


def key(*columns: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    """Clicks of shares and of members get tables of their own with whole-number keys; the others are counted by week too."""

    dependencies = [
        ("company", "0003_program_reminded_at"),
        ("sharing", "0004_engagement_readings"),
        ("tracking", "0005_click_arrivals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="clickstat", name="click_stat_of_a_share"),
        migrations.RemoveIndex(model_name="clickstat", name="click_stat_of_a_member"),
        migrations.RenameModel("ClickStat", "ClickStatBefore"),
        *(
            CreateNarrow(
                name=name,
                fields=[
                    ("pk", key("program", "dimension", day, "key", "network")),
                    ("program", program()),
                    ("dimension", NumberedWord()),
                    (day, DayColumn()),
                    ("key", models.CharField(max_length=120)),
                    ("network", ShortWord(max_length=21)),
                    ("valid", count()),
                    ("unique", count()),
                    ("visitors", count()),
                ],
            )
            for name, day in (("ClickStat", "day_on"), ("ClickWeek", "week_on"))
        ),
        CreateNarrow(
            name="RequestStat",
            fields=[
                ("pk", key("program", "day_on", "network")),
                ("program", program()),
                ("day_on", DayColumn()),
                ("network", ShortWord(max_length=21)),
                *((name, count()) for name in ("raw", "valid", "head", "preview", "bot", "prefetch", "no_agent", "own")),
            ],
        ),
        CreateNarrow(
            name="ShareDay",
            fields=[
                ("pk", key("day_on", "share")),
                ("day_on", DayColumn()),
                ("share", narrow("sharing.share")),
                ("valid", count()),
                ("unique", count()),
            ],
        ),
        migrations.CreateModel(
            name="ShareTotal",
            fields=[
                (
                    "share",
                    NarrowOnly(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True,
                        related_name="+", serialize=False, small=False, to="sharing.share",
                    ),
                ),
                ("first_click_id", models.BigIntegerField()),
                ("valid", count()),
                ("unique", count()),
            ],
        ),
        *(
            CreateNarrow(
                name=name,
                fields=[
                    ("pk", key(day, "member", "program")),
                    (day, DayColumn()),
                    ("program", program()),
                    ("member", narrow(settings.AUTH_USER_MODEL)),
                    ("valid", count()),
                    ("unique", count()),
                ],
            )
            for name, day in (("MemberDay", "day_on"), ("MemberMonth", "month_on"))
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.DeleteModel("ClickStatBefore"),
        migrations.DeleteModel("FirstClick"),
    ]
