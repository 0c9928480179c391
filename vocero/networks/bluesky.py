"""Bluesky: an app password opens a session, posts are records whose key we choose, so that none can exist twice."""

import base64
import binascii
import contextlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

from vocero.lib.http import Answer, is_private_host, may_call
from vocero.networks.base import (
    App,
    Card,
    Channel,
    Connected,
    Draft,
    Engagement,
    Login,
    Media,
    NetworkError,
    Published,
    Reconnect,
    Refused,
    Retry,
    RetryKind,
    TryLater,
    Unclear,
)
from vocero.networks.by_hand import address
from vocero.networks.limits import Counting, Limits
from vocero.networks.line import Line, data_of, judgement
from vocero.networks.pictures import fitted
from vocero.networks.richtext import facets

HOME = "https://bsky.social"
_NAMES = "https://public.api.bsky.app"
_DIRECTORY = "https://plc.directory"
_POST = "app.bsky.feed.post"
_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_STALE_BEFORE = timedelta(minutes=3)
_MOST_TITLE, _MOST_DESCRIPTION = 300, 1000
_EMBEDDED_TYPES = ("image/jpeg", "image/png", "image/webp")
_HANDLE = regex.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
# Errors of the protocol by the word in the answer's `error` (atproto.com/specs/xrpc, the server's own lexicons).
_LAPSED = frozenset({"ExpiredToken"})
_CLOSED = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended", "AccountNotFound", "RepoDeactivated"})


