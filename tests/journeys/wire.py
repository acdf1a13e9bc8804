"""The line to a database, that can be cut, frozen and mended while a server uses it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Wire:
    """Passes bytes between a port of its own and that of the database; lives in a thread."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._flowing = asyncio.Event()
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._done = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    @property
    def url(self) -> str:
        """The database's URL at the near end."""
        place = self._parts.netloc.rpartition(":")[0]
        return self._parts._replace(netloc=f"{place}:{self._port}").geturl()

    def cut(self) -> None:
        """End every connection, and refuse new ones."""
        self._tell(self._cut)

    def freeze(self) -> None:
        """Pass nothing on; connections stay, and new ones get no answer."""
        self._tell(self._flowing.clear)

    def mend(self) -> None:
        """As it was; what was frozen flows again."""
        self._tell(self._mend)

    def _cut(self) -> None:
        self._is_cut = True
        for end in self._ends:
            end.transport.abort()

    def _mend(self) -> None:
        self._is_cut = False
        self._flowing.set()

    def _tell(self, what: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(what)

    async def _run(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._flowing.set()
        self._up.set()
        await self._done.wait()
        server.close()
        self._cut()
        self._flowing.set()
        await asyncio.sleep(0.1)
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        ends = {writer, back}
        self._ends |= ends
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._ends -= ends

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                target.write(data)
                await target.drain()
        target.close()


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    """A wire to the database behind this URL."""
    wire = Wire(url)
    wire._thread.start()
    wire._up.wait()
    try:
        yield wire
    finally:
        wire._tell(wire._done.set)
        wire._thread.join()
        wire._loop.close()
