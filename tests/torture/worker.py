"""A `frontage serve`: started, watched, killed."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.torture.client import get
from tests.torture.pulse import Felt, Pulse
from tests.torture.site import Site

SETTLE_SECONDS = 60
FRONTAGE = Path(sys.executable).with_name("frontage")
NUMBER = re.compile(r'frontage_intake_(\w+?)(?:_total)?\{stream="kitchen-sink.tastes",worker="[^"]+"\} (\S+)')


class Worker:
    """One server on one port."""

    def __init__(self, site: Site, url: str | None, data_dir: Path, port: int) -> None:
        self.site, self.url, self.data_dir, self.port = site, url, data_dir, port
        self.process: asyncio.subprocess.Process | None = None
        self.unbalanced = 0
        self.pulse = Pulse()

    async def start(self, *, failpoint: str | None = None, wrap: Sequence[str] = (), **more: str) -> None:
        environment = self.environment | more
        if failpoint:
            environment["FRONTAGE_TEST_FAILPOINT"] = failpoint
        command = [*wrap, FRONTAGE, "serve", "--port", str(self.port)]
        log = (self.data_dir / f"server-{self.port}.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=self.data_dir, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        async with asyncio.timeout(60):
            while not await self.alive():
                if failpoint and self.process.returncode == -signal.SIGKILL:
                    return  # on the way up, over what it found in a spool
                assert self.process.returncode is None, f"it ended at once with {self.process.returncode}"
                await asyncio.sleep(0.02)

    async def command(self, *words: str, **more: str) -> int:
        """Run another command of `frontage` beside it, and give its exit code."""
        log = (self.data_dir / f"server-{self.port}.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            FRONTAGE, *words, cwd=self.data_dir, env=self.environment | more, stdout=log, stderr=log
        )
        log.close()
        async with asyncio.timeout(60):
            return await process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """What it is started with."""
        return self.site.environment | ({"FRONTAGE_DATABASE_URL": self.url} if self.url else {})

    @asynccontextmanager
    async def traced(self, *words: str) -> AsyncIterator[None]:
        """While the block runs, strace is at every thread of the server."""
        assert self.process
        output = self.data_dir / "injected.trace"
        strace = await asyncio.create_subprocess_exec(
            "strace", "-f", "-p", str(self.process.pid), "-o", output, *words, stderr=asyncio.subprocess.PIPE
        )
        assert strace.stderr
        told = await strace.stderr.readline()
        assert b"attached" in told, told.decode()
        try:
            yield
        finally:
            strace.terminate()
            await strace.communicate()
        assert "INJECTED" in output.read_text(), "nothing failed"

    async def alive(self) -> bool:
        try:
            return b"200" in await get(self.port, "/health/live")
        except OSError:
            return False

    async def kill(self) -> None:
        """As by a power cut of the process; everything of its session, so that a tracer goes too."""
        if self.process and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.gone()

    async def stop(self) -> int:
        if self.process and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        return await self.gone()

    async def gone(self) -> int:
        assert self.process
        async with asyncio.timeout(60):
            return await self.process.wait()

    async def numbers(self) -> dict[str, float]:
        found = NUMBER.findall((await get(self.port, "/metrics")).decode())
        return {name: float(value) for name, value in found}

    async def watch(self, stop: asyncio.Event, *, felt: bool) -> None:
        """Look at the books again and again, and feel the pulse where it matters."""
        assert self.process
        if not felt:
            await self._watch_books(stop)
            return
        async with Felt(self.port, self.process.pid) as seen:
            await self._watch_books(stop)
        self.pulse = self.pulse.beside(seen.pulse)

    async def _watch_books(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                n = await self.numbers()
            except OSError:
                return
            kept = n["stored"] + n["duplicate"] + n["dead"] + n["spooled"] + n["in_flight"]
            self.unbalanced += n["accepted"] + n["adopted"] != kept
            await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Wait until its spools are empty."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while True:
                n = await self.numbers()
                if not n["spooled"] and not n["in_flight"] and not n["away"]:
                    return
                await asyncio.sleep(0.1)
