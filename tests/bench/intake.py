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
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table
from tests.bench.intake_app import PATH
from tests.bench.streams import TABLE, make_tables
from tests.bench.table import Row, show
from tests.torture import books
from tests.torture.__main__ import free_ports
from tests.torture.client import get
from tests.torture.cluster import cluster

from frontage.base.ids import new_id

ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("SECONDS", "2"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
MEASURED = set(CORES[:1])
OTHERS = set(CORES[1:]) or MEASURED
EVENT = {"card": "card-7", "page": "/summer/sandals", "visitor": "3f1c9a7be0d24c6f"}
LAG = re.compile(r"frontage_intake_rollup_lag_seconds\{[^}]*\} (\S+)")


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

    def __init__(self, kind: str, url: str, data_dir: Path) -> None:
        (self.port,) = free_ports(1)
        command = [sys.executable, "-m", "tests.bench.intake_app", kind, str(self.port), url, str(data_dir)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        os.sched_setaffinity(self.process.pid, MEASURED)

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    async def up(self) -> None:
        async with asyncio.timeout(30):
            while True:
                try:
                    await get(self.port, "/metrics")
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def shoot(self, script: Path, connections: int) -> Shot:
        before = self.cpu()
        wrk = await asyncio.create_subprocess_exec(
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{SECONDS}s",
            "--latency",
            "-s",
            str(script),
            f"http://127.0.0.1:{self.port}{PATH}",
            stdout=subprocess.PIPE,
        )
        told = (await wrk.communicate())[0].decode()
        requests = int(re.search(r"(\d+) requests in", told)[1])
        rate = float(re.search(r"Requests/sec:\s+(\S+)", told)[1])
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
        return Shot(
            rate,
            (self.cpu() - before) / requests * 1e6,
            _micros(re.search(r"(?m)^\s+50%\s+(\S+)", told)[1]),
            int(failed[1]) if failed else 0,
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def _micros(text: str) -> float:
    unit = next(unit for unit in ("us", "ms", "s") if text.endswith(unit))
    return float(text.removesuffix(unit)) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


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
                self.shots[name, size, connections].append(await server.shoot(self.bodies[size], connections))
                stop.set()
                await asyncio.gather(*watching)
                if name == "durable":
                    await books.counted(self.url)
        os.sched_setaffinity(0, MEASURED)
        self.copies.append(await copy_rate(self.url))
        os.sched_setaffinity(0, OTHERS)

    def median(self, name: str, size: int, connections: int, field: str) -> float:
        return statistics.median(getattr(shot, field) for shot in self.shots[name, size, connections])

    def ratio(self, field: str, one: str, other: str, size: int = 1, connections: int = 64) -> float:
        """The median of the ratios of each round."""
        pairs = zip(self.shots[one, size, connections], self.shots[other, size, connections], strict=True)
        return statistics.median(getattr(a, field) / getattr(b, field) for a, b in pairs)

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
            ("CPU per single-event request ÷ null", self.ratio("cpu", "durable", "null"), "≤ 1.5"),
            ("CPU per single-event request ÷ idiomatic", self.ratio("cpu", "durable", "idiomatic"), "≤ 0.95"),
            ("requests per second ÷ idiomatic", self.ratio("rate", "durable", "idiomatic"), "≥ 1.1, aim 1.25"),
            ("requests per second ÷ null", self.ratio("rate", "durable", "null"), "≥ 0.6, aim 0.7"),
            ("p50 on one connection ÷ null", self.ratio("p50", "durable", "null", 1, 1), "≤ 6"),
            (
                "events in batches of 100 ÷ idiomatic requests",
                statistics.median(a / b for a, b in zip(events, idiomatic, strict=True)),
                "≥ 3.5, aim 5",
            ),
            (
                "events in batches of 100 ÷ COPY",
                statistics.median(a / b for a, b in zip(events, self.copies, strict=True)),
                "≥ 0.65, aim 0.9",
            ),
            ("rollup lag p99, ms", lag, "≤ 400"),
            ("SQLite ÷ PostgreSQL, single events", self.ratio("rate", "embedded", "durable"), "≥ 0.7"),
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
            servers[name] = Server(kind, url, folder / name)
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
