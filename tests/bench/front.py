"""`python -m tests.bench.front`: what everything before and after a handler costs, as ratios of one run.

wrk asks five servers in turns, 64 connections each: see `front_app`. Then, in this process, the layers one by one:
the limiter beside the package `limits`, key and tenant look-up, and what each costs once there is ten times as much.
ROUNDS= and SECONDS= as ever.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from tests.bench.front_app import CANDIDATE, PATH
from tests.bench.layers import layer_rows
from tests.bench.table import Row, show
from tests.bench.wrk import ROUNDS, Server, Shot
from tests.torture import books
from tests.torture.__main__ import free_ports
from tests.torture.cluster import cluster

from frontage.testing.harness import running, settings_for

KINDS = ("bare", "litestar", "limited", "fastapi", "frontage")
KEPT = "/bench-front/api/kept"
TENANT = 'name = "Bench"\nnumber = 1\n[plugins.bench-front]\n'
ORIGIN = "https://shop.example"
BODY = {"card": "card-7", "page": "/summer/sandals", "visitor": "3f1c9a7be0d24c6f"}
IMPORT = "import time; began = time.perf_counter(); import frontage.app.platform; print(time.perf_counter() - began)"


async def prepare(url: str, folder: Path) -> str:
    """Migrate, and make the tenant; gives its publishable key."""
    async with running(settings_for(url, folder), {"bench": TENANT}, [CANDIDATE]) as started:
        return await started.key("bench", "publishable", origins=(ORIGIN,))


def script_of(folder: Path, key: str) -> Path:
    """What wrk sends: as a browser on another site does."""
    script = folder / "front.lua"
    heads = {"content-type": "application/json", "x-api-key": key, "origin": ORIGIN}
    lines = [f"wrk.headers['{name}']='{value}'\n" for name, value in heads.items()]
    script.write_text(f"wrk.method='POST'\nwrk.body='{msgspec.json.encode(BODY).decode()}'\n{''.join(lines)}")
    return script


class Bench:
    """All rounds."""

    def __init__(self, servers: dict[str, Server], script: Path, url: str) -> None:
        self.servers, self.script, self.url = servers, script, url
        self.shots: dict[str, list[Shot]] = defaultdict(list)

    async def round(self) -> None:
        """Every server once."""
        for kind, server in self.servers.items():
            self.shots[kind].append(await server.shoot(self.script, 64, path=PATH))
        self.shots["kept"].append(await self.servers["frontage"].shoot(self.script, 64, path=KEPT))
        await books.counted(self.url)

    def ratios(self, one: str, other: str) -> list[float]:
        """Requests per second of one by those of another, of each round."""
        return [a.rate / b.rate for a, b in zip(self.shots[one], self.shots[other], strict=True)]

    def rows(self) -> list[Row]:
        """What the servers came to."""
        return [
            Row.of("front: whole pipeline without its sink ÷ bare ASGI", self.ratios("frontage", "bare"), "≥ 0.55"),
            Row.of("front: with the event on disk ÷ bare ASGI", self.ratios("kept", "bare"), "≥ 0.38, aim 0.45"),
            Row.of("front: without its sink ÷ the same in FastAPI", self.ratios("frontage", "fastapi"), "≥ 4"),
            Row.of("front: without its sink ÷ Litestar that only decodes", self.ratios("frontage", "litestar"), ""),
            Row.of("front: without its sink ÷ Litestar's own limiter", self.ratios("frontage", "limited"), ""),
            Row("front: answers that are no 2xx", sum(one.failed for some in self.shots.values() for one in some), "0"),
        ]

    def details(self) -> Table:
        """What they did, each for itself."""
        table = Table("server", "requests/s", "CPU µs", "p50 µs", "not 2xx")
        for name, shots in self.shots.items():
            numbers = (statistics.median(getattr(shot, field) for shot in shots) for field in ("rate", "cpu", "p50"))
            table.add_row(name, *(f"{number:.0f}" for number in numbers), str(sum(shot.failed for shot in shots)))
        return table


def import_row() -> Row:
    """How long the whole application takes to import, in processes of its own."""
    told = [
        float(subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    return Row.of("import of the whole application, seconds", told, "< 1")


async def main() -> list[Row]:
    """Measure everything; gives the rows of the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-bench-")))
        database = stack.enter_context(cluster(free_ports(1)[0]))
        key = await prepare(database.url, folder)
        folder.joinpath("key").write_text(key)
        servers = {}
        for kind in KINDS:
            servers[kind] = Server.of("tests.bench.front_app", kind, database.url, folder)
            stack.callback(servers[kind].stop)
        for kind, server in servers.items():
            await server.up("/health/live" if kind == "frontage" else PATH)
        bench = Bench(servers, script_of(folder, key), database.url)
        for number in range(ROUNDS):
            await bench.round()
            print(f"round {number + 1}", file=sys.stderr)
        Console(width=120).print(bench.details())
        return [*bench.rows(), *await layer_rows(folder), import_row()]


if __name__ == "__main__":
    show(asyncio.run(main()))
