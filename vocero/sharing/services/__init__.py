"""Writes shares: share, keep a draft, schedule, edit, cancel, confirm and take down."""

from vocero.sharing.refusals import NotNow, NotShared
from vocero.sharing.services.ending import (
    Answer,
    cancel_planned,
    cancel_share,
    clear_up,
    confirm_by_click,
    confirm_handoff,
    doubt_what_was_due,
    withdraw_share,
)
from vocero.sharing.services.making import (
    MOST_DAYS_AHEAD,
    UNDO,
    Blocked,
    GuidelineFirst,
    Later,
    candidate_for,
    edit_text,
    keep_draft,
    schedule,
    share_post,
)

__all__ = [
    "MOST_DAYS_AHEAD",
    "UNDO",
    "Answer",
    "Blocked",
    "GuidelineFirst",
    "Later",
    "NotNow",
    "NotShared",
    "cancel_planned",
    "cancel_share",
    "candidate_for",
    "clear_up",
    "confirm_by_click",
    "confirm_handoff",
    "doubt_what_was_due",
    "edit_text",
    "keep_draft",
    "schedule",
    "share_post",
    "withdraw_share",
]
