"""Clicks are written and made safe in groups; who waits is told the truth, whatever the disk and the others do."""

import asyncio
import itertools
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.running import wait_for
from tests.tracking.test_segment import AT_US, record
from vocero.tracking import segment
from vocero.tracking.links.log import ClickLog
from vocero.tracking.segment import SegmentReader, SegmentWriter, segments_in


def stored(folder: Path) -> list[int]:
    found = []
    for path in segments_in(folder):
        with SegmentReader(path) as reader:
            stretch = reader.read(0)
            assert stretch.damaged == 0
            found += [one.click_id for one in stretch.records]
    return found


def click(number: int) -> bytes:
    return segment.encode(record(number))


def in_a_loop[Thing](visit: Coroutine[Any, Any, Thing]) -> Thing:
    """Run it in a thread: a browser test that ran before leaves its loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, visit).result()


def test_clicks_that_come_while_others_are_synced_are_one_write_and_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    syncs: list[int] = []
    begun, go = threading.Event(), threading.Event()
    append, sync = SegmentWriter.append, SegmentWriter.sync

    def wait_and_sync(self: SegmentWriter) -> None:
        syncs.append(self.fd)
        begun.set()
        go.wait(60)
        sync(self)

    monkeypatch.setattr(SegmentWriter, "append", lambda self, data: (writes.append(len(data)), append(self, data)))
    monkeypatch.setattr(SegmentWriter, "sync", wait_and_sync)
    log = ClickLog(tmp_path, node="n1")
    groups = [log.append(click(0))]
    assert begun.wait(60)
    groups += [log.append(click(number)) for number in range(1, 40)]
    assert not any(group.done for group in groups)
    assert len(writes) == 1
    go.set()
    assert all(group.wait() for group in groups)
    assert (len(writes), len(syncs)) == (2, 2)
    log.close()
    assert stored(tmp_path) == list(range(40))


def test_a_visitor_who_goes_away_does_not_end_the_waiting_of_the_others(tmp_path: Path) -> None:
    async def visit() -> list[bool | BaseException]:
        log = ClickLog(tmp_path, node="n1")

        async def click_once(number: int) -> bool:
            return await log.append(click(number))

        tasks = [asyncio.create_task(click_once(number)) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        try:
            return await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            log.close()

    first, second, third = in_a_loop(visit())
    assert (first, third) == (True, True)
    assert isinstance(second, asyncio.CancelledError)
    assert stored(tmp_path) == [0, 1, 2]


@pytest.mark.parametrize("sync", [True, False])
def test_threads_wait_for_their_own_clicks(tmp_path: Path, sync: bool) -> None:
    log = ClickLog(tmp_path, node="n1", sync=sync)
    assert all(log.store(click(number)) for number in range(5))
    log.close()
    assert stored(tmp_path) == [0, 1, 2, 3, 4]


def test_what_was_cut_short_is_told_as_lost_and_the_next_click_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ClickLog(tmp_path, node="n1")
    assert log.store(click(1))
    write = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda fd, data, at: write(fd, data[: len(click(2)) + 9], at))
        assert not log.keep([click(2), click(3)])
        assert not log.store(click(4) * 2)
    assert log.lost == 1
    assert log.store(click(5))
    log.close()
    assert stored(tmp_path) == [1, 5]


def test_a_segment_that_a_sync_failed_on_is_not_trusted_any_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: SegmentWriter) -> None:
        raise OSError(5, "Input/output error")

    log = ClickLog(tmp_path, node="n1")
    with monkeypatch.context() as patch:
        patch.setattr(SegmentWriter, "sync", fails)
        assert not log.store(click(1))
    assert log.store(click(2))
    log.close()
    assert [len(click(2))] == [path.stat().st_size - segment.HEAD_BYTES for path in list(segments_in(tmp_path))[1:]]


def test_losses_before_a_segment_can_be_made_stand_in_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    looks = threading.Semaphore(0)

    def is_full(*_: object, **__: object) -> SegmentWriter:
        looks.release()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(SegmentWriter, "create", is_full)
        log = ClickLog(tmp_path, node="n1")
        assert not log.store(click(1))
        assert not log.store(click(2))
        for _ in range(3):
            assert looks.acquire(timeout=60)
    assert capfd.readouterr().err.count("no segment can be made") == 1  # of three times that it looked
    numbers = itertools.count(3)
    wait_for(lambda: log.store(click(next(numbers))), what="a segment")
    tried = next(numbers) - 2  # the last one was stored
    assert log.lost == tried
    log.close()
    (path,) = segments_in(tmp_path)
    with SegmentReader(path) as reader:
        assert reader.lost == tried


def test_room_written_ahead_is_no_click_and_is_cut(tmp_path: Path) -> None:
    writer = SegmentWriter.create(tmp_path, node="n1", at_us=AT_US, ahead=True)
    writer.append(click(1))
    writer.sync()
    whole = writer.path.stat().st_size
    for number in range(2, 300):
        writer.append(click(number))
        writer.sync()
    assert writer.path.stat().st_size == whole > 300 * len(click(1))
    with SegmentReader(writer.path) as reader:
        live = reader.read(0)
        assert (len(live.records), live.is_end) == (299, False)
        os.close(writer.fd)  # as kill -9 leaves it
        left = reader.read(live.offset)
        assert (left.records, left.damaged, left.is_end) == ([], 0, True)
        offset, damaged, is_end = 0, 0, False
        while not is_end:
            step = reader.read(offset, most_bytes=4096)
            offset, damaged, is_end = step.offset, damaged + step.damaged, step.is_end
        assert damaged == 0
    other = SegmentWriter.create(tmp_path, node="n2", at_us=AT_US, ahead=True)
    other.append(click(1))
    other.close()
    assert other.path.stat().st_size == segment.HEAD_BYTES + len(click(1))