class Bluesky:
    """A post holds images or a link card, never both; with images the link stands in the text."""

    name = "bluesky"
    label = "Bluesky"
    channel = Channel.API
    retry = Retry(RetryKind.RECORD_KEY)
    limits = Limits(
        characters=300,
        bytes=3000,
        counting=Counting.GRAPHEMES,
        link_in_text=False,
        images=4,
        image_bytes=1_000_000,
        alt_characters=2000,
    )
    withdraws = True
    tells_engagement = True
    tells_followers = True
    counts = True

    def limits_for(self, told: Mapping[str, Any]) -> Limits:
        return self.limits

    def compose(self, draft: Draft) -> str:
        return draft.text_with_link() if draft.media else draft.text

    def handoff(self, draft: Draft) -> str:
        return address("https://bsky.app/intent/compose", text=draft.text_with_link())

    def new_key(self, at: datetime) -> str:
        """Make a timestamp identifier: 53 bits of microseconds and ten of chance, in 13 sortable characters."""
        number = (int(at.timestamp() * 1_000_000) << 10) | secrets.randbelow(1024)
        return "".join(_SORTABLE[(number >> shift) & 31] for shift in range(60, -1, -5))

    # Connecting

    def connect_with_password(self, *, instance: str, handle: str, password: str, seconds: float) -> Connected:
        handle = _full_handle(handle)
        home = _server(instance) if instance.strip() else self._home(handle, seconds)
        if not home:
            raise Refused("address")
        line = Line(home, seconds=seconds)
        answer = line.send(
            "POST", "/xrpc/com.atproto.server.createSession", json={"identifier": handle, "password": password}
        )
        if answer.status in {400, 401}:
            raise Reconnect
        session = data_of(answer)
        connected = _connected(session, home)
        if _claims(connected.credentials["access"]).get("scope") == "com.atproto.access":
            token = {"Authorization": f"Bearer {connected.credentials['refresh']}"}
            line.send("POST", "/xrpc/com.atproto.server.deleteSession", headers=token)
            raise Refused("main_password")
        return connected

    def refresh(self, account: Login) -> Connected:
        """Trade the refresh token for new ones; it works once, so an unclear answer may have used it up."""
        line = Line(account.instance, seconds=min(account.seconds, 10), token=account.credentials["refresh"])
        answer = line.send("POST", "/xrpc/com.atproto.server.refreshSession", effect=True)
        if answer.status in {400, 401, 403}:
            raise Reconnect
        if answer.status == 429:
            raise judgement(answer)
        return _connected(data_of(answer, effect=True), account.instance)

    def is_stale(self, account: Login) -> bool:
        ends = _claims(account.credentials["access"]).get("exp")
        return not isinstance(ends, int) or datetime.fromtimestamp(ends, UTC) - account.at < _STALE_BEFORE

    def disconnect(self, account: Login, app: App | None) -> None:
        line = Line(account.instance, seconds=min(account.seconds, 10), token=account.credentials["refresh"])
        line.send("POST", "/xrpc/com.atproto.server.deleteSession")

    # Posting

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        line = self._line(account)
        text = self.compose(draft)
        record: dict[str, Any] = {
            "$type": _POST,
            "text": text,
            "createdAt": account.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if draft.language:
            record["langs"] = [draft.language]
        found = facets(text, lambda handle: self._resolve(line, handle))
        if found:
            record["facets"] = found
        embed = self._embed(line, draft)
        if embed:
            record["embed"] = embed
        request = {"repo": account.remote_id, "collection": _POST, "rkey": key, "record": record}
        answer = line.send("POST", "/xrpc/com.atproto.repo.createRecord", json=request, effect=True)
        if not answer.ok and answer.status != 429:
            # A record under this key is there already when an earlier attempt got through.
            earlier = self._if_there(line, account, key)
            if earlier is not None:
                return earlier
        _checked(answer, effect=True)
        return self._published(account, key)

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        return self._there(self._line(account), account, key)

    def withdraw(self, account: Login, remote_id: str) -> None:
        request = {"repo": account.remote_id, "collection": _POST, "rkey": remote_id.rpartition("/")[2]}
        _checked(self._line(account).send("POST", "/xrpc/com.atproto.repo.deleteRecord", json=request))

    # Reading

    def engagement(self, account: Login, remote_id: str) -> Engagement | None:
        line = self._line(account)
        answer = line.send("GET", "/xrpc/app.bsky.feed.getPosts", params={"uris": remote_id})
        if _without_view(answer):
            return None
        posts = _checked(answer).get("posts")
        if not isinstance(posts, list) or not posts or not isinstance(posts[0], dict):
            if self._there(line, account, remote_id.rpartition("/")[2]) is None:
                raise Refused("gone")
            return None
        post = posts[0]
        return Engagement(
            reactions=_count(post, "likeCount"),
            comments=_count(post, "replyCount"),
            reshares=_count(post, "repostCount") + _count(post, "quoteCount"),
        )

    def followers(self, account: Login) -> int | None:
        answer = self._line(account).send("GET", "/xrpc/app.bsky.actor.getProfile", params={"actor": account.remote_id})
        if _without_view(answer):
            return None
        told = _checked(answer).get("followersCount")
        return told if isinstance(told, int) and told >= 0 else None

    # Parts

    def _line(self, account: Login) -> Line:
        return Line(account.instance, seconds=account.seconds, token=account.credentials["access"])

    def _published(self, account: Login, key: str) -> Published:
        return Published(
            f"at://{account.remote_id}/{_POST}/{key}",
            f"https://bsky.app/profile/{account.handle.lstrip('@')}/post/{key}",
        )

    def _there(self, line: Line, account: Login, key: str) -> Published | None:
        params = {"repo": account.remote_id, "collection": _POST, "rkey": key}
        answer = line.send("GET", "/xrpc/com.atproto.repo.getRecord", params=params)
        if answer.status in {400, 404} and _word(answer) == "RecordNotFound":
            return None
        _checked(answer)
        return self._published(account, key)

    def _if_there(self, line: Line, account: Login, key: str) -> Published | None:
        try:
            return self._there(line, account, key)
        except NetworkError:
            return None

    def _embed(self, line: Line, draft: Draft) -> dict[str, Any] | None:
        if draft.media:
            images = [self._image(line, media) for media in draft.media]
            return {"$type": "app.bsky.embed.images", "images": images}
        return self._card(line, draft.link) if draft.link else None

    def _image(self, line: Line, media: Media) -> dict[str, Any]:
        sent = fitted(media, self.limits.image_bytes, _EMBEDDED_TYPES)
        image: dict[str, Any] = {"alt": media.alt, "image": self._upload(line, sent)}
        if sent.width and sent.height:
            image["aspectRatio"] = {"width": sent.width, "height": sent.height}
        return image

    def _card(self, line: Line, card: Card) -> dict[str, Any]:
        external: dict[str, Any] = {
            "uri": card.url,
            "title": card.title[:_MOST_TITLE],
            "description": card.description[:_MOST_DESCRIPTION],
        }
        if card.image is not None:
            with contextlib.suppress(Refused):  # a card without its picture is better than no post
                external["thumb"] = self._upload(line, fitted(card.image, self.limits.image_bytes, _EMBEDDED_TYPES))
        return {"$type": "app.bsky.embed.external", "external": external}

    def _upload(self, line: Line, media: Media) -> dict[str, Any]:
        answer = line.send(
            "POST",
            "/xrpc/com.atproto.repo.uploadBlob",
            content=media.content,
            headers={"Content-Type": media.content_type},
        )
        if answer.status == 413 or (answer.status == 400 and _word(answer) not in _LAPSED | {"InvalidToken"}):
            raise Refused("media")
        blob = _checked(answer).get("blob")
        if not isinstance(blob, dict):
            raise TryLater
        return blob

    def _resolve(self, line: Line, handle: str) -> str | None:
        """Give the account's id for a handle; a handle that cannot be found stays plain text."""
        answer = line.send("GET", "/xrpc/com.atproto.identity.resolveHandle", params={"handle": handle})
        if not answer.ok:
            return None
        did = data_of(answer).get("did")
        return did if isinstance(did, str) and did.startswith("did:") else None

    def _home(self, handle: str, seconds: float) -> str:
        """Find the server of a handle: its id by name, its server by the id's document; else the common entry."""
        if handle.endswith(".bsky.social"):
            return HOME
        try:
            did = self._resolve(Line(_NAMES, seconds=seconds), handle) or ""
            if did.startswith("did:plc:"):
                document = data_of(Line(_DIRECTORY, seconds=seconds).send("GET", f"/{did}"))
            elif did.startswith("did:web:"):
                document = data_of(Line(f"https://{did[8:]}", seconds=seconds).send("GET", "/.well-known/did.json"))
            else:
                return HOME
        except NetworkError:
            return HOME
        return _server_of(document) or HOME


def _full_handle(typed: str) -> str:
    """Read `me`, `@me.bsky.social` or `https://bsky.app/profile/me.example`. Raises Reconnect when it is no handle."""
    word = (
        typed.strip().lower().removeprefix("https://bsky.app/profile/").strip("/ \u200e\u200f\u202a\u202c").lstrip("@")
    )
    handle = word if "." in word else f"{word}.bsky.social"
    if not _HANDLE.fullmatch(handle):
        raise Reconnect
    return handle


def _server(typed: str) -> str:
    word = typed.strip().lower().rstrip("/")
    if word.startswith("http://") and is_private_host(word):
        return word
    url = f"https://{word.removeprefix('https://').removeprefix('http://')}"
    return url if may_call(url) and url.count("/") == 2 else ""


def _server_of(document: object) -> str:
    """Read the account's server from the document of its id; empty when it names none that may be called."""
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and str(service.get("id", "")).endswith("#atproto_pds"):
            return _server(str(service.get("serviceEndpoint", "")))
    return ""


def _connected(session: Mapping[str, Any], home: str) -> Connected:
    names = ("did", "handle", "accessJwt", "refreshJwt")
    did, handle, access, refresh = (session.get(name) for name in names)
    if not all(isinstance(value, str) and value for value in (did, handle, access, refresh)):
        raise Unclear
    if session.get("active") is False:
        raise Reconnect
    claims = _claims(str(refresh))
    begins, ends = claims.get("iat"), claims.get("exp")
    lives_for = timedelta(seconds=ends - begins) if isinstance(begins, int) and isinstance(ends, int) else None
    return Connected(
        remote_id=str(did),
        handle=f"@{handle}",
        instance=_server_of(session.get("didDoc")) or home,
        credentials={"access": str(access), "refresh": str(refresh)},
        lives_for=lives_for,
    )


def _claims(token: str) -> dict[str, Any]:
    """Read what a token says of itself; it is the server's to verify, we only look at its times and scope."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _checked(answer: Answer, *, effect: bool = False) -> dict[str, Any]:
    """Give the JSON object of a good answer, or raise what the protocol's own error word means."""
    if not answer.ok and answer.status < 500 and answer.status != 429:
        word = _word(answer)
        if word in _CLOSED:
            raise Reconnect
        if word in _LAPSED or answer.status == 401:
            raise TryLater(stale=True)
    if answer.status == 400 and "grapheme" in answer.text()[:500].lower():
        raise Refused("too_long")
    return data_of(answer, effect=effect)


def _word(answer: Answer) -> str:
    """Give the error word of an answer; empty when it has none."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    return str(told.get("error", "")) if isinstance(told, dict) else ""


def _without_view(answer: Answer) -> bool:
    """Say whether a server has nobody behind it who counts: posts are stored, figures are not to be had now."""
    return answer.status in {501, 502, 503, 504} or _word(answer) in {"MethodNotImplemented", "UpstreamFailure"}


def _count(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and value > 0 else 0
