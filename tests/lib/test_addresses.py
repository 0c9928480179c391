"""Which addresses may be called: hostile ones made by the hundreds, public ones by the thousands."""

import ipaddress
import random

import pytest

from vocero.lib.addresses import BadAddress, check_url, is_public

V4_SPECIAL = (
    "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 100.100.100.200 127.0.0.1 127.1.2.3 "
    "127.255.255.254 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 172.20.10.2 192.0.0.1 "
    "192.0.0.8 192.0.0.170 192.0.0.192 192.0.2.1 192.0.2.255 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 "
    "192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 224.0.0.251 "
    "239.255.255.250 232.1.1.1 240.0.0.1 250.1.1.1 255.255.255.254 255.255.255.255 168.63.129.16"
).split()
V6_SPECIAL = (
    ":: ::1 ::2 fe80::1 fe80::1%eth0 febf::1 fec0::1 fc00::1 fd00::1 fd00:ec2::254 fd12:3456:789a::1 ff00::1 ff02::1 "
    "ff02::fb ff05::2 ff0e::1 100::1 100:0:0:1::1 64:ff9b:1::1 2001:db8::1 2001:db8:ffff::1 3fff::1 3fff:fff::1 "
    "2001::1 2001:1::1 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff::1 3ffe::1 "
    "5f00::1 4000::1 6000::1 8000::1 a000::1 c000::1 e000::1 f000::1 fe00::1 1000::1 0200::1 0400::1 0800::1 "
    "2620:4f:8000::1 2002::1 2001:0:1234::1 ::ffff:0:0 ::ffff:1.2.3.4 ::1.2.3.4"
).split()


def v6_dresses(v4: str) -> list[str]:
    """An IPv4 address inside IPv6, in every way that some system unwraps."""
    number = int(ipaddress.IPv4Address(v4))
    high, low = number >> 16, number & 0xFFFF
    inverted = number ^ 0xFFFFFFFF
    return [
        f"::ffff:{v4}",
        f"::ffff:{high:x}:{low:x}",
        f"::{high:x}:{low:x}",
        f"::ffff:0:{high:x}:{low:x}",
        f"64:ff9b::{high:x}:{low:x}",
        f"64:ff9b:1::{high:x}:{low:x}",
        f"2002:{high:x}:{low:x}::1",
        f"2001:0:4136:e378:8000:63bf:{inverted >> 16:x}:{inverted & 0xFFFF:x}",
        f"fe80::5efe:{high:x}:{low:x}",
        f"2a00:1450:4001:81b:0:5efe:{high:x}:{low:x}",
    ]


HOSTILE = [*V4_SPECIAL, *V6_SPECIAL, *(dress for v4 in V4_SPECIAL for dress in v6_dresses(v4))]


def test_there_are_hundreds_of_hostile_addresses() -> None:
    assert len(set(HOSTILE)) > 450


def test_no_hostile_address_is_public() -> None:
    assert [address for address in HOSTILE if is_public(address)] == []


def test_six_thousand_public_addresses_are_public() -> None:
    chance = random.Random(6)
    four = (ipaddress.IPv4Address(chance.randrange(2**32)) for _ in range(4000))
    public = [str(address) for address in four if address.is_global and not address.is_multicast][:3000]
    public += [
        str(ipaddress.IPv6Address((chance.randrange(0x2400, 0x2C10) << 112) + chance.randrange(2**112)))
        for _ in range(3000)
    ]
    assert len(public) == 6000
    assert [address for address in public if not is_public(address)] == []


def test_what_is_no_address_is_not_public() -> None:
    for text in (
        "",
        "example.org",
        "1.2.3",
        "0x7f000001",
        "2130706433",
        "1.2.3.4/32",
        "[2a00::1]",
        " 8.8.8.8",
        "8.8.8.8\n",
    ):
        assert not is_public(text)


