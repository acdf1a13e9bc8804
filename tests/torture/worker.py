"""A server process: started, watched, killed."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from tests.torture.client import get

SETTLE_SECONDS = 60
ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r'frontage_intake_(\w+?)(?:_total)?\{stream="([^"]+)",worker="[^"]+"\} (\S+)')


class Worker:
    """One server on one port."""

    def __init__(self, url: str, data_dir: Path, port: int, *, limits: dict[str, object] | None = None) -> None:
        self.url, self.data_dir, self.port = url, data_dir, port
        self.limits = limits or {}
        self.process: asyncio.subprocess.Process | None = None
        self.unbalanced = 0
        self.slowest_live = 0.0

    async def start(self, *, failpoint: str | None = None, wrap: Sequence[str] = (), **more: str) -> None:
        environment = os.environ | {"TORTURE_LIMITS": msgspec.json.encode(self.limits).decode()} | more
        if failpoint:
            environment["FRONTAGE_TEST_FAILPOINT"] = failpoint
        command = [*wrap, sys.executable, "-m", "tests.torture.app", self.url, str(self.data_dir), "w", str(self.port)]
        log = (self.data_dir / f"server-{self.port}.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        async with asyncio.timeout(60):
            while not await self.alive():
                if self.process.returncode is not None:
                    return
                await asyncio.sleep(0.02)

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
        return {name: float(value) for name, _stream, value in found}

    async def watch(self, stop: asyncio.Event) -> None:
        """Look at the books and at the pulse, again and again."""
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                n = await self.numbers()
                began = loop.time()
                await get(self.port, "/health/live")
                self.slowest_live = max(self.slowest_live, loop.time() - began)
            except OSError:
                return
            kept = n["stored"] + n["duplicate"] + n["dead"] + n["spooled"] + n["in_flight"]
            self.unbalanced += n["accepted"] + n["adopted"] != kept
            await asyncio.sleep(0.05)

    async def settled(self) -> None:
        """Wait until its spools are empty."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while True:
                    n = await self.numbers()
                    if not n["spooled"] and not n["in_flight"] and not n["away"]:
                        return
                    await asyncio.sleep(0.1)
        except TimeoutError:
            sys.stderr.write((await get(self.port, "/tasks")).decode())
            raise
