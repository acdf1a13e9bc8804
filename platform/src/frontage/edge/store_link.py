"""One connection to Redis or Valkey that many requests share, kept open as long as the store answers in time.

Commands of one pass of the event loop leave in one write, and answers come in the order of the commands. Every command
sent here is answered by a single line; that is all of the protocol that is spoken, so no client library stands between.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable

from frontage.base.logs import get_logger
from frontage.base.store_url import StoreUrl

log = get_logger(__name__)

BUDGET_SECONDS = 0.05
"""How long an answer may take before the store counts as lost."""
HEARTBEAT_SECONDS = 1.0
_CONNECT_SECONDS = 1.0
_FIRST_LOOK = 0.9
"""The part of the budget after which an answer is missed; the rest is for one more look."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


class StoreLostError(Exception):
    """The store did not answer, or not in time, or refused; `reason` is one word, `answer` what it said."""

    def __init__(self, reason: str, answer: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


class StoreLink:
    """Keeps a connection open, and says at once when there is none.

    `greet` is sent first and then once a second, so that a store is found lost, or back, without a request. Its answers
    go to `on_greeted`, which raises StoreLostError where it wants another store than the one that answers so.
    """

    def __init__(
        self,
        url: StoreUrl,
        greet: bytes,
        on_greeted: Callable[[bytes], object],
        *,
        budget: float = BUDGET_SECONDS,
    ) -> None:
        self._url = url
        self._greet = greet
        self._on_greeted = on_greeted
        self._budget = budget
        self._connection: _Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_known_lost = False
        self.losses: dict[str, int] = {}
        """How often the store was lost, by reason."""

    @property
    def is_up(self) -> bool:
        """Whether the store answered when it was asked last."""
        return self._connection is not None

    @property
    def times_lost(self) -> int:
        """How often the store was lost."""
        return sum(self.losses.values())

    async def start(self) -> None:
        """Connect, and go on trying beside the requests if that does not succeed at once."""
        await self._open()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            self._connection.lost.remove_done_callback(self._forget)
            self._connection.lose(StoreLostError("stopped"))
            self._connection = None

    def ask(self, command: bytes) -> "asyncio.Future[bytes]":
        """Send a command; its answer is one line, or a StoreLostError."""
        if self._connection is None:
            raise StoreLostError("down")
        return self._connection.ask(command)

    def give_up(self, error: StoreLostError) -> None:
        """Count the store as lost for another reason than silence, and try again in a while."""
        if self._connection is not None:
            self._connection.lose(error)

    async def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            if self._connection is None:
                await asyncio.sleep(pause)
                await self._open()
                pause = _FIRST_PAUSE if self.is_up else min(2 * pause, _LONGEST_PAUSE)
            else:
                await asyncio.wait([self._connection.lost], timeout=HEARTBEAT_SECONDS)
                try:
                    self._on_greeted(await self.ask(self._greet))
                except StoreLostError as error:
                    self.give_up(error)

    async def _open(self) -> None:
        connection = _Connection(self._budget)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._connect(connection)
                for command in self._introduction():
                    _expect_ok(await connection.ask(command))
            self._on_greeted(await connection.ask(self._greet))
        except (OSError, TimeoutError, StoreLostError) as error:
            loss = error if isinstance(error, StoreLostError) else StoreLostError("unreachable")
            connection.lose(loss)
            self._note_loss(loss)
        else:
            if connection.lost.done():
                return
            self._connection = connection
            connection.lost.add_done_callback(self._forget)
            if self._is_known_lost:
                log.info("limits.store_back")
            self._is_known_lost = False

    async def _connect(self, connection: "_Connection") -> None:
        loop, url = asyncio.get_running_loop(), self._url
        if url.path is not None:
            await loop.create_unix_connection(lambda: connection, url.path)
            return
        context = ssl.create_default_context() if url.tls else None
        await loop.create_connection(lambda: connection, url.host, url.port, ssl=context)

    def _introduction(self) -> list[bytes]:
        words = [word for word in (self._url.user, self._url.password) if word is not None]
        commands = [command(b"AUTH", *[word.encode() for word in words])] if self._url.password else []
        return [*commands, command(b"SELECT", b"%d" % self._url.database)]

    def _forget(self, lost: "asyncio.Future[StoreLostError]") -> None:
        self._connection = None
        self._note_loss(lost.result())

    def _note_loss(self, loss: StoreLostError) -> None:
        if self._is_known_lost:
            return
        self._is_known_lost = True
        self.losses[loss.reason] = self.losses.get(loss.reason, 0) + 1
        answer = loss.answer[:200].decode(errors="replace")
        log.warning(
            "limits.store_lost", reason=loss.reason, answer=answer or None, meaning="each process admits its share"
        )


class _Connection(asyncio.Protocol):
    """A connection as long as it lives; once lost it stays lost."""

    def __init__(self, budget: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._budget = budget
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._unanswered: deque[tuple[float, asyncio.Future[bytes]]] = deque()  # since when each waits
        self._rest = b""
        self._alarm: asyncio.TimerHandle | None = None
        self._suspect: asyncio.Future[bytes] | None = None
        self.lost: asyncio.Future[StoreLostError] = self._loop.create_future()
        """Done when it is lost; says why."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's transport, for a stream it is
        if self.lost.done():
            self._transport.abort()  # type: ignore[union-attr]

    def connection_lost(self, _error: Exception | None) -> None:
        self.lose(StoreLostError("closed"))

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            if not self._unanswered:
                self.lose(StoreLostError("refused", line))  # such as one client too many
                return
            _, answer = self._unanswered.popleft()
            if not answer.done():
                answer.set_result(line)

    def ask(self, command: bytes) -> "asyncio.Future[bytes]":
        if self.lost.done():
            raise self.lost.result()
        answer: asyncio.Future[bytes] = self._loop.create_future()
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(command)
        self._unanswered.append((self._loop.time(), answer))
        if self._alarm is None:
            self._alarm = self._loop.call_later(_FIRST_LOOK * self._budget, self._look)
        return answer

    def _flush(self) -> None:
        if self._transport is not None and not self.lost.done():
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def _look(self) -> None:
        """See whether the oldest command has waited too long."""
        self._alarm = None
        if not self._unanswered:
            return
        asked_at, oldest = self._unanswered[0]
        if oldest is self._suspect:
            self.lose(StoreLostError("timeout"))
            return
        wait = asked_at + _FIRST_LOOK * self._budget - self._loop.time()
        if wait <= 0:
            # A loop that was busy itself reads an answer that came meanwhile before it looks again.
            self._suspect, wait = oldest, (1 - _FIRST_LOOK) * self._budget
        self._alarm = self._loop.call_later(wait, self._look)

    def lose(self, loss: StoreLostError) -> None:
        if self.lost.done():
            return
        self.lost.set_result(loss)
        if self._transport is not None:
            self._transport.abort()
        if self._alarm is not None:
            self._alarm.cancel()
        for _, answer in self._unanswered:
            if not answer.done():
                answer.set_exception(loss)
                answer.exception()  # whoever waits hears of it; if nobody does any more, that is no news
        self._unanswered.clear()


def command(*words: bytes) -> bytes:
    """A command as it goes over the wire."""
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))


def _expect_ok(line: bytes) -> None:
    if line != b"+OK":
        raise StoreLostError("refused", line)
