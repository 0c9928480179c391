"""Several processes make days again at once: the rows are the same, whichever of them is killed, and when."""

import os
import signal
from datetime import date, timedelta
from typing import Any

import pytest

from tests.cast import People
from tests.tracking.test_narrow_tables import MONDAY, live
from vocero.config.management.commands.rebuild import Progress
from vocero.lib.periods import days_between
from vocero.tracking import stats
from vocero.tracking.abreast import NotFinished
from vocero.tracking.keys import Places
from vocero.tracking.services import ROLL_UPS, rebuild_clicks
from vocero.tracking.store import SHARE_DAYS, ask

FIRST, LAST = MONDAY - timedelta(days=3), MONDAY + timedelta(days=33)


def all_rows() -> dict[str, list[Any]]:
    """Give every row of every table of roll-ups."""
    return {table.__name__: sorted(table._default_manager.values_list(), key=repr) for table in ROLL_UPS}


def forget() -> None:
    """Let nothing of the roll-ups be left."""
    for table in ROLL_UPS:
        table._default_manager.all().delete()


@pytest.mark.django_db(transaction=True)
def test_days_that_two_processes_make_again_are_the_same_rows(people: People) -> None:
    live(people)
    before = all_rows()
    assert all(before.values())
    forget()
    told: list[date] = []
    rebuild_clicks(FIRST, LAST, processes=2, tell=told.append)
    assert sorted(told) == days_between(FIRST, LAST)
    assert all_rows() == before
    ask(
        f"UPDATE {SHARE_DAYS.name} SET valid = valid + 1 WHERE day_on = (SELECT MIN(day_on) FROM {SHARE_DAYS.name})", []
    )
    ask("UPDATE tracking_clickweek SET visitors = visitors + 1 WHERE dimension = 0", [])
    assert all_rows() != before
    rebuild_clicks(FIRST, LAST, processes=2)
    assert all_rows() == before


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_process_left_undone_is_done_by_going_on(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    live(people)
    before = all_rows()
    forget()
    as_it_is, ours = stats.rebuild_day, os.getpid()

    def killed_on_the_way(day: date, places: Places | None = None) -> None:
        as_it_is(day, places)
        if day == MONDAY + timedelta(days=15) and os.getpid() != ours:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(stats, "rebuild_day", killed_on_the_way)
    progress, seen = Progress(FIRST, LAST), list[str]()
    with pytest.raises(NotFinished, match="-9"):
        rebuild_clicks(FIRST, LAST, processes=2, tell=lambda day: seen.append(progress.note(day)))
    assert progress.next_on <= MONDAY + timedelta(days=15), "that day was not told of"
    monkeypatch.undo()
    rebuild_clicks(progress.next_on, LAST, processes=2)
    assert all_rows() == before


def test_progress_tells_where_to_go_on_when_days_are_done_out_of_order() -> None:
    progress = Progress(MONDAY, MONDAY + timedelta(days=3))
    assert ", 1 of 4 days, about " in progress.note(MONDAY + timedelta(days=1))
    assert progress.next_on == MONDAY
    progress.note(MONDAY)
    assert progress.next_on == MONDAY + timedelta(days=2)
    progress.note(MONDAY + timedelta(days=3))
    assert not progress.is_done
    assert progress.note(MONDAY + timedelta(days=2)).endswith("about 0 s left")
    assert progress.is_done
