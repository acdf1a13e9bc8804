"""`python -m tests.bench.nearby`: what nearby search costs beside its rivals, as ratios of one run.

Over HTTP wrk asks on 64 connections for points near cities, another tenant each time; the servers take turns. In one
process the k-d tree, PostGIS and Redis are asked the same questions one after the other. ROUNDS= and SECONDS= set how
long; the words `http`, `postgis` and `memory` choose a part. Redis is asked by a pipeline on a socket, whose replies
nobody parses: no client costs it less.
"""

import asyncio
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url
from tests.bench.nearby_app import PATH
from tests.bench.nearby_world import MAKE_INDEX, MAKE_TABLE, Made, made_places, points, store
from tests.bench.table import Row, show
from tests.bench.wrk import CORES, OTHERS, ROUNDS, SECONDS, Server, Shot
from tests.torture.__main__ import free_ports
from tests.torture.cluster import cluster

from frontage.plugin import utc_now
from frontage.testing.harness import running, settings_for
from frontage_store_locator.nearby.postgis import NEAREST, PostgisEngine
from frontage_store_locator.nearby.search import Search
from frontage_store_locator.nearby.shown import COLUMNS, PlaceRow, ShownPlace
from frontage_store_locator.nearby.snapshot import Snapshot

TENANTS, PLACES = 100, 1_000
EVERYWHERE = 20_000
"""How many cities a tenant of a million places has."""
RADIUS_KM, LIMIT = 50, 20
UNLIMITED = """[policies]
publishable = ["900000000;w=60", "1000000000;w=86400"]
"store-locator.visitor" = "1000000000;w=60"
"""
SERVERS = ("memory", "asyncpg", "sqlalchemy", "guarded")
PARTS = ("http", "postgis", "memory")
Point = tuple[float, float]


async def prepare(url: str, folder: Path) -> dict[str, UUID]:
    """Tenants with their places and keys, on the platform and for the rivals; gives the tenants by key."""
    files = {
        f"shop-{number}": f'name = "Shop {number}"\nnumber = {number}\n{UNLIMITED}[plugins.store-locator]\n'
        for number in range(1, TENANTS + 1)
    }
    tenants = {}
    shops = {}
    async with running(settings_for(url, folder), files) as site:
        connection = await asyncpg.connect(plain(url))
        await connection.execute(MAKE_TABLE)
        for slug in files:
            tenant = site.tenant(slug)
            key = await site.key(slug, "publishable")
            await store(url, tenant.id, list(made_places(PLACES, tenant.number)), rivals=True)
            organization = {"id": tenant.short_id, "name": tenant.name, "short_id": tenant.short_id}
            shops[key] = {"id": str(tenant.id), "organization": organization}
            tenants[key] = tenant.id
        await connection.execute(MAKE_INDEX)
        await connection.execute("vacuum analyze")
        await connection.close()
    (folder / "bench.json").write_text(json.dumps({"url": url, "shops": shops}))
    return tenants


def plain(url: str) -> str:
    return url.replace("+asyncpg", "")


def write_script(folder: Path, keys: list[str]) -> tuple[Path, list[str]]:
    """What wrk asks, twenty points a tenant in no order; and the paths that warm every tenant up."""
    asked = [(key, point) for number, key in enumerate(keys, start=1) for point in points(20, number, seed=-number)]
    random.Random(5).shuffle(asked)
    paths = [f"{PATH}?lat={lat}&lon={lon}&radius=50&limit=20&key={key}" for key, (lat, lon, _) in asked]
    script = folder / "ask.lua"
    script.write_text(
        f"local paths = {{{','.join(map(repr, paths))}}}\nlocal ready, at = {{}}, 0\n"
        "init = function() for n, path in ipairs(paths) do ready[n] = wrk.format('GET', path) end end\n"
        "request = function() at = at % #ready + 1; return ready[at] end\n"
    )
    return script, paths


