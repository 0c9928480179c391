"""What the inbox, the library and the editor share: finding a post, its card, and what happened in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest

from vocero.company.models import Program
from vocero.company.queries import main_program
from vocero.content import queries
from vocero.content.languages import language_name
from vocero.content.mix import TARGET, Mix, mix_of
from vocero.content.models import Kind, Origin, Post, Purpose
from vocero.content.pages import host_of
from vocero.lib.words import pick
from vocero.web.files import file_url
from vocero.web.manager.post_forms import reading_order

BADGES: dict[str, str] = {Post.State.OFFERED: "good", Post.State.INBOX: "brand", Post.State.DRAFT: "warn"}


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as a list shows it: everything in words, nothing left to look up."""

    post: Post
    title: str
    summary: str
    host: str
    image_url: str
    state: str
    badge: str
    kind: str
    origin: str
    purposes: list[str]
    topics: list[str]
    languages: list[str]
    caption_languages: list[str]


def get_post(public_id: str) -> Post:
    """Give a post of the program by its public id, with all that belongs to it. Raises Http404."""
    post = queries.with_everything(Post.objects.filter(program=main_program(), public_id=public_id)).first()
    if post is None:
        raise Http404
    return post


def rows_of(posts: Iterable[Post]) -> list[PostRow]:
    """Put posts that were loaded by `with_everything` into words; one query for all."""
    order = reading_order()
    return [row_of(post, order) for post in posts]


def row_of(post: Post, order: Sequence[str] = ()) -> PostRow:
    """Put a post that was loaded by `with_everything` into words; topics by the first language of `order` they have."""
    captions = list(post.captions.all())
    images = list(post.images.all())
    codes = dict.fromkeys([caption.language for caption in captions] or filter(None, [post.language]))
    picture = post.card_image or (images[0].file if images else None)
    return PostRow(
        post=post,
        title=post.title or (captions[0].text[:80] if captions else ""),
        summary=post.description,
        host=post.site_name or host_of(post.url),
        image_url=file_url(picture),
        state=str(Post.State(post.state).label),
        badge=BADGES.get(post.state, ""),
        kind=str(dict(Kind.choices).get(post.kind, "")),
        origin=str(dict(Origin.choices).get(post.origin, "")),
        purposes=[str(dict(Purpose.choices).get(purpose, "")) for purpose in post.purposes],
        topics=[pick(topic.name, order) for topic in post.topics.all()],
        languages=[language_name(code) for code in codes],
        caption_languages=[language_name(code) for code in dict.fromkeys(one.language for one in captions)],
    )


def mix_context(program: Program, mix: Mix | None = None) -> dict[str, Any]:
    """Give what the panel of the mix needs; the mix itself if it is known already."""
    mix = mix or mix_of(program)
    return {"mix": mix, "mix_parts": mix_parts(mix)}


def mix_parts(mix: Mix) -> list[dict[str, Any]]:
    """Give the three origins with how many there are of how many, and a dot for each."""
    return [
        {
            "label": label,
            "origin": origin,
            "count": mix.counts[origin],
            "target": TARGET[origin],
            "dots": _dots(mix.counts[origin], TARGET[origin]),
        }
        for origin, label in Origin.choices
    ]


def _dots(count: int, target: int) -> list[str]:
    return [*["on"] * min(count, target), *["over"] * max(count - target, 0), *["off"] * max(target - count, 0)]


def is_fragment(request: HttpRequest) -> bool:
    """Say whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
