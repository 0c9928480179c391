"""How eagerly processes and threads take the processor is a wish: where a sandbox forbids it they run all the same."""

import os
import threading

import pytest

from vocero.lib import processes


def test_a_thread_waits_for_its_turn_and_not_any_more() -> None:
    found: list[int] = []

    def look() -> None:
        processes.wait_for_turn()
        found.append(os.sched_getscheduler(0))
        processes.wait_for_turn(wait=False)
        found.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [os.SCHED_BATCH, os.SCHED_OTHER]


def test_what_a_sandbox_forbids_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    monkeypatch.setattr(os, "nice", forbidden)
    processes.wait_for_turn()
    processes.give_way(10)
