"""The cuts that figures come in, and the keys of each under which a share counts."""

from collections.abc import Iterator, Mapping
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


def keys(frozen: Mapping[str, Any]) -> Iterator[tuple[Dimension, str]]:
    """Give every (dimension, key) under which a share counts, from its frozen columns; nothing for a blank one."""
    yield Dimension.ALL, ""
    yield Dimension.POST, str(frozen["post_id"])
    if frozen["campaign_id"]:
        yield Dimension.CAMPAIGN, str(frozen["campaign_id"])
    for dimension, field in (
        (Dimension.ORIGIN, "origin"),
        (Dimension.KIND, "kind"),
        (Dimension.LOCATION, "location"),
        (Dimension.LANGUAGE, "language"),
    ):
        if frozen[field]:
            yield dimension, frozen[field]
    for dimension, field in (
        (Dimension.TOPIC, "topics"),
        (Dimension.PURPOSE, "purposes"),
        (Dimension.TEAM, "team_path"),
    ):
        for key in dict.fromkeys(frozen[field]):
            yield dimension, str(key)
