"""`./run bench [NAME...]`: run one benchmark or all; `--json` prints one JSON object of figures.

A benchmark is a module of this folder with `run() -> dict[str, float]` and, when it needs programs, `NEEDS`: a tuple of
names from `bench/tools.py`. To add one, add its name to BENCHMARKS.
"""

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.tools import what_is_missing

type Figures = dict[str, float]

BENCHMARKS = (
    "redirect",
    "interference",
    "ingest",
    "archive",
    "rebuild",
    "publish",
    "dashboard",
    "feed",
    "start",
)

KEPT = Path(__file__).parent / "results.json"
MOST_WORSE = 0.2

# Figures that say the same on a slow machine as on a fast one. Of the first more is better, of the others less.
_MORE = ("ratio_",)
_LESS = ("growth_", "queries_")


def conditions() -> dict[str, str]:
    """What the figures were measured on."""
    import django
    import granian

    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "granian": granian.__version__,
    }


def measure(name: str) -> Figures:
    """Run one benchmark."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    found: Figures = importlib.import_module(f"bench.{name}").run()
    return found


def worse(found: Mapping[str, float], kept: Mapping[str, float], *, most: float = MOST_WORSE) -> list[str]:
    """Give a sentence for each ratio that is worse than the kept one by more than `most`, or is not there any more."""
    told = []
    for key, before in kept.items():
        if not key.startswith(_MORE + _LESS):
            continue
        now = found.get(key)
        if now is None:
            told.append(f"{key} is not measured any more (it was {before:.3g})")
        elif key.startswith(_MORE) and now < before * (1 - most):
            told.append(f"{key} is {now:.3g}, and was {before:.3g}: {1 - now / before:.0%} less")
        elif key.startswith(_LESS) and now > before * (1 + most):
            told.append(f"{key} is {now:.3g}, and was {before:.3g}")
    return told


def main(words: list[str]) -> int:
    """Run what was asked for and print it; gives 1 when a ratio is worse than the kept one, or a program is missing."""
    asked = _parse(words)
    names = asked.names or BENCHMARKS
    if missing := what_is_missing(_needs(names)):
        print(missing, file=sys.stderr)
        return 1
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    found: dict[str, Any] = {"conditions": conditions()}
    complaints = []
    for name in names:
        figures = found[name] = measure(name)
        if asked.check:
            if name not in kept:
                print(f"{name}: nothing is kept to compare with; `./run bench --keep {name}` keeps it", file=sys.stderr)
            complaints += [f"{name}: {text}" for text in worse(figures, kept.get(name, {}))]
        if asked.keep:
            kept[name] = {"measured": found["conditions"] | {"at": conditions()["at"]}} | figures
            KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    if asked.json:
        print(json.dumps(found))
    else:
        _print(found)
    for text in complaints:
        print(text, file=sys.stderr)
    return 1 if complaints else 0


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run bench", description="Run one benchmark or all of them (bench/README.md names their figures)."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"fail when a ratio is {MOST_WORSE:.0%} worse than the one kept".replace("%", "%%"),
    )
    parser.add_argument("--keep", action="store_true", help=f"keep the figures in bench/{KEPT.name} for --check")
    asked = parser.parse_args(words)
    if unknown := sorted(set(asked.names) - set(BENCHMARKS)):
        parser.error(f"there is no benchmark called {', '.join(unknown)}; there is: {', '.join(BENCHMARKS)}")
    return asked


def _needs(names: Sequence[str]) -> list[str]:
    return sorted({tool for name in names for tool in getattr(importlib.import_module(f"bench.{name}"), "NEEDS", ())})


def _print(found: Mapping[str, Mapping[str, Any]]) -> None:
    for name, figures in found.items():
        print(name)
        for key, value in figures.items():
            print(f"  {key}: {value:.3f}" if isinstance(value, float) else f"  {key}: {value}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
