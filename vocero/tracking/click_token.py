"""The word that stands for a click in the address of a connected site: opaque, sealed, and not a person."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

_HALF: Final = 8
LENGTH: Final = 22


def click_key(secret_key: str) -> bytes:
    """Give the key for click tokens, derived from the installation's secret for this purpose alone."""
    return hashlib.blake2b(secret_key.encode(), digest_size=32, person=b"vocero.vclick").digest()


def write_token(click_id: int, key: bytes) -> str:
    """Give the 22 characters for a click: a seal of 8 bytes, and the id masked by it."""
    plain = click_id.to_bytes(_HALF, "big")
    seal = _digest(key, b"seal", plain)
    return base64.urlsafe_b64encode(seal + _mask(key, seal, plain)).rstrip(b"=").decode()


def read_token(token: str, key: bytes) -> int | None:
    """Give the id of the click that the token stands for; None when it is not one of ours."""
    if len(token) != LENGTH:
        return None
    try:
        blob = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    seal, plain = blob[:_HALF], _mask(key, blob[:_HALF], blob[_HALF:])
    if not hmac.compare_digest(seal, _digest(key, b"seal", plain)):
        return None
    return int.from_bytes(plain, "big")


def _digest(key: bytes, person: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, key=key, digest_size=_HALF, person=person).digest()


def _mask(key: bytes, seal: bytes, data: bytes) -> bytes:
    pad = _digest(key, b"mask", seal)
    return bytes(one ^ other for one, other in zip(data, pad, strict=True))
