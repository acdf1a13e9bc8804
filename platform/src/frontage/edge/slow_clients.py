"""Clients that keep a connection waiting: a head, a body, a next request or a reader that never comes.

uvicorn waits for every one of them for ever and takes a head of any size. Here requests only leave a mark as they
come in; once a second the server looks over all its connections, and whoever has not moved for too long is cut off.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from frontage.base.clock import utc_now
from frontage.base.logs import get_logger
from frontage.edge.heads import QuickCycle
from frontage.edge.problems import MEDIA_TYPE

LARGEST_HEAD = 16 * 1024
MOST_HEADERS = 100

log = get_logger(__name__)


class Stage(Enum):
    """What a connection is waiting for."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    NEXT_REQUEST = auto()
    GOODBYE = auto()


@dataclass(frozen=True, slots=True)
class Patience:
    """For how many seconds a client may keep a connection waiting; noticed up to one look, a second, later."""

    head: float = 10.0
    """From the connection or the first byte to the end of the head."""
    body: float = 30.0
    """From the end of the head to the end of the body."""
    next_request: int = 65
    """Between an answer and the next request; longer than the usual minute of a proxy in front."""
    unread: float = 30.0
    """During which the client takes nothing of what is ready for it."""
    first_words: float = 1.0
    """For which a server that ends waits for the first request of a connection."""
    goodbye: float = 2.0
    """For a client that was refused to read why: closing at once would reset the connection under its eyes."""

    def with_stage(self, stage: Stage) -> float:
        """The seconds that a stage may last; how long an answer takes is not the client's doing."""
        match stage:
            case Stage.HEAD:
                return self.head
            case Stage.BODY:
                return self.body
            case Stage.NEXT_REQUEST:
                return self.next_request
            case Stage.GOODBYE:
                return self.goodbye
            case Stage.ANSWER:
                return math.inf


class HeadTooLargeError(Exception):
    """Stops the parser; the client has been answered."""


class TimedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with bounds on the head and a way to ask what the connection waits for, and how long.

    What runs for every request names its base class: `super()` costs Python 3.11 a fifth of a microsecond each time.
    """

    _piece = 0
    """The size of the bytes being parsed."""
    _undigested = 0
    """How many bytes came since a head, a part of a body or a request was last completed."""
    _complete: Any = None
    """The scope of the last request that has come in whole."""
    _refused = False

    _stage: Stage | None = None
    _stage_scope: Any = None
    _stage_since = 0.0
    _unread: float = math.inf
    _unread_since = 0.0

    def data_received(self, data: bytes) -> None:
        """Parse a piece, and refuse what only ever grows: a head, trailers, chunk extensions, empty lines."""
        self._piece = size = len(data)
        self._undigested += size
        HttpToolsProtocol.data_received(self, data)
        if self._undigested > LARGEST_HEAD:
            self._refuse()

    def on_headers_complete(self) -> None:
        """Start the request, unless its head is too large."""
        large = self._undigested > LARGEST_HEAD or self._piece > LARGEST_HEAD
        if len(self.headers) > MOST_HEADERS or (large and self._head_size() > LARGEST_HEAD):
            self._refuse()
            raise HeadTooLargeError
        self._undigested = 0
        HttpToolsProtocol.on_headers_complete(self)
        # uvicorn would add a trailer to the headers of a request that is already running.
        self.headers = []

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        # uvicorn makes the cycle itself and offers no other way to choose its class.
        cycle.__class__ = QuickCycle
        HttpToolsProtocol._start_asgi_task(self, cycle, app)  # noqa: SLF001  # the one place where a cycle is at hand

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._undigested = 0
        HttpToolsProtocol.on_body(self, body)

    def on_message_complete(self) -> None:
        """Note that the request is whole."""
        self._undigested = 0
        self._complete = self.scope
        HttpToolsProtocol.on_message_complete(self)

    def on_response_complete(self) -> None:
        """Go on to the next request; uvicorn sets a timer here for each one, which the look over all makes needless."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser did not take, once."""
        if not self._refused:
            super().send_400_response(msg)

    def stage(self) -> Stage:
        """What this connection is waiting for."""
        scope, cycle = self.scope, self.cycle
        if self._refused:
            return Stage.GOODBYE
        if scope is not None and scope is self._complete:
            return Stage.NEXT_REQUEST if cycle.response_complete else Stage.ANSWER
        if self.flow.read_paused:
            return Stage.ANSWER
        return Stage.BODY if cycle is not None and cycle.scope is scope else Stage.HEAD

    def overdue(self, now: float, patience: Patience) -> Stage | None:
        """The stage in which the client has used up all patience, if it has; to be asked about once a second."""
        stage = self.stage()
        if stage is not self._stage or self.scope is not self._stage_scope:
            self._stage, self._stage_scope, self._stage_since = stage, self.scope, now
        unread = self.transport.get_write_buffer_size()
        if not unread or unread < self._unread:
            self._unread_since = now
        self._unread = unread
        if now - self._unread_since > patience.unread:
            return Stage.ANSWER
        return stage if now - self._stage_since > patience.with_stage(stage) else None

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse(self) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self.parser = _Deaf()  # type: ignore[assignment]  # what still comes in is dropped
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()  # it would be read as the answer to the request before
            return
        self.transport.write(_refusal(self.server_state.default_headers))
        self.transport.write_eof()


class LeavingProtocol(TimedProtocol):
    """What every connection becomes once its server is about to go: each answer says that it is the last one here."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.keep_alive = False
        TimedProtocol._start_asgi_task(self, cycle, app)  # noqa: SLF001  # as its base does


class _Deaf:
    def feed_data(self, data: bytes) -> None:
        """Drop what comes in."""


def cut_off_slow_clients(connections: Iterable[Any], now: float, patience: Patience) -> None:
    """Close every connection whose client is overdue."""
    late: Counter[str] = Counter()
    for connection in tuple(connections):
        if stage := connection.overdue(now, patience):
            late[stage.name.lower()] += 1
            connection.transport.abort()
    del late[Stage.NEXT_REQUEST.name.lower()]
    if late:
        log.info("server.slow_clients_cut_off", **late)


def _refusal(default_headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    body = msgspec.json.encode(
        {
            "type": "about:blank",
            "title": "Request Header Fields Too Large",
            "status": 431,
            "detail": f"Send at most {MOST_HEADERS} headers of {LARGEST_HEAD} bytes together.",
            "error_code": "headers_too_large",
            "retryable": False,
            "timestamp": utc_now().isoformat(timespec="seconds"),
        }
    )
    headers = [
        *default_headers,
        (b"content-type", MEDIA_TYPE),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return STATUS_LINE[431] + b"".join(b"%s: %s\r\n" % header for header in headers) + b"\r\n" + body
