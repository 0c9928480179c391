"""The only writer of clicks: tails this node's segments, and commits clicks, roll-ups and cursor in one transaction."""

import fcntl
import gc
import logging
import os
import secrets
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Final

from django.db import IntegrityError, OperationalError, connection, transaction

from vocero.company.models import Installation
from vocero.sharing.models import Share
from vocero.sharing.services import confirm_by_click
from vocero.tracking import counts, stats, store
from vocero.tracking.classify import REPEAT, VALID, verdict_of
from vocero.tracking.keys import Place, Places
from vocero.tracking.links.days import SaltFile
from vocero.tracking.models import Click, ClickArrival, DailySalt, Referrer, SegmentCursor
from vocero.tracking.segment import (
    HEAD_BYTES,
    ClickRecord,
    NotASegment,
    SegmentReader,
    Stretch,
    day_of_number,
    decode_all,
    moment_of_id,
    node_of,
    remove_unborn,
    segments_in,
)
from vocero.tracking.store import ClickColumns, ClickRow
from vocero.tracking.visitors import visitor_numbers

KEPT: Final = timedelta(hours=26)
"""How long a segment stays after its last click is committed while no backup of ours is known: one night passes."""

KEPT_AT_MOST: Final = timedelta(days=7)
"""How long it stays when the last backup is older than its last click, so that a forgotten backup fills no disk."""

BATCH_BYTES: Final = 768 << 10
BATCH_ARRIVALS: Final = 400
"""Rows; each holds about ten clicks."""
MOST_REFERRERS: Final = 20_000
MOST_AGENTS: Final = 50_000
_MAYBE_OUT: Final = (Share.State.STARTED, Share.State.NOT_POSTED, Share.State.UNCONFIRMED)

logger = logging.getLogger(__name__)


