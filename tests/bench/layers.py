"""What single layers of the front cost in this process: limits beside the package `limits`, keys and tenants."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from tests.bench.table import Row
from tests.bench.wrk import ROUNDS

from frontage.base.store_url import StoreUrl
from frontage.edge.limits import Ask, MemoryLimiter
from frontage.edge.shared_limits import SharedLimiter
from frontage.edge.store_link import StoreLink
from frontage.tenants.policy import Window
from frontage.testing.harness import Running, running, settings_for
from frontage.testing.redis import private_redis

CALLS = 20_000
ASKED = 2_000
SUBJECTS = 100
PLENTY = 1_000_000_000
WINDOWS = (Window(PLENTY, 60), Window(PLENTY, 86_400))
FEW, MANY = 100, 1_000
PING = b"*1\r\n$4\r\nPING\r\n"


def micros(work: Callable[[int], object], calls: int = CALLS) -> float:
    """Microseconds that a call takes."""
    began = time.perf_counter()
    for number in range(calls):
        work(number)
    return (time.perf_counter() - began) / calls * 1e6


async def micros_awaited(work: Callable[[int], Awaitable[object]], calls: int = ASKED) -> float:
    """Microseconds that an awaited call takes, one after the other."""
    began = time.perf_counter()
    for number in range(calls):
        await work(number)
    return (time.perf_counter() - began) / calls * 1e6


def limit_rows() -> list[Row]:
    """A decision in two windows in memory, for a hundred subjects in turns."""
    own, theirs = MemoryLimiter(), SlidingWindowCounterRateLimiter(MemoryStorage())
    asks = [[Ask("key", number, WINDOWS)] for number in range(SUBJECTS)]
    items = (RateLimitItemPerMinute(PLENTY), RateLimitItemPerDay(PLENTY))

    def hit(number: int) -> bool:
        return all(theirs.hit(item, str(number % SUBJECTS)) for item in items)

    ours, rival = [], []
    for _ in range(ROUNDS):
        ours.append(micros(lambda number: own.decide_now(asks[number % SUBJECTS])))
        rival.append(micros(hit))
    ratios = [b / a for a, b in zip(ours, rival, strict=True)]
    return [
        Row.of("limits: two windows in memory, µs", ours, "< 2"),
        Row.of("limits: decisions a second ÷ the package limits, sliding counters", ratios, ""),
    ]


async def store_row() -> Row:
    """A decision in two windows by the store, beside the shortest question that it can be asked, over the same kind of link."""
    with private_redis() as server:
        url = StoreUrl.parse(server.url)
        limiter, link = SharedLimiter(url, b"bench"), StoreLink(url, PING, lambda _: None)
        await limiter.start()
        await link.start()
        asks = [Ask("key", 1, WINDOWS)]
        ratios = []
        for _ in range(ROUNDS):
            decided = await micros_awaited(lambda _: limiter.decide(asks))
            ratios.append(decided / await micros_awaited(lambda _: link.ask(PING)))
        await link.stop()
        await limiter.stop()
    return Row.of("limits: two windows in Redis ÷ PING", ratios, "≤ 1.3")


async def look_ups(folder: Path, tenants: int) -> list[float]:
    """Microseconds to find a key and its tenant among so many, in several rounds."""
    files = {f"shop-{number}": f'name = "Shop"\nnumber = {number}\n' for number in range(1, tenants + 1)}
    async with running(settings_for(f"sqlite+aiosqlite:///{folder}/frontage.db", folder), files, []) as started:
        return await _look_ups(started, [*files])


async def _look_ups(started: Running, slugs: list[str]) -> list[float]:
    keys = [await started.key(slug, "publishable") for slug in slugs[:FEW]]
    directory = started.platform.services.directory

    def find(number: int) -> None:
        key = directory.find_key(keys[number % FEW])
        assert key is not None
        directory.find_tenant_by_slug(slugs[number % len(slugs)])

    return [micros(find) for _ in range(ROUNDS)]


async def layer_rows(folder: Path) -> list[Row]:
    """All of them."""
    few, many = await look_ups(folder / "few", FEW), await look_ups(folder / "many", MANY)
    growth = [b / a for a, b in zip(few, many, strict=True)]
    return [
        *limit_rows(),
        await store_row(),
        Row.of("key and tenant look-up, µs", few, "< 2"),
        Row.of("key and tenant look-up, ten times the tenants ÷ as many", growth, "about 1"),
    ]
