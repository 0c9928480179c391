"""The links of the single-port default: answers `/l/` before Django is asked, in the same process."""

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from vocero.tracking.links.core import LOST_HEADER, PREFIX, Core
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.log import open_log
from vocero.tracking.links.settings import LinksSettings

type Environ = dict[str, Any]
type Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


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
            return environ.get("HTTP_" + name.upper().replace("-", "_"))

        method = environ["REQUEST_METHOD"]
        address = core.address(environ.get("REMOTE_ADDR", ""), header)
        known = core.known(environ["PATH_INFO"])
        known = core.ask(known, address) if isinstance(known, str) else known
        answer = core.answer(known, method, address, header)
        if answer.record is not None and not self._log.store(answer.record):
            answer.headers.append(LOST_HEADER)
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [answer.body.encode()] if answer.body and method != "HEAD" else []

    def _start(self) -> Core:
        """Begin with the first link that is asked for: this process has been forked or spawned by then."""
        told = self._settings
        with self._starting:
            if self._core is None:
                keeper = Keeper(told)
                keeper.start()
                self._log = open_log(told)
                self._core = Core(told, keeper)
            return self._core
