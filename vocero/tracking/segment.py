"""The file format of clicks: records of version 1 in append-only segments, written once and read until their end.

A segment is a head of 64 bytes and then records, each `length, CRC32, body`. A process writes segments of its own under
names that never come back; nobody opens one again to write. The writer holds a lock on its segment while it lives, so
a reader knows which ones are finished. A record whose length or CRC is wrong at the end of a finished segment was torn
by a crash before it was acknowledged, and is cut; one in the middle is damage, and is reported.
"""

import contextlib
import fcntl
import os
import secrets
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

VERSION: Final = 1
SUFFIX: Final = ".clicks"
UNBORN_SUFFIX: Final = ".unborn"
HEAD_BYTES: Final = 64
AGENT_BYTES: Final = 512
REFERRER_BYTES: Final = 255
VISITOR_BYTES: Final = 16

HEAD_METHOD: Final = 1
PREFETCH: Final = 2
PREVIEW_SERVED: Final = 4
FLOOD: Final = 8

NETWORK_UNKNOWN: Final = 0
NETWORK_ACCESS: Final = 1
NETWORK_HOSTING: Final = 2

_MAGIC: Final = b"vclicks\x01"
_HEAD = struct.Struct("<8sQQQ")  # magic, created, clicks lost, moment of the last loss
_LOST = struct.Struct("<QQ")
_LOST_AT: Final = 16
_FRAME = struct.Struct("<HI")  # bytes of the body, CRC32 of the body
_BODY = struct.Struct("<BBQQQH16s2sBHH")
_FRAMED = struct.Struct("<HIBBQQQH16s2sBHH")  # both in one
_LARGEST: Final = _BODY.size + AGENT_BYTES + REFERRER_BYTES
_made = tuple.__new__
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_VERSION_BYTE: Final = bytes([VERSION])
_ROOM_LEAST: Final = 64 << 10
_ROOM_MOST: Final = 1 << 20
_ID_EPOCH_US: Final = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


class NotASegment(Exception):
    """The file does not begin as a segment of a version that we can read."""


def day_number(day_on: date) -> int:
    """Give a day as the number that a record holds: days since 1970-01-01."""
    return day_on.toordinal() - _EPOCH_ORDINAL


def day_of_number(day: int) -> date:
    """Give the day that a record's number means."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


class ClickRecord(NamedTuple):
    """One click as it was written down: `at_us` in UTC microseconds, `day` in days since 1970-01-01."""

    click_id: int
    at_us: int
    link_id: int
    day: int
    visitor: bytes
    flags: int
    country: bytes
    network_class: int
    agent: bytes
    referrer: bytes

    @property
    def at(self) -> datetime:
        """The moment in UTC."""
        return datetime.fromtimestamp(self.at_us // 1_000_000, UTC).replace(microsecond=self.at_us % 1_000_000)

    @property
    def day_on(self) -> date:
        """The day in the company's reporting time zone."""
        return day_of_number(self.day)


def moment_of_id(click_id: int) -> datetime:
    """Give the moment in UTC that a click's id holds."""
    seconds, microseconds = divmod((click_id >> 12) + _ID_EPOCH_US, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)


def first_id_at(moment: datetime) -> int:
    """Give the smallest id that a click at this moment, or later, can have."""
    whole = int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
    return max(0, whole - _ID_EPOCH_US) << 12


class ClickIds:
    """Makes 63-bit click ids: microseconds since 2020 (51 bits, strictly growing) and 12 random bits of this process."""

    def __init__(self, tag: int | None = None) -> None:
        self._tag = secrets.randbits(12) if tag is None else tag
        self._last_us = 0
        self._counting = threading.Lock()

    def next(self, at_us: int) -> int:
        """Give an id for a click at this moment; never the same twice from one process, however the clock jumps."""
        moment = at_us - _ID_EPOCH_US
        with self._counting:
            if moment <= self._last_us:
                moment = self._last_us + 1
            self._last_us = moment
        return (moment << 12 | self._tag) & 0x7FFF_FFFF_FFFF_FFFF


def encode(record: ClickRecord) -> bytes:
    """Give the bytes of a record; agent and referrer are cut to 512 and 255 bytes."""
    return pack(*record)


