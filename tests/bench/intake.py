"""`python -m tests.bench.intake`: what durable events cost, as ratios of one run. ROUNDS= and SECONDS= set how long.

wrk sends one prepared body on 64 connections; the servers take turns, five rounds; CPU is user and system time of the
server's process per request; what counts as stored is counted in the database. Where there are two cores and more,
whoever is measured has the first for itself, and wrk and PostgreSQL share the others.
"""

import asyncio
import os
import re
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table
from tests.bench.intake_app import PATH
from tests.bench.streams import TABLE, make_tables
from tests.bench.table import Row, show
from tests.bench.wrk import MEASURED, OTHERS, ROUNDS, SECONDS, Server, Shot
from tests.torture import books
from tests.torture.__main__ import free_ports
from tests.torture.client import get
from tests.torture.cluster import cluster

from frontage.base.ids import new_id

ROOT = Path(__file__).parents[2]
TICK = os.sysconf("SC_CLK_TCK")
EVENT = {"card": "card-7", "page": "/summer/sandals", "visitor": "3f1c9a7be0d24c6f"}
LAG = re.compile(r"frontage_intake_rollup_lag_seconds\{[^}]*\} (\S+)")


def write_script(folder: Path, size: int) -> Path:
    """What wrk sends: one body, prepared once."""
    body = msgspec.json.encode({"events": [EVENT] * size}).decode()
    script = folder / f"body-{size}.lua"
    script.write_text(f"wrk.method='POST'\nwrk.body='{body}'\nwrk.headers['content-type']='application/json'\n")
    return script


async def copy_rate(url: str) -> float:
    """COPY of 1,000 rows at a time into the same table: rows per second."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    tenant, now, count = new_id(), datetime.now(UTC), 0
    began = asyncio.get_running_loop().time()
    while (passed := asyncio.get_running_loop().time() - began) < SECONDS:
        rows = [(tenant, now.date(), new_id(), now, now, "card-7") for _ in range(1000)]
        await connection.copy_records_to_table(TABLE, records=rows)
        count += 1000
    await connection.close()
    return count / passed


async def stored(url: str) -> int:
    """Rows in the table."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    count = await connection.fetchval(f"select count(*) from {TABLE}")
    await connection.close()
    return count


async def watch_lag(server: Server, lags: list[float], stop: asyncio.Event) -> None:
    """How far the rollups are behind, again and again."""
    while not stop.is_set():
        found = LAG.search((await get(server.port, "/metrics")).decode())
        if found and float(found[1]):
            lags.append(float(found[1]))
        await asyncio.sleep(0.02)


