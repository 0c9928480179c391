"""The links a process knows: a bounded table in memory, and a journal on disk that it is read back from at the start."""

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from vocero.tracking.links.target import Target, encode_target

LIVE: Final = "live"
MOST_JOURNALS: Final = 64
_ABSENT_SECONDS: Final = 60
_CHUNK: Final = 500


class LinkRow(NamedTuple):
    """A link as the database has it; `changed_us` is 0 for one that never changed."""

    token: str
    link_id: int
    state: str
    target_url: str
    utm: dict[str, str]
    post_id: int
    changed_us: int = 0


class Known(NamedTuple):
    """A link as the table keeps it; `target` is shared by all links that lead to the same place."""

    link_id: int
    state: str
    target: Target | None


class LinkTable:
    """At most about `most` links, the ones asked for lately: a young and an old generation, swapped when full.

    Reading costs one look into a dict; a link found in the old generation moves to the young one. Words that are no
    links are remembered for a minute, so that guessing does not reach the database each time.
    """

    def __init__(self, most: int = 400_000) -> None:
        self._half = max(1, most // 2)
        self._young: dict[str, Known] = {}
        self._old: dict[str, Known] = {}
        self._targets: dict[Target, Target] = {}
        self._absent: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, token: str) -> Known | None:
        """Give the link, or None when it is not known here."""
        known = self._young.get(token)
        if known is None:
            known = self._old.get(token)
            if known is not None:
                self.keep(token, known)
        return known

    def learn(self, row: LinkRow) -> Known:
        """Keep a link that the database gave, and give it as known."""
        known = Known(row.link_id, row.state, encode_target(row.target_url, row.utm, row.post_id))
        return self.keep(row.token, known)

    def keep(self, token: str, known: Known) -> Known:
        """Put a link into the young generation; what leads to the same place shares one target."""
        if known.target is not None:
            known = known._replace(target=self._targets.setdefault(known.target, known.target))
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
            if len(self._targets) > self._half:
                self._targets = {}
        self._absent.pop(token, None)
        self._old.pop(token, None)
        self._young[token] = known
        return known

    def knows(self, token: str) -> bool:
        """Say whether the link is here, without touching its age."""
        return token in self._young or token in self._old

    def items(self) -> Iterator[tuple[str, Known]]:
        """Give all links, the ones asked for lately last."""
        young = self._young
        yield from list(self._old.items())
        yield from list(young.items())

    def is_absent(self, token: str) -> bool:
        """Say whether the database said lately that there is no such link."""
        until = self._absent.get(token)
        return until is not None and time.monotonic() < until

    def note_absent(self, token: str) -> None:
        """Remember for a minute that there is no such link."""
        if len(self._absent) >= self._half:
            self._absent.clear()
        self._absent[token] = time.monotonic() + _ABSENT_SECONDS


class Journal:
    """What this process learned, one JSON line each, so that it is known again after a restart without the database.

    Each process of a node takes the first free journal of the folder by a lock. The last line about a token holds. Lines
    are added by the keeper thread, never while a visitor waits; from time to time the whole table is written anew.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, self._lock = _take_journal(folder)
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._lines = 0

    def read_into(self, table: LinkTable) -> int:
        """Fill the table; give the moment (UTC microseconds) up to which changes of links had been seen, or 0.

        Lines that a crash or a full disk broke are passed over.
        """
        seen_us = 0
        with self._path.open("rb") as file:
            for line in file:
                self._lines += 1
                try:
                    word, *rest = json.loads(line)
                    if word == "seen":
                        seen_us = int(rest[0])
                    else:
                        link_id, state, *target = rest
                        table.keep(word, Known(int(link_id), str(state), Target(*target) if target else None))
                except (ValueError, TypeError):
                    continue
        os.write(self._file, b"\n")  # so that a broken last line stays alone
        return seen_us

    def add(self, links: Iterable[tuple[str, Known]]) -> None:
        """Append links. Raises OSError when the disk does not take them; only a later start without database suffers."""
        lines = [_line(token, known) for token, known in links]
        self._lines += len(lines)
        if lines:
            os.write(self._file, "".join(lines).encode())

    def mark_seen(self, seen_us: int) -> None:
        """Note up to which moment changes of links have been seen. Raises OSError."""
        self._lines += 1
        os.write(self._file, f'["seen",{seen_us}]\n'.encode())

    def is_long(self, table: LinkTable) -> bool:
        """Say whether writing the table anew is worth it."""
        return self._lines > 2 * len(table) + 10_000

    def write_anew(self, table: LinkTable, seen_us: int) -> None:
        """Write the whole table to a new file and put it in the journal's place, giving way to visitors. Raises OSError."""
        made = self._path.with_suffix(".new")
        file = os.open(made, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        former, self._file, self._lines = self._file, file, 0
        try:
            links = list(table.items())
            for begin in range(0, len(links), _CHUNK):
                self.add(links[begin : begin + _CHUNK])
                time.sleep(0.002)
            self.mark_seen(seen_us)
            made.replace(self._path)
        except OSError:
            self._file = former
            os.close(file)
            made.unlink(missing_ok=True)
            raise
        os.close(former)

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._file)
        os.close(self._lock)


def _take_journal(folder: Path) -> tuple[Path, int]:
    for number in range(MOST_JOURNALS):
        fd = os.open(folder / f"known-{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            continue
        return folder / f"known-{number}.jsonl", fd
    raise OSError(f"more than {MOST_JOURNALS} processes answer links from {folder}")


def _line(token: str, known: Known) -> str:
    target = known.target
    place = [target.post_id, target.host, target.url, target.fragment] if target else []
    return json.dumps([token, known.link_id, known.state, *place], separators=(",", ":"), ensure_ascii=False) + "\n"
