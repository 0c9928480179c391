"""Signed tokens and fingerprints, each good for one purpose only: every purpose has a key of its own."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_MAC_BYTES = 32
_TIME_BYTES = 6


class BadToken(Exception):
    """The token is not ours, was made for another purpose, was altered, or is too old."""


class ExpiredToken(BadToken):
    """The token is ours and whole, and its time is over."""


def sign(purpose: str, payload: Any, *, at: datetime) -> str:
    """Give a URL-safe token that carries a JSON payload, the moment `at` and a signature for this purpose.

    The payload can be read by whoever holds the token: put no secret in it.
    """
    moment = int(at.timestamp()).to_bytes(_TIME_BYTES, "big")
    body = moment + json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    return _encode(body + _mac(_key(settings.SECRET_KEY, purpose), body))


def unsign(purpose: str, token: str, *, at: datetime, max_age: timedelta | None = None) -> Any:
    """Give the payload of a token made by `sign` for the same purpose.

    Raises BadToken, or ExpiredToken when it is older than `max_age` at the moment `at`. A moment more than a minute
    ahead of `at` is refused too: it cannot have been signed by an honest clock.
    """
    blob = _decode(token)
    if len(blob) <= _MAC_BYTES + _TIME_BYTES:
        raise BadToken
    body, mac = blob[:-_MAC_BYTES], blob[-_MAC_BYTES:]
    keys = [settings.SECRET_KEY, *(str(key) for key in settings.SECRET_KEY_FALLBACKS)]
    if not any(hmac.compare_digest(mac, _mac(_key(key, purpose), body)) for key in keys):
        raise BadToken
    signed_at = datetime.fromtimestamp(int.from_bytes(body[:_TIME_BYTES], "big"), UTC)
    if max_age is not None and at - signed_at > max_age:
        raise ExpiredToken
    if signed_at - at > timedelta(minutes=1):
        raise BadToken
    return json.loads(body[_TIME_BYTES:])


def fingerprint(purpose: str, secret: str) -> str:
    """Give the keyed hash (64 hex digits) under which a secret of this purpose is stored and looked up.

    Same secret, same purpose, same installation: same fingerprint. Short codes stay unguessable from the database alone.
    """
    return _mac(_key(settings.SECRET_KEY, purpose), secret.encode()).hex()


def same(one: str, other: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def _key(secret: str, purpose: str) -> bytes:
    if not purpose:
        raise ValueError("a token needs a purpose")
    return _derive(secret, purpose)


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"vocero.tokens", info=purpose.encode()).derive(
        secret.encode()
    )


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)


def _encode(blob: bytes) -> str:
    return base64.urlsafe_b64encode(blob).rstrip(b"=").decode()


def _decode(token: str) -> bytes:
    try:
        blob = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadToken from error
    if _encode(blob) != token:  # one token, one spelling
        raise BadToken
    return blob
