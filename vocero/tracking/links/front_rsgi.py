"""The links process's front: a raw RSGI application that answers once the click is safe."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vocero.lib.processes import go_first, wait_for_turn
from vocero.tracking.links.core import LOST_HEADER, Core
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.log import open_log
from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.links.stepping import Asked, step_visits_of


class Application:
    """What granian calls: `__rsgi_init__` when its loop is there, `__rsgi__` for each request."""

    def __init__(self, settings: LinksSettings) -> None:
        self._settings = settings

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        settings = self._settings
        # Before any other thread of this process begins. Where clicks wait for a disk or a database they gather meanwhile.
        (wait_for_turn if settings.sync == "kernel" else go_first)()
        self._keeper = Keeper(settings)
        self._keeper.start()
        self._core = Core(settings, self._keeper)
        self._log = open_log(settings)
        self._asking = ThreadPoolExecutor(4, "links-asking")
        step_visits_of(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._log.close()
        self._asking.shutdown()
        self._keeper.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        core, path = self._core, scope.path
        if path == "/healthz":
            protocol.response_str(200, [("content-type", "text/plain")], "ok")
            return
        method, header = scope.method, scope.headers.get
        address = core.address(scope.client.rpartition(":")[0].strip("[]"), header)
        known = core.known(path)
        if isinstance(known, str):
            known = await Asked(self._asking.submit(core.ask, known, address))
        visit = (known, method, address, header)
        answer = core.answer_at_once(*visit)
        if answer is None:
            answer = await Asked(self._asking.submit(core.answer, *visit))
        headers = answer.headers
        if answer.record is not None and not await self._log.append(answer.record):
            self._log.count_lost()
            headers = [*headers, LOST_HEADER]
        if answer.body and method != "HEAD":
            protocol.response_str(answer.status, headers, answer.body)
        else:
            protocol.response_empty(answer.status, headers)
