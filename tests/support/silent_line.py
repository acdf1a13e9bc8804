"""A TCP line to a database that can go silent, where nothing is refused and nothing answered, or be cut."""

import asyncio
from contextlib import asynccontextmanager

from sqlalchemy import URL


class Line:
    """Passes bytes on for as long as it flows."""

    def __init__(self, host, port):
        self.there = host, port
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.tasks = set()
        self.refusing = False

    def cut(self, *, refuse):
        """End every line; new ones are ended as well while it refuses."""
        self.refusing = refuse
        for task in self.tasks:
            task.cancel()

    def forget(self):
        """Those that are silent stay so for good, as when a firewall forgets them; new ones are another matter."""
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def serve(self, reader, writer):
        if self.refusing:
            writer.transport.abort()
            return
        other, back = await asyncio.open_connection(*self.there)
        self.tasks.add(asyncio.current_task())
        try:
            await asyncio.gather(self.carry(reader, back), self.carry(other, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            back.transport.abort()

    async def carry(self, source, target):
        while data := await source.read(65536):
            await self.flowing.wait()
            target.write(data)
        target.close()


@asynccontextmanager
async def silent_line(url: URL):
    """A line to the server of this URL, and the URL of the same database through it."""
    line = Line(url.host, url.port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield line, url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        for task in line.tasks:
            task.cancel()
        server.close()
        await asyncio.gather(*line.tasks, return_exceptions=True)
