"""Writes what linked pages say about themselves onto posts, and keeps their pictures in the house."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from vocero.company.models import Program, StoredFile
from vocero.content.models import Post
from vocero.content.pages import Preview
from vocero.content.searching import search_text
from vocero.content.services.posts import PostDetails, create_post
from vocero.people.models import Member

MOST_ATTEMPTS = 3
TRY_AGAIN_AFTER = timedelta(hours=2)
_WANTED_IN = (Post.State.INBOX, Post.State.DRAFT, Post.State.OFFERED)


@transaction.atomic
def create_from_link(
    program: Program,
    *,
    url: str,
    preview: Preview | None,
    image: StoredFile | None,
    by: Member | None,
    at: datetime,
) -> Post:
    """Make a draft of a pasted address with what its page says; without a preview the rest is typed by hand.

    Raises PostRefused for an address that is no web address.
    """
    details = PostDetails(url=url)
    if preview is not None:
        details = PostDetails(
            url=preview.url,
            title=preview.title,
            description=preview.description,
            site_name=preview.site_name,
            language=preview.language[:8],
        )
    post = create_post(program, by=by, at=at, details=details)
    post.card_image = image
    if preview is not None:
        post.remote_image_url, post.published_at = preview.image_url, preview.published_at
    post.save(update_fields=["card_image", "remote_image_url", "published_at"])
    return post


@transaction.atomic
def read_anew(post: Post, *, preview: Preview, image: StoredFile | None, at: datetime) -> None:
    """Take title, description, website and picture from the page again, in place of what stands there."""
    post.title = preview.title or post.title
    post.description = preview.description or post.description
    post.site_name = preview.site_name or post.site_name
    post.language = post.language or preview.language[:8]
    post.remote_image_url = preview.image_url or post.remote_image_url
    post.card_image = image or post.card_image
    post.preview_due_at, post.updated_at = None, at
    post.search_text = search_text(post, post.captions.filter(archived_at=None).values_list("text", flat=True))
    post.save()


def due_previews(at: datetime) -> QuerySet[Post]:
    """Give the posts whose page is to be read at this moment."""
    return Post.objects.filter(~Q(url=""), preview_due_at__lte=at, state__in=_WANTED_IN).order_by("preview_due_at")


def claim_preview(post_id: int, *, at: datetime, until: datetime) -> Post | None:
    """Take a due post for one look at its page until a moment; None when another worker has it."""
    taken = Post.objects.filter(pk=post_id, preview_due_at__lte=at).update(preview_due_at=until)
    return Post.objects.get(pk=post_id) if taken else None


@transaction.atomic
def record_preview(post: Post, *, preview: Preview | None, image: StoredFile | None, at: datetime) -> None:
    """Fill what the post does not say yet from its page, and attach the card's picture; typed words stay.

    `post` is the row as it was claimed; without a preview the page is tried again, three times in all.
    """
    held = Post.objects.select_for_update().filter(pk=post.pk, preview_due_at=post.preview_due_at).first()
    if held is None:
        return
    held.preview_attempts += 1
    if preview is None and image is None:
        again = held.preview_attempts < MOST_ATTEMPTS
        held.preview_due_at = at + TRY_AGAIN_AFTER if again else None
        held.save(update_fields=["preview_attempts", "preview_due_at"])
        return
    held.preview_due_at = None
    if preview is not None:
        fill_from(held, preview)
    held.card_image = image or held.card_image
    held.search_text = search_text(held, held.captions.filter(archived_at=None).values_list("text", flat=True))
    held.save()


def fill_from(post: Post, preview: Preview) -> None:
    """Take from a preview what the post does not say yet; the row is not saved."""
    post.title = post.title or preview.title
    post.description = post.description or preview.description
    if not post.site_name or post.source_id:
        post.site_name = preview.site_name or post.site_name
    post.language = post.language or preview.language[:8]
    post.remote_image_url = post.remote_image_url or preview.image_url
    post.published_at = post.published_at or preview.published_at


def set_card_image(post: Post, file: StoredFile | None, *, at: datetime) -> None:
    """Give the card of a post's link another picture, or none."""
    Post.objects.filter(pk=post.pk).update(card_image=file, updated_at=at, preview_due_at=None)
    post.card_image = file
