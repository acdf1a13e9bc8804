"""`python -m tests.bench.beacon`: what storefront events cost, as ratios of one run. ROUNDS= and SECONDS= set how long.

One worker of the real server on PostgreSQL takes events that are all different, from 64 connections, against an
idiomatic Litestar handler that only decodes one; the two take turns. What counts as taken is counted in the database.
"""

import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from rich.console import Console
from rich.table import Table
from tests.bench.intake import PATH, write_script
from tests.bench.table import Row, show
from tests.bench.wrk import ROUNDS, SECONDS, Server, Shot
from tests.torture.__main__ import free_ports
from tests.torture.cluster import cluster

from frontage.base.ids import new_id
from frontage_storefront_beacon.judging import BatchReader

PLENTY = '"storefront-beacon.ingest" = "1000000000;w=60"\n"storefront-beacon.visitor" = "1000000000;w=60"\n'
TENANT = f'name = "Bench"\nnumber = 1\n[policies]\n{PLENTY}[plugins.storefront-beacon]\n'
KINDS = ["product_impression"] * 12 + ["product_click", "product_view", "add_to_cart", "search"]
LOOK = 100
"""Events of one visitor's look."""
MARK = "@"
"""Stands in a body for what is another in each look."""


def look() -> list[dict[str, Any]]:
    """What a page tells of a look at some lists: products at the places where they stand for everybody."""
    chance = random.Random(LOOK)
    now = datetime.now(UTC).isoformat()
    events = []
    for number in range(LOOK):
        kind = KINDS[number % len(KINDS)]
        product = chance.randrange(200)
        one = {"event_type": kind, "timestamp": now, "session_id": f"s-{MARK}", "event_id": f"e{number}-{MARK}"}
        one |= {"query": f"query {product % 20}"} if kind == "search" else {"product_id": 7003338965000 + product}
        if kind in {"product_impression", "product_click"}:
            one |= {"position": product % 24 + 1, "attribution_token": f"token-{MARK}"}
        events.append(one | {"device_id": f"d-{MARK}"})
    return events


def bodies(size: int) -> list[str]:
    """The same look, told in requests of so many events."""
    events = look()
    return [msgspec.json.encode({"events": events[at : at + size]}).decode() for at in range(0, LOOK, size)]


def write_beacon(folder: Path, size: int, token: str) -> Path:
    """A script for wrk in which each look puts its own number into bodies that are cut in pieces beforehand."""
    given = ", ".join("{" + ", ".join(f"[=[{piece}]=]" for piece in body.split(MARK)) + "}" for body in bodies(size))
    script = folder / f"beacon-{size}.lua"
    script.write_text(
        f"local given = {{{given}}}\n"
        "local number = 0\n"
        f"local run = '{new_id().hex[-12:]}'\n"
        f"wrk.method, wrk.path = 'POST', '/beacon?token={token}'\n"
        "wrk.headers['content-type'] = 'text/plain'\n"
        "wrk.headers['user-agent'] = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0'\n"
        "function request()\n"
        "  local pieces = given[number % #given + 1]\n"
        "  local mark = run .. math.floor(number / #given)\n"
        "  number = number + 1\n"
        "  return wrk.format(nil, nil, nil, table.concat(pieces, mark))\n"
        "end\n"
    )
    return script


class Beacon(Server):
    """The real server with one worker."""

    def __init__(self, url: str, folder: Path) -> None:
        tenants = folder / "tenants"
        tenants.mkdir()
        (tenants / "bench.toml").write_text(TENANT)
        self._env = os.environ | {
            "FRONTAGE_DATABASE_URL": url.replace("+asyncpg", ""),
            "FRONTAGE_DATA_DIR": str(folder / "var"),
            "FRONTAGE_TENANTS_DIR": str(tenants),
            "FRONTAGE_SECRET": "a secret that only a bench uses, long enough",
        }
        self._run("migrate")
        self._run("tenants", "apply")
        told = self._run("keys", "create", "bench", "--kind", "publishable", "--scope", "beacon:write")
        self.token = re.search(r"cpk_\w+", told)[0]
        (port,) = free_ports(1)
        super().__init__(port, self._command("serve", "--port", str(port)), self._env)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from frontage.cli import main; main()", *words]

    def _run(self, *words: str) -> str:
        return subprocess.run(self._command(*words), env=self._env, check=True, capture_output=True, text=True).stdout


