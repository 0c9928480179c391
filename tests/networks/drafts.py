"""Drafts and images that the tests of networks post."""

import io

from PIL import Image, ImageDraw

from vocero.lib.ids import link_token
from vocero.networks.base import Card, Draft, Media


def picture(width: int = 640, height: int = 360, *, kind: str = "JPEG", noisy: bool = False) -> bytes:
    """Give the bytes of an image; a noisy one is large."""
    image = (
        Image.effect_noise((width, height), 90).convert("RGB") if noisy else Image.new("RGB", (width, height), "#2b6")
    )
    ImageDraw.Draw(image).text((20, 20), "Aurora Mills", fill="white")
    out = io.BytesIO()
    image.save(out, kind, quality=95)
    return out.getvalue()


def image(alt: str = "Three colleagues beside the new loom", **more: object) -> Media:
    """Give an image with its words."""
    return Media(picture(**more), "image/jpeg", alt, 640, 360)  # type: ignore[arg-type]


def card(*, with_image: bool = False) -> Card:
    """Give a tracked link that no other test has."""
    return Card(
        f"https://go.aurora.example/l/{link_token()}",
        "Aurora opens its third mill",
        "Forty new jobs in Łódź, and a crèche.",
        image() if with_image else None,
    )


def draft(text: str = "Nasz zespół rośnie 🚀 #praca", *, link: Card | None = None, language: str = "pl") -> Draft:
    """Give a draft with a link of its own."""
    return Draft(text, link or card(), (), language)
