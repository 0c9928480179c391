"""One action on a network's API: a few calls under one deadline, every failure put into the four errors."""

import time
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from vocero.lib.http import Answer, FileField, Forbidden, NoAnswer, NotSent, fetch
from vocero.networks.base import ATTEMPT_SECONDS, NetworkError, Reconnect, Refused, TryLater, Unclear

_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(days=1)
_WAIT_HEADERS = ("retry-after", "x-ratelimit-reset", "ratelimit-reset")


class Line:
    """The way to one server for one action; `effect` marks the call that would put a post out."""

    def __init__(self, instance: str, *, seconds: float = ATTEMPT_SECONDS, token: str = "") -> None:
        self._instance = instance
        self._deadline = time.monotonic() + min(seconds, ATTEMPT_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def signed_in(self, token: str) -> "Line":
        """Give the same line, under the same deadline, with a token."""
        line = copy(self)
        line._headers = {"Authorization": f"Bearer {token}"}
        return line

    def left(self) -> float:
        """Give the seconds left for the action; none left: TryLater, for whatever was not sent yet."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TryLater
        return left

    def pause(self, seconds: float) -> None:
        """Wait before asking again, within the deadline. Raises TryLater when there is no time left."""
        time.sleep(min(seconds, self.left()))

    def send(
        self,
        method: str,
        path: str,
        *,
        effect: bool = False,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
        json: Any = None,
        form: Mapping[str, str | Sequence[str]] | None = None,
        content: bytes | None = None,
        files: Mapping[str, FileField] | None = None,
    ) -> Answer:
        """Make one call and give the answer, whatever its status. Raises TryLater, Refused("address") or Unclear."""
        try:
            return fetch(
                self._instance + path,
                method=method,
                headers={**self._headers, **(headers or {})},
                params=params,
                json=json,
                form=form,
                content=content,
                files=files,
                seconds=self.left(),
                redirects=0,
            )
        except Forbidden as error:
            raise Refused("address") from error
        except NotSent as error:
            raise TryLater from error
        except NoAnswer as error:
            raise (Unclear if effect else TryLater) from error


def data_of(answer: Answer, *, effect: bool = False) -> dict[str, Any]:
    """Give the JSON object of a good answer; a bad answer and a body that is none raise one of the four errors."""
    if not answer.ok:
        raise judgement(answer, effect=effect)
    try:
        data = answer.json()
    except ValueError as error:
        raise (Unclear if effect else TryLater) from error
    if not isinstance(data, dict):
        raise Unclear if effect else TryLater
    return data


def judgement(answer: Answer, *, effect: bool = False) -> NetworkError:
    """Say which of the four errors an answer that is no success means, as far as HTTP alone tells it.

    Too many requests was certainly not stored. A server's own trouble, a conflict or a "duplicate" leaves it open for
    the call that puts a post out; for all others it means later.
    """
    status = answer.status
    if status == 429:
        return TryLater(wait_of(answer))
    if status >= 500 or status in {408, 409, 425} or (status in {400, 403, 422} and _says_duplicate(answer)):
        return Unclear() if effect else TryLater(wait_of(answer))
    if status in {401, 403}:
        return Reconnect()
    if status in {404, 410}:
        return Refused("moved" if effect else "gone")
    if status == 413:
        return Refused("media")
    return Refused("moved" if status < 400 else "rejected")


def wait_of(answer: Answer) -> timedelta | None:
    """Read how long a server asks us to wait: Retry-After, else the reset of its rate limit; None when it does not say.

    Moments are taken against the answer's own Date, so that a clock that differs from ours does no harm.
    """
    for name in _WAIT_HEADERS:
        value = answer.header(name).strip()
        wait = _wait(value, answer) or _wait(value.split(",")[0], answer)
        if wait is not None:
            return min(max(wait, _SHORTEST), _LONGEST)
    return None


def _wait(value: str, answer: Answer) -> timedelta | None:
    if value.isascii() and value.isdigit() and len(value) < 9:  # longer ones are moments since 1970
        return timedelta(seconds=int(value))
    sent = _moment(answer.header("date"))
    until = _moment(value)
    return until - sent if sent and until else None


def _moment(value: str) -> datetime | None:
    """Read a moment as HTTP date, ISO 8601 or seconds since 1970."""
    if value.isascii() and value.isdigit() and len(value) < 12:
        return datetime.fromtimestamp(int(value), UTC)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
        except (ValueError, TypeError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _says_duplicate(answer: Answer) -> bool:
    return "duplicate" in answer.text()[:2000].lower()
