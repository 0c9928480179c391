"""Pictures are decoded and written anew: what is served holds nothing but pixels."""

import hashlib
import io
import random
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from tests.cast import MOMENT
from vocero.company import files
from vocero.company.files import NotAnImage, read_file, store_image

pytestmark = pytest.mark.django_db
PAYLOAD = b"<script>alert(document.domain)</script>"


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path, settings: object) -> None:
    settings.STORAGES = {  # type: ignore[attr-defined]
        **settings.STORAGES,  # type: ignore[attr-defined]
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}},
    }


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    target = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_of_each_kind_is_kept_as_a_new_file(kind: str) -> None:
    given = picture(kind)
    file = store_image(given, at=MOMENT)
    kept = read_file(file)
    assert (file.width, file.height, file.size) == (60, 40, len(kept))
    assert file.content_type == "image/jpeg"
    assert file.sha256 == hashlib.sha256(kept).hexdigest()
    assert kept != given
    assert Image.open(io.BytesIO(kept)).format == "JPEG"


def test_what_shows_through_stays_so() -> None:
    target = io.BytesIO()
    Image.new("RGBA", (20, 20), (10, 200, 30, 120)).save(target, "PNG")
    file = store_image(target.getvalue(), at=MOMENT)
    assert file.content_type == "image/png"
    assert Image.open(io.BytesIO(read_file(file))).getpixel((3, 3)) == (10, 200, 30, 120)


def png_with_payload() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", PAYLOAD.decode())
    return picture("PNG", pnginfo=notes) + PAYLOAD


def jpeg_with_payload() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = PAYLOAD.decode()
    return picture("JPEG", exif=exif.tobytes(), comment=PAYLOAD) + PAYLOAD


def gif_with_payload() -> bytes:
    return picture("GIF", comment=PAYLOAD) + PAYLOAD


def webp_with_payload() -> bytes:
    return picture("WEBP", xmp=PAYLOAD) + PAYLOAD


@pytest.mark.parametrize("made", [png_with_payload, jpeg_with_payload, gif_with_payload, webp_with_payload])
def test_nothing_but_pixels_survives(made: object) -> None:
    given = made()  # type: ignore[operator]
    assert PAYLOAD in given
    assert PAYLOAD not in read_file(store_image(given, at=MOMENT))


@pytest.mark.parametrize(
    "given",
    [
        b"",
        PAYLOAD,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.4\n%...",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"GIF89a" + PAYLOAD,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 40,
        b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://example.com/)'\n",
        picture("PNG")[:60],
        picture("JPEG")[:200],
        picture("BMP"),
        picture("TIFF"),
    ],
    ids=["empty", "html", "svg", "pdf", "eps", "gif-html", "png-zeros", "mvg", "cut-png", "cut-jpeg", "bmp", "tiff"],
)
def test_what_is_no_picture_is_refused_with_a_sentence(given: bytes) -> None:
    with pytest.raises(NotAnImage, match="picture"):
        store_image(given, at=MOMENT)


def bomb(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\0" * 1000)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (6_000, 6_000), (2**31 - 1, 2**31 - 1), (0, 10)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    with pytest.raises(NotAnImage):
        store_image(bomb(*size), at=MOMENT)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(NotAnImage, match="10 MB"):
        store_image(b"\0" * (files.MOST_BYTES + 1), at=MOMENT)


def test_a_photograph_is_turned_upright_and_made_smaller() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    Image.new("RGB", (5000, 2500), "teal").save(target, "JPEG", exif=exif.tobytes())
    file = store_image(target.getvalue(), at=MOMENT)
    assert (file.width, file.height) == (1200, 2400)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_damaged_picture_is_kept_clean_or_refused_and_never_an_error(kind: str) -> None:
    chance = random.Random(7)
    given = bytearray(picture(kind) + PAYLOAD)
    for _ in range(60):
        damaged = bytearray(given)
        for _ in range(chance.randint(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            kept = read_file(store_image(bytes(damaged), at=MOMENT))
        except NotAnImage:
            continue
        assert PAYLOAD not in kept
