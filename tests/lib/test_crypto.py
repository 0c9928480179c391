"""Secrets at rest open only with a key of the ring, in their own row, unaltered."""

import secrets
import types

import pytest
from pytest_django import Settings

from vocero.lib import crypto
from vocero.lib.crypto import KeyRing, Undecipherable

OLD, NEW = ("k1", secrets.token_bytes(32)), ("k2", secrets.token_bytes(32))


def test_opens_in_its_own_row_only() -> None:
    ring = KeyRing([OLD])
    rows = [f"networks.account:{number}:credentials" for number in range(50)]
    blobs = {row: ring.encrypt(row.encode(), bound_to=row) for row in rows}
    for blob_row, blob in blobs.items():
        for row in rows:
            if row == blob_row:
                assert ring.decrypt(blob, bound_to=row) == row.encode()
            else:
                with pytest.raises(Undecipherable):
                    ring.decrypt(blob, bound_to=row)


def test_every_flipped_bit_is_noticed() -> None:
    ring = KeyRing([OLD])
    blob = ring.encrypt(b"token", bound_to="row")
    for place in range(len(blob) * 8):
        altered = bytearray(blob)
        altered[place // 8] ^= 1 << place % 8
        with pytest.raises(Undecipherable):
            ring.decrypt(bytes(altered), bound_to="row")


def test_a_shortened_or_foreign_blob_is_refused() -> None:
    ring = KeyRing([OLD])
    blob = ring.encrypt(b"token", bound_to="row")
    for length in range(len(blob)):
        with pytest.raises(Undecipherable):
            ring.decrypt(blob[:length], bound_to="row")
    with pytest.raises(Undecipherable):
        KeyRing([NEW]).decrypt(blob, bound_to="row")


def test_the_same_secret_never_looks_the_same() -> None:
    ring = KeyRing([OLD])
    assert len({ring.encrypt(b"token", bound_to="row") for _ in range(200)}) == 200


def test_rotation_moves_to_the_first_key_and_can_be_run_again() -> None:
    blob = KeyRing([OLD]).encrypt(b"token", bound_to="row")
    ring = KeyRing([NEW, OLD])
    assert not ring.is_current(blob)
    moved = ring.rotate(blob, bound_to="row")
    assert ring.is_current(moved)
    assert ring.rotate(moved, bound_to="row") == moved
    assert KeyRing([NEW]).decrypt(moved, bound_to="row") == b"token"
    with pytest.raises(Undecipherable):
        ring.rotate(blob, bound_to="another row")


def test_a_ring_is_read_from_its_written_form() -> None:
    text = "k2:" + "A" * 43 + "=,\n k1:" + "B" * 43 + "="
    with pytest.raises(ValueError):
        KeyRing.parse("k1:" + "A" * 43 + "=,k1:" + "B" * 43 + "=")
    assert KeyRing.parse(text).is_current(KeyRing.parse(text.split(",", maxsplit=1)[0]).encrypt(b"x", bound_to="r"))
    for wrong in ("", "k1", "k1:short", "k1:" + "!" * 44, ":" + "A" * 43 + "=", "a b:" + "A" * 43 + "="):
        with pytest.raises(ValueError):
            KeyRing.parse(wrong)


def test_the_installations_ring_comes_from_the_settings(settings: Settings) -> None:
    sealed = crypto.encrypt("zażółć", bound_to="row")
    assert crypto.decrypt(sealed, bound_to="row") == "zażółć"
    settings.VOCERO_KEYS = (types.SimpleNamespace(id="other", secret=secrets.token_bytes(32)), *settings.VOCERO_KEYS)
    assert not crypto.ring().is_current(sealed)
    assert crypto.decrypt(sealed, bound_to="row") == "zażółć"
