"""One WSGI application for one port: tracked links and health first, Django for everything else."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from vocero.config import environment, links
from vocero.lib.processes import end_with_parent
from vocero.tracking.links.front_wsgi import Dispatcher

type Environ = dict[str, Any]
type StartResponse = Callable[..., Any]
type Application = Callable[[Environ, StartResponse], Iterable[bytes]]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")


def with_health(others: Application) -> Application:
    """Answer `/healthz` (this process is alive) and `/readyz` (it can serve), and leave everything else to `others`."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/healthz":
            return _plain(start_response, "200 OK", "alive\n")
        if path == "/readyz":
            return _ready(start_response)
        return others(environ, start_response)

    return application


def _plain(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response(status, headers)
    return [body]


def _ready(start_response: StartResponse) -> Iterable[bytes]:
    from django.db import close_old_connections

    from vocero.config.readiness import why_not_ready

    close_old_connections()
    try:
        reason = why_not_ready()
    finally:
        close_old_connections()
    if reason:
        return _plain(start_response, "503 Service Unavailable", reason + "\n")
    return _plain(start_response, "200 OK", "ready\n")


def _serving() -> Application:
    """The application of a server's process, which ends with the server that started it."""
    from django.core.wsgi import get_wsgi_application

    if multiprocessing.parent_process() is not None:
        end_with_parent(signal.SIGKILL)
    told = environment.load()
    return Dispatcher(links.settings(told), with_health(get_wsgi_application()))


application = _serving()
