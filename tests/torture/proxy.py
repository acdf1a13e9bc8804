"""A TCP proxy in front of the database that delays, stalls, or cuts the line in the middle of a reply."""

import asyncio
from contextlib import suppress
from typing import Self


class Proxy:
    """Passes bytes on, unless told otherwise."""

    def __init__(self, port: int, to_port: int) -> None:
        self.port, self.to_port = port, to_port
        self.delay = 0.0
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.cut_after: int | None = None
        self.cuts = 0
        self.lines: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_error) -> None:
        self.server.close()
        self.cut()

    def cut(self) -> None:
        """Cut every line."""
        for line in list(self.lines):
            line.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.to_port)
            self.lines |= {writer, back}
            await asyncio.gather(self._pass(reader, back, reply=False), self._pass(there, writer, reply=True))
        self.lines.discard(writer)
        writer.close()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, reply: bool) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self.flowing.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                if reply and self._cuts(len(data)):
                    target.write(data[: self.cut_after or 0])
                    self.cut()
                    return
                target.write(data)
                await target.drain()
        target.close()

    def _cuts(self, count: int) -> bool:
        if self.cut_after is None:
            return False
        if self.cut_after >= count:
            self.cut_after -= count
            return False
        self.cuts += 1
        return True
