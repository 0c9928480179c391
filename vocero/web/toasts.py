"""Toasts: what just happened, and for a few seconds the way back."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.functional import Promise


def say(
    request: HttpRequest, text: str | Promise, *, undo_url: str = "", seconds: int = 10, level: int | None = None
) -> None:
    """Show a toast on the next page; with `undo_url` it offers Undo (a POST there) for that many seconds."""
    tags = f"undo:{seconds}:{undo_url}" if undo_url else ""
    messages.add_message(request, messages.SUCCESS if level is None else level, str(text), extra_tags=tags)
