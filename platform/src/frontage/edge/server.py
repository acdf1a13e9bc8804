"""The server under the front: uvicorn with httptools, bounded patience and a graceful stop."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import uvicorn

from frontage.base.errors import ConfigurationError, Mistake
from frontage.base.logs import get_logger
from frontage.edge.slow_clients import LeavingProtocol, Patience, TimedProtocol, cut_off_slow_clients

GRACEFUL_SECONDS = 10
LOOPBACK = "127.0.0.1"
_BACKLOG = 2048
_TICKS_PER_LOOK = 10  # uvicorn ticks ten times a second
_LAST_WORDS_SECONDS = 1.0
_GLANCE_SECONDS = 0.02

log = get_logger(__name__)


def bind(host: str, port: int) -> socket.socket:
    """A socket that has `host` and `port`; a ConfigurationError says why there is none, and the fix.

    Nobody is let in before `serve` has it: a balancer that is refused goes to another host, one let in would wait.
    """
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if door.family is socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise ConfigurationError([_mistake(host, port, error)]) from error
    return door


def listen(host: str, port: int) -> socket.socket:
    """The same, and whoever comes may wait in it from now on."""
    door = bind(host, port)
    door.listen(_BACKLOG)
    return door


async def serve(
    app: Any,
    *,
    on_draining: Callable[[], None],
    host: str = LOOPBACK,
    port: int = 8000,
    sockets: Sequence[socket.socket] = (),
    graceful_seconds: int = GRACEFUL_SECONDS,
    drain_seconds: float = 0,
    patience: Patience | None = None,
) -> None:
    """Answer requests with the ASGI application `app` until SIGTERM or SIGINT, then return.

    `sockets` are bound already and are closed in the end; without any, one is opened on `host` and `port`. The first
    signal calls `on_draining` and goes on serving for `drain_seconds`, one request a connection, so that a balancer
    notices and lets its kept connections go; then it closes the door, answers whoever stands in it, and gives running
    requests `graceful_seconds`. A second one cuts them off. A signal
    that the process ignores stays ignored. No lifespan runs here: start and stop what `app` needs around this call.
    """
    patience = patience or Patience()
    config = uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",  # its warnings tell of every garbage request, its news we tell ourselves
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=patience.next_request,
        timeout_graceful_shutdown=graceful_seconds,
    )
    server = _Server(config, patience, on_draining, drain_seconds)
    listening = list(sockets) or [listen(host, port)]
    try:
        await server.serve(listening)
    finally:
        await server.end()
        log.info("server.stopped", requests=server.server_state.total_requests)


class _Server(uvicorn.Server):
    servers: list[asyncio.base_events.Server] = []  # noqa: RUF012  # uvicorn sets it at its start

    def __init__(
        self, config: uvicorn.Config, patience: Patience, on_draining: Callable[[], None], drain_seconds: float
    ) -> None:
        super().__init__(config)
        self._patience = patience
        self._on_draining = on_draining
        self._drain_seconds = drain_seconds
        self._is_draining = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            host, port = listening.getsockname()[:2]
            log.info("server.listening", host=host, port=port)

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_LOOK == 0:
            cut_off_slow_clients(self.server_state.connections, asyncio.get_running_loop().time(), self._patience)
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to the signals, and unlike uvicorn do not raise them anew after a clean stop."""
        loop = asyncio.get_running_loop()
        heard = [number for number in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(number) != signal.SIG_IGN]
        for number in heard:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        if self._is_draining:
            self.should_exit = self.force_exit = True
            self._cut_off()
            return
        self._is_draining = True
        self._on_draining()
        self.config.http_protocol_class = LeavingProtocol
        for connection in self.server_state.connections:
            connection.__class__ = LeavingProtocol  # each of them is its base
        if self._drain_seconds:
            log.info("server.draining", seconds=self._drain_seconds)
            asyncio.get_running_loop().call_later(self._drain_seconds, self._close_door)
        else:
            self._close_door()

    def _close_door(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door; the kernel would send away those who have come to it and were not let in yet."""
        doors = sockets or ()
        newcomers = [connection for door in doors for connection in _queue_at(door)]
        for door in (*self.servers, *doors):
            door.close()
        for newcomer in newcomers:
            await asyncio.get_running_loop().connect_accepted_socket(self._make_protocol, newcomer)
        await self._hear_newcomers()
        await super().shutdown(sockets)

    async def _hear_newcomers(self) -> None:
        """Wait for first requests: a balancer connects in order to send one, and may not send it twice."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience.first_words
        connections: set[Any] = self.server_state.connections
        while any(connection.cycle is None for connection in connections):
            if self.force_exit or loop.time() > deadline:
                return
            await asyncio.sleep(_GLANCE_SECONDS)

    def _make_protocol(self) -> asyncio.Protocol:
        make: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = make(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    async def end(self) -> None:
        """End what a graceful stop left running, or everything if there was none."""
        for server in self.servers:
            server.close()
        tasks = tuple(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_WORDS_SECONDS)
        self._cut_off()

    def _cut_off(self) -> None:
        for connection in tuple(self.server_state.connections):
            connection.transport.abort()


def _queue_at(door: socket.socket) -> Iterator[socket.socket]:
    """Everybody who is connected and waits to be let in."""
    with contextlib.suppress(BlockingIOError):
        while True:
            yield door.accept()[0]


def _mistake(host: str, port: int, error: OSError) -> Mistake:
    match error.errno:
        case errno.EADDRINUSE:
            fix = "Stop the program that listens there, or choose another port with PORT=… or --port."
            return Mistake("frontage serve", "port", port, f"a free port of {host}", fix)
        case errno.EACCES:
            fix = "Choose one from 1024 up with PORT=… or --port."
            return Mistake("frontage serve", "port", port, "a port that this user may open", fix)
        case _:
            fix = f"Choose another with --host. The system says: {error.strerror}."
            return Mistake("frontage serve", "host", host, "an address of this machine", fix)
