"""Where a link leads, written as a browser may be sent there: UTM values added, the click's id where a site asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

UTM_NAMES: Final = ("source", "medium", "campaign", "content")
CLICK_PARAMETER: Final = "vclick"

# Other people's short links forget what is added to them (or break); theirs are left alone.
FOREIGN_SHORTENERS: Final = frozenset(
    "aka.ms amzn.to bit.ly bitly.com buff.ly cutt.ly dlvr.it dub.sh fb.me g.co goo.gl hubs.ly hubs.li is.gd j.mp lnkd.in "
    "loom.ly mailchi.mp ow.ly po.st rb.gy rebrand.ly s.id shorturl.at spoti.fi smarturl.it snip.ly soo.gd t.co t.ly "
    "tiny.cc tinyurl.com trib.al u.to v.gd wp.me youtu.be".split()
)
_SAFE: Final = "!#$%&'()*+,/:;=?@[]~-._"


@dataclass(frozen=True, slots=True)
class Target:
    """One place that links lead to; many links share it. `url` is ASCII and complete, `fragment` starts with #."""

    post_id: int
    host: str
    url: str
    fragment: str

    def location(self, click_token: str = "") -> str:
        """Give the address to send a visitor to; with a click's token as one more parameter."""
        if not click_token:
            return self.url + self.fragment
        joint = "&" if "?" in self.url else "?"
        return f"{self.url}{joint}{CLICK_PARAMETER}={click_token}{self.fragment}"


def encode_target(url: str, utm: Mapping[str, str], post_id: int) -> Target | None:
    """Give the target of a link; None for an address that no visitor may be sent to (not http or https, no host).

    UTM values (source, medium, campaign, content) are appended unless the address already has one of that name: what the
    author of the address wrote wins. Everything else of the address stays as it is, letter by letter; only what must not
    stand in a header is percent-encoded.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    if not host.isascii():
        try:
            ascii_host = host.encode("idna").decode()
        except UnicodeError:
            return None
        url = url.replace(parts.netloc, parts.netloc.replace(host, ascii_host), 1)
        host = ascii_host
    before, sharp, fragment = quote(url, safe=_SAFE).partition("#")
    if host.removeprefix("www.") not in FOREIGN_SHORTENERS:
        before = _with_utm(before, utm)
    return Target(post_id, host, before, sharp + fragment)


def _with_utm(url: str, utm: Mapping[str, str]) -> str:
    path, _, query = url.partition("?")
    present = {unquote_plus(pair.partition("=")[0]).lower() for pair in query.split("&")}
    added = [
        f"utm_{name}={quote(str(utm[name]), safe='')}"
        for name in UTM_NAMES
        if utm.get(name) and f"utm_{name}" not in present
    ]
    if not added:
        return url
    return f"{path}?" + "&".join([query, *added] if query else added)
