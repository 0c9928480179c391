"""Pictures that people upload: decoded, turned upright, made smaller and written anew, so that nothing else survives."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from vocero.company.models import StoredFile
from vocero.lib.errors import Refusal
from vocero.lib.ids import random_base62

MEBIBYTE: Final = 1024 * 1024
MOST_BYTES: Final = 10 * MEBIBYTE
MOST_PIXELS: Final = 24_000_000
MOST_PIXELS_JPEG: Final = 80_000_000
"""A JPEG is read at a fraction of its size, so that photographs of any phone fit."""
LONGEST_SIDE: Final = 2400
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
_KEY_LENGTH: Final = 24


class NotAnImage(Refusal):
    """The file cannot be taken; the sentence says what can."""


@dataclass(frozen=True, slots=True)
class _Encoded:
    data: bytes
    content_type: str
    width: int
    height: int


def store_image(data: bytes, *, at: datetime, longest_side: int = LONGEST_SIDE) -> StoredFile:
    """Store a picture (JPEG, PNG, WebP or the first frame of a GIF) and give its row; `longest_side` is in pixels.

    What is kept is a new file made from the decoded pixels alone: JPEG, or PNG where something shows through.
    Raises NotAnImage with a sentence for the person who uploaded it.
    """
    if len(data) > MOST_BYTES:
        raise NotAnImage(_("This picture is larger than 10 MB. Please choose a smaller one."))
    encoded = _encode(_decode(data), longest_side)
    key = random_base62(_KEY_LENGTH)
    default_storage.save(_place(key), ContentFile(encoded.data))
    return StoredFile.objects.create(
        key=key,
        sha256=hashlib.sha256(encoded.data).hexdigest(),
        content_type=encoded.content_type,
        size=len(encoded.data),
        width=encoded.width,
        height=encoded.height,
        created_at=at,
    )


def read_file(file: StoredFile) -> bytes:
    """Give the bytes of a stored file. Raises FileNotFoundError when the storage has lost it."""
    with default_storage.open(_place(file.key)) as handle:
        content: bytes = handle.read()
        return content


def _place(key: str) -> str:
    return f"{key[:2]}/{key}"


def _decode(data: bytes) -> Image.Image:
    """Decode to pixels within the limits; the size is known and checked before any pixel is read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            is_jpeg = image.format == "JPEG"
            if image.width * image.height > (MOST_PIXELS_JPEG if is_jpeg else MOST_PIXELS):
                raise NotAnImage(_("This picture has too many pixels. Please choose a smaller one."))
            if is_jpeg:
                image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image.load()
            return ImageOps.exif_transpose(image)
    except NotAnImage:
        raise
    except Exception as error:  # decoders meet broken files with errors of every kind
        raise NotAnImage(_("This file is not a picture that can be read. JPEG, PNG, WebP and GIF work.")) from error


def _encode(image: Image.Image, longest_side: int) -> _Encoded:
    """Write the pixels anew, without any metadata."""
    if image.mode in {"I;16", "I", "F"}:
        image = image.convert("L")
    see_through = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    image = image.convert("RGBA" if see_through else "RGB")
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    see_through = see_through and image.getchannel("A").getextrema()[0] < 255  # type: ignore[operator]
    image = image if see_through else image.convert("RGB")
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    target = io.BytesIO()
    if see_through:
        clean.save(target, "PNG", optimize=False, compress_level=6)
    else:
        clean.save(target, "JPEG", quality=88, progressive=True)
    kind = "image/png" if see_through else "image/jpeg"
    return _Encoded(target.getvalue(), kind, clean.width, clean.height)
