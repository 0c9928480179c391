"""Backups: the whole installation in one folder, complete and checked, made while it runs; and back out of it."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from django.db import connection

from vocero import __version__
from vocero.company import audit
from vocero.config import dumps, secrets
from vocero.config.environment import Environment

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
BACKUPS: Final = "backups"
DATA, STORAGE, ARCHIVE = "data", "storage", "archive"
_NOT_COPIED: Final = frozenset(
    {secrets.SECRET_KEY_FILE, secrets.KEYS_FILE, "static", "links", BACKUPS, "migrate.lock", "restoring"}
)
_CHUNK: Final = 1 << 20
_DATED: Final = re.compile(r"vocero-\d{8}T\d{6}Z")

type Tell = Callable[[str], None]


class BadBackup(Exception):
    """A backup that cannot be made, read or trusted; the text says what is wrong and what to do."""


@dataclass(frozen=True)
class Piece:
    """One file of a backup: its size in bytes and its SHA-256."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, so that one that lacks a byte is found out."""

    format: int
    version: str
    made_at: str
    node: str
    database: str
    migrations: list[str]
    rows: dict[str, int]
    audit_lines: int
    audit_seal: str
    key_ids: list[str]
    files: dict[str, Piece]

    @property
    def moment(self) -> datetime:
        """When the backup began: everything committed before is in it."""
        return datetime.fromisoformat(self.made_at)

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(piece.bytes for piece in self.files.values())

    def written(self) -> str:
        """The manifest as text, sealed with its own sum."""
        told = asdict(self)
        return json.dumps(told | {"sum": _sum_of(told)}, indent=1, sort_keys=True) + "\n"


def make(told: Environment, place: Path, *, at: datetime, tell: Tell = lambda _: None) -> Path:
    """Make a backup in a new folder below `place`, which is there only when it is complete; gives that folder.

    Keys and the secret key are not in it. Raises BadBackup, NoDump and OSError.
    """
    target = place / f"vocero-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    draft = target.with_name(target.name + ".partial")
    if target.exists() or draft.exists():
        raise BadBackup(f"{target} or {draft.name} is there already. Another backup may be running.")
    draft.mkdir(parents=True, mode=0o700)
    try:
        tell("The database ...")
        head = audit.head()  # before the copy: the log only grows, so the copy must hold this line
        migrations = dumps.known_migrations()
        database = draft / dumps.file_name()
        rows = dumps.dump(database)
        files = {database.name: _piece(database)}
        tell(f"  {rows_of(rows)}, {megabytes(files[database.name].bytes)}")
        for name, folder in folders(told):
            for path in _to_copy(folder, told, place):
                _copy(path, draft / name, path.relative_to(folder), files)
        tell(f"{len(files) - 1} files, {megabytes(sum(piece.bytes for piece in files.values()))} in all")
        manifest = Manifest(
            format=FORMAT,
            version=__version__,
            made_at=at.astimezone(UTC).isoformat(),
            node=told.node,
            database=connection.vendor,
            migrations=migrations,
            rows=rows,
            audit_lines=head.lines,
            audit_seal=head.seal,
            key_ids=key_ids(told),
            files=files,
        )
        (draft / MANIFEST).write_text(manifest.written())
        _to_disk(draft)
        draft.rename(target)
        _sync(place)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def read(folder: Path, *, tell: Tell = lambda _: None) -> Manifest:
    """Read a backup's manifest and compare every file with it. Raises BadBackup for whatever is missing or changed."""
    manifest = _manifest(folder)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    if missing := sorted(set(manifest.files) - there):
        raise BadBackup(f"This backup is not complete: {missing[0]} is missing ({len(missing)} files). Take another.")
    if extra := sorted(there - set(manifest.files)):
        raise BadBackup(f"This backup was changed: {extra[0]} does not belong to it. Take another.")
    tell(f"Comparing {len(manifest.files)} files with their sums ...")
    for name, meant in manifest.files.items():
        found = _piece(folder / name)
        if found != meant:
            raise BadBackup(
                f"This backup is damaged: {name} has {found.bytes} bytes instead of {meant.bytes}, or another content."
                " Take another."
            )
    return manifest


