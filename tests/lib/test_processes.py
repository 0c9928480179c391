"""How eagerly processes and threads take the processor is a wish: where a sandbox forbids it they run all the same."""

import ctypes
import os
import platform
import threading
from collections.abc import Callable

import pytest

from vocero.lib import processes


def in_a_thread(look: Callable[[], object]) -> None:
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()


def test_a_thread_waits_for_its_turn() -> None:
    found: list[int] = []
    in_a_thread(lambda: (processes.wait_for_turn(), found.append(os.sched_getscheduler(0))))
    assert found == [os.SCHED_BATCH]


def test_a_thread_that_goes_first_asks_for_little_and_stays_as_nice_as_it_was() -> None:
    found: list[tuple[int, int]] = []
    in_a_thread(
        lambda: (os.nice(1), processes.go_first(), found.append((slice_ns(), os.getpriority(os.PRIO_PROCESS, 0))))
    )
    ((given, nice),) = found
    assert given in {processes._SLICE_NS, 0, None}, "Linux before 6.12 knows no such wish"
    assert nice == min(os.getpriority(os.PRIO_PROCESS, 0) + 1, 19)


def slice_ns() -> int | None:
    """How long this thread asks for the processor, as Linux tells it; None where it does not."""
    attributes = ctypes.create_string_buffer(processes._SCHED_ATTR.size)
    number = {"x86_64": 315, "aarch64": 275}.get(platform.machine())
    if number is None or ctypes.CDLL(None).syscall(number, 0, attributes, len(attributes), 0):
        return None
    return int(processes._SCHED_ATTR.unpack(attributes.raw)[5])


def test_what_a_sandbox_forbids_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    monkeypatch.setattr(os, "nice", forbidden)
    processes.wait_for_turn()
    processes.give_way(10)
