"""Puts away posts whose time is over."""

from datetime import datetime

from vocero.content.models import Post


def expire_posts(at: datetime) -> int:
    """Archive waiting and offered posts whose expiry has passed; links of what was shared go on working. Gives how many."""
    return Post.objects.filter(state__in=[Post.State.INBOX, Post.State.OFFERED], expires_at__lte=at).update(
        state=Post.State.ARCHIVED, archived_at=at, updated_at=at, featured_at=None
    )
