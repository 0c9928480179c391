"""Keys for the API: secret ones from server to server, public ones of a website that may only write."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.models import ApiKey, Program
from vocero.lib.errors import Refusal

PREFIX: Final = "vsk_"
WRITE_CONVERSIONS: Final = "conversions"
_SHOWN: Final = 11
_USED_EVERY: Final = timedelta(minutes=1)
_WHICH_ADDRESS: Final = _("Please write the address of the website, such as https://www.example.com.")


class BadOrigin(Refusal):
    """The address of a website cannot be bound to a key."""


def make_secret_key(program: Program, *, name: str, origin: str, at: datetime, actor: str) -> tuple[ApiKey, str]:
    """Make a secret key; gives it with its secret, which is shown once and stored only as its SHA-256.

    `origin`, if given, is the website whose links carry the click's word. Raises BadOrigin.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            program=program,
            name=name.strip()[:80],
            kind=ApiKey.Kind.SECRET,
            prefix=secret[:_SHOWN],
            secret_hash=_hash(secret),
            scopes=[WRITE_CONVERSIONS],
            origin=checked_origin(origin) if origin.strip() else "",
            created_at=at,
        )
        audit.record("api_key.made", actor=actor, at=at, subject=key.public_id, detail={"kind": "secret"})
    return key, secret


def make_site_key(program: Program, *, origin: str, at: datetime, actor: str) -> ApiKey:
    """Make the public key of a website; its public id is the key. One that exists for the same site is given again."""
    origin = checked_origin(origin)
    known = ApiKey.objects.filter(program=program, kind=ApiKey.Kind.SITE, origin=origin, revoked_at=None).first()
    if known is not None:
        return known
    with transaction.atomic():
        key = ApiKey(
            program=program,
            name=origin.partition("://")[2][:80],
            kind=ApiKey.Kind.SITE,
            scopes=[WRITE_CONVERSIONS],
            origin=origin,
            created_at=at,
        )
        key.prefix, key.secret_hash = key.public_id[:_SHOWN], _hash(key.public_id)
        key.save()
        audit.record("api_key.made", actor=actor, at=at, subject=key.public_id, detail={"kind": "site"})
    return key


def revoke_key(key: ApiKey, *, at: datetime, actor: str) -> None:
    """End a key at once; what it reported stays."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
            audit.record("api_key.revoked", actor=actor, at=at, subject=key.public_id)


def find_secret_key(secret: str, *, scope: str, at: datetime) -> ApiKey | None:
    """Give the living secret key that may do this; notes at most once a minute that it was used."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    key = _living(at).filter(kind=ApiKey.Kind.SECRET, secret_hash=_hash(secret)).first()
    if key is None or scope not in key.scopes:
        return None
    return _used(key, at)


def find_site_key(public_id: str, *, at: datetime) -> ApiKey | None:
    """Give the living key of a website."""
    key = _living(at).filter(kind=ApiKey.Kind.SITE, public_id=public_id).first()
    return _used(key, at) if key else None


def checked_origin(address: str) -> str:
    """Give the origin (scheme, host, port) of a website's address as a browser writes it. Raises BadOrigin."""
    address = address.strip()
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError) as error:
        raise BadOrigin(_WHICH_ADDRESS, field="origin") from error
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    if usual is None or not host or len(host) > 180 or not host.replace("-", "").replace(".", "").isalnum():
        raise BadOrigin(_WHICH_ADDRESS, field="origin")
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def _living(at: datetime) -> QuerySet[ApiKey]:
    return ApiKey.objects.select_related("program").filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)


def _used(key: ApiKey, at: datetime) -> ApiKey:
    if key.last_used_at is None or at - key.last_used_at >= _USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
