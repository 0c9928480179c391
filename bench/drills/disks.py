"""File systems that a drill may fill up or cut the power of: a small ext4 in a file, mounted over a loop device."""

import contextlib
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
_WITHOUT_LOG = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH: what is not on the disk yet is gone, as in a power cut


class Disk:
    """An ext4 of its own. Cutting its power drops everything that no sync has put on it."""

    def __init__(self, folder: Path, *, megabytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._image = folder / "disk.img"
        self.place = folder / "disk"
        self.place.mkdir(exist_ok=True)
        with self._image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self._image))

    def mount(self) -> None:
        """Make it usable; after a power cut the file system mends itself from its journal."""
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def cut_power(self) -> None:
        """From this moment on nothing reaches the disk any more."""
        fd = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, _SHUTDOWN, _WITHOUT_LOG.to_bytes(4, "little"))
        finally:
            os.close(fd)

    def unmount(self, seconds: float = 20) -> None:
        """Take it away, once nobody has a file open on it any more."""
        deadline = time.monotonic() + seconds
        while os.path.ismount(self.place):
            with contextlib.suppress(subprocess.CalledProcessError):
                _run("umount", str(self.place))
                return
            if time.monotonic() > deadline:
                _run("umount", "-l", str(self.place))
                return
            time.sleep(0.1)

    def fill(self) -> Path:
        """Take all the room that is left; gives the file to delete."""
        filler = self.place / "filler"
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 256):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)
        return filler


@contextlib.contextmanager
def disk(folder: Path, *, megabytes: int = 64) -> Iterator[Disk]:
    """A mounted disk; it is unmounted in any case."""
    made = Disk(folder, megabytes=megabytes)
    made.mount()
    try:
        yield made
    finally:
        made.unmount()


def can_mount() -> bool:
    """Whether this process may mount file systems: it is root, and the kernel has loop devices."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=60)
