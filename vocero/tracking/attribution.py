"""Who is thanked for a conversion: the share of its click, if the click was a reader's and not too long ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vocero.tracking.models import Click, Conversion

WAITS: Final = timedelta(days=7)
"""How long a conversion waits for its click: as long as a machine with clicks on its disk may be away."""

CLOCKS_DIFFER: Final = timedelta(minutes=5)
_READERS: Final = (Click.Verdict.VALID, Click.Verdict.REPEAT)

NO_CLICK: Final = "no_click"
UNKNOWN_CLICK: Final = "unknown_click"
NEVER_CAME: Final = "click_never_came"
INVALID_CLICK: Final = "invalid_click"
TOO_OLD: Final = "too_old"
BEFORE_CLICK: Final = "before_click"
NO_SHARE: Final = "no_share"


@dataclass(frozen=True, slots=True)
class Credit:
    """What a conversion earns: a state, the share that is thanked, and a code that says why not."""

    state: str
    share_id: int | None = None
    reason: str = ""


def credit_for(conversion: Conversion, *, window: timedelta, at: datetime) -> Credit:
    """Say what a conversion earns now; its click is the last one that the reporting site knew.

    The click must be a reader's (valid or a repeat), of a share, and at most `window` before the conversion. A click that
    has not come in yet is waited for, a week at most.
    """
    if conversion.click_id is None:
        return _none(conversion.reason or NO_CLICK)
    click = Click.objects.filter(pk=conversion.click_id).select_related("link").first()
    if click is None:
        if at - conversion.received_at < WAITS:
            return Credit(Conversion.State.WAITING)
        return _none(NEVER_CAME)
    reason = _why_not(click, conversion.at, window)
    return _none(reason) if reason else Credit(Conversion.State.CREDITED, click.link.share_id)


def _why_not(click: Click, converted_at: datetime, window: timedelta) -> str:
    if click.verdict not in _READERS:
        return INVALID_CLICK
    if click.link.share_id is None:
        return NO_SHARE
    if converted_at < click.at - CLOCKS_DIFFER:
        return BEFORE_CLICK
    return TOO_OLD if converted_at - click.at > window else ""


def _none(reason: str) -> Credit:
    return Credit(Conversion.State.NOT_CREDITED, reason=reason)
