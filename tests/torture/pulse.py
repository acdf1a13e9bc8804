"""Asks `/health/live` again and again from a process of its own, and tells what of each answer's time was the server's.

The kernel knows how long a thread stood in line for a processor: on a busy machine that is most of a slow answer, and
no fault of a program. What is left after it was taken away is the time in which the server's loop did something else.
"""

import asyncio
import json
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ASK = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"
EVERY_SECONDS = 0.02


@dataclass
class Pulse:
    """What was seen."""

    asked: int = 0
    slowest: float = 0.0
    slowest_own: float = 0.0
    """Without what server and asker stood in line for a processor."""
    busy: float = 0.0
    """The part of the time in which the server's loop stood in line."""

    def beside(self, other: Self) -> "Pulse":
        """The worse of two."""
        return Pulse(
            self.asked + other.asked,
            max(self.slowest, other.slowest),
            max(self.slowest_own, other.slowest_own),
            max(self.busy, other.busy),
        )


def stood_in_line(process: int | str) -> float:
    """Seconds that the main thread of a process has waited for a processor."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9


def feel(port: int, process: int) -> Pulse:
    """Ask until the server is gone or nobody wants to know any more."""
    pulse = Pulse()
    began, line = time.monotonic(), stood_in_line(process)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as server:
        while True:
            at, before = time.monotonic(), stood_in_line(process) + stood_in_line("self")
            server.sendall(ASK)
            if not server.recv(65536):
                break
            took, waited = time.monotonic() - at, stood_in_line(process) + stood_in_line("self") - before
            pulse.asked += 1
            pulse.slowest = max(pulse.slowest, took)
            pulse.slowest_own = max(pulse.slowest_own, took - waited)
            pulse.busy = (stood_in_line(process) - line) / (time.monotonic() - began)
            sys.stdout.write(json.dumps(vars(pulse)) + "\n")
            sys.stdout.flush()
            time.sleep(EVERY_SECONDS)
    return pulse


class Felt:
    """The pulse of a server while a block runs."""

    def __init__(self, port: int, process: int) -> None:
        self._words = [sys.executable, __file__, str(port), str(process)]
        self.pulse = Pulse()

    async def __aenter__(self) -> Self:
        self._asker = await asyncio.create_subprocess_exec(
            *self._words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_error) -> None:
        if self._asker.returncode is None:
            self._asker.terminate()
        await self._asker.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._asker.stdout
        while line := await self._asker.stdout.readline():
            if line.endswith(b"\n"):
                self.pulse = Pulse(**json.loads(line))


if __name__ == "__main__":
    feel(int(sys.argv[1]), int(sys.argv[2]))
