"""A TCP proxy in front of the database: slow, silent, or failing at a chosen byte of the reply that says `committed`."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Literal, Self

Way = Literal["cut", "pause", "never"]
"""What happens after the byte: the line is cut, the rest comes a second later, or never."""

PAUSE_SECONDS = 1.0


def committed(reply: bytes) -> str | None:
    """The tag of the statement that a reply ends, when nothing is open behind it: what it did is committed."""
    at, tag = 0, None
    while at + 5 <= len(reply):
        kind, size = reply[at : at + 1], int.from_bytes(reply[at + 1 : at + 5], "big")
        body = reply[at + 5 : at + 1 + size]
        if kind == b"C":
            tag = body.split(b" ")[0].rstrip(b"\0").decode("ascii", "replace")
        at += 1 + size
        if kind == b"Z" and at == len(reply):
            return tag if body == b"I" else None
    return None


class Proxy:
    """Passes bytes on, unless told otherwise."""

    def __init__(self, port: int, to_port: int) -> None:
        self.port, self.to_port = port, to_port
        self.delay = 0.0
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.armed: Way | None = None
        self.fired = asyncio.Event()
        self.next: Counter[str] = Counter()
        """By tag: the byte of its reply after which the next fault comes."""
        self.sweeps: Counter[str] = Counter()
        """By tag: how often every byte of its reply had its turn."""
        self.faults = 0
        self.lines: set[asyncio.StreamWriter] = set()
        self.intake: set[asyncio.StreamWriter] = set()
        """Directory and jobs ask as well; what they are told is no commit of an event."""

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_error) -> None:
        self.server.close()
        for line in list(self.lines):
            line.transport.abort()

    async def strike(self, way: Way) -> None:
        """Let the next reply that says `committed` fail at the byte whose turn it is; returns once it has."""
        self.fired.clear()
        self.armed = way
        async with asyncio.timeout(30):
            await self.fired.wait()

    def told(self) -> str:
        """Which bytes had their turn."""
        parts = [f"{tag} {self.sweeps[tag]} x all + {at}" for tag, at in sorted(self.next.items())]
        return f"{self.faults} at chosen bytes: {', '.join(parts)}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.to_port)
            self.lines |= {writer, back}
            await asyncio.gather(self._ask(reader, back), self._reply(there, writer, back))
        self.lines.discard(writer)
        writer.close()

    async def _ask(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._hold_up()
                if b"frontage-intake" in data:
                    self.intake.add(target)
                target.write(data)
                await target.drain()
        target.close()

    async def _reply(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._hold_up()
                way, at = self._due(data) if back in self.intake else (None, len(data))
                target.write(data[:at])
                await target.drain()
                if way == "cut":
                    target.transport.abort()
                    back.transport.abort()
                    return
                if way == "never":
                    await self._thrown_away(target)
                    return
                if way == "pause":
                    await asyncio.sleep(PAUSE_SECONDS)
                target.write(data[at:])
                await target.drain()
        target.close()

    async def _hold_up(self) -> None:
        await self.flowing.wait()
        if self.delay:
            await asyncio.sleep(self.delay)

    async def _thrown_away(self, target: asyncio.StreamWriter) -> None:
        while not target.is_closing():  # noqa: ASYNC110 - the other direction notices, and tells nobody
            await asyncio.sleep(0.1)

    def _due(self, data: bytes) -> tuple[Way | None, int]:
        way = self.armed
        if way is None or (tag := committed(data)) is None:
            return None, len(data)
        at = self.next[tag]
        self.next[tag] += 1
        if self.next[tag] == len(data):
            self.next[tag] = 0
            self.sweeps[tag] += 1
        self.armed = None
        self.faults += 1
        self.fired.set()
        return way, min(at, len(data))
