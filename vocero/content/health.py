"""How a source is doing, in words: what the last fetch said, what it means and what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.content.models import Source

DOWN_AFTER = 3
"""So many failures in a row, and a source counts as down (about an hour and a half with the waiting between them)."""
QUIET_AFTER = timedelta(days=45)

REASONS: dict[str, tuple[Promise, Promise]] = {
    "not_found": (
        _("The address is not there any more."),
        _("Open the website, look for its feed and give us the new address."),
    ),
    "gone": (
        _("The website says that this feed is gone for good."),
        _("Look for a new feed on the website, or remove this source."),
    ),
    "forbidden": (
        _("The website does not let us read it."),
        _("Ask the people who run it to let Vocero in, or add single links by hand."),
    ),
    "busy": (
        _("The website asked us to come back later."),
        _("Nothing to do: we keep to what it asked for."),
    ),
    "server_error": (
        _("The website has a problem of its own."),
        _("Usually it passes. We try again by ourselves."),
    ),
    "unexpected": (
        _("The website answered in a way we do not understand."),
        _("Open the address in your browser and see whether it shows a feed."),
    ),
    "name_not_found": (
        _("There is no website under this name."),
        _("Look for a typing mistake in the address."),
    ),
    "unreachable": (
        _("The website cannot be reached."),
        _("See whether it opens in your browser. We try again by ourselves."),
    ),
    "broken": (
        _("The website broke off in the middle of its answer."),
        _("Usually it passes. We try again by ourselves."),
    ),
    "timeout": (
        _("The website took too long to answer."),
        _("Usually it passes. We try again by ourselves."),
    ),
    "redirects": (
        _("The website sends us from one address to the next without end."),
        _("Open the address in your browser and give us the one where you arrive."),
    ),
    "too_large": (
        _("What the website sends is larger than 5 MB."),
        _("Look for a shorter feed on the website."),
    ),
    "too_heavy": (
        _("What the website sends is too complicated to read."),
        _("Look for another feed on the website, or add single links by hand."),
    ),
    "not_a_feed": (
        _("There is a page at this address, but no feed."),
        _("Paste the website’s address again to find its feed."),
    ),
    "not_a_page": (
        _("There is a file at this address, not a page."),
        _("Type title and description yourself."),
    ),
    "refused": (
        _("We do not call addresses like this one."),
        _("It must be a public website. For one inside your network, whoever runs Vocero can allow it."),
    ),
}
"""For each code: what happened, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a source for the page: `level` is good, warn, bad or paused; what happened; what to do."""

    level: str
    title: str
    text: str
    advice: str = ""


def reason_text(code: str) -> str:
    """Put the code of a failed fetch into a sentence."""
    return str(REASONS.get(code, REASONS["unexpected"])[0])


def reason_advice(code: str) -> str:
    """Say what to do about a failed fetch."""
    return str(REASONS.get(code, REASONS["unexpected"])[1])


def health_of(source: Source, at: datetime) -> Health:
    """Say how a source is doing at this moment."""
    if source.state == Source.State.PAUSED:
        return Health("paused", str(_("Paused")), str(_("We do not look for new entries until you resume it.")))
    if source.state == Source.State.GONE:
        return Health("bad", str(_("Gone")), reason_text("gone"), reason_advice("gone"))
    if source.failures:
        down = source.failures >= DOWN_AFTER
        level, title = ("bad", _("Down")) if down else ("warn", _("Trying again"))
        return Health(level, str(title), reason_text(source.last_error), reason_advice(source.last_error))
    if source.fetched_at is None:
        return Health("warn", str(_("Waiting")), str(_("We read it for the first time within a few minutes.")))
    if source.newest_entry_at and at - source.newest_entry_at > QUIET_AFTER:
        return Health(
            "warn",
            str(_("Quiet")),
            str(_("It works, but nothing new has appeared there for more than six weeks.")),
            str(_("See whether the website still publishes, or has a livelier feed.")),
        )
    return Health("good", str(_("Working")), str(_("Read without problems.")))