async def ask(url: str, query: str) -> int:
    """A number from the database."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    number = await connection.fetchval(query)
    await connection.close()
    return number


async def counted(url: str) -> float:
    """Wait until everything is counted; gives the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(120):
        while await ask(url, "select count(*) from intake_outbox"):  # noqa: ASYNC110 - the database rings no bell
            await asyncio.sleep(0.05)
    return time.monotonic() - began


def judging() -> tuple[float, float]:
    """Microseconds for a batch of a hundred at best, and as a multiple of only parsing its JSON."""
    body = bodies(LOOK)[0].encode()
    reader, parse = BatchReader(), msgspec.json.Decoder()
    read, plain = (min(_timed(work, body) for _ in range(2000)) for work in (reader.read, parse.decode))
    return read, read / plain


def _timed(work, body: bytes) -> float:
    began = time.perf_counter_ns()
    work(body)
    return (time.perf_counter_ns() - began) / 1000


class Bench:
    """All rounds."""

    def __init__(self, url: str, folder: Path, beacon: Server, idiomatic: Server) -> None:
        self.url, self.folder, self.beacon, self.idiomatic = url, folder, beacon, idiomatic
        self.shots: dict[str, list[Shot]] = {"idiomatic, 1": [], "beacon, 1": [], "beacon, 100": []}
        self.taken: dict[int, list[float]] = {1: [], 100: []}
        self.behind: list[float] = []

    async def round(self) -> None:
        self.shots["idiomatic, 1"].append(await self.idiomatic.shoot(write_script(self.folder, 1), 64, path=PATH))
        for size in (1, 100):
            before = await ask(self.url, "select count(*) from storefront_beacon_events")
            shot = await self.beacon.shoot(write_beacon(self.folder, size, self.beacon.token), 64)
            stored = await ask(self.url, "select count(*) from storefront_beacon_events") - before
            self.behind.append(await counted(self.url))
            self.shots[f"beacon, {size}"].append(shot)
            self.taken[size].append(stored / SECONDS)

    def rows(self) -> list[Row]:
        rates = [shot.rate for shot in self.shots["idiomatic, 1"]]
        read, times = judging()
        stored = {
            size: [events / rate for events, rate in zip(taken, rates, strict=True)]
            for size, taken in self.taken.items()
        }
        return [
            Row.of("beacon: events stored in batches of 100 ÷ idiomatic requests", stored[100], "≥ 3, aim 5"),
            Row.of("beacon: events stored in batches of 1 ÷ idiomatic requests", stored[1], "≥ 1"),
            Row("beacon: judging a batch of 100, µs", read, "≤ 100"),
            Row("beacon: judging a batch of 100 ÷ parsing its JSON", times, ""),
            Row("beacon: seconds until all was counted, at worst", max(self.behind), ""),
        ]

    def details(self) -> Table:
        details = Table("server, events a request", "requests/s", "CPU µs", "p50 µs", "not 2xx")
        for name, shots in self.shots.items():
            numbers = (statistics.median(getattr(shot, field) for shot in shots) for field in ("rate", "cpu", "p50"))
            details.add_row(name, *(f"{number:.0f}" for number in numbers), str(sum(shot.failed for shot in shots)))
        return details


async def main() -> list[Row]:
    """Measure everything; gives the rows of the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-bench-")))
        database = stack.enter_context(cluster(free_ports(1)[0]))
        (folder / "idiomatic").mkdir()
        beacon = Beacon(database.url, folder)
        stack.callback(beacon.stop)
        idiomatic = Server.of("tests.bench.intake_app", "idiomatic", "", folder / "idiomatic")
        stack.callback(idiomatic.stop)
        for server in (beacon, idiomatic):
            await server.up()
        bench = Bench(database.url, folder, beacon, idiomatic)
        for number in range(ROUNDS):
            await bench.round()
            print(f"round {number + 1}", file=sys.stderr)
        Console(width=120).print(bench.details())
        return bench.rows()


if __name__ == "__main__":
    show(asyncio.run(main()))
