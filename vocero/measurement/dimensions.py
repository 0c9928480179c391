"""The cuts that figures come in, and which shares count; `cuts` says under which keys they do."""

from enum import StrEnum
from typing import Any, Final

from vocero.sharing.models import Share


class Dimension(StrEnum):
    """A cut. What it is called here stands in the roll-ups of shares, clicks, engagement and conversions alike."""

    ALL = "all"
    POST = "post"
    CAMPAIGN = "campaign"
    TOPIC = "topic"
    ORIGIN = "origin"
    KIND = "kind"
    PURPOSE = "purpose"
    TEAM = "team"
    LOCATION = "location"
    LANGUAGE = "language"


PEOPLE: Final = (Dimension.TEAM, Dimension.LOCATION, Dimension.LANGUAGE)
"""Cuts of people: shown only through `disclosure`."""

OVERLAPPING: Final = (Dimension.TOPIC, Dimension.PURPOSE)
"""Cuts in which one share counts under several keys: never added up."""

FROZEN_FIELDS: Final = (
    "program_id",
    "post_id",
    "campaign_id",
    "topics",
    "origin",
    "kind",
    "purposes",
    "team_path",
    "location",
    "language",
)


def counted() -> Any:
    """Give the shares that count: those that are known to be out. Practice and `started` never have a day."""
    return Share.objects.filter(day_on__isnull=False).exclude(certainty="")