def pack(  # noqa: PLR0917  called by place, for each click
    click_id: int,
    at_us: int,
    link_id: int,
    day: int,
    visitor: bytes,
    flags: int,
    country: bytes,
    network_class: int,
    agent: bytes,
    referrer: bytes,
) -> bytes:
    """Give the bytes of a record that is not needed as one: for the process that answers each click."""
    agent, referrer = agent[:AGENT_BYTES], referrer[:REFERRER_BYTES]
    head = _BODY.pack(
        VERSION, flags, click_id, at_us, link_id, day, visitor, country, network_class, len(agent), len(referrer)
    )
    body = head + agent + referrer
    return _FRAME.pack(len(body), zlib.crc32(body)) + body


def decode(data: bytes, offset: int) -> tuple[ClickRecord, int] | None:
    """Give the record at the offset and the offset after it; None when no whole, sound record stands there."""
    records: list[ClickRecord] = []
    end = _read_sound(data, offset, offset + 1, records)
    return (records[0], end) if records else None


def decode_all(data: bytes) -> tuple[list[ClickRecord], int]:
    """Give the records that stand one after the other from the beginning, and how many bytes behind them are not sound."""
    records: list[ClickRecord] = []
    end = _read_sound(data, 0, len(data), records)
    return records, len(data) - end


class SegmentWriter:
    """One segment being written by this process: a new file, locked while it is open.

    With `ahead` zeros are written before records come: then syncing records need not wait for the file's length to be on
    the disk as well. They are cut off when the segment is finished, or by the reader when its writer was killed.
    """

    def __init__(self, path: Path, fd: int, created_us: int, *, ahead: bool = False) -> None:
        self.path = path
        self.fd = fd
        self.created_us = created_us
        self.size = HEAD_BYTES
        self.lost = 0
        self._ahead = ahead
        self._room = HEAD_BYTES

    @classmethod
    def create(cls, folder: Path, *, node: str, at_us: int, ahead: bool = False) -> Self:
        """Make a segment under a name that is used once. Raises OSError when the disk does not take it."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        moment = datetime.fromtimestamp(at_us // 1_000_000, UTC)
        path = folder / f"{node}.{moment:%Y%m%dT%H%M%S}.{secrets.token_hex(6)}{SUFFIX}"
        made = path.with_suffix(UNBORN_SUFFIX)
        fd = os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            head = _HEAD.pack(_MAGIC, at_us, 0, 0).ljust(HEAD_BYTES, b"\0")
            if os.pwrite(fd, head, 0) != HEAD_BYTES:
                raise OSError("the head of a segment was cut short")
            os.fsync(fd)
            made.rename(path)  # readers see it with its head and its lock, or not at all
            _sync_folder(folder)
        except OSError:
            os.close(fd)
            made.unlink(missing_ok=True)
            raise
        return cls(path, fd, at_us, ahead=ahead)

    def append(self, records: bytes) -> None:
        """Hand one or more records to the operating system in one write, all or none of them.

        Raises OSError; then what was written of them is cut off, and the next ones take the same place.
        """
        if self._ahead and self.size + len(records) > self._room:
            self._make_room(len(records))
        written = os.pwrite(self.fd, records, self.size)
        if written != len(records):
            os.ftruncate(self.fd, self.size)
            self._room = self.size
            raise OSError(f"only {written} of {len(records)} bytes were written")
        self.size += written

    def _make_room(self, needed: int) -> None:
        """Write zeros ahead, more each time; on a full disk there is none, and the records may still fit."""
        room = needed + min(_ROOM_MOST, max(_ROOM_LEAST, self.size))
        with contextlib.suppress(OSError):
            self._room = self.size + os.pwrite(self.fd, bytes(room), self.size)

    def sync(self) -> None:
        """Wait until everything appended is on the disk. Raises OSError; the segment must not be used after that."""
        os.fdatasync(self.fd)

    def count_lost(self, count: int, at_us: int) -> None:
        """Note in the head, whose place on the disk is long taken, that clicks could not be stored. May fail silently."""
        self.lost += count
        try:
            os.pwrite(self.fd, _LOST.pack(self.lost, at_us), _LOST_AT)
        except OSError:  # the process's own log has said it already
            return

    def close(self) -> None:
        """Give the lock and the file back; the segment is finished."""
        if self._ahead:
            with contextlib.suppress(OSError):
                os.ftruncate(self.fd, self.size)
        os.close(self.fd)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a reader found: records, where the next one begins, bytes damaged between them and torn off at the end."""

    records: list[ClickRecord]
    offset: int
    damaged: int
    torn: int
    is_end: bool


