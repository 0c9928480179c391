"""The links process's front: speaks HTTP/1 itself on an event loop, and sends all visitors of a group on at once."""

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final, cast

from vocero.tracking.links.core import LOST_HEADER, Answer, Core
from vocero.tracking.links.http1 import MOST_HEAD, BadRequest, Request, date_line, read_head, write_answer
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.log import GroupLog
from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.links.table import Known

HEAD_SECONDS: Final = 10
IDLE_SECONDS: Final = 75
_STUCK_SECONDS: Final = 30
_LINGER_SECONDS: Final = 2
_END: Final = b"\r\n\r\n"
_HEALTHY: Final = Answer(200, [("content-type", "text/plain")], "ok")
_BROKEN: Final = Answer(500, [])


class Server:
    """What all connections of one process share. Made and used in the thread of its loop."""

    def __init__(
        self,
        settings: LinksSettings,
        loop: asyncio.AbstractEventLoop,
        make_log: Callable[[LinksSettings, asyncio.AbstractEventLoop], GroupLog],
    ) -> None:
        self.loop = loop
        self.connections: set[Connection] = set()
        self.is_ending = False
        self.is_left = asyncio.Event()
        self.date = ""
        self.keeper = Keeper(settings)
        self.keeper.start()
        self.core = Core(settings, self.keeper)
        self.log = make_log(settings, loop)
        self.look()

    def look(self) -> None:
        """Once a second: tell the time, and close connections that take too long."""
        self.date = date_line(time.time())
        for connection in list(self.connections):
            connection.grow_older()
        self.loop.call_later(1, self.look)

    def begin_to_end(self) -> None:
        """Answer what was asked, and nothing more."""
        self.is_ending = True
        for connection in list(self.connections):
            connection.end()
        self.look_around()

    def look_around(self) -> None:
        """Say when the last client has gone of a server that ends."""
        if self.is_ending and not self.connections:
            self.is_left.set()

    def close(self) -> None:
        """Make safe what is left, and end."""
        for connection in list(self.connections):
            connection.abort()
        self.log.close()
        self.keeper.close()


class Connection(asyncio.Protocol):
    """One client. Its requests are answered one after the other: the next one is read when the former is answered."""

    __slots__ = (
        "_address",
        "_answer",
        "_came",
        "_has_ended",
        "_is_busy",
        "_is_paused",
        "_is_stuck",
        "_lingers",
        "_request",
        "_seconds",
        "_server",
        "_transport",
    )
    _answer: Answer
    _request: Request
    _transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self._server = server
        self._address = ""
        self._came = b""
        self._seconds = 0
        self._has_ended = self._is_busy = self._is_paused = self._is_stuck = self._lingers = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone; what it clicked is kept all the same."""
        self._server.connections.discard(self)
        self._server.look_around()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: answer the request when it is whole and its turn has come."""
        if self._lingers:
            return
        if self._came:
            data = self._came + data
        elif not self._is_busy:
            self._seconds = 0
        self._came = data
        if not self._is_busy and not self._is_stuck:
            self._take()
        if len(self._came) > MOST_HEAD and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client sends nothing more; it may still wait for answers."""
        self._has_ended = True
        return self._is_busy or _END in self._came

    def pause_writing(self) -> None:
        """The client does not read: nothing more is answered until it does."""
        self._is_stuck = True
        self._seconds = 0

    def resume_writing(self) -> None:
        """The client reads again."""
        self._is_stuck = False
        self._seconds = 0
        self._go_on()

    def grow_older(self) -> None:
        """A second has passed: go away when the client takes too long."""
        self._seconds += 1
        if self._lingers:
            limit = _LINGER_SECONDS
        elif self._is_stuck:
            limit = _STUCK_SECONDS
        else:
            limit = HEAD_SECONDS if self._came else IDLE_SECONDS
        if self._seconds > limit and not self._is_busy:
            self._transport.abort()

    def end(self) -> None:
        """Close unless somebody waits for an answer; then it is the last one."""
        if not self._is_busy and not self._is_stuck:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _go_on(self) -> None:
        """Take the next request of those that came while another was being answered."""
        if self._is_busy or self._is_stuck or self._lingers or self._transport.is_closing():
            return
        if self._came:
            self._take()
        if self._is_paused and len(self._came) <= MOST_HEAD:
            self._is_paused = False
            self._transport.resume_reading()

    def _take(self) -> None:
        """Take one request from what has come; the rest is kept for when it is answered."""
        data = self._came
        end = data.find(_END, 0, MOST_HEAD)
        if end < 0:
            if len(data) >= MOST_HEAD:
                self._refuse(431)
            return
        self._came = data[end + 4 :]
        try:
            self._request = read_head(data[:end])
        except BadRequest as error:
            self._refuse(error.status)
            return
        self._is_busy = True
        try:
            self._begin()
        except Exception:  # noqa: BLE001  what is wrong with one request must not stop the others
            self._fail()

    def _begin(self) -> None:
        request = self._request
        if request.path == "/healthz":
            self._tell(_HEALTHY)
            return
        core = self._server.core
        known = core.known(request.path)
        if isinstance(known, str):
            address = core.address(self._address, request.headers.get)
            asked = self._server.loop.run_in_executor(None, core.ask, known, address)
            asked.add_done_callback(self._has_asked)
        else:
            self._answer_with(known)

    def _has_asked(self, asked: "asyncio.Future[Known]") -> None:
        try:
            self._answer_with(asked.result())
        except Exception:  # noqa: BLE001
            self._fail()

    def _answer_with(self, known: Known) -> None:
        request, server = self._request, self._server
        header = request.headers.get
        answer = server.core.answer(known, request.method, server.core.address(self._address, header), header)
        if answer.record is None:
            self._tell(answer)
        else:
            self._answer = answer
            server.log.append(answer.record).then.append(self._is_safe)

    def _is_safe(self, safe: bool) -> None:
        """The click is safe now, or lost, which the answer then says: the visitor is sent on in both cases."""
        if not safe:
            self._server.log.count_lost()
            self._answer.headers.append(LOST_HEADER)
        self._tell(self._answer)

    def _tell(self, answer: Answer) -> None:
        self._is_busy = False
        if self._transport.is_closing():
            return
        request, server = self._request, self._server
        is_last = request.is_last or server.is_ending or (self._has_ended and _END not in self._came)
        with_body = request.method != "HEAD"
        self._transport.write(write_answer(answer, date=server.date, with_body=with_body, is_last=is_last))
        self._seconds = 0
        if is_last:
            self._leave(lingering=request.has_body)
        elif self._came:
            server.loop.call_soon(self._go_on)

    def _fail(self) -> None:
        traceback.print_exc(file=sys.stderr)
        self._is_busy = False
        self._refuse(500)

    def _refuse(self, status: int) -> None:
        self._transport.write(write_answer(Answer(status, []), date=self._server.date, is_last=True))
        self._leave(lingering=True)

    def _leave(self, *, lingering: bool) -> None:
        """Close; while the client may still be sending only after a while, so that it gets to read the answer."""
        self._came = b""
        if lingering and self._transport.can_write_eof():
            self._seconds = 0
            self._lingers = True
            self._transport.write_eof()
        else:
            self._transport.close()
