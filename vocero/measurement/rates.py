"""What clicks would have cost as ads: versioned rates and the equivalent media value that follows from them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from vocero.lib.money import MILLION, Money, decimals, to_millionths
from vocero.measurement.models import Rate


@dataclass(frozen=True, slots=True)
class Starter:
    """A published cost of a click to begin with; a manager confirms it once, or writes another."""

    network: str
    currency: str
    low: str
    base: str
    high: str
    source: str
    source_on: date


STARTERS: Final = (
    Starter(
        "linkedin", "USD", "4.40", "5.58", "6.40",
        "LinkedIn ads, cost per click worldwide 5.58, junior audience 4.40, senior audience 6.40 "
        "(help.recotap.com/ad-metrics-benchmarks-2024)",
        date(2024, 12, 31),
    ),
    Starter(
        "x", "USD", "1.53", "1.53", "1.53",
        "Worked example of a cost per click on X (trap.it/paid-social-vs-your-employees)",
        date(2016, 6, 1),
    ),
    Starter(
        "facebook", "USD", "1.00", "1.00", "1.00",
        "Cost per click on a page as used by an agency tool (support.agorapulse.com/en/articles/8778318)",
        date(2024, 1, 1),
    ),
)  # fmt: skip
"""Networks that are not here have no rate until somebody enters one: they are shown as not priced, never as zero."""


@dataclass(frozen=True, slots=True)
class Band:
    """An amount of one currency with the least and the most it may be."""

    low: Money
    base: Money
    high: Money


@dataclass(frozen=True, slots=True)
class MediaValue:
    """Unique clicks x cost of a click, by currency; clicks on networks without a rate are apart."""

    bands: tuple[Band, ...]
    priced_clicks: int
    unpriced: tuple[tuple[str, int], ...]


def confirmed() -> list[Rate]:
    """Give the rates that were confirmed, the oldest first."""
    return list(Rate.objects.filter(confirmed_at__isnull=False).order_by("from_on", "pk"))


def changes(rates: Iterable[Rate], first_on: date, last_on: date) -> list[date]:
    """Give the days within a stretch on which any rate changes; clicks are counted apart before and after each."""
    return sorted({rate.from_on for rate in rates if first_on < rate.from_on <= last_on})


def in_force(rates: Iterable[Rate], network: str, on: date) -> Rate | None:
    """Give the rate of a network on a day: the newest that began by then; None when it is not priced."""
    begun = [rate for rate in rates if rate.network == network and rate.from_on <= on]
    return max(begun, key=lambda rate: rate.from_on, default=None)


def media_value(clicks: Mapping[tuple[str, date], int], rates: Sequence[Rate]) -> MediaValue:
    """Price unique clicks, given by network and by the first day of the stretch that they were counted in."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    unpriced: dict[str, int] = defaultdict(int)
    priced = 0
    for (network, day), count in clicks.items():
        rate = in_force(rates, network, day)
        if rate is None:
            unpriced[network] += count
            continue
        priced += count
        for place, cost in enumerate((rate.low, rate.base, rate.high)):
            sums[rate.currency][place] += cost * count
    return MediaValue(
        bands=tuple(
            Band(*(_rounded(amount, currency) for amount in amounts)) for currency, amounts in sorted(sums.items())
        ),
        priced_clicks=priced,
        unpriced=tuple(sorted((network, count) for network, count in unpriced.items() if count)),
    )


def starter_costs(starter: Starter) -> dict[str, int]:
    """Give the three costs of a starter in millionths."""
    return {name: to_millionths(getattr(starter, name)) for name in ("low", "base", "high")}


def _rounded(millionths: int, currency: str) -> Money:
    minor = Decimal(millionths).scaleb(decimals(currency)) / MILLION
    return Money(int(minor.to_integral_value(ROUND_HALF_EVEN)), currency)
