"""Single clicks beyond their time: compared, written to a file, taken out, and read again; whenever it is stopped."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.cast import People
from tests.measurement.facts import click_on, count_visitors, noon, share_on
from tests.sharing.library import make_post
from vocero.lib.periods import Period
from vocero.measurement.services import NotRebuilt, oldest_complete_day, rebuild, roll_up_recent
from vocero.privacy.tasks import settle_old_clicks
from vocero.sharing.models import Share
from vocero.tracking import archive, parquet, partitions, stats
from vocero.tracking.models import (
    Click,
    ClickMonth,
    ClickStat,
    ClickWeek,
    MemberDay,
    MemberMonth,
    Referrer,
    RequestStat,
    ShareDay,
    ShareTotal,
    VisitorCount,
)
from vocero.tracking.wide import sums_of

AUGUST = Period.parse("2026-08")
DAY = date(2026, 8, 12)
LATER = noon(date(2026, 11, 30))
TOO_EARLY = noon(date(2026, 11, 28))


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """An archive of the test's own."""
    settings.VOCERO_ARCHIVE = tmp_path / "archive"
    return tmp_path / "archive"


@pytest.fixture
def share(people: People) -> Share:
    """Ana's share of August with clicks of three days, of one in September, and everything counted."""
    share = share_on(people.ana, make_post(people.house), AUGUST.first_on)
    for day in (date(2026, 8, 1), DAY, date(2026, 8, 31), date(2026, 9, 1)):
        click_on(share, day, [1, 2, 2, 3])
        click_on(share, day, [9], "bot")
    Click.objects.update(referrer=Referrer.objects.create(origin='https://odd.example/,"\n'))
    count_visitors()
    return share


def roll_ups() -> list[list[tuple[Any, ...]]]:
    """Give all rows of all tables of roll-ups, in an order of their own."""
    found = []
    for table in (ClickStat, ClickWeek, RequestStat, ShareDay, ShareTotal, MemberDay, MemberMonth, VisitorCount):
        names = sorted(field.attname for field in table._meta.concrete_fields)
        found.append(sorted(table._default_manager.values_list(*names), key=repr))
    return found


def in_file(folder: Path) -> int:
    with parquet.opened(folder / "2026-08.parquet") as file:
        return sum(counted[0] for counted in file.sums().values())


def test_a_month_goes_into_its_file_once_it_lies_wholly_beyond_its_time(share: Share, folder: Path) -> None:
    before = roll_ups()
    assert settle_old_clicks(TOO_EARLY) == 0
    assert settle_old_clicks(LATER) == 15
    assert in_file(folder) == 15
    assert {click.day_on for click in Click.objects.all()} == {date(2026, 9, 1)}
    assert roll_ups() == before
    row = ClickMonth.objects.get()
    assert (row.file, row.clicks, row.cleared_at) == ("2026-08.parquet", 15, LATER)
    assert settle_old_clicks(LATER) == 0
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == ["2026-08.parquet"]


def test_the_file_holds_wide_rows_and_no_member(share: Share, folder: Path) -> None:
    import duckdb

    settle_old_clicks(LATER)
    with duckdb.connect() as duck:
        found = duck.execute(
            "SELECT day, link, share, network, team_path, referrer, country, device, network_class, verdict, id"
            " FROM read_parquet(?) ORDER BY id",
            [str(folder / "2026-08.parquet")],
        )
        names = [column[0] for column in found.description]
        first = found.fetchone()
    assert "member" not in names
    assert first is not None
    assert first[:9] == (
        date(2026, 8, 1), share.link.pk, share.pk, share.network, share.team_path, 'https://odd.example/,"\n', "ES", "p", 1,
    )  # fmt: skip


def test_the_questions_of_the_docs_can_be_asked(share: Share, folder: Path) -> None:
    import duckdb

    settle_old_clicks(LATER)
    text = (Path(__file__).parents[2] / "docs" / "operate" / "archive.md").read_text()
    block = text.split("```sql")[1].split("```")[0].replace("archive/*", f"{folder}/*")
    questions = [question for question in block.split(";") if question.strip()]
    assert len(questions) == 3
    with duckdb.connect() as duck:
        assert all(duck.execute(question).fetchall() for question in questions[:2])
        duck.execute(questions[2])


