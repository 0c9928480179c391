"""The library as a page needs it: searched, filtered, sorted and cut into pages by key, with a constant number of queries."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Lower

from vocero.company.models import Program
from vocero.content.models import Caption, Kind, Origin, Post, Purpose
from vocero.content.queries import with_everything
from vocero.content.searching import folded_for_search

PAGE: Final = 30
EVERYBODY: Final = "everybody"
NOTHING: Final = "none"
SORTS: Final[dict[str, Combinable]] = {
    "updated": F("updated_at"),
    "offered": Coalesce("offered_at", "created_at"),
    "created": F("created_at"),
    "appeared": Coalesce("published_at", "created_at"),
    "title": Lower("title"),
}
"""What the library can be sorted by: each gives every post a value, so that a page can begin after any of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What to show; blank means all. `topic`, `campaign`, `segment`, `source` are public ids.

    `topic` and `campaign` also take `none`, `segment` takes `everybody`.
    """

    search: str = ""
    state: str = ""
    kind: str = ""
    origin: str = ""
    purpose: str = ""
    topic: str = ""
    campaign: str = ""
    language: str = ""
    network: str = ""
    segment: str = ""
    source: str = ""
    sort: str = "-updated"

    @property
    def narrowed(self) -> bool:
        """Whether anything is filtered out."""
        return any(
            getattr(self, name)
            for name in "search state kind origin purpose topic campaign language network segment source".split()
        )


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """A page of posts in their order, with the keys that the next and the previous page begin at (blank: none)."""

    posts: list[Post]
    total: int
    next_key: str
    previous_key: str


def library_page(
    program: Program, criteria: Criteria, *, after: str = "", before: str = "", size: int = PAGE
) -> LibraryPage:
    """Give one page of the library: after or before a key of another page, from the start without one.

    A key that was tampered with gives the first page.
    """
    posts = matching(program, criteria)
    total = posts.count()
    name, falling = _sort_of(criteria.sort)
    backwards = bool(before)
    start = _read_key(before or after, name)
    ordered = posts.annotate(sort_value=SORTS[name])
    if start is not None:
        ordered = ordered.filter(_beyond(start, falling=falling != backwards))
    else:
        backwards = False
    direction = "-" if falling != backwards else ""
    found = list(with_everything(ordered.order_by(f"{direction}sort_value", f"{direction}pk"))[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, start is not None)
    return LibraryPage(
        posts=found,
        total=total,
        next_key=_key_of(found[-1], name) if found and has_next else "",
        previous_key=_key_of(found[0], name) if found and has_previous else "",
    )


def matching(program: Program, criteria: Criteria) -> QuerySet[Post]:
    """Give all posts that the criteria let through, in no order; values that do not exist are ignored."""
    posts = Post.objects.filter(program=program)
    for word in folded_for_search(criteria.search).split()[:8]:
        posts = posts.filter(search_text__contains=word)
    if criteria.state in Post.State.values:
        posts = posts.filter(state=criteria.state)
    if criteria.kind in Kind.values:
        posts = posts.filter(kind=criteria.kind)
    if criteria.origin in Origin.values:
        posts = posts.filter(origin=criteria.origin)
    if criteria.purpose in Purpose.values:
        posts = _holding(posts, "purposes", criteria.purpose)
    if criteria.network:
        posts = _holding(posts, "networks_allowed", criteria.network, or_empty=True)
    if criteria.language:
        captions = Caption.objects.filter(post=OuterRef("pk"), archived_at=None, language=criteria.language)
        posts = posts.filter(Q(language=criteria.language) | Exists(captions))
    return _related(posts, criteria)


def _related(posts: QuerySet[Post], criteria: Criteria) -> QuerySet[Post]:
    tagged = Post.topics.through.objects.filter(post=OuterRef("pk"))
    chosen = Post.segments.through.objects.filter(post=OuterRef("pk"))
    if criteria.topic == NOTHING:
        posts = posts.filter(~Exists(tagged))
    elif criteria.topic:
        posts = posts.filter(Exists(tagged.filter(topic__public_id=criteria.topic)))
    if criteria.campaign == NOTHING:
        posts = posts.filter(campaign=None)
    elif criteria.campaign:
        posts = posts.filter(campaign__public_id=criteria.campaign)
    if criteria.segment == EVERYBODY:
        posts = posts.filter(~Exists(chosen))
    elif criteria.segment:
        posts = posts.filter(Exists(chosen.filter(segment__public_id=criteria.segment)))
    if criteria.source:
        posts = posts.filter(source__public_id=criteria.source)
    return posts


def _holding(posts: QuerySet[Post], field: str, value: str, *, or_empty: bool = False) -> QuerySet[Post]:
    """Keep posts whose JSON list holds a value; read as text, because SQLite has no containment."""
    posts = posts.annotate(**{f"{field}_text": Cast(field, TextField())})
    holds = Q(**{f"{field}_text__contains": json.dumps(value)})
    return posts.filter(holds | Q(**{f"{field}_text": "[]"}) if or_empty else holds)


def _sort_of(text: str) -> tuple[str, bool]:
    name = text.removeprefix("-")
    return (name, text.startswith("-")) if name in SORTS else ("updated", True)


def _beyond(start: tuple[Any, int], *, falling: bool) -> Q:
    value, pk = start
    side = "lt" if falling else "gt"
    return Q(**{f"sort_value__{side}": value}) | Q(sort_value=value, **{f"pk__{side}": pk})


def _key_of(post: Post, name: str) -> str:
    value: Any = post.sort_value  # type: ignore[attr-defined]
    text = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([name, text, post.pk]).encode()).decode().rstrip("=")


def _read_key(key: str, name: str) -> tuple[Any, int] | None:
    try:
        sort, value, pk = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        if sort != name or not isinstance(value, str) or not isinstance(pk, int) or abs(pk) >= 2**63:
            return None
        return (value if name == "title" else datetime.fromisoformat(value)), pk
    except (ValueError, binascii.Error, TypeError, RecursionError):
        return None


def options(values: Mapping[str, str]) -> Criteria:
    """Read criteria from the words of a query string; unknown words are left out."""
    return Criteria(**{name: values.get(name, "").strip()[:200] for name in Criteria.__slots__ if values.get(name)})
