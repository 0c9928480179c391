"""What a network is given for a share: the text as frozen, its link with the preview's words, and the images."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from vocero.company.files import read_file
from vocero.company.models import Installation, StoredFile
from vocero.content.models import PostImage
from vocero.lib.text import one_line, truncate
from vocero.networks.base import Card, Draft, Media
from vocero.sharing.links import link_address
from vocero.sharing.models import Share

logger = logging.getLogger(__name__)

_TITLE, _DESCRIPTION = 300, 1000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A share with what goes along: its link and its post's words are read, and so are its images."""

    share: Share
    images: Sequence[PostImage]


def outgoing(share: Share, house: Installation, *, images: Sequence[PostImage] | None = None) -> Draft:
    """Give the draft of a share; without any images it is enough for counting and for a handoff's address.

    An image that the storage has lost is left out: the words and the link are worth sending all the same.
    """
    link = getattr(share, "link", None)
    card = None
    if link is not None:
        post = share.post
        image = _media(post.card_image, "") if images is not None and post.card_image else None
        card = Card(
            url=link_address(link, house),
            title=truncate(one_line(post.title), _TITLE),
            description=truncate(one_line(post.description), _DESCRIPTION),
            image=image,
        )
    media = tuple(found for image in images or () if (found := _media(image.file, image.alt)) is not None)
    return Draft(text=share.text, link=card, media=media, language=share.language)


def _media(file: StoredFile, alt: str) -> Media | None:
    try:
        content = _content(file.pk)
    except FileNotFoundError:
        logger.warning("the storage has lost file %s", file.pk)
        return None
    return Media(content, file.content_type, alt, file.width or 0, file.height or 0)


@lru_cache(maxsize=16)
def _content(file_id: int) -> bytes:
    """Read a file once for the many shares of one post; a stored file never changes."""
    return read_file(StoredFile.objects.get(pk=file_id))
