"""Feeds and pages that others wrote: the test input inside the source packages of feed readers and page readers."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGES = {
    "feedparser": "6.0.14",
    "podcastparser": "0.6.11",
    "reader": "3.27",
    "trafilatura": "2.3.1",
    "metadata_parser": "2.0.0",
}
SECONDS = 240


class NotAvailable(Exception):
    """The source packages cannot be had; the text says why and what to do."""


def folder() -> Path:
    """Give the folder that keeps the unpacked packages between runs, outside of the repository."""
    base = os.environ.get("VOCERO_TEST_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "vocero-tests" / "source-packages"


def unpacked(name: str) -> Path:
    """Give the folder of one unpacked package, downloaded first if it is not there. Raises NotAvailable."""
    place = folder() / f"{name}-{PACKAGES[name]}"
    if not (place / ".complete").exists():
        _download_missing()
    return place


def _download_missing() -> None:
    """Download what is missing, one process a package, and unpack it."""
    missing = {name: version for name, version in PACKAGES.items() if not _is_complete(name, version)}
    target = folder() / "download"
    target.mkdir(parents=True, exist_ok=True)
    command = [*_pip(), "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(target)]
    running = {
        name: subprocess.Popen([*command, f"{name}=={version}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for name, version in missing.items()
    }
    for name, process in running.items():
        output, _ = process.communicate(timeout=SECONDS)
        archive = next(iter(target.glob(f"{name}-{PACKAGES[name]}.tar.gz")), None)
        if process.returncode or archive is None:
            raise NotAvailable(
                f"pip could not download the source package {name}=={PACKAGES[name]}, which these tests read.\n"
                f"{output.decode(errors='replace')[-2000:]}"
            )
        _unpack(archive, folder() / f"{name}-{PACKAGES[name]}")


def _is_complete(name: str, version: str) -> bool:
    return (folder() / f"{name}-{version}" / ".complete").exists()


def _unpack(archive: Path, place: Path) -> None:
    with tarfile.open(archive) as package:
        package.extractall(place.parent, filter="data")
    (place / ".complete").touch()


def _pip() -> list[str]:
    """Give a command that runs pip: this environment's own, uv's, or that of the Python it was made from."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if uvx := shutil.which("uvx") or shutil.which("uvx", path=str(Path(sys.executable).parent)):
        return [uvx, "pip"]
    if pip := shutil.which("pip3") or shutil.which("pip"):
        return [pip]
    raise NotAvailable("There is neither pip nor uv to download test input with. Install one of them.")
