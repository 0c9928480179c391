"""The log of what the program team and the owner did: append-only, each line sealed over the one before."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from vocero.company.models import AuditEntry
from vocero.lib.tokens import fingerprint

_PURPOSE = "company.audit"
_FIRST = "0" * 64
_LOCK = 7_330_041  # one lock on PostgreSQL for the tail of this chain; SQLite has one writer anyway


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: how many lines, and the last seal. Kept elsewhere it reveals lines cut off at the end."""

    lines: int
    seal: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the log found: `broken_at` is the id of the first line that does not fit, None when all fit."""

    head: Head
    broken_at: int | None
    cut_off: bool

    @property
    def whole(self) -> bool:
        """Whether every line is as it was written and none is missing."""
        return self.broken_at is None and not self.cut_off


def record(
    action: str, *, actor: str, at: datetime, subject: str = "", detail: Mapping[str, Any] | None = None
) -> AuditEntry:
    """Append one line; call it inside the transaction of what it tells.

    `actor` is a public id ("" for the command line), `action` a word such as `people.imported`. Put no name, address
    or secret in it, and nothing that a named person decided for themselves.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = AuditEntry.objects.order_by("-pk").values_list("seal", flat=True).first()
        entry = AuditEntry(at=at, actor=actor, action=action, subject=subject, detail=dict(detail or {}))
        entry.seal = _seal(entry, last or _FIRST)
        entry.save(force_insert=True)
    return entry


def head() -> Head:
    """Give the end of the log as it is now, to be kept somewhere else."""
    last = AuditEntry.objects.order_by("-pk").values_list("seal", flat=True).first()
    return Head(AuditEntry.objects.count(), last or _FIRST)


def check(known: Head | None = None) -> Verdict:
    """Read the whole log and say whether it is as it was written; with a `known` head also whether it was cut."""
    seal, lines, broken_at, passed_known = _FIRST, 0, None, known is None or known.lines == 0
    for entry in AuditEntry.objects.order_by("pk").iterator(chunk_size=2000):
        if not hmac.compare_digest(entry.seal, _seal(entry, seal)):
            broken_at = entry.pk
            break
        seal, lines = entry.seal, lines + 1
        if known is not None and lines == known.lines:
            passed_known = hmac.compare_digest(seal, known.seal)
    return Verdict(Head(lines, seal), broken_at, cut_off=broken_at is None and not passed_known)


def _seal(entry: AuditEntry, before: str) -> str:
    told = [
        before,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.action,
        entry.subject,
        entry.detail,
    ]
    return fingerprint(_PURPOSE, json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
