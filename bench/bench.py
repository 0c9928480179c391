"""`./run bench [NAME...]`: run one benchmark or all; `--json` prints one JSON object of figures."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from bench import ingest, redirect, start

type Figures = dict[str, float]

BENCHMARKS: dict[str, Callable[[], Figures]] = {"redirect": redirect.run, "ingest": ingest.run, "start": start.run}


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


def main(words: list[str]) -> int:
    """Run what was asked for and print it; gives the exit status."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(words)
    unknown = set(asked.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark called {', '.join(sorted(unknown))}; there is: {', '.join(BENCHMARKS)}")
    figures: dict[str, object] = {"conditions": conditions()}
    for name in asked.names or BENCHMARKS:
        figures[name] = BENCHMARKS[name]()
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, found in figures.items():
            print(name)
            for key, value in dict(found).items():  # type: ignore[call-overload]
                print(f"  {key}: {value:.2f}" if isinstance(value, float) else f"  {key}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
