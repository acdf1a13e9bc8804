"""`python -m tests.torture [fault ...]`: every fault on both databases, and a table of what was lost. ROUNDS= sets how often."""

import asyncio
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.torture import books, faults
from tests.torture.books import Result
from tests.torture.client import Ledger
from tests.torture.cluster import cluster
from tests.torture.faults import Fault, Scene
from tests.torture.proxy import Proxy
from tests.torture.site import make_site
from tests.torture.trace import traced

from frontage.base.logs import configure_logs

BOTH: list[tuple[str, Fault, float]] = [
    ("SIGKILL at random", faults.kill_at_random, 1),
    ("SIGKILL at failpoints", faults.kill_at_failpoints, 0.5),
    ("SIGTERM under load", faults.stop_at_random, 0.5),
    ("8 MB for the spool", faults.small_disk, 0.02),
    ("ENOSPC and EIO", faults.bad_disk, 0.06),
    ("everything twice", faults.everything_twice, 0.05),
    ("jumping clocks", faults.jumping_clock, 0.02),
]
POSTGRESQL: list[tuple[str, Fault, float]] = [
    ("database crash", faults.crash_the_database, 0.05),
    ("database frozen", faults.freeze_the_database, 0.05),
    ("8 s without a database", faults.long_outage, 0.01),
    ("bad line", faults.bad_line, 0.06),
]


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


Look = Callable[[Scene], Awaitable[None]]


async def nothing_else(_scene: Scene) -> None:
    """The ledger is all there is to look at."""


async def one(dialect: str, name: str, fault: Fault, rounds: int, look: Look = nothing_else) -> Result:
    """One fault in a world of its own; `look` sees it while its database is still there."""
    async with AsyncExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-torture-")))
        first, second, postgres_port, proxy_port = free_ports(4)
        server = stack.enter_context(cluster(postgres_port)) if dialect == "postgresql" else None
        site = await make_site(data_dir, server.url if server else None)
        url = server.url if server else f"sqlite+aiosqlite:///{data_dir}/frontage.db"
        scene = Scene(url, data_dir, (first, second), site, Ledger(site.shops), server)
        stack.push_async_callback(scene.clear)
        if name == "bad line":
            scene.proxy = await stack.enter_async_context(Proxy(proxy_port, postgres_port))
        try:
            done = await fault(scene, rounds)
        except BaseException:
            for log in data_dir.glob(  # noqa: ASYNC240 - a harness may wait for its disk
                "server-*.log"
            ):
                sys.stderr.write(log.read_text()[-3000:])
            raise
        result = await _reckon(scene, f"{name}, {dialect}", done)
        await look(scene)
        return result


async def _reckon(scene: Scene, name: str, rounds: int) -> Result:
    """A last sound server adopts and counts what is left; then the ledger is compared with the tables."""
    scene.proxy = None
    worker = scene.worker()
    await worker.start()
    await worker.settled()
    await books.counted(scene.url)
    await worker.stop()
    return await books.compare(scene.url, scene.ledger, name, rounds, scene.unbalanced, scene.note)


async def order(dialect: str, *, spooled: bool) -> Result:
    """No answer before its sync: on the embedded database, and from the spool."""
    name = f"order of sync and answer, {'spool' if spooled else dialect}"
    seen: list[str] = []

    async def trace(scene: Scene, _rounds: int) -> int:
        found = await traced(scene, spooled=spooled)
        seen.append(f"{found.answers} answers, {found.too_early} before their sync")
        assert found.answers > 100
        assert not found.too_early, seen
        return 1

    result = await one(dialect, name, trace, 1)
    result.note = seen[0]
    return result


async def main(wanted: list[str], rounds: int) -> bool:
    """Run what is wanted, print as it goes."""
    configure_logs(level=logging.ERROR)
    results: list[Result] = []
    console = Console(width=170)
    for dialect in ("sqlite", "postgresql"):
        for name, fault, share in BOTH + (POSTGRESQL if dialect == "postgresql" else []):
            full = f"{name}, {dialect}"
            if wanted and not any(word in full for word in wanted):
                continue
            results.append(await one(dialect, name, fault, max(1, round(rounds * share))))
            console.print(results[-1])
    for dialect, spooled in (("sqlite", False), ("postgresql", True)):
        if not wanted or "order" in wanted:
            results.append(await order(dialect, spooled=spooled))
    console.print(_table(results))
    return all(result.good for result in results)


def _table(results: list[Result]) -> Table:
    table = Table("fault", "rounds", "acknowledged", "lost", "duplicated", "miscounted", "unbalanced", "note")
    for result in results:
        numbers = (
            result.rounds,
            result.acknowledged,
            result.lost,
            result.duplicated,
            result.miscounted,
            result.unbalanced,
        )
        table.add_row(result.fault, *map(str, numbers), result.note, style=None if result.good else "red")
    return table


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(sys.argv[1:], int(os.environ.get("ROUNDS", "200")))) else 1)
