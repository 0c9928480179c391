"""Secrets at rest: AES-256-GCM with a ring of keys, each blob bound to the row and field that it belongs to."""

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 16


class Undecipherable(Exception):
    """The blob was altered, belongs to another row, or its key is not on the ring."""


class KeyRing:
    """Keys for secrets at rest: the first encrypts, all decrypt.

    A blob is: version (1 byte), length of the key's id (1), the id, nonce (12), ciphertext with its tag (16 more).
    Everything before the ciphertext and `bound_to` are authenticated with it.
    """

    def __init__(self, keys: Sequence[tuple[str, bytes]]) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one key")
        for name, secret in keys:
            if len(secret) != _KEY_BYTES or not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", name):
                raise ValueError("a key has an id of at most 16 letters and 32 secret bytes")
        self._current = keys[0][0]
        self._ciphers = {name: AESGCM(secret) for name, secret in keys}
        if len(self._ciphers) != len(keys):
            raise ValueError("two keys have the same id")

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read a ring from its written form: `id:base64` with commas, spaces or lines between, the newest first."""
        pairs = [word.partition(":") for word in re.split(r"[,\s]+", text.strip())]
        try:
            return cls([(name, base64.b64decode(encoded, validate=True)) for name, _, encoded in pairs])
        except binascii.Error as error:
            raise ValueError("a key is not base64") from error

    def encrypt(self, plain: bytes, *, bound_to: str) -> bytes:
        """Encrypt with the current key; only the same `bound_to` (such as `networks.account:17:credentials`) opens it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        name = self._current.encode()
        head = bytes([_VERSION, len(name)]) + name + nonce
        return head + self._ciphers[self._current].encrypt(nonce, plain, head + bound_to.encode())

    def decrypt(self, blob: bytes | memoryview, *, bound_to: str) -> bytes:
        """Give back what `encrypt` took. Raises Undecipherable."""
        blob = bytes(blob)
        cipher = self._ciphers.get(self.key_of(blob))
        start = 2 + blob[1] + _NONCE_BYTES
        head, nonce = blob[:start], blob[start - _NONCE_BYTES : start]
        if cipher is None or len(nonce) != _NONCE_BYTES:
            raise Undecipherable
        try:
            return cipher.decrypt(nonce, blob[start:], head + bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise Undecipherable from error

    def key_of(self, blob: bytes | memoryview) -> str:
        """Give the id of the key that a blob was made with. Raises Undecipherable when it is no blob of ours."""
        blob = bytes(blob)
        if len(blob) < 2 or blob[0] != _VERSION or not 0 < blob[1] <= _ID_BYTES:
            raise Undecipherable
        return blob[2 : 2 + blob[1]].decode("ascii", errors="replace")

    def is_current(self, blob: bytes | memoryview) -> bool:
        """Say whether the blob was made with the first key of the ring. Raises Undecipherable."""
        return self.key_of(blob) == self._current

    def rotate(self, blob: bytes | memoryview, *, bound_to: str) -> bytes:
        """Give the same secret under the current key; a blob that has it already comes back unchanged."""
        if self.is_current(blob):
            return bytes(blob)
        return self.encrypt(self.decrypt(blob, bound_to=bound_to), bound_to=bound_to)


def ring() -> KeyRing:
    """Give the installation's ring, from the setting VOCERO_KEYS (pairs with `id` and `secret`, the newest first)."""
    return _ring(tuple((key.id, key.secret) for key in settings.VOCERO_KEYS))


@lru_cache(maxsize=8)
def _ring(keys: tuple[tuple[str, bytes], ...]) -> KeyRing:
    return KeyRing(keys)


def encrypt(plain: str, *, bound_to: str) -> bytes:
    """Encrypt a text with the installation's ring."""
    return ring().encrypt(plain.encode(), bound_to=bound_to)


def decrypt(blob: bytes | memoryview, *, bound_to: str) -> str:
    """Decrypt a text with the installation's ring. Raises Undecipherable."""
    return ring().decrypt(blob, bound_to=bound_to).decode()
