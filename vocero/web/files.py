"""Hands out stored pictures by their random key, as inert files that no browser runs anything from."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from vocero.company.files import read_file
from vocero.company.models import StoredFile
from vocero.company.queries import stored_file
from vocero.web.access import public


@public
def file(request: HttpRequest, key: str) -> HttpResponse:
    """Give a stored picture. Its key cannot be guessed; networks fetch pictures by it, so nobody has to be signed in."""
    stored = stored_file(key)
    if stored is None:
        raise Http404
    try:
        content = read_file(stored)
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=stored.content_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def file_url(stored: StoredFile | None) -> str:
    """Give the address of a stored picture, or nothing without one."""
    return reverse("file", args=[stored.key]) if stored else ""
