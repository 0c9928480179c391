"""Reads the house: its one installation row, its programs, its days and its stored files."""

import zoneinfo
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from vocero.company.models import Installation, Program, StoredFile
from vocero.lib.periods import day_on


def installation() -> Installation | None:
    """Give the installation row, or None before set-up."""
    return Installation.objects.select_related("logo").filter(pk=1).first()


def house() -> Installation:
    """Give the installation row; raises Installation.DoesNotExist before set-up."""
    return Installation.objects.select_related("logo").get(pk=1)


def main_program() -> Program:
    """Give the first program that is not archived; set-up makes one. Raises Program.DoesNotExist before set-up."""
    program = Program.objects.filter(archived_at=None).order_by("pk").first()
    if program is None:
        raise Program.DoesNotExist
    return program


def reporting_zone(house: Installation, at: datetime) -> ZoneInfo:
    """Give the time zone in which the company counts its days at this moment.

    A change holds from its day on: as soon as the new zone has reached that day. So the days never run backwards.
    """
    if house.next_time_zone and house.next_time_zone_from_on:
        coming = _zone(house.next_time_zone)
        if day_on(at, coming) >= house.next_time_zone_from_on:
            return coming
    return _zone(house.time_zone)


def company_day(house: Installation, at: datetime) -> date:
    """Give the company's day of a moment."""
    return day_on(at, reporting_zone(house, at))


def stored_file(key: str) -> StoredFile | None:
    """Give the stored file that has this key, or None."""
    return StoredFile.objects.filter(key=key).first()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(UTC.tzname(None))
