"""The company's days as stretches of time with their salts, so that a click knows its day without asking anybody."""

import hashlib
import json
import os
import secrets
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vocero.lib.periods import day_starts_at
from vocero.tracking.segment import day_number
from vocero.tracking.visitors import SALT_BYTES, keyed

_DAYS_BACK: Final = 2
_DAYS_AHEAD: Final = 5


@dataclass(frozen=True, slots=True)
class Zones:
    """The company's reporting time zone, and the one that follows it from a day on."""

    now: str = "UTC"
    next: str = ""
    next_from_on: date | None = None

    def begins_at(self, day: date) -> datetime:
        """Give the first moment of a day. The day from which the new zone holds begins as soon as either zone reaches it."""
        if not self.next or self.next_from_on is None or day < self.next_from_on:
            return day_starts_at(day, _zone(self.now))
        begins = day_starts_at(day, _zone(self.next))
        return min(begins, day_starts_at(day, _zone(self.now))) if day == self.next_from_on else begins

    def day_at(self, at: datetime) -> date:
        """Give the day of a moment."""
        day = at.astimezone(UTC).date() + timedelta(days=2)
        while self.begins_at(day) > at:
            day -= timedelta(days=1)
        return day


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


class Days:
    """Tells a moment's day and its salt. A day begins at midnight in the zone that it is counted in."""

    def __init__(self, zones: Zones, salts: Mapping[date, bytes]) -> None:
        self.zones = zones
        self.salts = dict(salts)
        self._begins_us: list[int] = []
        self._days: list[tuple[int, bytes]] = []
        self._now = (0, 0, (0, keyed(b"")))  # from when until when which day: one value, since several threads read it

    def of(self, at_us: int) -> tuple[int, hashlib.blake2b]:
        """Give the day (number since 1970-01-01) and its salt, as `key_with` takes it, for a moment in UTC microseconds.

        When the database has not given the day's salt yet, one of this process's own stands in: no click is lost, the
        day's visitors may be counted twice.
        """
        from_us, until_us, today = self._now
        return today if from_us <= at_us < until_us else self._move_to(at_us)

    def _move_to(self, at_us: int) -> tuple[int, hashlib.blake2b]:
        if not self._begins_us or not self._begins_us[0] <= at_us < self._begins_us[-1]:
            self._lay_out(at_us)
        place = bisect_right(self._begins_us, at_us) - 1
        day, salt = self._days[place]
        today = (day, keyed(salt))
        self._now = (self._begins_us[place], self._begins_us[place + 1], today)
        return today

    def _lay_out(self, at_us: int) -> None:
        middle = datetime.fromtimestamp(at_us / 1_000_000, UTC).date()
        days = [middle + timedelta(days=number) for number in range(-_DAYS_BACK, _DAYS_AHEAD)]
        for day in days:
            self.salts.setdefault(day, secrets.token_bytes(SALT_BYTES))
        self._begins_us = [int(self.zones.begins_at(day).timestamp()) * 1_000_000 for day in days]
        self._days = [(day_number(day), self.salts[day]) for day in days]


class SaltFile:
    """The salts of days that are not over, kept beside the known links for a start without the database."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "salts.json"

    def read(self) -> tuple[Zones, dict[date, bytes]]:
        """Give what was kept; nothing when there is no file or it is broken."""
        try:
            kept = json.loads(self._path.read_text())
            name, following, from_on = kept["zones"]
            zones = Zones(name, following, date.fromisoformat(from_on) if from_on else None)
            return zones, {date.fromisoformat(day): bytes.fromhex(salt) for day, salt in kept["salts"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Zones(), {}

    def keep_only(self, days: Collection[date]) -> None:
        """Forget the salts of all other days. Raises OSError."""
        zones, salts = self.read()
        kept = {day: salt for day, salt in salts.items() if day in days}
        if kept != salts:
            self.write(zones, kept)

    def write(self, zones: Zones, salts: Mapping[date, bytes]) -> None:
        """Keep exactly these, so that a closed day's salt is gone from here too. Raises OSError."""
        text = json.dumps(
            {
                "zones": [zones.now, zones.next, zones.next_from_on.isoformat() if zones.next_from_on else ""],
                "salts": {day.isoformat(): salt.hex() for day, salt in salts.items()},
            }
        )
        made = self._path.with_suffix(f".{secrets.token_hex(4)}.new")
        fd = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)
        made.replace(self._path)