async def over_http(folder: Path, keys: list[str]) -> dict[str, list[Shot]]:
    """Every server in turn, some rounds."""
    script, paths = write_script(folder, keys)
    shots: dict[str, list[Shot]] = defaultdict(list)
    with ExitStack() as stack:
        servers = {}
        for name in SERVERS:
            (port,) = free_ports(1)
            command = [sys.executable, "-m", "tests.bench.nearby_app", name, str(port), str(folder)]
            servers[name] = Server(port, command)
            stack.callback(servers[name].stop)
        bodies = {}
        for name, server in servers.items():
            await server.up(paths[0])
            for _ in range(2):
                bodies[name] = [await server.body(path) for path in paths[:: len(paths) // 500]]
        compare(bodies)
        for number in range(ROUNDS):
            for name, server in servers.items():
                shots[name].append(await server.shoot(script, 64, SECONDS))
            print(f"round {number + 1}", file=sys.stderr)
    return shots


def compare(bodies: dict[str, list[bytes]]) -> None:
    """Every server tells the same places at the same distances, or the ratios mean nothing."""
    ours = [without_nearest(body) for body in bodies["memory"]]
    for name, theirs in bodies.items():
        for mine, other in zip(ours, map(without_nearest, theirs), strict=True):
            # `<->` orders by the sphere: at the end of a list another place may stand, never at its beginning.
            assert mine["locations"][:10] == other["locations"][:10], (name, mine, other)
            assert mine["organization"] == other["organization"], name


def without_nearest(body: bytes) -> dict:
    told = json.loads(body)
    told.pop("nearest", None)
    return told


def questions(tenant: int, homes: int, count: int = 1_000) -> list[Point]:
    return [(lat, lon) for lat, lon, _ in points(count, tenant, seed=-tenant, homes_count=homes)]


def search_at(point: Point) -> Search:
    return Search(lat=point[0], lon=point[1], radius_m=RADIUS_KM * 1000.0, limit=LIMIT, now=utc_now())


def snapshot_of(places: Iterator[Made]) -> Snapshot:
    blank = dict.fromkeys(COLUMNS, "") | {"special_days": [], "tags": [], "status": "published", "version": 1}
    blank |= {"closed_until": None, "deleted_at": None}
    fields = ("id", "name", "address", "city", "country", "lat", "lon", "phone", "website")
    rows = (PlaceRow(**(blank | {name: getattr(place, name) for name in fields})) for place in places)
    return Snapshot(1, {row.id: ShownPlace(row) for row in rows})


def timed(asked: list[Point], answer: Callable[[Point], object]) -> list[float]:
    """Seconds of each question."""
    taken = []
    for point in asked:
        began = perf_counter()
        answer(point)
        taken.append(perf_counter() - began)
    return taken


def growth_and_redis(folder: Path) -> list[Row]:
    """A thousand and a million places of one tenant in memory; the million in Redis."""
    small = snapshot_of(made_places(1_000, 1))
    places = list(made_places(1_000_000, 2, EVERYWHERE))
    large = snapshot_of(iter(places))
    near_few, near_many = questions(1, 25), questions(2, EVERYWHERE)
    few = many = theirs = 0.0
    for _ in range(ROUNDS):
        few += statistics.median(timed(near_few, lambda point: small.search(search_at(point))))
        many += statistics.median(timed(near_many, lambda point: large.search(search_at(point))))
    rows: list[Row] = [("nearby: p50 in process, a million places ÷ a thousand", many / few, "≤ 2")]
    ours = sum(timed(near_many, lambda point: large.search(search_at(point))))
    if shutil.which("redis-server") is None:
        print("redis-server is missing: its row is left out", file=sys.stderr)
        return rows
    with redis(folder) as connection:
        load_redis(connection, places)
        theirs = ask_redis(connection, near_many)
    return [*rows, ("nearby: searches per second ÷ Redis GEOSEARCH, a million places", theirs / ours, "≥ 5")]


@contextmanager
def redis(folder: Path) -> Iterator[socket.socket]:
    """A server that keeps nothing on disk, and a connection to it."""
    path = folder / "redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert process.poll() is None, "redis-server does not start"
            asyncio.run(asyncio.sleep(0.05))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            yield connection
    finally:
        process.terminate()
        process.wait(20)


def command_of(*words: object) -> bytes:
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def pipeline(connection: socket.socket, commands: bytes) -> None:
    """Send commands, and read whatever comes until the last of them is answered."""
    connection.sendall(commands + command_of("ECHO", "that-was-all"))
    tail = b""
    while not tail.endswith(b"that-was-all\r\n"):
        tail = (tail + connection.recv(1 << 20))[-20:]


def load_redis(connection: socket.socket, places: list[Made]) -> None:
    for start in range(0, len(places), 500):
        words = [word for one in places[start : start + 500] for word in (one.lon, one.lat, one.id.hex)]
        pipeline(connection, command_of("GEOADD", "places", *words))


def ask_redis(connection: socket.socket, asked: list[Point]) -> float:
    """Seconds for all questions, ten in a pipeline."""
    began = perf_counter()
    for start in range(0, len(asked), 10):
        commands = [
            command_of(
                "GEOSEARCH", "places", "FROMLONLAT", lon, lat, "BYRADIUS", RADIUS_KM, "km", "ASC", "COUNT", LIMIT,
                "WITHDIST", "WITHCOORD",
            )
            for lat, lon in asked[start : start + 10]
        ]  # fmt: skip
        pipeline(connection, b"".join(commands))
    return perf_counter() - began


async def beside_raw_statement(url: str, tenants: dict[str, UUID]) -> list[Row]:
    """The engine in PostGIS and the statement that it rests on, by turns, each on one connection."""
    chosen = dict(list(enumerate(tenants.values(), start=1))[:20])
    asked = [(number, point) for number in chosen for point in questions(number, 25, 50)]
    random.Random(6).shuffle(asked)
    engine, connection = PostgisEngine(make_url(url)), await asyncpg.connect(plain(url), server_settings={"jit": "off"})
    ratios, errors = [], 0
    held = {number: snapshot_of(made_places(PLACES, number)) for number in chosen}
    for _ in range(ROUNDS):
        raw = mine = 0.0
        for number, point in asked:
            began = perf_counter()
            await connection.fetch(NEAREST, chosen[number], point[1], point[0], RADIUS_KM * 1000.0, LIMIT)
            between = perf_counter()
            found = await engine.search(chosen[number], search_at(point))
            mine += perf_counter() - between
            raw += between - began
            exact = held[number].search(search_at(point))
            errors += [one.place.lat for one in found] != [one.place.lat for one in exact or ()]
        ratios.append(raw / mine)
    await engine.close()
    await connection.close()
    return [
        ("nearby: PostGIS engine ÷ its raw KNN statement", statistics.median(ratios), "≥ 0.6"),
        ("nearby: lists of the PostGIS engine in a wrong order", errors, "0"),
    ]


def ratio(shots: dict[str, list[Shot]], other: str) -> float:
    """The median of the ratios of each round."""
    return statistics.median(a.rate / b.rate for a, b in zip(shots["memory"], shots[other], strict=True))


def details(shots: dict[str, list[Shot]]) -> Table:
    table = Table("server", "requests/s", "CPU µs", "p50 µs", "not 2xx")
    for name, each in shots.items():
        numbers = [
            f"{statistics.median(getattr(shot, field) for shot in each):.0f}" for field in ("rate", "cpu", "p50")
        ]
        table.add_row(name, *numbers, str(sum(shot.failed for shot in each)))
    return table


async def http_rows(folder: Path, tenants: dict[str, UUID]) -> list[Row]:
    """What the servers reach beside one another."""
    os.sched_setaffinity(0, OTHERS)
    shots = await over_http(folder, list(tenants))
    os.sched_setaffinity(0, CORES)
    Console(width=120).print(details(shots))
    return [
        ("nearby: requests per second ÷ Litestar with asyncpg", ratio(shots, "asyncpg"), "≥ 1.8"),
        ("nearby: requests per second ÷ Litestar with SQLAlchemy", ratio(shots, "sqlalchemy"), "≥ 4"),
        ("nearby: ÷ Litestar with asyncpg, limits and CORS", ratio(shots, "guarded"), "told, no bar"),
    ]


async def main(parts: Collection[str] = PARTS) -> list[Row]:
    """Measure everything, or some parts; gives the rows of the table."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    rows: list[Row] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-bench-")))
        if "http" in parts or "postgis" in parts:
            os.sched_setaffinity(0, OTHERS)
            url = stack.enter_context(cluster(free_ports(1)[0])).url
            os.sched_setaffinity(0, CORES)
            tenants = await prepare(url, folder)
            if "http" in parts:
                rows += await http_rows(folder, tenants)
            if "postgis" in parts:
                rows += await beside_raw_statement(url, tenants)
        if "memory" in parts:
            rows += await asyncio.to_thread(growth_and_redis, folder)
    return rows


if __name__ == "__main__":
    show(asyncio.run(main(sys.argv[1:] or PARTS)))
