"""The links of the single-port default: answers `/l/` before Django is asked, in the same process."""

import threading
from collections.abc import Callable, Iterable
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from vocero.tracking.links.core import LOST_HEADER, PREFIX, Core
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.log import open_log
from vocero.tracking.links.settings import LinksSettings

type Environ = dict[str, Any]
type Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_STATUS_LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Dispatcher:
    """A WSGI application that keeps tracked links to itself and hands everything else to the pages."""

    def __init__(self, settings: LinksSettings, pages: Application) -> None:
        self._settings = settings
        self._pages = pages
        self._starting = threading.Lock()
        self._core: Core | None = None

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PREFIX):
            return self._pages(environ, start_response)
        core = self._core or self._start()

        def header(name: str) -> str | None:
            return environ.get(_variable(name))

        method = environ["REQUEST_METHOD"]
        address = core.address(environ.get("REMOTE_ADDR", ""), header)
        known = core.known(environ["PATH_INFO"])
        known = core.ask(known, address) if isinstance(known, str) else known
        answer = core.answer(known, method, address, header)
        lost = answer.record is not None and not self._log.store(answer.record)
        start_response(_STATUS_LINES[answer.status], [*answer.headers, LOST_HEADER] if lost else answer.headers)
        return [answer.body.encode()] if answer.body and method != "HEAD" else []

    def _start(self) -> Core:
        """Begin with the first link that is asked for: this process has been forked or spawned by then."""
        with self._starting:
            if self._core is None:
                keeper = Keeper(self._settings)
                keeper.start()
                self._log = open_log(self._settings)
                self._core = Core(self._settings, keeper)
            return self._core


@cache
def _variable(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")