class Overtaken(Exception):
    """Another ingest has moved the cursor: what was read here is theirs."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a stretch of a segment becomes, worked out before the transaction begins, so that it stays short."""

    rows: list[ClickColumns]
    places: Mapping[int, Place]


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored, as far as the next batches need it: shares that are proved to be out, and the clicks' days."""

    proven: set[int]
    days: set[date]


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Let Python look for garbage after a segment, not all through it: a batch makes many objects, and hardly a circle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Ingest:
    """Reads the segments of one folder. One process a node runs it; a second one waits for the lock of the folder."""

    def __init__(self, folder: Path, *, known: Path | None = None) -> None:
        self._folder = folder
        self._salt_file = SaltFile(known) if known else None
        self._places = Places()
        self._referrers: dict[bytes, int | None] = {}
        self._classed: dict[tuple[bytes, int], tuple[str, str]] = {}
        self._countries = _Countries()
        self._done: set[str] = set()
        self._to_count: set[date] | None = None
        self._counted_until = 0.0

    def run(self, *, now: Callable[[], datetime], stop: Callable[[], bool], pause: float = 0.25) -> None:
        """Take clicks in until told to stop; the database away for a while only makes them wait on the disk."""
        cleaned_until = 0.0
        while not stop():
            try:
                taken = self.drain(at=now())
                if not taken:
                    self.count_visitors()
                if not taken and time.monotonic() >= cleaned_until:
                    self.clean_up(at=now())
                    cleaned_until = time.monotonic() + 60
            except OperationalError as error:
                logger.warning(
                    "the database takes no clicks now (%s); they wait in %s", type(error).__name__, self._folder
                )
                connection.close()
                taken = 0
                time.sleep(1)
            if not taken:
                time.sleep(pause)

    def drain(self, *, at: datetime) -> int:
        """Take in everything that the segments hold now, and what links handed to the database; gives how many clicks."""
        taken = self._drain_arrivals()
        for path in segments_in(self._folder):
            if path.name not in self._done:
                taken += self._drain_segment(path, at=at)
        return taken

    def _drain_arrivals(self) -> int:
        """Take in the clicks that links handed to the database; any number of nodes may share this work."""
        taken = 0
        while ClickArrival.objects.exists():
            with transaction.atomic():
                waiting = ClickArrival.objects.select_for_update(skip_locked=True).order_by("pk")[:BATCH_ARRIVALS]
                arrivals = {arrival.pk: bytes(arrival.record) for arrival in waiting}
                if not arrivals:
                    break
                records = _records_of(arrivals)
                stored = self._store(self._prepare(records, "arrivals"))
                ClickArrival.objects.filter(pk__in=list(arrivals)).delete()
            self._remember(stored)
            taken += len(records)
        return taken

    @_collecting_later()
    def _drain_segment(self, path: Path, *, at: datetime) -> int:
        cursor = SegmentCursor.objects.filter(node=node_of(path), segment=path.name).first()
        if cursor is not None and cursor.done_at is not None:
            self._done.add(path.name)
            return 0
        offset = cursor.offset if cursor is not None else HEAD_BYTES
        taken = 0
        try:
            with SegmentReader(path) as reader:
                while True:
                    stretch = reader.read(offset, most_bytes=BATCH_BYTES)
                    lost = reader.lost
                    if stretch.offset == offset and not stretch.is_end and lost == (cursor.lost if cursor else 0):
                        return taken
                    cursor = self._commit(path, cursor, stretch, lost=lost, at=at)
                    taken += len(stretch.records)
                    offset = stretch.offset
                    if stretch.is_end:
                        self._done.add(path.name)
                        return taken
        except FileNotFoundError:
            return taken
        except NotASegment:
            logger.error("%s is not a segment that this version reads; it is left alone", path.name)
            self._done.add(path.name)
        except Overtaken:
            logger.warning("another ingest reads %s", path.name)
        return taken

    def _commit(
        self, path: Path, cursor: SegmentCursor | None, stretch: Stretch, *, lost: int, at: datetime
    ) -> SegmentCursor:
        prepared = self._prepare(stretch.records, path.name)
        with transaction.atomic():
            moved = _move_cursor(path, cursor, stretch, lost=lost, at=at)
            stored = self._store(prepared)
        self._remember(stored)
        if stretch.damaged:
            logger.error("%s: %d bytes were damaged and passed over", path.name, stretch.damaged)
        return moved

    def _store(self, prepared: Prepared) -> Stored:
        """Store clicks with everything that follows from them; to be called in the transaction that ends their waiting."""
        rows = store_clicks(prepared.rows)
        found = counts.count_clicks(rows, prepared.places, self._places.cuts)
        stats.add(found)
        return Stored(self._prove_shares(found.first), found.days)

    def _remember(self, stored: Stored) -> None:
        """Keep in memory what is committed: shares that need no look any more, and days whose visitors changed."""
        self._places.out |= stored.proven
        if self._to_count is not None:
            self._to_count |= stored.days

    def _prepare(self, records: Sequence[ClickRecord], origin: str) -> Prepared:
        if not records:
            return Prepared([], {})
        ids, _moments, links, days_found, visitors, flags, countries, classes, agents, origins = zip(
            *records, strict=True
        )
        places = self._places.of(links)
        days = {day: day_of_number(day) for day in set(days_found)}
        classed = self._classes_of(zip(agents, flags, strict=True))
        verdicts, devices = zip(*classed, strict=True)
        if own := store.own_visits(visitors, days.values()):
            verdicts = tuple(_with_own(records, verdicts, places, days, own))
        rows: list[ClickColumns] = list(zip(
            ids, links, visitor_numbers(days_found, visitors), verdicts, map(self._countries.__getitem__, countries),
            classes, devices, map(self._referrer_ids(set(origins)).get, origins), strict=True,
        ))  # fmt: skip
        if not set(links) <= places.keys():
            rows = [row for row in rows if row[1] in places]
        if len(rows) < len(records):
            logger.error("%s: %d clicks belong to links that do not exist", origin, len(records) - len(rows))
        return Prepared(rows, places)

    def _classes_of(self, texts: Iterable[tuple[bytes, int]]) -> Iterable[tuple[str, str]]:
        """Give verdict and device for each text of an agent with its flags."""
        asked = list(texts)
        if len(self._classed) > MOST_AGENTS:
            self._classed = {}
        classed = self._classed
        for agent, flags in {text for text in asked if text not in classed}:
            verdict, device = verdict_of(agent, flags, is_own=False)
            classed[agent, flags] = verdict, device[:1]
        return map(classed.__getitem__, asked)

    def _prove_shares(self, first: Mapping[int, int]) -> set[int]:
        """Tell sharing of the shares that nobody had proved to be out, from the first valid clicks of all of them here.

        Gives the shares that need no look any more; they are remembered once this is committed.
        """
        out = self._places.out
        states = store.share_states([share for share in first if share not in out])
        maybe_out = [share_id for share_id, state in states if state in _MAYBE_OUT]
        for share in Share.objects.filter(pk__in=maybe_out):
            confirm_by_click(share, at=moment_of_id(first[share.pk]))
        return {share_id for share_id, state in states if state == Share.State.SENT}

    def _referrer_ids(self, origins: set[bytes]) -> dict[bytes, int | None]:
        """Give the rows of origins. Anybody can send any origin, so there is a bound to how many are kept."""
        for origin in sorted(origins - self._referrers.keys() - {b""}):
            if len(self._referrers) >= MOST_REFERRERS:
                self._referrers = {}
            text = origin.decode("ascii", "replace").replace("\0", "")
            found = Referrer.objects.filter(origin=text).first()
            if found is None and Referrer.objects.count() < MOST_REFERRERS:
                found = Referrer.objects.get_or_create(origin=text)[0]
            self._referrers[origin] = found.pk if found else None
        return self._referrers

    def count_visitors(self) -> None:
        """Count the visitors of every day that new unique clicks were committed for.

        Small companies see them at once; where counting takes long it is done seldom, a twentieth of the time at most.
        """
        if self._to_count == set() or time.monotonic() < self._counted_until:
            return
        begun = time.monotonic()
        for day in stats.days_to_count(self._to_count):
            stats.count_visitors(day)
        self._to_count = set()
        ended = time.monotonic()
        self._counted_until = ended + 20 * (ended - begun)

    def clean_up(self, *, at: datetime) -> int:
        """Delete the segments that a backup holds the clicks of; gives how many.

        A links process that ended may have left a closed day's salt beside its known links: that goes too.
        """
        if self._salt_file is not None:
            self._salt_file.keep_only(set(DailySalt.objects.values_list("day_on", flat=True)))
        remove_unborn(self._folder)
        deleted, until = 0, _spare_since(at)
        for path in list(segments_in(self._folder)):
            over = SegmentCursor.objects.filter(node=node_of(path), segment=path.name, done_at__lte=until)
            if over.exists():
                path.unlink(missing_ok=True)
                self._done.discard(path.name)
                deleted += 1
        return deleted


