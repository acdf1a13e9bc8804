"""The faults, one function each: it has a server running under load, does its worst, and leaves a sound server behind."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from tests.torture import books
from tests.torture.books import TABLE
from tests.torture.client import Ledger, Load, fire
from tests.torture.cluster import Cluster
from tests.torture.proxy import Proxy, Way
from tests.torture.pulse import Pulse
from tests.torture.site import Site
from tests.torture.worker import Worker

FAILPOINTS = [
    "queue.taken",
    "commit.before",
    "commit.after",
    "answer.before",
    "answer.after",
    "rollup.taken",
    "rollup.committed",
]
SPOOL_FAILPOINTS = ["spool.before", "spool.after", "drain.before", "drain.committed", "drain.removed"]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
HAS_FAKETIME = Path(FAKETIME).exists()


@dataclass(frozen=True)
class Outage:
    """When there was surely no database, and how it went on."""

    since: datetime
    until: datetime
    spooled: int
    drained_seconds: float


@dataclass
class Scene:
    """Where a fault happens."""

    url: str
    data_dir: Path
    ports: tuple[int, int]
    site: Site
    ledger: Ledger
    cluster: Cluster | None = None
    proxy: Proxy | None = None
    unbalanced: int = 0
    note: str = ""
    workers: list[Worker] = field(default_factory=list)
    pulse: Pulse = field(default_factory=Pulse)
    tick: Callable[[], None] = lambda: None
    """Told after every round."""
    outage: Outage | None = None

    def worker(self, at: int = 0) -> Worker:
        url = self.cluster.url_through(self.proxy.port) if self.proxy and self.cluster else None
        self.workers.append(Worker(self.site, url, self.data_dir, self.ports[at]))
        return self.workers[-1]

    async def clear(self) -> None:
        """Leave no server behind, whatever went wrong."""
        for worker in self.workers:
            if worker.process and worker.process.returncode is None:
                await worker.kill()

    @asynccontextmanager
    async def under_load(self, *workers: Worker, load: Load | None = None, felt: bool = False) -> AsyncIterator[None]:
        """Clients and watchers, while the block runs."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(fire(worker.port, self.ledger, load or Load(), stop)) for worker in workers]
        tasks += [asyncio.create_task(worker.watch(stop, felt=felt)) for worker in workers]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            self.unbalanced += sum(worker.unbalanced for worker in workers)
            for worker in workers:
                self.pulse = self.pulse.beside(worker.pulse)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Somebody holds the table, so that events go to the spool."""
        if self.cluster is None:
            other = sqlite3.connect(self.data_dir / "frontage.db", isolation_level=None, timeout=30)
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.close()
            return
        connection = await asyncpg.connect(self.cluster.url.replace("+asyncpg", ""))
        try:
            await connection.execute(f"begin; lock table {TABLE} in access exclusive mode")
            yield
        finally:
            await connection.close()

    def remember_answers(self) -> None:
        """Note what was answered how often."""
        self.note = ", ".join(f"{count} x {answer.strip()}" for answer, count in sorted(self.ledger.answers.items()))


Fault = Callable[[Scene, int], Awaitable[int]]


async def kill_at_random(scene: Scene, rounds: int) -> int:
    """SIGKILL one of two workers at any moment; the other one adopts, so does the next."""
    first, second = scene.worker(0), scene.worker(1)
    await second.start()
    async with scene.under_load(second, load=Load(connections=4, pause=0.01)):
        for number in range(rounds):
            await first.start()
            async with scene.under_load(first):
                if number % 2:
                    async with scene.locked():
                        await asyncio.sleep(random.uniform(0.05, 0.4))
                        await first.kill()
                else:
                    await asyncio.sleep(random.uniform(0.02, 0.4))
                    await first.kill()
            scene.tick()
    await second.stop()
    return rounds


async def kill_at_failpoints(scene: Scene, rounds: int) -> int:
    """SIGKILL exactly here and there."""
    done = 0
    for place in FAILPOINTS + SPOOL_FAILPOINTS:
        for number in range(max(1, rounds // 12)):
            worker = scene.worker()
            await worker.start(
                failpoint=f"{place}:{random.randint(1, 6) if place not in SPOOL_FAILPOINTS else 1 + number % 2}"
            )
            async with scene.under_load(worker, load=Load(pause=0.002)):
                if place in SPOOL_FAILPOINTS:
                    async with scene.locked():
                        await asyncio.sleep(0.5)
                with suppress(TimeoutError):
                    async with asyncio.timeout(10):
                        await worker.gone()
            assert worker.process
            assert worker.process.returncode == -9, f"{place} was never reached"
            done += 1
            scene.tick()
    return done


async def stop_at_random(scene: Scene, rounds: int) -> int:
    """SIGTERM under load: everything in flight is answered, and nothing is left in the process."""
    for _ in range(rounds):
        worker = scene.worker()
        await worker.start()
        async with scene.under_load(worker):
            await asyncio.sleep(random.uniform(0.1, 0.5))
            code = await worker.stop()
        assert code in (0, -15), f"exit code {code}"
        scene.tick()
    return rounds


async def crash_the_database(scene: Scene, rounds: int) -> int:
    """`pg_ctl stop -m immediate`, and start again."""
    assert scene.cluster
    return await _while_away(scene, rounds, scene.cluster.stop, scene.cluster.start)


async def freeze_the_database(scene: Scene, rounds: int) -> int:
    """SIGSTOP for every process of the server."""
    assert scene.cluster
    return await _while_away(scene, rounds, scene.cluster.freeze, scene.cluster.thaw)


async def _while_away(scene: Scene, rounds: int, go: Callable[[], None], back: Callable[[], None]) -> int:
    worker = scene.worker()
    await worker.start()
    async with scene.under_load(worker, load=Load(pause=0.01), felt=True):
        for _ in range(rounds):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(go)
            await asyncio.sleep(random.uniform(1, 3))
            await asyncio.to_thread(back)
            await asyncio.sleep(1.5)
            scene.tick()
    await worker.settled()
    scene.remember_answers()
    await worker.stop()
    return rounds


async def short_outage(scene: Scene, rounds: int) -> int:
    """Eight seconds without a database; then the spool drains while new events flow."""
    return await _outage(scene, rounds, 8)


async def long_outage(scene: Scene, rounds: int) -> int:
    """A minute without a database."""
    return await _outage(scene, rounds, 60)


async def _outage(scene: Scene, rounds: int, seconds: int) -> int:
    assert scene.cluster
    worker = scene.worker()
    await worker.start()
    loop = asyncio.get_running_loop()
    async with scene.under_load(worker, load=Load(pause=0.01), felt=True):
        for _ in range(rounds):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(scene.cluster.stop)
            since = datetime.now(UTC)
            await asyncio.sleep(seconds)
            until, spooled = datetime.now(UTC), int((await worker.numbers())["spooled"])
            await asyncio.to_thread(scene.cluster.start)
            began = loop.time()
            await worker.settled()
            scene.outage = Outage(since, until, spooled, loop.time() - began)
            scene.tick()
    scene.remember_answers()
    assert scene.outage
    scene.note += f"; {scene.outage.spooled} spooled in {seconds} s, drained in {scene.outage.drained_seconds:.1f} s"
    assert scene.outage.drained_seconds <= seconds, "it drains no slower than it was filled"
    await worker.stop()
    return rounds


async def slow_line(scene: Scene, rounds: int) -> int:
    """Every byte to and from the database comes late, or none comes for a second."""
    assert scene.proxy
    worker = scene.worker()
    await worker.start()
    async with scene.under_load(worker, load=Load(pause=0.01), felt=True):
        for number in range(rounds):
            await asyncio.sleep(0.3)
            if number % 2:
                scene.proxy.flowing.clear()
                await asyncio.sleep(1)
                scene.proxy.flowing.set()
            else:
                scene.proxy.delay = (0.005, 0.05, 0.5)[number // 2 % 3]
                await asyncio.sleep(1)
                scene.proxy.delay = 0
            scene.tick()
    await worker.settled()
    scene.remember_answers()
    await worker.stop()
    return rounds


async def reply_cut(scene: Scene, rounds: int) -> int:
    """The line is cut after so many bytes of the reply that says `committed`: after none, one, two, … all but one."""
    return await _at_each_byte(scene, rounds, ("cut",))


async def reply_stalled(scene: Scene, rounds: int) -> int:
    """The rest of the reply that says `committed` comes a second too late, or never."""
    return await _at_each_byte(scene, rounds, ("pause", "never"))


async def _at_each_byte(scene: Scene, rounds: int, ways: Sequence[Way]) -> int:
    assert scene.proxy
    worker = scene.worker()
    await worker.start()
    async with scene.under_load(worker, load=Load(pause=0.002)):
        for number in range(rounds):
            await scene.proxy.strike(ways[number % len(ways)])
            await worker.settled()
            scene.tick()
    scene.remember_answers()
    scene.note += f"; {scene.proxy.told()}"
    await worker.stop()
    return rounds


async def small_disk(scene: Scene, rounds: int) -> int:
    """A spool on 8 MB of tmpfs that others have nearly filled: full, and free again."""
    for _ in range(rounds):
        worker = scene.worker()
        spool = scene.data_dir / "spool"
        mount = (
            f'mkdir -p "{spool}" && mount -t tmpfs -o size=8m tmpfs "{spool}" && head -c 6m /dev/zero > "{spool}/else"'
        )
        await worker.start(wrap=["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"])
        async with scene.under_load(worker, load=Load(connections=32)):
            async with scene.locked(), asyncio.timeout(30):
                before = scene.ledger.answers["503"]
                while scene.ledger.answers["503"] == before:  # noqa: ASYNC110 - the disk is full when it is
                    await asyncio.sleep(0.1)
            await asyncio.sleep(1)
        await worker.settled()
        await worker.stop()
        scene.tick()
    scene.remember_answers()
    return rounds


async def bad_disk(scene: Scene, rounds: int) -> int:
    """ENOSPC and EIO out of the system calls themselves, in the spool or in the embedded database."""
    kinds = ["fdatasync:error=EIO:when=12+25", "pwrite64:error=ENOSPC:when=60+40", "fdatasync:error=EIO:when=1+9"]
    for number in range(rounds):
        kind = kinds[number % 3]
        worker = scene.worker()
        await worker.start()
        async with (
            worker.traced("-e", f"trace={kind.split(':')[0]}", "-e", f"inject={kind}"),
            scene.under_load(worker, load=Load(connections=8, pause=0.005)),
            scene.locked() if scene.cluster else nullcontext(),
        ):
            await asyncio.sleep(1.5)
        await worker.kill()
        scene.tick()
    scene.remember_answers()
    return rounds


async def everything_twice(scene: Scene, rounds: int) -> int:
    """Every event sent twice, in parallel, in another order, to two workers, while one is killed and then the other told to stop."""
    for _ in range(rounds):
        workers = [scene.worker(0), scene.worker(1)]
        for worker in workers:
            await worker.start()
        async with scene.under_load(*workers, load=Load(twice=True, size=10)):
            await asyncio.sleep(0.8)
            await workers[0].kill()
            code = await workers[1].stop()
        assert code == 0, f"exit code {code}"
        scene.tick()
    return rounds


async def jumping_clock(scene: Scene, rounds: int) -> int:
    """The clock of the server jumps by hours and days, and clients' clocks are off; the server is killed as well."""
    for _ in range(rounds):
        worker = scene.worker()
        clock = scene.data_dir / "clock"
        clock.write_text("+0")
        environment = {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        await worker.start(**(environment if HAS_FAKETIME else {}))
        async with scene.under_load(worker, load=Load(shifted=True, pause=0.002)):
            for jump in ("-1h", "+2d", "-3d", "+0"):
                clock.write_text(jump)
                await asyncio.sleep(1.1)
            await worker.kill()
        scene.tick()
    scene.remember_answers()
    scene.note += "" if HAS_FAKETIME else "; libfaketime is missing: only the clients' clocks were off"
    return rounds


async def delete_a_shop(scene: Scene, rounds: int) -> int:
    """A shop is deleted, every other time killed half-way, while its events are in queue, spool and outbox."""
    for number in range(min(rounds, len(scene.ledger.shops) - 1)):
        workers = [scene.worker(0), scene.worker(1)]
        for worker in workers:
            await worker.start()
        slug, shop = scene.site.slugs[number], scene.ledger.shops[0]
        async with scene.under_load(*workers, load=Load(connections=8, pause=0.005)):
            async with scene.locked():
                await asyncio.sleep(0.5)
            failpoint = {"FRONTAGE_TEST_FAILPOINT": "erase.marked"} if number % 2 == 0 else {}
            code = await workers[0].command("tenants", "delete", slug, "--yes", **failpoint)
            assert code == (-9 if failpoint else 0), f"exit code {code}"
            await asyncio.sleep(0.5)
            scene.ledger.shops = scene.ledger.shops[1:]
            await workers[1].kill()
        scene.ledger.gone.add(shop.tenant)
        await books.nothing_of(scene.url, shop.tenant, scene.data_dir)
        await workers[0].stop()
        scene.tick()
    return rounds
