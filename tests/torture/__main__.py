"""`python -m tests.torture [fault ...]`: every fault on both databases, and a table of what was lost. ROUNDS= sets how often."""

import asyncio
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from tests.results import write_section
from tests.torture import books, faults
from tests.torture.books import Result
from tests.torture.client import Ledger
from tests.torture.cluster import cluster
from tests.torture.faults import Fault, Scene
from tests.torture.hosts import caddy, nginx
from tests.torture.proxy import Proxy
from tests.torture.site import make_site
from tests.torture.snapshots import HOSTS, in_step
from tests.torture.trace import Order, traced
from tests.torture.two_hosts import Balancer, two_hosts

from frontage.base.logs import configure_logs


@dataclass(frozen=True)
class Row:
    """A line of the table: a fault, and how many of the rounds it takes."""

    name: str
    fault: Fault
    share: float
    dialects: tuple[str, ...] = ("sqlite", "postgresql")
    line: bool = False
    """Whether a proxy stands between the server and its database."""
    timed: bool = False
    """Whether the bars of an outage hold: p99 of the answers, and the pulse."""


PG = ("postgresql",)
ROWS = [
    Row("SIGKILL at random", faults.kill_at_random, 1),
    Row("SIGKILL at failpoints", faults.kill_at_failpoints, 0.5),
    Row("SIGTERM under load", faults.stop_at_random, 0.5),
    Row("8 MB for the spool", faults.small_disk, 0.02),
    Row("ENOSPC and EIO", faults.bad_disk, 0.06),
    Row("everything twice", faults.everything_twice, 0.05),
    Row("jumping clocks", faults.jumping_clock, 0.02),
    Row("a shop deleted", faults.delete_a_shop, 0.01),
    Row("database crash", faults.crash_the_database, 0.05, PG, timed=True),
    Row("database frozen", faults.freeze_the_database, 0.05, PG, timed=True),
    Row("60 s without a database", faults.long_outage, 0.005, PG, timed=True),
    Row("slow line", faults.slow_line, 0.06, PG, line=True, timed=True),
    Row("reply cut at each byte", faults.reply_cut, 1, PG, line=True),
    Row("reply stalled at each byte", faults.reply_stalled, 0.3, PG, line=True),
]


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


Look = Callable[[Scene], Awaitable[None]]
Tick = Callable[[], None]


async def nothing_else(_scene: Scene) -> None:
    """The ledger is all there is to look at."""


async def one(dialect: str, row: Row, rounds: int, look: Look = nothing_else, tick: Tick = lambda: None) -> Result:
    """One fault in a world of its own; `look` sees it while its database is still there."""
    async with AsyncExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-torture-")))
        first, second, postgres_port, proxy_port = free_ports(4)
        server = stack.enter_context(cluster(postgres_port)) if dialect == "postgresql" else None
        site = await make_site(data_dir, server.url if server else None)
        url = server.url if server else f"sqlite+aiosqlite:///{data_dir}/frontage.db"
        scene = Scene(url, data_dir, (first, second), site, Ledger(site.shops), server, tick=tick)
        stack.push_async_callback(scene.clear)
        if row.line:
            scene.proxy = await stack.enter_async_context(Proxy(proxy_port, postgres_port))
        try:
            done = await row.fault(scene, rounds)
        except BaseException:
            for log in data_dir.glob(  # noqa: ASYNC240 - a harness may wait for its disk
                "server-*.log"
            ):
                sys.stderr.write(log.read_text()[-3000:])
            raise
        result = await _reckon(scene, f"{row.name}, {dialect}", done)
        if row.timed:
            result.p99, result.live = scene.ledger.p99() * 1000, scene.pulse.slowest_own * 1000
            result.busy = scene.pulse.busy
            result.note = (
                f"live within {scene.pulse.slowest * 1000:.0f} ms with the wait for a processor; {result.note}"
            )
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


async def order(dialect: str, *, spooled: bool, tick: Tick = lambda: None) -> Result:
    """No answer before the sync that covers it: of the embedded database, of PostgreSQL's log, of the spool."""
    seen: list[Order] = []

    async def trace(scene: Scene, _rounds: int) -> int:
        seen.append(await traced(scene, spooled=spooled))
        return 1

    result = await one(dialect, Row(f"answer after sync{' of the spool' if spooled else ''}", trace, 1), 1, tick=tick)
    (found,) = seen
    result.note = (
        f"{found.answers} answers, {found.syncs} syncs ({found.own_syncs} of the server itself), "
        f"{found.too_early} answers too early"
    )
    result.lost += found.too_early + (found.answers <= 100)
    return result


