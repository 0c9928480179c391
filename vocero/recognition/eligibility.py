"""Which shares may earn points at all: out, disclosed, no practice, three a day, each post and network once."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from vocero.company.models import Installation
from vocero.recognition.models import LedgerEntry
from vocero.recognition.rules.shared import SHARED
from vocero.sharing.models import Share

MOST_EARNING_A_DAY: Final = 3
"""Shares a day that earn (BEHAVIORS 1.1, ours)."""

type Slot = tuple[int, str]  # post, network


def may_earn(share: Share) -> bool:
    """Whether a share counts as one: it was out, and is not practice."""
    return share.channel != Share.Channel.PRACTICE and share.out_at is not None


def qualifies(share: Share, installation: Installation, *, valid_clicks: int) -> bool:
    """Whether a share earns, the day's cap aside. A handoff earns with its first valid click, never by word alone."""
    if not (may_earn(share) and share.disclosed and installation.points_enabled):
        return False
    if share.country in installation.points_off_countries:
        return False
    return share.channel == Share.Channel.API or valid_clicks > 0


def slots_taken(member_id: int, program_id: int, day_on: date) -> set[Slot]:
    """Give the posts and networks that a member has earned with on a day."""
    rows = LedgerEntry.objects.filter(
        member=member_id, program=program_id, day_on=day_on, rule=SHARED.name, points__gt=0
    )
    return set(rows.values_list("share__post_id", "share__network"))


def within_cap(shares: Iterable[Share], taken: dict[int, set[Slot]], earning: set[int]) -> set[int]:
    """Give the ids of those shares of one day that earn: those that do already, then the earliest of the others.

    `taken` holds by member what has earned that day and is added to; `earning` are the ids that have earned before.
    """
    found: set[int] = set()
    for share in sorted(shares, key=lambda share: (share.out_at, share.pk)):
        slots = taken.setdefault(share.member_id, set())
        slot = (share.post_id, share.network)
        if share.pk in earning:
            found.add(share.pk)
        elif slot not in slots and len(slots) < MOST_EARNING_A_DAY:
            slots.add(slot)
            found.add(share.pk)
    return found