def spellings(v4: str) -> list[str]:
    """An IPv4 literal as some URL parser or resolver would still read it."""
    number = int(ipaddress.IPv4Address(v4))
    parts = v4.split(".")
    return [
        v4,
        f"{v4}.",
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(int(part)) for part in parts),
        ".".join(f"0{int(part):o}" for part in parts),
        ".".join(f"{int(part):03d}" for part in parts),
        f"{parts[0]}.{int(parts[1]) << 16 | int(parts[2]) << 8 | int(parts[3])}",
        f"{parts[0]}.{parts[1]}.{int(parts[2]) << 8 | int(parts[3])}",
        v4.replace(".", "。"),
        v4.replace(".", "%2e"),
        "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in v4),
        *(f"[{dress}]" for dress in v6_dresses(v4)),
        f"user@{v4}",
        f"example.org@{v4}",
        f"example.org:80@{v4}",
        f"{v4}#@example.org".replace("#", "%23"),
    ]


@pytest.mark.parametrize("v4", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "192.168.1.1", "0.0.0.0", "8.8.8.8"])
def test_no_literal_is_accepted_in_any_spelling(v4: str) -> None:
    let_through = []
    for host in spellings(v4):
        for url in (f"http://{host}/", f"https://{host}:443/x", f"HTTP://{host}:80"):
            try:
                check_url(url)
            except BadAddress:
                continue
            let_through.append(url)
    assert let_through == []


@pytest.mark.parametrize(
    "url",
    [
        "", "//example.org", "example.org", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "data:,x",
        "javascript:alert(1)", "http:///x", "http://", "https://?", "http://localhost/", "http://intranet/", "http://-a.org/",
        "http://a-.org/", "http://a..org/", "http://.org/", "http://example.org:8080/", "http://example.org:22/",
        "http://example.org:0/", "http://example.org:99999/", "http://example.org:-1/", "http://example.org:8 0/",
        "http://example.org\\@127.0.0.1/", "http://example.org/\r\nHost: x", "http://exa\tmple.org/", "http://example.org/\x00",
        "http://user:pw@example.org/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[::1",
        "http://example.org%00.evil.example/", "http://exam\u00adple\u2028.org/", "http://1.1/", "http://example.123/",
        "http://example.0x7f/", "http://" + "a" * 64 + ".org/", "http://" + "a." * 130 + "org/", "http://example.org/" + "x" * 5000,
    ],
)  # fmt: skip
def test_malformed_and_foreign_urls_are_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.org/a?b=c#d", "example.org", 443),
        ("http://EXAMPLE.org.", "example.org", 80),
        ("https://zażółć.example/", "xn--zac-rna5jsc05f.example", 443),
        ("http://sub.domain-name.co.uk:80/", "sub.domain-name.co.uk", 80),
        ("https://xn--bcher-kva.example:443/ü", "xn--bcher-kva.example", 443),
        ("https://a_b.example.org/", "a_b.example.org", 443),
    ],
)
def test_ordinary_urls_pass(url: str, host: str, port: int) -> None:
    target = check_url(url)
    assert (target.port, target.private) == (port, False)
    assert target.host == host or target.host.startswith("xn--")


def test_allowed_private_places_pass_with_their_port_only() -> None:
    allowed = ("127.0.0.1:3377", "intranet", "[::1]:9", "social.intern:8443")
    assert check_url("http://127.0.0.1:3377/x", private_hosts=allowed).private
    assert check_url("https://intranet/", private_hosts=allowed).private
    assert check_url("http://[::1]:9/", private_hosts=allowed).private
    assert check_url("https://Social.Intern:8443/", private_hosts=allowed).private
    for url in (
        "http://127.0.0.1/",
        "http://127.0.0.1:3378/",
        "https://intranet:8080/",
        "http://[::1]/",
        "http://127.1:3377/",
    ):
        with pytest.raises(BadAddress):
            check_url(url, private_hosts=allowed)