class SegmentReader:
    """Reads a segment from any offset, while it is written or later."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    @property
    def lost(self) -> int:
        """How many clicks its writer could not store. Raises NotASegment."""
        head = os.pread(self._fd, _HEAD.size, 0)
        if len(head) < _HEAD.size or head[:8] != _MAGIC:
            raise NotASegment(self.path.name)
        return int(_HEAD.unpack(head)[2])

    @property
    def is_finished(self) -> bool:
        """Whether no process writes it any more: its lock is free."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._fd, fcntl.LOCK_UN)
        return True

    def read(self, offset: int, *, most_bytes: int = 4 << 20) -> Stretch:
        """Give the sound records from the offset on, about `most_bytes` of them at most.

        In a segment that is still written an unsound record at the end is one on its way: reading stops before it. In a
        finished one it was torn and is cut; when sound records follow it, it is damage, and they are found again.
        """
        finished = self.is_finished  # asked before reading: what is appended in between is read next time
        offset = max(offset, HEAD_BYTES)
        data = os.pread(self._fd, most_bytes + _LARGEST + _FRAME.size, offset)
        all_read = finished and offset + len(data) >= os.fstat(self._fd).st_size
        records: list[ClickRecord] = []
        position = damaged = torn = 0
        until = min(len(data), most_bytes)
        while position < until:
            position = _read_sound(data, position, until, records)
            if position >= until or not finished:
                break
            if (following := _next_sound(data, position + 1)) is not None:
                damaged += following - position
                position = following
            elif all_read:
                torn = len(data) - position
                position = len(data)
            else:
                following = max(position + 1, len(data) - _LARGEST - _FRAME.size)
                is_room = not data[position:].strip(b"\0")  # written ahead by a process that was killed
                damaged += 0 if is_room else following - position
                position = following
        return Stretch(records, offset + position, damaged, torn, is_end=all_read and position >= len(data))


def segments_in(folder: Path) -> Iterator[Path]:
    """Give the segments of a folder, oldest first."""
    if folder.is_dir():
        yield from sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.name.split(".")[-3:])


def remove_unborn(folder: Path) -> int:
    """Delete segments whose process was killed while it made them, before they held anything; gives how many."""
    removed = 0
    for path in folder.glob(f"*{UNBORN_SUFFIX}"):
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever is making it holds it
                path.unlink()
                removed += 1
            finally:
                os.close(fd)
    return removed


def node_of(path: Path) -> str:
    """Give the node that a segment's name says wrote it."""
    return path.name.removesuffix(SUFFIX).rsplit(".", 2)[0]


def _read_sound(data: bytes, position: int, until: int, records: list[ClickRecord]) -> int:
    """Take sound records from the position on, as long as they begin before `until`; gives where it ended.

    One loop without calls, since each click comes through here; `tuple.__new__` is what the class's own constructor does,
    in half the time.
    """
    append, unpack, crc32 = records.append, _FRAMED.unpack_from, zlib.crc32
    ends_at = len(data)
    last = min(until - 1, ends_at - _FRAMED.size)
    while position <= last:
        (length, crc, version, flags, click_id, at_us, link_id, day, visitor, country, network_class,
         agent_bytes, referrer_bytes) = unpack(data, position)  # fmt: skip
        begin = position + _FRAME.size
        agent_begin = begin + _BODY.size
        agent_end = agent_begin + agent_bytes
        end = agent_end + referrer_bytes
        if length != end - begin or length > _LARGEST or version != VERSION or end > ends_at:
            break
        if crc32(data[begin:end]) != crc:
            break
        values = (click_id, at_us, link_id, day, visitor, flags, country, network_class,
                  data[agent_begin:agent_end], data[agent_end:end])  # fmt: skip
        append(_made(ClickRecord, values))
        position = end
    return position


def _next_sound(data: bytes, position: int) -> int | None:
    last = len(data) - _BODY.size
    found = data.find(_VERSION_BYTE, position + _FRAME.size, last)
    while found >= 0:
        if decode(data, found - _FRAME.size) is not None:
            return found - _FRAME.size
        found = data.find(_VERSION_BYTE, found + 1, last)
    return None


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
