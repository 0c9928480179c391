"""Writes posts: made, edited, offered to colleagues, dismissed, put away, brought back and duplicated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.models import Program, StoredFile
from vocero.content import readiness
from vocero.content.models import Campaign, Post, PostImage, Topic
from vocero.content.pages import is_web_address, page_key
from vocero.content.searching import search_text
from vocero.content.services.captions import CaptionText, set_captions
from vocero.content.services.entries import expire_surplus
from vocero.lib.errors import Refusal
from vocero.lib.text import one_line, tidy
from vocero.people.models import Member, Segment

MOST_FEATURED = 5
MOST_HASHTAGS = 10
MOST_IMAGES = 8

State = Post.State


class PostRefused(Refusal):
    """This cannot be done with the post as it is."""


class NotReady(PostRefused):
    """The post lacks something before it can be offered; `problems` says for each field what to do."""

    def __init__(self, problems: dict[str, str | Promise]) -> None:
        field_name, message = next(iter(problems.items()))
        super().__init__(message, field=field_name)
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDetails:
    """Everything that a manager decides about a post, as it shall be; `captions` None leaves the captions alone.

    Moments are UTC. Empty `segments` means everybody, empty `networks_allowed` all networks.
    """

    url: str = ""
    title: str = ""
    description: str = ""
    site_name: str = ""
    kind: str = ""
    origin: str = ""
    purposes: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = field(default=())
    campaign: Campaign | None = None
    language: str = ""
    segments: tuple[Segment, ...] = field(default=())
    networks_allowed: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    why_share: str = ""
    expires_at: datetime | None = None
    featured: bool = False
    captions: tuple[CaptionText, ...] | None = None


def details_of(post: Post) -> PostDetails:
    """Give a post's details as they are, for changing some of them with `dataclasses.replace`."""
    return PostDetails(
        url=post.url,
        title=post.title,
        description=post.description,
        site_name=post.site_name,
        kind=post.kind,
        origin=post.origin,
        purposes=tuple(post.purposes),
        topics=tuple(post.topics.all()),
        campaign=post.campaign,
        language=post.language,
        segments=tuple(post.segments.all()),
        networks_allowed=tuple(post.networks_allowed),
        hashtags=tuple(post.hashtags),
        why_share=post.why_share,
        expires_at=post.expires_at,
        featured=post.featured_at is not None,
        captions=None,
    )


@transaction.atomic
def create_post(program: Program, *, by: Member | None, at: datetime, details: PostDetails) -> Post:
    """Make a draft; nobody but the program team sees it. Raises PostRefused for an address that is no web address."""
    post = Post(program=program, state=State.DRAFT, created_by=by, created_at=at, updated_at=at)
    _take_details(post, details, at)
    post.save(force_insert=True)
    _take_related(post, details, at)
    return post


@transaction.atomic
def edit_post(post: Post, *, details: PostDetails, at: datetime) -> None:
    """Make a post as `details` say, in whatever state it is; what was shared stays as it was shared.

    An offered post must stay fit to be offered: raises NotReady, and PostRefused for an address that is none.
    """
    post.refresh_from_db(fields=["state"])
    _take_details(post, details, at)
    post.updated_at = at
    post.save()
    _take_related(post, details, at)
    if post.state == State.OFFERED:
        _check_ready(post, at)


@transaction.atomic
def offer_post(post: Post, *, by: Member | None, at: datetime, would_post_myself: bool) -> None:
    """Offer a post to its segments (everybody when it has none). `would_post_myself` is the manager's own answer.

    Raises NotReady with everything that is missing, PostRefused when the post is offered already.
    """
    post = _locked(post)
    if post.state == State.OFFERED:
        raise PostRefused(_("This post is offered already."))
    if post.state in {State.ARCHIVED, State.DISMISSED} and post.expires_at and post.expires_at <= at:
        post.expires_at = None
    if post.expires_at is None and post.source is not None:
        post.expires_at = at + timedelta(days=post.source.days_active)
    post.self_check_at = at if would_post_myself else None
    _check_ready(post, at)
    post.state, post.offered_at, post.offered_by, post.updated_at = State.OFFERED, at, by, at
    post.archived_at = None
    post.save()
    if post.source is not None:
        expire_surplus(post.source, at=at)
    if by is not None:
        audit.record("content.post_offered", actor=by.public_id, at=at, subject=post.public_id)


def dismiss_posts(posts: Iterable[Post], *, at: datetime) -> int:
    """Dismiss waiting entries and drafts: they leave the inbox and their pages do not come back; gives how many."""
    return Post.objects.filter(pk__in=[post.pk for post in posts], state__in=[State.INBOX, State.DRAFT]).update(
        state=State.DISMISSED, archived_at=at, updated_at=at
    )


def bring_back_posts(posts: Iterable[Post], *, at: datetime) -> int:
    """Undo a dismissal or an archiving: entries of a feed go back to the inbox, others to the drafts; gives how many."""
    away = Post.objects.filter(pk__in=[post.pk for post in posts], state__in=[State.DISMISSED, State.ARCHIVED])
    changes = {"archived_at": None, "updated_at": at}
    with transaction.atomic():
        away.filter(expires_at__lte=at).update(expires_at=None)
        entries = away.filter(source__isnull=False, offered_at=None).update(state=State.INBOX, **changes)
        return entries + away.update(state=State.DRAFT, **changes)


