"""Rounds of a benchmark until its measure holds still: a run whose denominator moves too much repeats, and says so."""

import statistics
import sys
from collections.abc import Callable, Iterable
from typing import Final

MOST_SPREAD: Final = 0.3
_MOST_TIMES: Final = 3


def spread(values: Iterable[float]) -> float:
    """Give how far values lie apart: the largest over the smallest, less one."""
    known = list(values)
    return max(known) / min(known) - 1


def steady[Round](
    one_round: Callable[[], Round], denominator: Callable[[Round], float], *, rounds: int, most: int | None = None
) -> list[Round]:
    """Measure rounds until `rounds` of them in a row have denominators within 30 %; gives these.

    After `most` rounds (three times `rounds` when not said) it gives the steadiest ones in a row and says that they are
    not steady.
    """
    done: list[Round] = []
    limit = most or _MOST_TIMES * rounds
    while True:
        done.append(one_round())
        if len(done) < rounds:
            continue
        moved = spread(map(denominator, done[-rounds:]))
        if moved <= MOST_SPREAD:
            return done[-rounds:]
        if len(done) >= limit:
            break
        if len(done) % rounds == 0:
            _say(f"what is compared with moved by {moved:.0%} over {rounds} rounds; measuring again")
    rows = [done[begin : begin + rounds] for begin in range(len(done) - rounds + 1)]
    best = min(rows, key=lambda row: spread(map(denominator, row)))
    _say(
        f"what is compared with moved by {spread(map(denominator, best)):.0%} even in the steadiest of {len(done)} rounds: "
        "read the ratios as an indication"
    )
    return best


def middle(values: Iterable[float]) -> float:
    """Give the median."""
    return float(statistics.median(values))


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
