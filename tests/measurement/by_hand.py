"""Folds the facts of one day one by one in Python: what the statements that fold them in the database have to give."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from vocero.measurement.dimensions import FROZEN_FIELDS, counted
from vocero.measurement.folds import engagement_changes
from vocero.tracking.models import Conversion

type Rows = dict[tuple[Any, ...], tuple[int, ...]]


def keys(frozen: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give every (dimension, key) under which a share counts, from its frozen columns; nothing for a blank one."""
    yield "all", ""
    yield "post", str(frozen["post_id"])
    if frozen["campaign_id"]:
        yield "campaign", str(frozen["campaign_id"])
    for dimension in ("origin", "kind", "location", "language"):
        if frozen[dimension]:
            yield dimension, frozen[dimension]
    for dimension, field in (("topic", "topics"), ("purpose", "purposes"), ("team", "team_path")):
        for key in dict.fromkeys(frozen[field]):
            yield dimension, str(key)


def share_stats(day: date) -> Rows:
    """Fold shares: published, measured, self-reported, personalized."""
    stats: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for share in counted().filter(day_on=day).values(*FROZEN_FIELDS, "network", "certainty", "personalized"):
        for dimension, key in keys(share):
            row = stats[share["program_id"], dimension, key, share["network"]]
            row[("published", "measured", "self_reported").index(share["certainty"])] += 1
            row[3] += share["personalized"]
    return {key: tuple(row) for key, row in stats.items()}


def advocate_days(day: date) -> Rows:
    """Fold shares by advocate and network."""
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    for share in counted().filter(day_on=day):
        found[share.program_id, share.member_id, share.network] += 1
    return {key: (shares,) for key, shares in found.items()}


def engagement_stats(day: date) -> Rows:
    """Fold readings: by how much the totals grew."""
    stats: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for reading in engagement_changes(day, day):
        for dimension, key in keys(reading):
            row = stats[reading["program_id"], dimension, key, reading["network"]]
            for place, total in enumerate(("reactions", "comments", "reshares")):
                row[place] += reading[total]
    return {key: tuple(row) for key, row in stats.items() if any(row)}


def conversion_stats(day: date, currency: str) -> Rows:
    """Fold conversions: how many, and their amounts."""
    stats: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for conversion in Conversion.objects.exclude(state="test").filter(day_on=day).select_related("share"):
        share = conversion.share if conversion.state == "credited" else None
        converted = conversion.company_amount is not None
        amount = conversion.company_amount if converted else conversion.amount
        unit = "" if amount is None else currency if converted else conversion.currency
        frozen = {field: getattr(share, field) for field in FROZEN_FIELDS} if share else None
        for dimension, key in keys(frozen) if frozen else [("all", "")]:
            about = (conversion.state, conversion.verified, conversion.kind, unit, converted)
            row = stats[conversion.program_id, dimension, key, share.network if share else "", *about]
            row[0] += 1
            row[1] += amount or 0
    return {key: tuple(row) for key, row in stats.items()}
