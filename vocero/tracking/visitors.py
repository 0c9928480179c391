"""Who stands behind a click, without knowing who: a key of a day from address and agent; the address itself is dropped."""

import hashlib
import ipaddress
import struct
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from vocero.tracking.segment import VISITOR_BYTES, day_number, day_of_number

SALT_BYTES: Final = 32
_KEY_BITS: Final = 48
_KEY_MASK: Final = (1 << _KEY_BITS) - 1
_FIRST_DAY: Final = day_number(date(2020, 1, 1))


def visitor_key(salt: bytes, address: str, agent: str) -> bytes:
    """Give the 16 bytes that stand for a visitor on the day of this salt.

    Keyed BLAKE2b over the whole IPv4 address or the first 64 bits of an IPv6 address, and the agent's text. Without the
    salt, which is deleted when the day closes, nobody can tell whose key it was or follow it to another day.
    """
    return key_with(keyed(salt), network_part(address), agent.encode("utf-8", "replace"))


def keyed(salt: bytes) -> "hashlib.blake2b":
    """Give the digest of a salt that has taken in no visitor yet: copying it is half of what beginning anew costs."""
    return hashlib.blake2b(key=salt, digest_size=VISITOR_BYTES)


def key_with(begun: "hashlib.blake2b", part: bytes, agent: bytes) -> bytes:
    """Give what `visitor_key` gives, with a salt's digest, the address's `network_part` and the agent's bytes at hand."""
    digest = begun.copy()
    digest.update(part + agent)
    return digest.digest()


def visitor_number(day: int, key: bytes) -> int:
    """Give a visitor of a day as one number: the day (days since 1970, from 2020 on) above 48 bits of the key.

    Among ten million visitors of one day the chance that any two fall together is one in six.
    """
    return (day - _FIRST_DAY & 0x7FFF) << _KEY_BITS | int.from_bytes(key[-6:])


def visitor_numbers(days: Sequence[int], keys: Sequence[bytes]) -> list[int]:
    """Give `visitor_number` of many at once: the last eight bytes of all keys are read in one step."""
    begins = {day: visitor_number(day, bytes(6)) for day in set(days)}
    lowest = struct.unpack(f">{2 * len(keys)}Q", b"".join(keys))[1::2]
    return [begins[day] | low & _KEY_MASK for day, low in zip(days, lowest, strict=True)]


def first_visitor_of(day_on: date) -> int:
    """Give the smallest visitor number of a day; that of the next day is the first one beyond it."""
    return visitor_number(day_number(day_on), bytes(6))


def day_of_visitor(visitor: int) -> date:
    """Give the day that a visitor's number holds."""
    return day_of_number((visitor >> _KEY_BITS) + _FIRST_DAY)


@lru_cache(maxsize=8192)
def network_part(address: str) -> bytes:
    """Give the 4 bytes of an IPv4 address (also inside IPv6) or the first 8 of an IPv6 one; nothing for anything else."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return b""
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed.ipv4_mapped.packed if parsed.ipv4_mapped else parsed.packed[:8]
    return parsed.packed


def client_address(peer: str, forwarded_for: str | None, trusted_proxies: int) -> str:
    """Give the visitor's address: the peer, or with proxies of our own the entry that many places from the right.

    `forwarded_for` is the whole `X-Forwarded-For` header. When it is shorter than the number of our proxies it was not
    written by them, and the peer counts.
    """
    if not trusted_proxies or not forwarded_for:
        return peer
    entries = forwarded_for.split(",")
    if len(entries) < trusted_proxies:
        return peer
    return _without_port(entries[-trusted_proxies].strip()) or peer


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    if entry.count(":") == 1:
        return entry.partition(":")[0]
    return entry
