"""The roll-ups' tables are as narrow as they were meant to be, and what is read by week is what the days say."""

import random
from datetime import date, timedelta

import pytest
from django.db import connection

from tests.cast import People
from tests.measurement.facts import click_on, count_visitors, share_on
from tests.sharing.library import make_post
from vocero.tracking import stats
from vocero.tracking.models import ClickStat, ClickWeek, MemberMonth, ShareTotal
from vocero.tracking.queries import clicks_in
from vocero.tracking.store import ROLL_UPS, SHARE_TOTALS

MONDAY = date(2026, 11, 2)


@pytest.mark.django_db
def test_a_table_of_roll_ups_has_no_index_beside_its_key() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ROLL_UPS:
                cursor.execute("SELECT COUNT(*) FROM pg_indexes WHERE tablename = %s", [table.name])
                assert cursor.fetchone() == (1,), table.name
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        made = dict(cursor.fetchall())
        for table in ROLL_UPS:
            assert ("WITHOUT ROWID" in made[table.name]) == (table is not SHARE_TOTALS), table.name
            cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = %s", [table.name])
            assert cursor.fetchone() == (0,), "no index beside it"


@pytest.mark.django_db
def test_a_click_is_indexed_by_its_own_number_and_by_what_makes_it_unique_and_nothing_else() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT COUNT(*) FROM pg_indexes WHERE tablename = 'tracking_click_rest'")
            assert cursor.fetchone() == (2,)
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'tracking_click'")
        assert cursor.fetchall() == [("unique_click",)], "the id is the row's own number"


def live(people: People) -> None:
    """Let a few shares be clicked over five weeks."""
    draw = random.Random(4)
    post = make_post(people.house)
    for member, network in ((people.ana, "linkedin"), (people.bruno, "linkedin"), (people.ana, "x")):
        share = share_on(member, post, MONDAY - timedelta(days=3), network=network)
        for day in range(36):
            click_on(share, MONDAY + timedelta(days=day - 3), [draw.randint(1, 4) for _ in range(draw.randint(0, 5))])
    count_visitors()


def test_any_stretch_of_days_gives_what_its_days_add_up_to(people: People) -> None:
    live(people)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]
    for first in range(-5, 9):
        for many in (0, 1, 5, 6, 7, 8, 13, 14, 20, 30):
            begins, ends = MONDAY + timedelta(days=first), MONDAY + timedelta(days=first + many)
            by_hand: dict[tuple[str, str], list[int]] = {}
            for row in ClickStat.objects.filter(dimension="post", day_on__range=(begins, ends)):
                found = by_hand.setdefault((row.key, row.network), [0, 0, 0])
                for place, value in enumerate((row.valid, row.unique, row.visitors)):
                    found[place] += value
            told = clicks_in(people.program.pk, "post", begins, ends)
            assert {(row.key, row.network): [row.valid, row.unique, row.visitors] for row in told} == by_hand
    assert clicks_in(people.program.pk, "post", MONDAY, MONDAY + timedelta(days=9), key="nothing") == []


def test_a_week_month_or_total_that_drifted_is_found_and_mended(people: People) -> None:
    live(people)
    assert stats.wrong_sums() == []
    ClickWeek.objects.filter(dimension="post", week_on=MONDAY, network="x").update(unique=99)
    MemberMonth.objects.filter(member=people.bruno).delete()
    ShareTotal.objects.filter(share__member=people.bruno).delete()
    found = stats.wrong_sums()
    assert {one.table for one in found} == {"clickweek", "membermonth", "sharetotal"}
    stats.rebuild(MONDAY - timedelta(days=3), MONDAY + timedelta(days=33))
    assert stats.wrong_sums() == []
    assert not ShareTotal.objects.filter(first_click_id=ShareTotal.NEVER).exists()
