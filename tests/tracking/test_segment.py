"""Segments keep every whole record, cut a torn one, find their way past damage, and are never opened twice to write."""

import fcntl
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocero.tracking import segment
from vocero.tracking.segment import ClickIds, ClickRecord, NotASegment, SegmentReader, SegmentWriter

AT_US = int(datetime(2026, 11, 16, 9, 0, tzinfo=UTC).timestamp()) * 1_000_000

records = st.builds(
    ClickRecord,
    click_id=st.integers(0, 2**63 - 1),
    at_us=st.integers(0, 2**63 - 1),
    link_id=st.integers(0, 2**63 - 1),
    day=st.integers(0, 2**16 - 1),
    visitor=st.binary(min_size=16, max_size=16),
    flags=st.integers(0, 255),
    country=st.sampled_from([b"ES", b"  "]),
    network_class=st.integers(0, 2),
    agent=st.binary(max_size=512),
    referrer=st.binary(max_size=255),
)


def record(number: int = 1, agent: bytes = b"Mozilla/5.0") -> ClickRecord:
    return ClickRecord(number, AT_US + number, 7, 20_773, b"v" * 16, 0, b"ES", 0, agent, b"https://www.linkedin.com")


def written(folder: Path, *wanted: ClickRecord) -> Path:
    writer = SegmentWriter.create(folder, node="n1", at_us=AT_US)
    for one in wanted:
        writer.append(segment.encode(one))
    writer.close()
    return writer.path


@given(records)
def test_a_record_comes_back_as_it_was_written(one: ClickRecord) -> None:
    data = segment.encode(one)
    assert segment.decode(data, 0) == (one, len(data))


@given(records, st.data())
def test_a_record_with_one_bit_changed_is_refused(one: ClickRecord, data: st.DataObject) -> None:
    blob = bytearray(segment.encode(one))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    found = segment.decode(bytes(blob), 0)
    assert found is None


@given(records, st.data())
def test_a_record_cut_anywhere_is_refused(one: ClickRecord, data: st.DataObject) -> None:
    blob = segment.encode(one)
    assert segment.decode(blob[: data.draw(st.integers(0, len(blob) - 1))], 0) is None


def test_an_endless_agent_and_referrer_are_cut() -> None:
    one = record(agent=b"a" * 5000)._replace(referrer=b"r" * 5000)
    found = segment.decode(segment.encode(one), 0)
    assert found is not None
    assert (len(found[0].agent), len(found[0].referrer)) == (512, 255)


def test_a_finished_segment_with_a_torn_end_gives_all_whole_records_and_ends(tmp_path: Path) -> None:
    path = written(tmp_path, record(1), record(2), record(3))
    size = path.stat().st_size
    for cut in range(1, len(segment.encode(record(3)))):
        os.truncate(path, size - cut)
        with SegmentReader(path) as reader:
            stretch = reader.read(0)
        assert [one.click_id for one in stretch.records] == [1, 2]
        assert (stretch.is_end, stretch.damaged) == (True, 0)
        assert stretch.torn == len(segment.encode(record(3))) - cut


def test_zeros_after_a_power_cut_are_cut(tmp_path: Path) -> None:
    path = written(tmp_path, record(1))
    with path.open("ab") as file:
        file.write(bytes(4096))
    with SegmentReader(path) as reader:
        stretch = reader.read(0)
    assert ([one.click_id for one in stretch.records], stretch.torn, stretch.is_end) == ([1], 4096, True)


def test_damage_in_the_middle_loses_only_what_it_hit_and_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, *(record(number) for number in range(1, 6)))
    length = len(segment.encode(record(1)))
    with path.open("r+b") as file:
        file.seek(segment.HEAD_BYTES + 2 * length + 20)
        file.write(b"\xff\xff\xff")
    with SegmentReader(path) as reader:
        stretch = reader.read(0)
    assert [one.click_id for one in stretch.records] == [1, 2, 4, 5]
    assert (stretch.damaged, stretch.torn, stretch.is_end) == (length, 0, True)


def test_a_segment_that_is_still_written_is_not_at_its_end(tmp_path: Path) -> None:
    writer = SegmentWriter.create(tmp_path, node="n1", at_us=AT_US)
    writer.append(segment.encode(record(1)))
    os.pwrite(writer.fd, segment.encode(record(2))[:30], writer.size)
    with SegmentReader(writer.path) as reader:
        stretch = reader.read(0)
        assert ([one.click_id for one in stretch.records], stretch.is_end, stretch.torn) == ([1], False, 0)
        writer.append(segment.encode(record(3)))  # takes the place of what was cut short
        further = reader.read(stretch.offset)
        assert ([one.click_id for one in further.records], further.is_end) == ([3], False)
        writer.close()
        assert reader.read(further.offset).is_end


def test_reading_in_small_steps_gives_the_same_records(tmp_path: Path) -> None:
    draw = random.Random(7)
    wanted = [record(number, agent=draw.randbytes(draw.randint(0, 512))) for number in range(1, 400)]
    path = written(tmp_path, *wanted)
    found: list[ClickRecord] = []
    offset, is_end = 0, False
    with SegmentReader(path) as reader:
        while not is_end:
            stretch = reader.read(offset, most_bytes=1000)
            found += stretch.records
            offset, is_end = stretch.offset, stretch.is_end
    assert found == wanted


def test_losses_are_told_by_the_head_of_the_segment(tmp_path: Path) -> None:
    writer = SegmentWriter.create(tmp_path, node="n1", at_us=AT_US)
    writer.count_lost(2, AT_US)
    writer.count_lost(3, AT_US)
    with SegmentReader(writer.path) as reader:
        assert reader.lost == 5
    writer.close()


def test_names_are_unique_and_told_oldest_first(tmp_path: Path) -> None:
    later = SegmentWriter.create(tmp_path, node="b.example", at_us=AT_US + 5_000_000)
    first = SegmentWriter.create(tmp_path, node="z", at_us=AT_US)
    again = SegmentWriter.create(tmp_path, node="z", at_us=AT_US)
    assert len({first.path, again.path, later.path}) == 3
    assert list(segment.segments_in(tmp_path))[-1] == later.path
    assert [segment.node_of(path) for path in (later.path, first.path)] == ["b.example", "z"]
    for writer in (first, again, later):
        writer.close()


def test_a_file_of_another_kind_is_no_segment(tmp_path: Path) -> None:
    path = tmp_path / f"n.20260101T000000.aa{segment.SUFFIX}"
    path.write_bytes(b"something else entirely, long enough to be read")
    with SegmentReader(path) as reader, pytest.raises(NotASegment):
        _ = reader.lost


def test_ids_grow_hold_their_moment_and_are_never_the_same_twice() -> None:
    ids = ClickIds()
    moments = [AT_US, AT_US, AT_US - 10_000_000, AT_US + 1, AT_US + 10, AT_US + 10]  # the clock jumps back once
    made = [ids.next(moment) for moment in moments]
    assert made == sorted(set(made))
    assert segment.moment_of_id(made[0]) == datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    assert segment.first_id_at(segment.moment_of_id(made[-1])) <= made[-1] < 2**63


def test_what_a_kill_left_of_a_segment_that_was_being_made_goes_and_what_is_being_made_stays(tmp_path: Path) -> None:
    left, making = tmp_path / "n1.one.unborn", tmp_path / "n1.other.unborn"
    left.touch()
    with making.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert segment.remove_unborn(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == [making.name]
    assert segment.remove_unborn(tmp_path / "nowhere") == 0
