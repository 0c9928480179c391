"""Reads the product's own source for the tests of its rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "vocero"
STACK = (
    "lib",
    "company",
    "people",
    "networks",
    "content",
    "policy",
    "training",
    "sharing",
    "tracking",
    "measurement",
    "recognition",
    "program",
    "notices",
    "privacy",
    "web",
    "api",
    "config",
)
"""The packages from the lowest to the highest; web and api stand side by side."""
DOMAIN = tuple(name for name in STACK if name not in {"lib", "web", "api", "config"})


def modules(*packages: str) -> Iterator[Path]:
    """The Python files of packages (of all by default), without migrations."""
    for package in packages or STACK:
        for path in sorted((PACKAGE / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """The full names that a file imports, with their lines; `from a import b` gives both `a` and `a.b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def shown(path: Path, line: int) -> str:
    """A place in the source as editors open it."""
    return f"{path.relative_to(ROOT)}:{line}"
