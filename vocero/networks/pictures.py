"""Make an image small enough for a network that limits its bytes."""

import io
from dataclasses import replace

from PIL import Image, UnidentifiedImageError

from vocero.networks.base import Media, Refused

_SIDES = (2000, 1600, 1200, 900, 600)
_QUALITY = 82


def fitted(media: Media, most_bytes: int | None, types: tuple[str, ...]) -> Media:
    """Give the image as it is when it fits, else as a smaller JPEG. Raises Refused("media") when it is no image."""
    if media.content_type in types and (most_bytes is None or len(media.content) <= most_bytes):
        return media
    try:
        with Image.open(io.BytesIO(media.content)) as opened:
            picture = _flat(opened)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise Refused("media") from error
    for side in _SIDES:
        smaller = picture.copy()
        smaller.thumbnail((side, side))
        out = io.BytesIO()
        smaller.save(out, "JPEG", quality=_QUALITY, optimize=True)
        if most_bytes is None or out.tell() <= most_bytes:
            return replace(
                media,
                content=out.getvalue(),
                content_type="image/jpeg",
                width=smaller.width,
                height=smaller.height,
            )
    raise Refused("media")


def _flat(opened: Image.Image) -> Image.Image:
    """Put an image with transparency on white."""
    picture = opened.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
