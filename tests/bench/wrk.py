"""A server process of a bench, and wrk against it."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.torture.__main__ import free_ports
from tests.torture.client import get

ROOT = Path(__file__).parents[2]
CORES = sorted(os.sched_getaffinity(0))
MEASURED = {CORES[0]}
"""The core of the servers; the database, wrk and the bench share the others."""
OTHERS = set(CORES[1:]) or MEASURED
TICK = os.sysconf("SC_CLK_TCK")
SECONDS = int(os.environ.get("SECONDS", "2"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))


@dataclass
class Shot:
    """One run of wrk against one server."""

    rate: float
    cpu: float
    """Microseconds of the server's CPU per request."""
    p50: float
    failed: int


class Server:
    """One server process."""

    def __init__(self, port: int, command: list[str], env: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.process = subprocess.Popen(command, cwd=ROOT, env=env)
        os.sched_setaffinity(self.process.pid, MEASURED)

    def cpu(self) -> float:
        """Seconds of CPU that it has taken so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    @classmethod
    def of(cls, module: str, kind: str, url: str, data_dir: Path) -> Self:
        """One of the servers that a module of the bench offers, on a free port."""
        (port,) = free_ports(1)
        return cls(port, [sys.executable, "-m", module, kind, str(port), url, str(data_dir)])

    async def up(self, path: str = "/metrics") -> None:
        """Wait until it answers."""
        async with asyncio.timeout(240):
            while True:
                assert self.process.poll() is None, "the server has ended; what it said stands above"
                try:
                    await get(self.port, path)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def body(self, path: str) -> bytes:
        """What it answers."""
        return (await get(self.port, path)).partition(b"\r\n\r\n")[2]

    async def shoot(self, script: Path, connections: int, seconds: int = SECONDS, path: str = "/") -> Shot:
        """Let wrk ask it for some seconds."""
        before = self.cpu()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
        wrk = await asyncio.create_subprocess_exec(
            *command, f"http://127.0.0.1:{self.port}{path}", stdout=subprocess.PIPE
        )
        told = (await wrk.communicate())[0].decode()
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
        return Shot(
            float(re.search(r"Requests/sec:\s+(\S+)", told)[1]),
            (self.cpu() - before) / int(re.search(r"(\d+) requests in", told)[1]) * 1e6,
            _micros(re.search(r"(?m)^\s+50%\s+(\S+)", told)[1]),
            int(failed[1]) if failed else 0,
        )

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


def _micros(text: str) -> float:
    unit = next(unit for unit in ("us", "ms", "s") if text.endswith(unit))
    return float(text.removesuffix(unit)) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]