class Bench:
    """All rounds."""

    def __init__(self, servers: dict[str, Server], url: str, folder: Path) -> None:
        self.servers, self.url = servers, url
        self.bodies = {size: write_script(folder, size) for size in (1, 100)}
        self.shots: dict[tuple[str, int, int], list[Shot]] = defaultdict(list)
        self.copies: list[float] = []
        self.lags: list[float] = []

    async def round(self) -> None:
        for size, connections in ((1, 64), (100, 64), (1, 1)):
            for name, server in self.servers.items():
                stop = asyncio.Event()
                watching = []
                if name == "durable" and connections == 64:
                    watching = [asyncio.create_task(watch_lag(server, self.lags, stop))]
                self.shots[name, size, connections].append(
                    await server.shoot(self.bodies[size], connections, path=PATH)
                )
                stop.set()
                await asyncio.gather(*watching)
                if name == "durable":
                    await books.counted(self.url)
        os.sched_setaffinity(0, MEASURED)
        self.copies.append(await copy_rate(self.url))
        os.sched_setaffinity(0, OTHERS)

    def median(self, name: str, size: int, connections: int, field: str) -> float:
        return statistics.median(getattr(shot, field) for shot in self.shots[name, size, connections])

    def ratios(self, field: str, one: str, other: str, size: int = 1, connections: int = 64) -> list[float]:
        """How one stands to another in each round."""
        pairs = zip(self.shots[one, size, connections], self.shots[other, size, connections], strict=True)
        return [getattr(a, field) / getattr(b, field) for a, b in pairs]

    def spread(self) -> str:
        """How much the bare server moved between the rounds."""
        rates = [shot.rate for shot in self.shots["bare", 1, 64]]
        spread = (max(rates) - min(rates)) / statistics.median(rates)
        return f"bare moved by {spread:.0%}" + (": void" if spread > 0.15 else "")

    def rows(self) -> list[Row]:
        events = [a.rate * 100 for a in self.shots["durable", 100, 64]]
        idiomatic = [shot.rate for shot in self.shots["idiomatic", 1, 64]]
        lag = sorted(self.lags)[int(len(self.lags) * 0.99)] * 1000 if self.lags else 0
        return [
            Row.of("CPU per single-event request ÷ null", self.ratios("cpu", "durable", "null"), "≤ 1.5"),
            Row.of("CPU per single-event request ÷ idiomatic", self.ratios("cpu", "durable", "idiomatic"), "≤ 0.95"),
            Row.of("requests per second ÷ idiomatic", self.ratios("rate", "durable", "idiomatic"), "≥ 1.1, aim 1.25"),
            Row.of("requests per second ÷ null", self.ratios("rate", "durable", "null"), "≥ 0.6, aim 0.7"),
            Row.of("p50 on one connection ÷ null", self.ratios("p50", "durable", "null", 1, 1), "≤ 6"),
            Row.of(
                "events in batches of 100 ÷ idiomatic requests",
                [a / b for a, b in zip(events, idiomatic, strict=True)],
                "≥ 3.5, aim 5",
            ),
            Row.of(
                "events in batches of 100 ÷ COPY",
                [a / b for a, b in zip(events, self.copies, strict=True)],
                "≥ 0.65, aim 0.9",
            ),
            Row("rollup lag p99, ms", lag, "≤ 400"),
            Row.of("SQLite ÷ PostgreSQL, single events", self.ratios("rate", "embedded", "durable"), "≥ 0.7"),
        ]

    def details(self) -> Table:
        table = Table("server", "body", "connections", "requests/s", "CPU µs", "p50 µs", "not 2xx")
        for (name, size, connections), shots in self.shots.items():
            numbers = [f"{self.median(name, size, connections, field):.0f}" for field in ("rate", "cpu", "p50")]
            table.add_row(name, str(size), str(connections), *numbers, str(sum(shot.failed for shot in shots)))
        table.add_row("COPY", "1000", "1", f"{statistics.median(self.copies):.0f} rows/s", "", "", "")
        return table


async def main() -> tuple[str, list[Row]]:
    """Measure everything; gives the title and the rows of the table."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    os.sched_setaffinity(0, OTHERS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-bench-")))
        server = stack.enter_context(cluster(free_ports(1)[0]))
        embedded = f"sqlite+aiosqlite:///{folder}/frontage.db"
        for url in (server.url, embedded):
            await make_tables(url)
        servers = {}
        for name, kind, url in [
            ("bare", "bare", ""),
            ("idiomatic", "idiomatic", ""),
            ("null", "null", ""),
            ("durable", "durable", server.url),
            ("embedded", "durable", embedded),
        ]:
            (folder / name).mkdir()
            servers[name] = Server.of("tests.bench.intake_app", kind, url, folder / name)
            stack.callback(servers[name].stop)
        for each in servers.values():
            await each.up()
        bench = Bench(servers, server.url, folder)
        for number in range(ROUNDS):
            await bench.round()
            print(f"round {number + 1}: {await stored(server.url)} rows", file=sys.stderr)
        Console(width=120).print(bench.details())
        return bench.spread(), bench.rows()


if __name__ == "__main__":
    title, rows = asyncio.run(main())
    show(rows, title)
