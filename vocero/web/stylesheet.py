"""One style sheet out of many small files: joined when the server starts, under an address that changes with its content."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.encoding import force_bytes
from django.utils.text import compress_string

from vocero.web.access import public
from vocero.web.brand import HEX, brand_tokens

FOLDER: Final = Path(__file__).parent / "static" / "css"
FIRST: Final = ("reset.css", "tokens.css", "base.css", "layout.css")
LAYERS: Final = "@layer reset, tokens, base, layout, components, pages;\n"
A_YEAR: Final = 365 * 24 * 3600
COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
SPACE: Final = re.compile(r"\s*\n\s*")
FONT: Final = re.compile(r'url\("\.\./([^"]+)"\)')


def files() -> list[Path]:
    """Give the files in the order of the cascade; inside a layer the order of the names."""
    return [
        *(FOLDER / name for name in FIRST),
        *sorted(FOLDER.glob("components/*.css")),
        *sorted(FOLDER.glob("pages/*.css")),
    ]


def joined() -> str:
    """Give all files as one text, without comments and line ends; addresses of fonts become absolute."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in files())
    text = SPACE.sub("\n", COMMENT.sub("", text)).strip()
    return LAYERS + FONT.sub(lambda found: f'url("{static(found[1])}")', text) + "\n"


@lru_cache(maxsize=1)
def _kept() -> tuple[str, str]:
    return _with_digest()


def _with_digest() -> tuple[str, str]:
    text = joined()
    return text, hashlib.sha256(text.encode()).hexdigest()[:12]


def sheet() -> tuple[str, str]:
    """Give the text and its digest; read anew at each call while developing."""
    return _with_digest() if settings.DEBUG else _kept()


def address() -> str:
    """Give the address of the sheet as it is now."""
    return reverse("stylesheet", args=[sheet()[1]])


def brand_address(color: str) -> str:
    """Give the address of the company's colors, or nothing without a valid one."""
    return reverse("brand", args=[color[1:].lower()]) if HEX.match(color) else ""


def _css(request: HttpRequest, text: str, *, seconds: int) -> HttpResponse:
    body = force_bytes(text)
    response = HttpResponse(body, content_type="text/css; charset=utf-8")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.content = compress_string(body)
        response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = f"public, max-age={seconds}, immutable" if seconds else "no-cache"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@public
def stylesheet(request: HttpRequest, digest: str) -> HttpResponse:
    """Serve the sheet; under an old digest too, but then it is not kept."""
    text, current = sheet()
    return _css(request, text, seconds=A_YEAR if digest == current and not settings.DEBUG else 0)


@public
def brand(request: HttpRequest, color: str) -> HttpResponse:
    """Serve the tokens of one color; the color is in the address, so it can be kept for ever."""
    value = f"#{color}"
    if not HEX.match(value):
        raise Http404
    return _css(request, brand_tokens(value), seconds=A_YEAR)
