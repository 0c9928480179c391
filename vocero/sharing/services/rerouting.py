"""Changes where the links of a post lead, also of what was shared long ago: taken down, ended, corrected, or open again."""

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Case, F, URLField, Value, When
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.queries import house
from vocero.content.models import Post
from vocero.content.pages import is_web_address
from vocero.lib.errors import Refusal
from vocero.sharing.models import Link

LINKS_PATH = "/l/"


class NotAnAddress(Refusal):
    """No visitor can be sent there."""


@transaction.atomic
def reroute_links(post: Post, *, state: Link.State, to: str = "", at: datetime, actor: str = "") -> int:
    """Let all links of a post say that it was withdrawn, has ended or was replaced by `to`, or lead to it again.

    `actor` is the public id of who asked for it, blank for the command. Gives how many changed; links processes hear of
    it within about a second. Clicks that were counted stay. Raises NotAnAddress when `to` is missing, is no web address
    or one of our own links, and when links are to lead to the post again but it has no address any more.
    """
    links = Link.objects.filter(post=post)
    target: Combinable
    if state == Link.State.REROUTED:
        to = _checked(to)
        different, target = links.exclude(state=state, target_url=to), Value(to)
    else:  # what leads to a correction leads to the post again; others keep the address that they were shared with
        if not post.url and links.filter(state=Link.State.REROUTED).exists():
            raise NotAnAddress(_("The post has no link of its own any more, so its links cannot lead back to it."))
        corrected = When(state=Link.State.REROUTED, then=Value(post.url, output_field=URLField()))
        different, target = links.exclude(state=state), Case(corrected, default=F("target_url"))
    changed = different.update(state=state, target_url=target, version=F("version") + 1, changed_at=at)
    if changed:
        detail = {"state": str(state), "links": changed} | ({"to": to} if state == Link.State.REROUTED else {})
        audit.record("sharing.links_rerouted", actor=actor, at=at, subject=post.public_id, detail=detail)
    return changed


def _checked(to: str) -> str:
    """Give an address to which visitors can be sent, checked as a post's own is."""
    to = to.strip()
    if not is_web_address(to):
        raise NotAnAddress(_("Please give the whole address of the page, with https://."), field="to")
    company = house()
    own = {urlsplit(url).hostname for url in (company.links_url, company.base_url) if url}
    parts = urlsplit(to)
    if parts.hostname in own and parts.path.startswith(LINKS_PATH):
        raise NotAnAddress(_("That is a tracked link itself. Please give the address of the page."), field="to")
    return to
