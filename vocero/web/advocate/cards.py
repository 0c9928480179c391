"""The cards of the feed: drawn once for everybody, with the reader's own words put in where the drawing left room.

What is kept of a card depends only on the post as everybody sees it, the page's language, whether it is in the
reader's language, and which kind of step comes next. Why it is there, what was done with it and the address of a share
are marks in what is kept. A post that changes is another key, in every process and on every machine.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from vocero.company.revisions import Token
from vocero.content.models import Origin, Topic
from vocero.lib.words import pick
from vocero.sharing.feed import Placed, Row, Why
from vocero.web.advocate.earlier import Step, said, step_of

type Text = str | Promise
type Parts = Sequence[str]

MOST_KEPT: Final = 4_000
_BORDER: Final = f"\x02{secrets.token_hex(8)}\x03"
"""What parts a drawn card; nobody can put it into a title, because no other process knows it."""
_WHY: Final = f"{_BORDER}why{_BORDER}"
_SAID: Final = f"{_BORDER}said{_BORDER}"
_STEP: Final = f"{_BORDER}step{_BORDER}"
_COMPOSED: Final = (Step.SHARE, Step.SHARE_AGAIN)


@dataclass(frozen=True, slots=True)
class PostCard:
    """A post as a card shows it."""

    public_id: str
    title: str
    summary: str
    host: str
    image_url: str
    image_alt: str
    origin: str
    origin_label: Text
    language: str
    featured: Text
    said: str
    step: Step
    step_url: str
    why: str


class Fragments:
    """What was drawn, by everything that it depends on; when there is too much, the older half goes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: dict[object, Parts] = {}
        self._lock = Lock()

    def of(self, key: object, draw: Callable[[], str]) -> Parts:
        """Give the parts of what was drawn, drawing it if it is not there."""
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        parts = tuple(draw().split(_BORDER))
        if self.most:
            with self._lock:
                if len(self._kept) >= self.most:
                    self._kept = dict(islice(self._kept.items(), self.most // 2, None))
                self._kept[key] = parts
        return parts

    def __len__(self) -> int:
        return len(self._kept)

    def everything(self) -> str:
        """Give all that is kept, for a test that looks for what must not be there."""
        return "\n".join("".join(parts) for parts in self._kept.values())


FRAGMENTS: Final = Fragments(MOST_KEPT)
BARS: Final = Fragments(200)
"""The links to the topics, by the languages in which they are named."""


def drawn(one: Placed) -> SafeString:
    """Give a post's card with the reader's own words in it."""
    step, address = step_of(one.earlier)
    key = (get_language(), one.in_own_language, one.is_featured, step, one.row)
    parts = FRAGMENTS.of(key, lambda: _draw(one, step))
    words = {"why": conditional_escape(why(one)), "step": conditional_escape(address)}
    if one.earlier:
        words["said"] = conditional_escape(said(one.earlier))
    return mark_safe("".join(words[part] if place % 2 else part for place, part in enumerate(parts)))  # noqa: S308  each part was escaped


def topics_bar(
    topics: Sequence[Topic], chosen: Topic | None, *, languages: tuple[str, ...], state: Token
) -> SafeString:
    """Give the links to the topics with the chosen one marked; `state` is the company's, in which these are its topics."""

    def draw() -> str:
        named = [(one, pick(one.name, languages)) for one in topics]
        return render_to_string("advocate/topics.html", {"topics": named, "topic": chosen})

    if state is None:
        return mark_safe(draw())  # noqa: S308  a template's own
    key = (get_language(), languages, chosen.pk if chosen else None, state)
    return mark_safe("".join(BARS.of(key, draw)))  # noqa: S308  a template's own


def why(one: Placed) -> str:
    """Say why a post stands in somebody's feed."""
    names = ", ".join(one.names[:2])
    if one.why is Why.TOPIC:
        return _("Because you follow %(topic)s") % {"topic": names}
    if one.why is Why.SEGMENT:
        return _("For everyone in %(group)s") % {"group": names}
    return _("For everyone") if one.has_topic else _("For everyone, without a topic")


def _draw(one: Placed, step: Step) -> str:
    card = _card(one.row, own=one.in_own_language, featured=one.is_featured, step=step)
    return render_to_string("advocate/card.html", {"card": card})


def _card(row: Row, *, own: bool, featured: bool, step: Step) -> PostCard:
    """Put a post into words that are the same for everybody."""
    picture = row.card_image or row.image
    return PostCard(
        public_id=row.public_id,
        title=row.title or _("A post from the program team"),
        summary=row.summary,
        host=urlsplit(row.url).hostname or "",
        image_url=reverse("public:file", args=[picture]) if picture else "",
        image_alt=row.alt if not row.card_image else "",
        origin=row.origin,
        origin_label=Origin(row.origin).label if row.origin in Origin.values else row.origin,
        language="" if own else _language_name(row.language),
        featured=_("Picked for you all") if featured else "",
        said=_SAID if step is not Step.SHARE else "",
        step=step,
        step_url=reverse("advocate:compose", args=[row.public_id]) if step in _COMPOSED else _STEP,
        why=_WHY,
    )


def _language_name(code: str) -> str:
    try:
        return _("In %(language)s") % {"language": get_language_info(code)["name_translated"]}
    except KeyError:
        return code
