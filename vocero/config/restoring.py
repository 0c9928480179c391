"""Putting a backup into an empty place, with everything that would leave it stopped."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Case, When
from django.utils.translation import gettext as _
from django.utils.translation import override

from vocero.company import audit
from vocero.config import backup, dumps, secrets
from vocero.config.backup import BadBackup, Manifest, Tell
from vocero.config.environment import Environment
from vocero.people.models import Member
from vocero.policy import services as policy
from vocero.sharing.services import doubt_what_was_due

MARK: Final = "restoring"
"""While this file stands in the data folder nothing but `restore` starts there."""

_SEGMENTS: Final = "segments"


@dataclass(frozen=True)
class Restored:
    """What came back: the manifest, how many shares may have gone out since, and whether keys and audit log fit."""

    manifest: Manifest
    in_doubt: int
    has_keys: bool
    has_whole_log: bool


def restore(folder: Path, told: Environment, *, at: datetime, tell: Tell = lambda _: None) -> Restored:
    """Put a backup into this installation, which must be empty, and leave its outbox and its mail stopped.

    The machine's own `segments` may be there: clicks since the backup are taken in from them. Raises BadBackup and
    NoDump; after a failure nothing but another restore starts here.
    """
    manifest = backup.read(folder, tell=tell)
    _fits(manifest)
    _is_empty(told)
    mark = told.data / MARK
    mark.write_text(f"{folder}\n")
    tell(f"Files ({backup.megabytes(manifest.size)}) ...")
    for name, target in backup.folders(told):
        _put(folder / name, target)
    for name, target in ((backup.STORAGE, told.storage), (backup.ARCHIVE, told.archive)):
        if name not in dict(backup.folders(told)):
            _put(folder / name, target)  # it was kept elsewhere when the backup was made
    tell(f"The database ({backup.rows_of(manifest.rows)}) ...")
    dumps.load(folder / dumps.file_name(), rows=manifest.rows)
    tell("Bringing it to this version, and stopping what would leave it ...")
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        in_doubt = doubt_what_was_due(until=at)
        _stop(manifest, at=at)
    has_keys = set(manifest.key_ids) <= set(backup.key_ids(told))
    result = Restored(manifest, in_doubt, has_keys, _audit_log(manifest))
    mark.unlink()
    return result


def _fits(manifest: Manifest) -> None:
    if manifest.database != connection.vendor:
        raise BadBackup(
            f"This backup is of {manifest.database}, and this installation uses {connection.vendor}."
            " Set DATABASE_URL accordingly."
        )
    if unknown := dumps.unknown_migrations(manifest.migrations):
        raise BadBackup(
            f"This backup was made by a newer Vocero ({manifest.version}): this one does not know {unknown[0]}."
            " Install that version first."
        )


def _is_empty(told: Environment) -> None:
    try:
        empty = dumps.is_empty()
    except DatabaseError as error:
        raise BadBackup(f"The database does not answer: {error}") from error
    again = (told.data / MARK).exists()
    if not empty:
        what = "A restore was begun here and did not end" if again else "There is an installation here already"
        raise BadBackup(
            f"{what}: the database is not empty. Restore into an empty database and another data folder"
            " (DATABASE_URL, VOCERO_DATA), or move this one away first."
        )
    if not again and told.storage.exists() and any(told.storage.iterdir()):
        raise BadBackup(f"{told.storage} is not empty. Restore into an empty place, or move it away first.")


def _put(source: Path, target: Path) -> None:
    """Copy a folder into place; a segment that is here already is kept when it is as long or longer."""
    for path in sorted(source.rglob("*")) if source.exists() else ():
        if not path.is_file():
            continue
        made = target / path.relative_to(source)
        if made.exists() and _SEGMENTS in made.parts and made.stat().st_size >= path.stat().st_size:
            continue
        made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(path, made)


def put_keys(keys: Path, told: Environment) -> None:
    """Put the folder that `backup --keys-to` wrote into an empty installation. Raises BadBackup."""
    _is_empty(told)
    for name in (secrets.KEYS_FILE, secrets.SECRET_KEY_FILE):
        if not (keys / name).is_file():
            raise BadBackup(f"{keys / name} is not there. Give the folder that `vocero backup --keys-to` wrote.")
    for name in (secrets.KEYS_FILE, secrets.SECRET_KEY_FILE):
        target = told.data / name
        target.touch(mode=0o600)
        target.chmod(0o600)
        target.write_text((keys / name).read_text())


def _stop(manifest: Manifest, *, at: datetime) -> None:
    """Engage the stop for shares and mail, in an owner's name; without anybody in it nothing can leave."""
    is_owner = Case(When(role=Member.Role.OWNER, then=0), default=1)
    owner = Member.objects.order_by(is_owner, "-is_active", "pk").first()
    if owner is None:
        return
    with override(owner.language):
        reason = _("Restored from a backup of %(moment)s. Mail waits as well.") % {
            "moment": f"{manifest.moment:%Y-%m-%d %H:%M} UTC"
        }
    policy.engage_stop(by=owner, reason=reason, at=at, holds_mail=True)


def _audit_log(manifest: Manifest) -> bool:
    """Whether the log is as it was, line by line; with another secret key than then it never is."""
    return audit.check(audit.Head(manifest.audit_lines, manifest.audit_seal)).whole
