"""Shares as they are needed for sending: text, images, link, post and account of a whole batch in one query, mostly."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from vocero.content.models import Post
from vocero.lib.prepared import Prepared
from vocero.networks.models import Account
from vocero.sharing.gate import BATCH, Book, places
from vocero.sharing.models import Link, Share
from vocero.sharing.outgoing import Parcel

_OF_SHARE: Final = (
    "id", "member_id", "post_id", "account_id", "network", "channel", "text", "language", "disclosed", "due_at", "key",
    "first_sent_at",
)  # fmt: skip
_OF_ACCOUNT: Final = tuple(field.attname for field in Account._meta.concrete_fields)
_DATABASE: Final = "default"


def packed(shares: Sequence[int], book: Book) -> list[Parcel]:
    """Read shares, at most BATCH, with everything that goes out with them; other columns are read when asked for.

    State, attempt and lease are not read: those of the facts count, which said that a share may be claimed. The words of
    their posts are those of the book.
    """
    if not shares:
        return []
    rows = _PACKED.rows(**places(shares))
    _read_posts({row[_OF_SHARE.index("post_id")] for row in rows}, book)
    found = [(_share(row, book), row[-1]) for row in rows]
    prefetch_related_objects([share for share, has_images in found if has_images], "images__file")
    return [Parcel(share, list(share.images.all()) if has_images else ()) for share, has_images in found]


def _read_posts(posts: set[int], book: Book) -> None:
    missing = posts - book.posts.keys()
    if missing:
        book.posts.update(Post.objects.select_related("card_image").in_bulk(missing))


def _share(row: tuple[Any, ...], book: Book) -> Share:
    own, token, account = row[: len(_OF_SHARE)], row[len(_OF_SHARE)], row[len(_OF_SHARE) + 1 : -1]
    share = Share.from_db(_DATABASE, _OF_SHARE, own)
    share.post = book.posts[share.post_id]
    share.account = Account.from_db(_DATABASE, _OF_ACCOUNT, account) if share.account_id is not None else None
    if token is not None:
        Link(share=share, token=token)  # which makes it the share's link
    return share


def _packed(**shares: int) -> QuerySet[Share, Any]:
    images = Share.images.through.objects.filter(share=OuterRef("pk"))
    return Share.objects.filter(pk__in=list(shares.values())).values_list(
        *_OF_SHARE, "link__token", *(f"account__{name}" for name in _OF_ACCOUNT), Exists(images)
    )


_PACKED: Final = Prepared(_packed, *(f"share_{place}" for place in range(BATCH)), typed=True)