def planned(wanted: list[str], rounds: int) -> list[tuple[str, int, Callable[[Tick], Awaitable[Result]]]]:
    """What is to be run: name, rounds, and how."""
    plan: list[tuple[str, int, Callable[[Tick], Awaitable[Result]]]] = []
    for dialect in ("sqlite", "postgresql"):
        for row in ROWS:
            if dialect in row.dialects:
                times = max(1, round(rounds * row.share))
                plan.append((f"{row.name}, {dialect}", times, partial(_one, dialect, row, times)))
    for dialect, spooled in (("sqlite", False), ("postgresql", False), ("postgresql", True)):
        name = f"answer after sync{' of the spool' if spooled else ''}, {dialect}"
        plan.append((name, 1, partial(_order, dialect, spooled)))
    for name, balancer in (("nginx", nginx), ("Caddy", caddy)):
        times = max(1, round(rounds * 0.01))
        plan.append((f"two hosts behind {name}, postgresql", times, partial(_two_hosts, name, balancer, times)))
    plan.append(("changes seen by every worker, postgresql", rounds, partial(_snapshots, rounds)))
    return [each for each in plan if not wanted or any(word in each[0] for word in wanted)]


async def _one(dialect: str, row: Row, rounds: int, tick: Tick) -> Result:
    return await one(dialect, row, rounds, tick=tick)


async def _order(dialect: str, spooled: bool, tick: Tick) -> Result:
    return await order(dialect, spooled=spooled, tick=tick)


async def _snapshots(rounds: int, tick: Tick) -> Result:
    with cluster(free_ports(1)[0]) as server:
        return await in_step(server.url, free_ports(HOSTS), rounds, tick=tick)


async def _two_hosts(name: str, balancer: Balancer, days: int, tick: Tick) -> Result:
    return await two_hosts(name, balancer, free_ports(4), days, tick)


async def main(wanted: list[str], rounds: int) -> int:
    """Run what is wanted with a bar for each; 1 when a bar was missed, 2 when the machine was too busy to judge one."""
    configure_logs(level=logging.ERROR)
    results: list[Result] = []
    console = Console(width=None if sys.stdout.isatty() else 150)
    plan = planned(wanted, rounds)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        for number, (name, times, run) in enumerate(plan, start=1):
            bar = progress.add_task(f"[{number}/{len(plan)}] {name}", total=times)
            results.append(await run(lambda bar=bar: progress.advance(bar)))
            progress.remove_task(bar)
            console.print(_line(results[-1]), highlight=False)
    console.print(table_of(results))
    if not wanted:
        cells = [(one_of.fault, *map(str, _counts(one_of)), one_of.verdict) for one_of in results]
        write_section(
            "make torture", f"ROUNDS={rounds}: a server or a database in trouble, under load.", COLUMNS, cells
        )
    if any(not result.good or result.verdict == "TOO SLOW" for result in results):
        return 1
    return 2 if any(result.slow for result in results) else 0


def _line(result: Result) -> str:
    return f"{result.fault}: {result.rounds} rounds, {result.acknowledged} acknowledged, {result.verdict}"


COLUMNS = ("fault", "rounds", "acknowledged", "lost", "duplicated", "miscounted", "unbalanced", "verdict")


def _counts(result: Result) -> tuple[int, ...]:
    told = (result.rounds, result.acknowledged, result.lost, result.duplicated, result.miscounted, result.unbalanced)
    return tuple(map(int, told))


def table_of(results: list[Result]) -> Table:
    """The table of everything that was done, with what is worth knowing beside it."""
    table = Table(title="What became of every acknowledged event", expand=False)
    table.add_column("fault", overflow="fold")
    for name in ("rounds", "acknowledged", "lost", "duplicated", "miscounted", "unbalanced", "p99 ms", "live ms"):
        table.add_column(name, justify="right")
    table.add_column("verdict", overflow="fold")
    table.add_column("note", overflow="fold")
    for one_of in results:
        times = ("" if value is None else f"{value:.0f}" for value in (one_of.p99, one_of.live))
        style = None if one_of.verdict == "ok" else "red" if "not judged" not in one_of.verdict else "yellow"
        table.add_row(one_of.fault, *map(str, _counts(one_of)), *times, one_of.verdict, one_of.note, style=style)
    return table


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:], int(os.environ.get("ROUNDS", "200")))))