def keep_only(place: Path, many: int) -> int:
    """Delete all but the newest complete backups below `place`; gives how many were deleted."""
    old = sorted(path for path in place.iterdir() if _DATED.fullmatch(path.name) and (path / MANIFEST).exists())
    gone = old[: len(old) - many] if many else []
    for path in gone:
        shutil.rmtree(path)
    return len(gone)


def copy_keys(told: Environment, target: Path, *, backup: Path) -> None:
    """Write keys and secret key to another place, readable by its owner only. Raises BadBackup when it is the same."""
    if target.resolve().is_relative_to(backup.resolve()) or backup.resolve().is_relative_to(target.resolve()):
        raise BadBackup("Keep the keys apart from the backup: whoever has both can read the networks' tokens.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = {
        secrets.KEYS_FILE: "\n".join(key.written() for key in told.keys),
        secrets.SECRET_KEY_FILE: told.secret_key,
    }
    for name, text in held.items():
        with open(target / name, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())


def folders(told: Environment) -> Iterator[tuple[str, Path]]:
    """The folders that belong to an installation, by their names in a backup."""
    yield DATA, told.data
    for name, folder in ((STORAGE, told.storage), (ARCHIVE, told.archive)):
        if not folder.resolve().is_relative_to(told.data.resolve()):
            yield name, folder


def key_ids(told: Environment) -> list[str]:
    """The keys of the ring by a sum that tells nothing of them, to see later whether the right ones are there."""
    return [hashlib.sha256(b"vocero backup " + key.secret).hexdigest()[:12] for key in told.keys]


def rows_of(rows: dict[str, int]) -> str:
    """How many rows and tables, in words."""
    return f"{sum(rows.values()):,} rows in {len(rows)} tables"


def megabytes(size: int) -> str:
    """A size in words."""
    return f"{size / 1_000_000:,.1f} MB"


def _to_copy(folder: Path, told: Environment, place: Path) -> Iterator[Path]:
    """The files of a folder that a backup takes: no secrets, nothing that is made again, no database file, no backup."""
    database = Path(told.database.name).name if told.database.is_sqlite else ""
    for path in sorted(folder.iterdir() if folder.exists() else ()):
        if path.name in _NOT_COPIED or path.name.startswith(".") or path.suffix in {".log", ".lock"}:
            continue
        if database and path.name.startswith(database):
            continue
        if path.is_symlink() or place.resolve().is_relative_to(path.resolve()):
            continue
        if path.is_dir():
            yield from (one for one in sorted(path.rglob("*")) if one.is_file() and not one.is_symlink())
        elif path.is_file():
            yield path


def _copy(path: Path, target: Path, name: Path, files: dict[str, Piece]) -> None:
    """Copy a file as long as it is now, with its sum; one that grows is taken to here, one that went meanwhile is left."""
    made = target / name
    made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with path.open("rb") as source, made.open("wb") as copy:
            left, total, digest = os.fstat(source.fileno()).st_size, 0, hashlib.sha256()
            while left and (chunk := source.read(min(_CHUNK, left))):
                copy.write(chunk)
                digest.update(chunk)
                left -= len(chunk)
                total += len(chunk)
    except FileNotFoundError:
        return
    files[f"{target.name}/{name.as_posix()}"] = Piece(total, digest.hexdigest())


def _piece(path: Path) -> Piece:
    with path.open("rb") as file:
        return Piece(os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _manifest(folder: Path) -> Manifest:
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        seal = told.pop("sum")
        if seal != _sum_of(told):
            raise ValueError("its sum is another")
        if told["format"] != FORMAT:
            raise BadBackup(f"This backup was made by a newer Vocero ({told['version']}). Install that version first.")
        files = {name: Piece(**piece) for name, piece in told.pop("files").items()}
    except FileNotFoundError:
        dated = sorted(path.name for path in folder.glob("vocero-*") if _DATED.fullmatch(path.name))
        hint = f" Choose one of those in it, such as {folder / dated[-1]}." if dated else ""
        raise BadBackup(f"{folder} is no complete backup: it has no {MANIFEST}.{hint}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadBackup(f"This backup's {MANIFEST} is damaged ({error}). Take another backup.") from error
    if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in files):
        raise BadBackup("This backup names files outside of itself. It is not used.")
    return Manifest(files=files, **told)


def _sum_of(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _to_disk(folder: Path) -> None:
    """Have every file and folder on the disk before the backup is called complete."""
    for path in [folder, *folder.rglob("*")]:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
