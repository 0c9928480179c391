"""Mastodon and servers that speak its API: every instance knows our app by a registration of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import regex

from vocero.lib.http import Answer, is_private_host, may_call
from vocero.lib.ids import random_base62
from vocero.lib.text import strip_html
from vocero.networks.base import (
    App,
    Channel,
    Connected,
    Draft,
    Engagement,
    Login,
    Media,
    Published,
    Reconnect,
    Refused,
    Retry,
    RetryKind,
    TryLater,
    Unclear,
)
from vocero.networks.limits import Counting, Limits
from vocero.networks.line import Line, data_of, judgement
from vocero.networks.pictures import fitted

SCOPES = "read:accounts read:statuses write:statuses write:media"
_CONNECT_SECONDS = 15.0  # for all that a person waits for on one page
_PAGES, _PAGE = 2, 40
_MOST_TOLD = 100_000_000
_REMOTE_MENTION = regex.compile(r"(@\w+)@[\w.-]+\w")


class Mastodon:
    """Posts are looked for among the account's own before a second try: some servers ignore the idempotency key."""

    name = "mastodon"
    label = "Mastodon"
    channel = Channel.API
    retry = Retry(RetryKind.LOOKUP, settles_after=timedelta(minutes=2))
    limits = Limits(
        characters=500,
        counting=Counting.GRAPHEMES,
        link_length=23,
        images=4,
        image_bytes=8_000_000,
        alt_characters=1500,
    )
    withdraws = True
    tells_engagement = True
    tells_followers = True
    counts = True

    def limits_for(self, told: Mapping[str, Any]) -> Limits:
        names = ("characters", "link_length", "images", "image_bytes", "alt_characters")
        numbers = {name: told[name] for name in names if _is_count(told.get(name))}
        types = tuple(kind for kind in told.get("image_types", ()) if kind in self.limits.image_types)
        return replace(self.limits, **numbers, image_types=types or self.limits.image_types)

    def compose(self, draft: Draft) -> str:
        return draft.text_with_link()

    def handoff(self, draft: Draft) -> str:
        return ""

    def new_key(self, at: datetime) -> str:
        return random_base62(24)

    # Connecting

    def server(self, typed: str) -> str:
        """Read `mastodon.social`, `https://mastodon.social/@me` or `@me@mastodon.social`."""
        word = typed.strip().lower()
        if word.startswith("http://") and is_private_host(word):
            return f"http://{urlsplit(word).netloc}"
        host = word.removeprefix("https://").removeprefix("http://").split("/")[0].rsplit("@", 1)[-1]
        url = f"https://{host}"
        return url if host and may_call(url) else ""

    def register(self, instance: str, redirect_uri: str, *, name: str, website: str) -> App:
        form = {"client_name": name, "redirect_uris": redirect_uri, "scopes": SCOPES, "website": website}
        answer = Line(instance, seconds=10).send("POST", "/api/v1/apps", form=form)
        told = data_of(answer)
        return App(instance, _text(told, "client_id"), _text(told, "client_secret"), redirect_uri)

    def consent_url(self, app: App, *, state: str, challenge: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": app.redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{app.instance}/oauth/authorize?{urlencode(asked, quote_via=quote)}"

    def connect(self, app: App, *, code: str, verifier: str) -> Connected:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "redirect_uri": app.redirect_uri,
            "scope": SCOPES,
            "code_verifier": verifier,
        }
        line = Line(app.instance, seconds=_CONNECT_SECONDS)
        answer = line.send("POST", "/oauth/token", form=form)
        if answer.status in {400, 401, 403, 422}:
            raise Reconnect
        token = _text(data_of(answer), "access_token")
        line = line.signed_in(token)
        me = data_of(line.send("GET", "/api/v1/accounts/verify_credentials"))
        host = urlsplit(app.instance).netloc
        return Connected(
            remote_id=_text(me, "id"),
            handle=f"@{_text(me, 'username')}@{host}",
            instance=app.instance,
            credentials={"access": token},
            limits=self._told_limits(line),
            followers=_count(me, "followers_count"),
        )

    def refresh(self, account: Login) -> Connected:
        raise Reconnect  # its tokens do not lapse: one that no longer works was taken back

    def is_stale(self, account: Login) -> bool:
        return False

    def disconnect(self, account: Login, app: App | None) -> None:
        if app is None:
            return
        form = {
            "token": account.credentials["access"],
            "client_id": app.client_id,
            "client_secret": app.client_secret,
        }
        Line(account.instance, seconds=min(account.seconds, 10)).send("POST", "/oauth/revoke", form=form)

    # Posting

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        line = self._line(account)
        limits = self.limits_for(account.limits)
        media = [self._upload(line, fitted(item, limits.image_bytes, limits.image_types)) for item in draft.media]
        form: dict[str, str | list[str]] = {"status": self.compose(draft), "visibility": "public"}
        if draft.language:
            form["language"] = draft.language.split("-")[0]
        if media:
            form["media_ids[]"] = media
        answer = line.send("POST", "/api/v1/statuses", form=form, headers={"Idempotency-Key": key}, effect=True)
        if answer.status == 422 and "character" in answer.text()[:500].lower():
            raise Refused("too_long")
        told = data_of(answer, effect=True)
        if not told.get("id"):
            raise Unclear
        return _published(told)

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        line = self._line(account)
        composed = _bare(self.compose(draft))
        for status in self._own(line, account.remote_id):
            content = str(status.get("content") or "")
            if draft.link is not None:
                found = draft.link.url in unescape(content) or draft.link.url in str(status.get("text") or "")
            else:
                found = _bare(strip_html(content)) == composed
            if found:
                return _published(status)
        return None

    def withdraw(self, account: Login, remote_id: str) -> None:
        answer = self._line(account).send("DELETE", f"/api/v1/statuses/{_segment(remote_id)}")
        if not answer.ok and answer.status not in {404, 410}:
            raise judgement(answer)

    # Reading

    def engagement(self, account: Login, remote_id: str) -> Engagement | None:
        told = data_of(self._line(account).send("GET", f"/api/v1/statuses/{_segment(remote_id)}"))
        return Engagement(
            reactions=_count(told, "favourites_count") or 0,
            comments=_count(told, "replies_count") or 0,
            reshares=(_count(told, "reblogs_count") or 0) + (_count(told, "quotes_count") or 0),
        )

    def followers(self, account: Login) -> int | None:
        return _count(
            data_of(self._line(account).send("GET", "/api/v1/accounts/verify_credentials")), "followers_count"
        )

    # Parts

    def _line(self, account: Login) -> Line:
        return Line(account.instance, seconds=account.seconds, token=account.credentials["access"])

    def _upload(self, line: Line, media: Media) -> str:
        """Store an image and wait until the server has processed it; gives its id."""
        suffix = media.content_type.rpartition("/")[2]
        answer = line.send(
            "POST",
            "/api/v2/media",
            form={"description": media.alt} if media.alt else None,
            files={"file": (f"image.{suffix}", media.content, media.content_type)},
        )
        if answer.status in {400, 413, 415, 422}:
            raise Refused("media")
        told = data_of(answer)
        media_id = _text(told, "id")
        wait = 0.25
        while answer.status in {202, 206}:
            line.pause(wait)
            wait = min(wait * 2, 3.0)
            answer = line.send("GET", f"/api/v1/media/{_segment(media_id)}")
            if answer.status == 422:
                raise Refused("media")
            data_of(answer)
        return media_id

    def _own(self, line: Line, remote_id: str) -> Iterator[Mapping[str, Any]]:
        """Give the account's own latest posts, newest first."""
        params = {"limit": str(_PAGE), "exclude_reblogs": "true"}
        for _ in range(_PAGES):
            answer = line.send("GET", f"/api/v1/accounts/{_segment(remote_id)}/statuses", params=params)
            page = _list(answer)
            yield from page
            if len(page) < _PAGE:
                return
            params["max_id"] = str(page[-1].get("id") or "")

    def _told_limits(self, line: Line) -> dict[str, Any]:
        """Ask a server for its limits; one that does not say has Mastodon's own."""
        try:
            told = data_of(line.send("GET", "/api/v2/instance"))
        except (TryLater, Reconnect, Refused):
            return {}
        settings = told.get("configuration")
        settings = settings if isinstance(settings, dict) else {}
        statuses, media = settings.get("statuses"), settings.get("media_attachments")
        statuses = statuses if isinstance(statuses, dict) else {}
        media = media if isinstance(media, dict) else {}
        found = {
            "characters": statuses.get("max_characters"),
            "link_length": statuses.get("characters_reserved_per_url"),
            "images": statuses.get("max_media_attachments"),
            "image_bytes": media.get("image_size_limit"),
            "alt_characters": media.get("description_limit"),
        }
        limits: dict[str, Any] = {name: number for name, number in found.items() if _is_count(number)}
        types = media.get("supported_mime_types")
        if isinstance(types, list):
            limits["image_types"] = [kind for kind in types if kind in self.limits.image_types]
        return limits


def _published(status: Mapping[str, Any]) -> Published:
    url = status.get("url") or status.get("uri") or ""
    return Published(str(status["id"]), url if isinstance(url, str) and url.startswith(("https://", "http://")) else "")


def _list(answer: Answer) -> list[dict[str, Any]]:
    if not answer.ok:
        raise judgement(answer)
    try:
        page = answer.json()
    except ValueError as error:
        raise TryLater from error
    if not isinstance(page, list) or not all(isinstance(status, dict) and status.get("id") for status in page):
        raise TryLater
    return page


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str | int) or not str(value):
        raise TryLater
    return str(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_TOLD


def _count(told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    return value if isinstance(value, int) and 0 <= value <= _MOST_TOLD * 100 else None


def _segment(word: str) -> str:
    return quote(word, safe="")


def _bare(text: str) -> str:
    """Give a text for comparing: no white space, no server behind a name (pages show `@name` for `@name@server`)."""
    return "".join(_REMOTE_MENTION.sub(r"\1", text).split())