@transaction.atomic
def archive_post(post: Post, *, by: Member | None, at: datetime) -> None:
    """Take an offered post back: nobody can share it any more; links of what was shared go on working."""
    changed = Post.objects.filter(pk=post.pk).exclude(state=State.ARCHIVED)
    if changed.update(state=State.ARCHIVED, archived_at=at, updated_at=at, featured_at=None) and by is not None:
        audit.record("content.post_archived", actor=by.public_id, at=at, subject=post.public_id)
    post.refresh_from_db()


@transaction.atomic
def duplicate_post(post: Post, *, by: Member | None, at: datetime) -> Post:
    """Make a new draft with everything of a post but its dates, its answers and its place in a feed."""
    details = replace(
        details_of(post),
        expires_at=None,
        featured=False,
        captions=tuple(
            CaptionText(language=caption.language, network=caption.network, text=caption.text)
            for caption in post.captions.filter(archived_at=None)
        ),
    )
    copy = create_post(post.program, by=by, at=at, details=details)
    copy.remote_image_url, copy.card_image, copy.published_at = (
        post.remote_image_url,
        post.card_image,
        post.published_at,
    )
    copy.save(update_fields=["remote_image_url", "card_image", "published_at"])
    PostImage.objects.bulk_create(
        PostImage(post=copy, file=image.file, alt=image.alt, position=image.position) for image in post.images.all()
    )
    return copy


@transaction.atomic
def add_image(post: Post, file: StoredFile, *, alt: str, at: datetime) -> PostImage:
    """Add a stored picture to a post; its words may follow, but must be there before the post is offered.

    Raises PostRefused over eight pictures.
    """
    count = post.images.count()
    if count >= MOST_IMAGES:
        raise PostRefused(_("A post can have at most %(most)s pictures."), field="images", most=MOST_IMAGES)
    Post.objects.filter(pk=post.pk).update(updated_at=at)
    return PostImage.objects.create(post=post, file=file, alt=one_line(alt)[:1000], position=count)


@transaction.atomic
def describe_images(post: Post, alts: dict[int, str], *, removed: Sequence[int] = ()) -> None:
    """Set the words that stand in for a post's pictures (by the row's id) and take pictures off it."""
    for image in post.images.all():
        if image.pk in removed:
            image.delete()
        elif image.pk in alts and alts[image.pk] != image.alt:
            image.alt = one_line(alts[image.pk])[:1000]
            image.save(update_fields=["alt"])


def clean_hashtags(text: str) -> tuple[str, ...]:
    """Give the hashtags in a typed text without their sign, each once, at most ten: letters, digits and `_` only."""
    found: dict[str, str] = {}
    for word in text.replace(",", " ").replace("#", " ").split():
        tag = "".join(character for character in word if character.isalnum() or character == "_")[:60]
        if tag and not tag.isdigit():
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())[:MOST_HASHTAGS]


def _locked(post: Post) -> Post:
    """Lock the row and bring what the caller holds up to date with it."""
    Post.objects.select_for_update().get(pk=post.pk)
    post.refresh_from_db()
    return post


def _take_details(post: Post, details: PostDetails, at: datetime) -> None:
    url = details.url.strip()
    if url and not is_web_address(url):
        raise PostRefused(_("Please give the whole address of the page, with https://."), field="url")
    post.url, post.url_key = url, page_key(url) if url else ""
    post.title = one_line(details.title)[:300]
    post.description = tidy(details.description)[:4000]
    post.site_name = one_line(details.site_name)[:120]
    post.kind, post.origin = details.kind, details.origin
    post.purposes = list(dict.fromkeys(details.purposes))
    post.campaign, post.language = details.campaign, details.language
    post.networks_allowed = list(dict.fromkeys(details.networks_allowed))
    post.hashtags = list(details.hashtags)[:MOST_HASHTAGS]
    post.why_share = one_line(details.why_share)[:280]
    post.expires_at = details.expires_at
    if not details.featured:
        post.featured_at = None
    elif post.featured_at is None:
        post.featured_at = at


def _take_related(post: Post, details: PostDetails, at: datetime) -> None:
    post.topics.set(details.topics)
    post.segments.set(details.segments)
    if details.captions is not None:
        set_captions(post, details.captions, at=at)
    texts = post.captions.filter(archived_at=None).values_list("text", flat=True)
    Post.objects.filter(pk=post.pk).update(search_text=search_text(post, texts))
    if details.featured:
        _keep_newest_featured(post)


def _keep_newest_featured(post: Post) -> None:
    """Five posts are featured at most: the longest featured ones make room."""
    featured = Post.objects.filter(program=post.program, featured_at__isnull=False).order_by("-featured_at", "-pk")
    surplus = list(featured.values_list("pk", flat=True)[MOST_FEATURED:])
    Post.objects.filter(pk__in=surplus).update(featured_at=None)


def _check_ready(post: Post, at: datetime) -> None:
    problems = readiness.problems_of(post, at=at)
    if problems:
        raise NotReady(problems)
