"""How often a member may ask something in a while, so that nobody can guess terms by trying words."""

from datetime import timedelta

from django.core.cache import cache

from vocero.people.models import Member


def is_too_often(member: Member, what: str, *, most: int, within: timedelta) -> bool:
    """Count one more question of this kind; gives whether there were too many in this process within the time."""
    key = f"rate:{what}:{member.pk}"
    cache.add(key, 0, timeout=within.total_seconds())
    try:
        return cache.incr(key) > most
    except ValueError:  # it has just run out
        return False
