"""Programs that benchmarks and drills need beside Python, and how to install them."""

import os
import shutil
from collections.abc import Iterable
from typing import Final

# What Debian's packages are called when not like the program.
_PACKAGES: Final = {"taskset": "util-linux", "mkfs.ext4": "e2fsprogs", "faketime": "faketime"}
_SYSTEM_PATHS: Final = "/usr/local/sbin:/usr/sbin:/sbin"


def where(name: str) -> str | None:
    """Give where a program is, also when only root's path has its folder."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_PATHS}")


def what_is_missing(names: Iterable[str]) -> str:
    """Give a sentence that names what is not installed and installs it; nothing when all is there."""
    missing = [name for name in names if where(name) is None]
    if not missing:
        return ""
    packages = sorted({_PACKAGES.get(name, name) for name in missing})
    return f"This needs {', '.join(missing)}. On Debian and Ubuntu: apt-get install {' '.join(packages)}"