@pytest.mark.parametrize("extra", ["with the archive", "without its extra", "forgetting"])
def test_clicks_that_the_roll_ups_do_not_agree_with_are_kept(
    share: Share, extra: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if extra == "without its extra":
        monkeypatch.setattr(parquet, "is_installed", lambda: False)
    settings.VOCERO_OLD_CLICKS = "forget" if extra == "forgetting" else "archive"
    ShareDay.objects.filter(share=share, day_on=DAY).update(valid=7)
    assert settle_old_clicks(LATER) == 0
    assert Click.objects.count() == 20


def test_without_the_extra_nothing_goes_and_the_check_says_what_to_do(
    share: Share, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vocero.config.diagnosis import check_archive

    monkeypatch.setattr(parquet, "is_installed", lambda: False)
    assert settle_old_clicks(LATER) == 0
    assert Click.objects.count() == 20
    (finding,) = check_archive(LATER)
    assert (finding.level, parquet.INSTALL in finding.mend, "forget" in finding.mend) == ("note", True, True)


def test_an_operator_can_forget_them_without_a_file(share: Share, folder: Path, settings: Any) -> None:
    settings.VOCERO_OLD_CLICKS = "forget"
    before = roll_ups()
    assert settle_old_clicks(LATER) == 15
    assert roll_ups() == before
    assert not list(folder.glob("*.parquet"))
    assert oldest_complete_day(LATER) == date(2026, 9, 1)
    with pytest.raises(NotRebuilt, match="forgotten"):
        rebuild(since=DAY, at=LATER)


def test_rebuild_and_verify_reach_into_archived_months(share: Share) -> None:
    roll_up_recent(at=LATER)
    before = roll_ups()
    settle_old_clicks(LATER)
    assert oldest_complete_day(LATER) <= date(2026, 8, 1)
    ClickStat.objects.filter(program__in=[share.program.pk]).update(valid=99, visitors=99)
    ShareDay.objects.update(unique=0)
    RequestStat.objects.update(raw=1, bot=1)
    rebuild(since=date(2026, 8, 1), at=LATER)
    assert roll_ups() == before
    with connection.cursor() as cursor:  # the table that stood in is gone
        cursor.execute("SELECT COUNT(*) FROM tracking_click")
        assert cursor.fetchone()[0] == 5


def test_verify_finds_a_roll_up_of_an_archived_day_that_is_wrong(share: Share, capsys: Any) -> None:
    settle_old_clicks(LATER)
    call_command("verify")
    RequestStat.objects.filter(day_on=DAY).update(bot=5)
    with pytest.raises(CommandError, match="not what the facts say"):
        call_command("verify")


def test_a_file_that_is_missing_or_changed_is_named(share: Share, folder: Path) -> None:
    settle_old_clicks(LATER)
    place = folder / "2026-08.parquet"
    content = place.read_bytes()
    place.write_bytes(content[:-1] + b"x")
    with pytest.raises(NotRebuilt, match="not as it was written"):
        rebuild(since=DAY, at=LATER)
    place.unlink()
    with pytest.raises(NotRebuilt, match="is not here"):
        rebuild(since=DAY, at=LATER)
    assert oldest_complete_day(LATER) == date(2026, 9, 1)


def test_without_the_extra_archived_months_say_what_they_need(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_old_clicks(LATER)
    monkeypatch.setattr(parquet, "is_installed", lambda: False)
    with pytest.raises(NotRebuilt, match="pip install"):
        rebuild(since=DAY, at=LATER)


def test_clicks_that_come_late_are_added_to_the_file(share: Share, folder: Path) -> None:
    settle_old_clicks(LATER)
    click_on(share, DAY, [4, 5])
    assert sum(counted[0] for counted in sums_of(DAY, DAY).values()) == 2
    archive.rebuild(DAY, DAY, archive.folder())
    before = roll_ups()
    assert settle_old_clicks(LATER + timedelta(days=1)) == 2
    assert in_file(folder) == ClickMonth.objects.get().clicks == 17
    rebuild(since=DAY, at=LATER)
    assert roll_ups() == before


STEPS = {
    "before the file is complete": (parquet, "sync"),
    "before it is read back": (parquet, "opened"),
    "before it takes its place": (Path, "replace"),
    "before its row says so": (archive, "_adopt"),
    "before rows go": (archive, "_clear"),
    "between rows": (archive, "_run"),
}


@pytest.mark.parametrize("step", STEPS)
def test_stopped_anywhere_it_goes_on_and_nothing_is_lost_or_there_twice(
    share: Share, folder: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, name = STEPS[step]
    real, calls = getattr(place, name), []
    monkeypatch.setattr(archive, "_BATCH", 2)

    def stopped(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == (3 if step == "between rows" else 2 if step == "before its row says so" else 1):
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(place, name, stopped)
    monkeypatch.setattr(partitions, "drop", lambda *_args, **_more: False)
    with pytest.raises(KeyboardInterrupt):
        settle_old_clicks(LATER)
    monkeypatch.setattr(place, name, real)
    left = Click.objects.count() - 5
    assert settle_old_clicks(LATER) == left
    assert in_file(folder) == ClickMonth.objects.get().clicks == 15
    assert Click.objects.count() == 5
    assert not list(folder.glob(".making-*"))
    assert not list(folder.glob("*.part"))


def test_what_is_read_back_must_be_what_the_database_holds(
    share: Share, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = parquet.Scratch.add_csv

    def lose_a_line(self: parquet.Scratch, file: Path) -> None:
        file.write_text("".join(file.read_text().splitlines(keepends=True)[1:]))
        real(self, file)

    Click.objects.update(referrer=None)
    monkeypatch.setattr(parquet.Scratch, "add_csv", lose_a_line)
    assert settle_old_clicks(LATER) == 0
    assert Click.objects.count() == 20
    assert not list(folder.glob("*.parquet"))


def test_only_one_process_works_in_the_archive(share: Share, folder: Path) -> None:
    folder.mkdir()
    code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder / ".lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert settle_old_clicks(LATER) == 0
        other.communicate(b"\n")
    assert settle_old_clicks(LATER) == 15


def test_the_command_says_what_it_does(share: Share, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vocero.lib.clock.now", lambda: LATER)
    call_command("archive")
    told = capsys.readouterr()
    assert "2026-08-12: the roll-ups agree" in told.err
    assert "2026-08  15 clicks" in told.out
    assert "15 clicks were taken out of the database." in told.out


def test_parts_are_made_ahead_and_a_month_goes_as_a_whole(share: Share, folder: Path) -> None:
    if not partitions.is_used():
        assert partitions.months() == []
        assert partitions.make_ahead(DAY) == 0
        return
    there = {month.key for month in partitions.months()}
    assert partitions.make_ahead(DAY) == len({"2026-08", "2026-09", "2026-10"} - there)
    assert {"2026-08", "2026-09", "2026-10"} <= {month.key for month in partitions.months()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM tracking_click_2026_08")
        assert cursor.fetchone()[0] == 15  # moved out of the part for the rest
    assert settle_old_clicks(LATER) == 15
    assert "2026-08" not in {month.key for month in partitions.months()}
    assert in_file(folder) == 15
    click_on(share, DAY, [7])  # late: nothing is refused
    assert Click.of_day(DAY).count() == 1


def test_an_id_is_one_clicks_alone_whatever_its_visitor(share: Share) -> None:
    from vocero.tracking.ingest import store_clicks
    from vocero.tracking.store import ClickRow

    one = click_on(share, DAY, [70])[0]
    other = ClickRow(*one)._replace(visitor=one.visitor + 1)
    (stored,) = store_clicks([other])
    assert ClickRow(*stored).id != one.id
    assert store_clicks([one]) == []
    assert stats.differences(date(2026, 9, 1)) == []


def test_clicks_that_were_there_before_move_into_parts_and_back(transactional_db: None, share: Share) -> None:
    before = sums_of(AUGUST.first_on, date(2026, 9, 30))
    call_command("migrate", "tracking", "0006", verbosity=0)
    assert sums_of(AUGUST.first_on, date(2026, 9, 30)) == before
    call_command("migrate", "tracking", verbosity=0)
    assert sums_of(AUGUST.first_on, date(2026, 9, 30)) == before
    assert len(click_on(share, DAY, [1, 60])) == 2
    assert Click.of_day(DAY).filter(verdict="repeat").count() == 2
    if partitions.is_used():
        assert {"2026-08", "2026-09"} <= {month.key for month in partitions.months()}
