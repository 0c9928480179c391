"""Due work runs when it is due, once however many workers there are, and a failure stops nothing else."""

import inspect
import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection, connections

from tests import cast
from tests.running import ROOT, installation, wait_for
from vocero.company.models import Schedule
from vocero.config import schedule
from vocero.config.schedule import COUNTING, READING, TABLE, Due, SecondMachine, Worker, run_all_due, run_due
from vocero.lib import clock

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ran: list[tuple[str, datetime]] = []
left: list[int] = []


def work(at: datetime) -> int:
    ran.append(("work", at))
    return 1


def fail(at: datetime) -> int:
    raise LookupError("ana@aurora.example")


def drain(at: datetime) -> int:
    ran.append(("drain", at))
    return left.pop() if left else 0


def something_waits(at: datetime) -> bool:
    """Say that something waits."""
    return True


def nothing_waits(at: datetime) -> bool:
    """Say that nothing waits."""
    return False


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()
    left.clear()


def due(function: str, *, drains: bool = False, lane: str = COUNTING) -> Due:
    return Due(f"tests.config.test_schedule.{function}", MINUTE, lane, drains=drains)


def is_task(function: object) -> bool:
    """Whether it can be called with the moment alone and gives a count."""
    signature = inspect.signature(function)  # type: ignore[arg-type]
    first, *more = signature.parameters.values()
    return first.name == "at" and signature.return_annotation is int and all(p.default is not p.empty for p in more)


def test_every_task_of_every_package_is_in_the_table() -> None:
    found = set()
    for path in sorted((ROOT / "vocero").glob("*/tasks.py")):
        module = import_module(f"vocero.{path.parent.name}.tasks")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and is_task(function):
                found.add(f"{module.__name__}.{name}")
    assert {entry.task for entry in TABLE} == found


def test_every_entry_of_the_table_can_be_loaded() -> None:
    assert len({entry.name for entry in TABLE}) == len(TABLE)
    for entry in TABLE:
        assert is_task(entry.load())


@pytest.mark.django_db
def test_work_runs_when_due_and_not_before() -> None:
    entry = due("work")
    assert run_due(entry, AT) == 1
    assert run_due(entry, AT + timedelta(seconds=59)) is None
    assert run_due(entry, AT + MINUTE) == 1
    assert ran == [("work", AT), ("work", AT + MINUTE)]


@pytest.mark.django_db
@pytest.mark.parametrize(("wanted", "times"), [("something_waits", 2), ("nothing_waits", 1)])
def test_a_worker_joins_in_before_its_turn_where_something_waits(
    wanted: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    entry = replace(due("work"), waits=f"tests.config.test_schedule.{wanted}")
    worker = Worker((entry,))
    worker._set_up = True
    assert [worker._look((entry,)), worker._look((entry,))] == [False, False]
    assert ran == [("work", AT)] * times


@pytest.mark.django_db
def test_a_failure_is_kept_by_its_class_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert run_all_due(AT, (due("fail"), due("work"))) == 1
    row = Schedule.objects.get(name="config.fail")
    assert row.last_error == "LookupError"
    assert row.next_run_at == AT + MINUTE
    assert "aurora" not in caplog.text.replace('raise LookupError("ana@aurora.example")', "")
    assert ran == [("work", AT)]


@pytest.mark.django_db
def test_what_drains_runs_again_at_once_until_nothing_is_left() -> None:
    left[:] = [3, 500, 500]
    assert run_all_due(AT, (due("drain", drains=True),)) == 1003
    assert len(ran) == 4
    assert Schedule.objects.get().next_run_at == AT + MINUTE


class Contended(Due):
    """Work that eight workers have all seen to be due before the first of them takes it."""

    all_have_seen_it = threading.Barrier(8)

    def __getattribute__(self, name: str) -> object:
        if name == "every":
            Contended.all_have_seen_it.wait(60)
        return super().__getattribute__(name)


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_runs_it() -> None:
    run_due(due("work"), AT - MINUTE)
    ran.clear()
    entry = Contended("tests.config.test_schedule.work", MINUTE, COUNTING)

    def one() -> None:
        run_due(entry, AT)
        connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [("work", AT)]


@pytest.mark.django_db
def test_a_worker_of_a_second_machine_is_refused_on_sqlite_alone() -> None:
    schedule.beat(AT, "north")
    schedule.beat(AT + timedelta(seconds=30), "north")
    if connection.vendor == "sqlite":
        with pytest.raises(SecondMachine, match="worker on north uses the same SQLite file"):
            schedule.beat(AT + timedelta(seconds=31), "south")
    schedule.beat(AT + timedelta(minutes=3), "south")
    assert schedule.last_beat() == AT + timedelta(minutes=3)


def test_a_worker_runs_all_lanes_until_it_is_stopped(transactional_db: None) -> None:
    cast.make_house()
    worker = Worker((due("work"), due("fail", lane=READING)))
    running = threading.Thread(target=worker.run)
    running.start()
    try:
        wait_for(lambda: Schedule.objects.filter(last_finished_at__isnull=False).count() == 2)
    finally:
        worker.stop()
        running.join(60)
    assert not running.is_alive()
    assert len(ran) == 1
    assert set(Schedule.objects.values_list("last_error", flat=True)) == {"", "LookupError"}


def test_nothing_is_due_before_there_is_a_company(transactional_db: None) -> None:
    worker = Worker((due("work"),))
    assert worker._look((due("work"),)) is False
    assert ran == []
    cast.make_house()
    worker._look((due("work"),))
    assert len(ran) == 1


def test_the_command_refuses_to_be_a_second_machine_on_sqlite(tmp_path: Path) -> None:
    with installation(tmp_path / "data", start=False) as house:
        code = "from vocero.config.schedule import beat; from vocero.lib.clock import now; beat(now(), 'another')"
        assert house.run("shell", "--no-imports", "-c", code).returncode == 0
        refused = house.run("worker")
    assert refused.returncode == 1
    assert "A worker on another uses the same SQLite file." in refused.stderr
    assert "DATABASE_URL" in refused.stderr