def _records_of(arrivals: Mapping[int, bytes]) -> list[ClickRecord]:
    """Give the clicks of what links handed over, each row holding some; what is damaged in one is said and passed over."""
    records: list[ClickRecord] = []
    for number, data in arrivals.items():
        found, damaged = decode_all(data)
        records += found
        if damaged:
            logger.error("arrival %d: %d bytes were damaged and passed over", number, damaged)
    return records


def _spare_since(at: datetime) -> datetime:
    """Give the moment up to which committed clicks are in a backup: the last one's own, or as long as a night takes."""
    known = Installation.objects.values_list("backed_up_at", flat=True).first()
    return at - KEPT if known is None else max(min(known, at), at - KEPT_AT_MOST)


def store_clicks(rows: Sequence[ClickColumns]) -> list[ClickColumns]:
    """Insert clicks; the database decides which valid ones are the first of their visitor, link and day.

    Gives the rows as they were stored. A click whose id is there already is left out when it is the same click, and gets
    another id when it only has the same one (two processes drew the same number in the same microsecond).
    """
    if connection.vendor == "postgresql":  # two nodes insert the same keys in the same order, so neither waits for ever
        rows = sorted(rows, key=itemgetter(2, 1))
    refused = store.insert_clicks(rows)
    if not refused:
        return list(rows)
    left = [ClickRow(*rows[place]) for place in refused]
    places = set(refused)
    stored = [row for place, row in enumerate(rows) if place not in places]
    again = [row._replace(verdict=REPEAT) if row.verdict == VALID else row for row in left]
    refused = store.insert_clicks(again)
    places = set(refused)
    stored += [row for place, row in enumerate(again) if place not in places]
    for place in refused:
        stored += _store_under_another_id(left[place])
    return stored


def _store_under_another_id(row: ClickRow) -> list[ClickColumns]:
    known = Click.objects.filter(pk=row.id).values_list("link_id", "visitor").first()
    if known == (row.link_id, row.visitor):
        return []
    return store_clicks([row._replace(id=row.id & ~0xFFF | secrets.randbits(12))])


def _with_own(
    records: Sequence[ClickRecord],
    verdicts: Sequence[str],
    places: Mapping[int, Place],
    days: Mapping[int, date],
    own: Container[tuple[date, bytes, int]],
) -> Iterator[str]:
    """Give verdicts anew where the visitor was the link's own advocate, who signed in with the same browser that day."""
    for record, verdict in zip(records, verdicts, strict=True):
        place = places.get(record.link_id)
        is_own = place is not None and (days[record.day], record.visitor, place.member_id) in own
        yield verdict_of(record.agent, record.flags, is_own=True)[0] if is_own else verdict


class _Countries(dict[bytes, str]):
    """Gives the letters of a country's two bytes as text; blank when there are none."""

    def __missing__(self, code: bytes) -> str:
        found = self[code] = code.decode().strip()
        return found


@contextmanager
def alone(folder: Path, *, stop: Callable[[], bool] = lambda: False) -> Iterator[bool]:
    """Wait until this is the only ingest of a folder; gives False when it was told to stop before that."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / "ingest.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        while not stop():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.5)
                continue
            yield True
            return
        yield False
    finally:
        os.close(lock)


def _move_cursor(
    path: Path, cursor: SegmentCursor | None, stretch: Stretch, *, lost: int, at: datetime
) -> SegmentCursor:
    """Move the cursor from where it was read; this is the fence: whoever comes second with the same clicks is refused."""
    moved = {
        "offset": stretch.offset,
        "clicks": (cursor.clicks if cursor else 0) + len(stretch.records),
        "lost": lost,
        "damaged": (cursor.damaged if cursor else 0) + stretch.damaged,
        "moved_at": at,
        "done_at": at if stretch.is_end else None,
    }
    if cursor is None:
        try:
            return SegmentCursor.objects.create(node=node_of(path), segment=path.name, **moved)
        except IntegrityError as error:
            raise Overtaken from error
    if not SegmentCursor.objects.filter(pk=cursor.pk, offset=cursor.offset, done_at=None).update(**moved):
        raise Overtaken
    return SegmentCursor(pk=cursor.pk, node=cursor.node, segment=cursor.segment, **moved)
