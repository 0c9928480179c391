"""Which addresses of the internet a server may be talked into calling: public ones by name, nothing else."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna

USUAL_PORTS = {"http": 80, "https": 443}
_MOST_CHARACTERS = 4096

# Special blocks, spelled out because `is_global` differs between patch versions of Python (IANA special registries).
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
        "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"  # the last one: a cloud's own control address
    ).split()
)
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
# Protocol assignments (Teredo and ORCHID among them), documentation, 6to4, the old 6bone, AS112.
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(block)
    for block in "2001::/23 2001:db8::/32 2002::/16 3fff::/20 3ffe::/16 2620:4f:8000::/48".split()
)
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\^`{|}<>\"\u0080-\u00a0\u2028\u2029\ufeff]")


class BadAddress(ValueError):
    """The URL must not be called; the text is a short reason for the log, without the URL."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a checked URL leads: `host` is lower case ASCII, `private` says that the operator allowed this very place."""

    scheme: str
    host: str
    port: int
    private: bool


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to a public host.

    IPv6: only 2000::/3, without every block that carries an IPv4 address inside or is reserved; nothing with a scope.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return parsed.is_global and not any(parsed in block for block in _CLOSED_V4)
    if parsed.scope_id or parsed not in _OPEN_V6 or any(parsed in block for block in _CLOSED_V6):
        return False
    isatap = (int(parsed) >> 32) & 0xFDFFFFFF == 0x00005EFE
    return parsed.is_global and not isatap


def check_url(url: str, *, private_hosts: tuple[str, ...] = ()) -> Target:
    """Check the form of a URL before anything is looked up.

    `private_hosts` are names or literals, with `:port` unless the port is the usual one, that the operator allows
    though they are private. Everything else must be http(s), a DNS name of at least two labels whose last one is no
    number, port 80 or 443, without a user and without characters that parsers disagree about. Raises BadAddress.
    """
    if len(url) > _MOST_CHARACTERS or _FORBIDDEN.search(url):
        raise BadAddress("malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress("malformed") from None
    if parts.scheme not in USUAL_PORTS:
        raise BadAddress("scheme")
    if "@" in parts.netloc or "%" in parts.netloc or not parts.hostname:
        raise BadAddress("host")
    port = USUAL_PORTS[parts.scheme] if port is None else port
    host = ascii_host(parts.hostname)
    if _allowed(host, port, private_hosts):
        return Target(parts.scheme, host, port, private=True)
    if not _HOST.fullmatch(host) or "." not in host or _NUMERIC_LABEL.fullmatch(host.rsplit(".", 1)[1]):
        raise BadAddress("host")
    if port not in USUAL_PORTS.values():
        raise BadAddress("port")
    return Target(parts.scheme, host, port, private=False)


def ascii_host(host: str) -> str:
    """Give a host name in lower case ASCII (IDNA 2008), one final dot removed. Raises BadAddress."""
    host = host.lower().removesuffix(".")
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode().lower()
    except idna.IDNAError:
        raise BadAddress("host") from None


def _allowed(host: str, port: int, private_hosts: tuple[str, ...]) -> bool:
    literal = f"[{host}]" if ":" in host else host
    allowed = {entry.lower() for entry in private_hosts}
    return f"{literal}:{port}" in allowed or (port in USUAL_PORTS.values() and bool({host, literal} & allowed))
