"""Make the secrets that an installation lacks, once, in its data folder, and never show them."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from vocero.config.addresses import KEY_BYTES, Key

SECRET_KEY_FILE = "secret-key"  # noqa: S105  the name of a file, not a secret
KEYS_FILE = "keys"


def kept(folder: Path, name: str, made: str) -> str:
    """What the file `name` in `folder` holds; when there is none it is written first with `made`, mode 0600.

    Two processes that start at once agree: a complete file is linked into place, and the one that came first is kept.
    Raises OSError when the folder cannot be written.
    """
    place = folder / name
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(made + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, place)
        finally:
            Path(draft).unlink()
    return place.read_text().strip()


def secret_key(folder: Path) -> str:
    """The key that signs sessions and links of this installation; made from 384 random bits on the first start."""
    return kept(folder, SECRET_KEY_FILE, secrets.token_urlsafe(48))


def written_keys(folder: Path) -> str:
    """The key ring as text (`id:base64`); its first key is made on the first start."""
    return kept(folder, KEYS_FILE, Key("k1", secrets.token_bytes(KEY_BYTES)).written())
