"""The company's own color, corrected so that it can be read everywhere, in both themes.

Colors move in OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020): hue stays, lightness moves
until the contrast of WCAG 2.2 (relative luminance, 4.5:1) holds on the worst ground it stands on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin, sqrt
from typing import Final

ENOUGH: Final = 4.5
MARGIN: Final = 0.08
STEP: Final = 0.004

type Rgb = tuple[float, float, float]

HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True)
class Color:
    """A color in OKLCH: lightness 0..1, chroma, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    @classmethod
    def from_hex(cls, value: str) -> "Color":
        """Read `#rrggbb`; ValueError when it is anything else."""
        if not HEX.match(value):
            raise ValueError(f"{value!r} is not a color like #2450c8")
        red, green, blue = (_linear(int(value[at : at + 2], 16) / 255) for at in (1, 3, 5))
        long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
        medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
        short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
        lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
        a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
        b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
        return cls(lightness, sqrt(a * a + b * b), degrees(atan2(b, a)) % 360)

    def rgb(self) -> Rgb:
        """Give sRGB 0..1; chroma shrinks until the color exists on a screen."""
        chroma = self.chroma
        while True:
            red, green, blue = _to_linear(self.lightness, chroma, self.hue)
            if chroma < 0.0005 or all(-0.0005 <= part <= 1.0005 for part in (red, green, blue)):
                return tuple(_gamma(min(max(part, 0), 1)) for part in (red, green, blue))  # type: ignore[return-value]
            chroma -= 0.002

    def hex(self) -> str:
        """Write `#rrggbb`."""
        return "#" + "".join(f"{round(part * 255):02x}" for part in self.rgb())

    def at(self, lightness: float, chroma: float | None = None) -> "Color":
        """Give the same hue at another lightness, by default with the same chroma."""
        return Color(min(max(lightness, 0.0), 1.0), self.chroma if chroma is None else chroma, self.hue)


WHITE: Final = Color(1, 0, 0)
INK: Final = Color(0.2, 0.015, 70)
# the grounds of tokens.css on which colored words stand: paper, surface, raise
LIGHT_GROUNDS: Final = (Color(0.981, 0.006, 72), Color(0.998, 0.001, 72), Color(0.957, 0.008, 72))
DARK_GROUNDS: Final = (Color(0.182, 0.007, 70), Color(0.222, 0.008, 70), Color(0.272, 0.009, 70))


def contrast(one: Color, other: Color) -> float:
    """Give the contrast ratio of WCAG 2.2 between the two colors as an eight-bit screen shows them, 1 to 21."""
    lights = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


@dataclass(frozen=True)
class Theme:
    """The five brand colors of one theme."""

    fill: Color
    hover: Color
    on: Color
    ink: Color
    wash: Color


def themes(value: str) -> tuple[Theme, Theme]:
    """Give the light and the dark theme of a color `#rrggbb`; ValueError when it is none."""
    color = Color.from_hex(value)
    return _theme(color, LIGHT_GROUNDS, is_dark=False), _theme(color, DARK_GROUNDS, is_dark=True)


def brand_tokens(value: str) -> str:
    """Give the style sheet that puts the company's color in place of ours; ValueError when it is not a color."""
    light, dark = themes(value)
    pairs = {
        "--brand": (light.fill, dark.fill),
        "--brand-hover": (light.hover, dark.hover),
        "--on-brand": (light.on, dark.on),
        "--brand-ink": (light.ink, dark.ink),
        "--brand-wash": (light.wash, dark.wash),
    }
    lines = [f"    {name}: light-dark({one.hex()}, {other.hex()});" for name, (one, other) in pairs.items()]
    return "@layer tokens {\n  :root {\n" + "\n".join(lines) + "\n  }\n}\n"


def _theme(color: Color, grounds: Iterable[Color], *, is_dark: bool) -> Theme:
    fill, on = _fill(color, is_dark=is_dark)
    wash = color.at(0.3, min(color.chroma, 0.06)) if is_dark else color.at(0.945, min(color.chroma, 0.026))
    ink = color.at(max(color.lightness, 0.72) if is_dark else min(color.lightness, 0.52))
    if is_dark:
        ink = ink.at(ink.lightness, min(color.chroma, 0.13))
    ink = _until_readable(ink, [*grounds, wash], up=is_dark)
    hover = fill.at(fill.lightness + (0.045 if on != WHITE else -0.045))
    return Theme(fill, hover, on, ink, wash)


def _fill(color: Color, *, is_dark: bool) -> tuple[Color, Color]:
    """White words where the color nearly carries them, dark words on light colors."""
    fill = color
    if is_dark and fill.lightness < 0.42:
        fill = fill.at(0.42)
    if contrast(fill, WHITE) >= 2.6 or fill.lightness < 0.6:
        return _until_readable(fill, [WHITE], up=False), WHITE
    return _until_readable(fill, [INK], up=True), INK


def _until_readable(color: Color, grounds: Iterable[Color], *, up: bool) -> Color:
    worst = list(grounds)
    while min(contrast(color, ground) for ground in worst) < ENOUGH + MARGIN and 0 < color.lightness < 1:
        color = color.at(color.lightness + (STEP if up else -STEP))
    return color


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _gamma(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _to_linear(lightness: float, chroma: float, hue: float) -> Rgb:
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(round(part * 255) / 255) for part in color.rgb())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
