"""Text for searching: folded the same way when it is kept and when it is looked for, whatever the database thinks of case."""

import unicodedata
from collections.abc import Iterable

from vocero.content.models import Post

MOST_CHARACTERS = 20_000


def folded_for_search(text: str) -> str:
    """Give a text in lower case without accents: `Żółć` is found by `zolc`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return plain.translate({ord("ł"): "l", ord("ø"): "o", ord("đ"): "d"})


def search_text(post: Post, captions: Iterable[str]) -> str:
    """Give what a post is found by: title, description, website, address, hashtags and the texts of its captions."""
    parts = [post.title, post.description, post.site_name, post.url, " ".join(post.hashtags), post.why_share, *captions]
    return folded_for_search("\n".join(part for part in parts if part))[:MOST_CHARACTERS]
