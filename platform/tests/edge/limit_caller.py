"""A process that shares limits with others; it calls as each line tells it, and answers with what was admitted.

`burst SUBJECT WINDOWS TRIES` calls so often at once, `press SUBJECT WINDOWS SECONDS` without a pause for so long. An
answer lists when each admitted call was asked and answered, by the clock that all processes of a machine share.
"""

import asyncio
import json
import sys
import time

import uvloop

from frontage.base.store_url import StoreUrl
from frontage.edge.limits import Ask
from frontage.edge.shared_limits import SharedLimiter
from frontage.tenants.policy import parse_windows

AT_ONCE = 4


class Caller:
    def __init__(self, limiter: SharedLimiter, subject: str, windows: str) -> None:
        self.limiter = limiter
        self.asks = [Ask("publishable", subject, parse_windows(windows))]
        self.admitted: list[tuple[float, float]] = []
        self.alone = False

    async def call(self) -> None:
        asked = time.monotonic()
        verdict = await self.limiter.decide(self.asks)
        self.alone |= verdict.alone
        if verdict.admitted:
            self.admitted.append((asked, time.monotonic()))

    async def burst(self, tries: int) -> None:
        await asyncio.gather(*(self.call() for _ in range(tries)))

    async def press(self, seconds: int) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self.burst(AT_ONCE)


async def main(url: str) -> None:
    # Patient: what is counted here is what the store admits, on a machine however busy.
    limiter = SharedLimiter(StoreUrl.parse(url), b"name key", processes=4, budget=60)
    await limiter.start()
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        how, subject, windows, number = line.split()
        caller = Caller(limiter, subject, windows)
        await getattr(caller, how)(int(number))
        say(json.dumps({"admitted": caller.admitted, "alone": caller.alone}))
    await limiter.stop()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
