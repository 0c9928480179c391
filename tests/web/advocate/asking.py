"""What the tests of the advocate's pages ask for."""

from typing import Any

from django.test import Client

from vocero.content.models import Post


def compose(client: Client, post: Post, do: str = "share", **data: Any) -> Any:
    """Send the sheet of a post, to share it unless `do` says otherwise."""
    return client.post(f"/share/{post.public_id}", {"network": "linkedin", "text": "Well told.", "do": do, **data})


def text_of(answer: Any) -> str:
    """Give what a page says."""
    return str(answer.content.decode())
