"""What a long drill gives back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """Whether everything held, and the figures that say so."""

    held: bool
    figures: dict[str, Any]


class Drill(NamedTuple):
    """A long drill: `run(folder, faults, seed)`, how many faults it has by default, and the programs it needs."""

    run: Callable[[Path, int, int], Finding]
    faults: int
    needs: tuple[str, ...] = ()
