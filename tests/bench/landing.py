"""`python -m tests.bench.landing`: what a page's event costs, and what a dashboard does, as ratios of one run.

Events: wrk sends pageviews on 64 connections to the whole platform on PostgreSQL, in turns with a Litestar handler that
only decodes; what counts as stored is counted in the database. Dashboard: the plugin's own statement for a tenant with
ten thousand and one with EVENTS= events (ten million), against a bare SELECT of seven rows. ROUNDS= and SECONDS= as ever.
"""

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
import msgspec
from tests.bench.landing_app import PATH
from tests.bench.table import Row, show
from tests.bench.wrk import ROUNDS, Server, Shot
from tests.torture import books
from tests.torture.__main__ import free_ports
from tests.torture.cluster import cluster

from frontage.testing.harness import running, settings_for

EVENTS = int(os.environ.get("EVENTS", "10000000"))
SMALL = 10_000
READS = 300
EVENT = {"tenant_id": 1, "event_type": "pageview", "metadata": {"page": "/summer/sandals", "utm_source": "mail"}}
PLENTY = "1000000000;w=60"
POLICIES = "".join(f'"landing-analytics.{name}" = "{PLENTY}"\n' for name in ("track", "visitor"))
TENANTS = {
    slug: f'name = "{slug}"\nnumber = {number}\n[policies]\n{POLICIES}[plugins.landing-analytics]\n'
    for number, slug in enumerate(("busy", "small", "large"), start=1)
}
BARE = "select day, n from bare_week"
DASHBOARD = """
select * from landing_analytics_day_count where tenant_id = $1 and day >= current_date - 6 and day <= current_date
order by tenant_id, day
"""
FILL = """
insert into landing_analytics_events
    (tenant_id, utc_day, id, occurred, received, day, type, source, visitor, milliseconds)
select $1, current_date - n % 30, gen_random_uuid(), now(), now(), current_date - n % 30, 'pageview', 'landing',
    md5((n % ($2 / 10 + 1))::text), 0
from generate_series(1, $2::int) as n
"""
NO_INDEX = """
do $$ declare one record; begin
    for one in select conname from pg_constraint
        where conrelid = 'landing_analytics_events'::regclass and contype in ('p', 'u')
    loop execute format('alter table landing_analytics_events drop constraint %I cascade', one.conname); end loop;
    for one in select indexrelid::regclass as name from pg_index
        where indrelid = 'landing_analytics_events'::regclass
    loop execute format('drop index %s', one.name); end loop;
end $$
"""
"""No dashboard reads an event, so that ten million of them need no index; to make one would take most of the time."""
COUNT = """
insert into landing_analytics_day_count
select $1, pageview, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, day, people, people / 7, 0, 0, 0, 0, 0, 0
from (select day, count(*) as pageview, count(*) / 10 as people from landing_analytics_events
      where tenant_id = $1 group by day) as days
"""


async def prepare(url: str, folder: Path) -> dict[str, Any]:
    """Migrate, and apply the tenants; gives their ids."""
    async with running(settings_for(url, folder), TENANTS) as started:
        return {slug: started.tenant(slug).id for slug in TENANTS}


async def fill(url: str, tenant: Any, events: int) -> None:
    """Give a tenant events and the counts of them."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("set synchronous_commit = off")
    await connection.execute(FILL, tenant, events, timeout=3600)
    await connection.execute(COUNT, tenant, timeout=3600)
    await connection.execute("analyze landing_analytics_events, landing_analytics_day_count", timeout=3600)
    await connection.close()


async def without_indexes(url: str) -> None:
    """Take the events' indexes away, once nothing is stored any more."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(NO_INDEX)
    await connection.close()


async def read_times(url: str, tenants: dict[str, Any]) -> dict[str, float]:
    """The median time of each statement, in turns on one connection."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("create table bare_week as select current_date - n as day, n from generate_series(0, 6) n")
    asks: dict[str, tuple[Any, ...]] = {"bare": ()} | {slug: (tenants[slug],) for slug in ("small", "large")}
    made = {name: await connection.prepare(DASHBOARD if given else BARE) for name, given in asks.items()}
    times: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(READS):
        for name, given in asks.items():
            began = perf_counter()
            rows = await made[name].fetch(*given)
            times[name].append(perf_counter() - began)
            assert len(rows) == 7, name
    await connection.close()
    return {name: statistics.median(some) for name, some in times.items()}


def script_of(folder: Path) -> Path:
    """What wrk sends."""
    script = folder / "landing.lua"
    body = msgspec.json.encode(EVENT).decode()
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
    script.write_text(
        f"wrk.method='POST'\nwrk.path='{PATH}'\nwrk.body='{body}'\nwrk.headers['content-type']='application/json'\n"
        f"wrk.headers['user-agent']='{agent}'\n"
    )
    return script


async def shoot(servers: dict[str, Server], script: Path, url: str) -> dict[str, list[Shot]]:
    """The servers in turns."""
    shots: dict[str, list[Shot]] = {name: [] for name in servers}
    for server in servers.values():
        await server.up()
    for _ in range(ROUNDS):
        for name, server in servers.items():
            shots[name].append(await server.shoot(script, 64))
        await books.counted(url)
    return shots


async def main() -> list[Row]:
    """Measure everything; gives the rows of the table."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-bench-")))
        url = stack.enter_context(cluster(free_ports(1)[0])).url
        tenants = await prepare(url, folder)
        servers = {kind: Server.of("tests.bench.landing_app", kind, url, folder) for kind in ("idiomatic", "landing")}
        for server in servers.values():
            stack.callback(server.stop)
        shots = await shoot(servers, script_of(folder), url)
        await without_indexes(url)
        await fill(url, tenants["small"], SMALL)
        await fill(url, tenants["large"], EVENTS)
        times = await read_times(url, tenants)
    pairs = list(zip(shots["landing"], shots["idiomatic"], strict=True))
    return [
        Row.of(
            "landing: durable single events ÷ idiomatic, requests per second",
            [a.rate / b.rate for a, b in pairs],
            "≥ 1.0",
        ),
        Row.of(
            "landing: durable single events ÷ idiomatic, CPU per request", [a.cpu / b.cpu for a, b in pairs], "≤ 1.0"
        ),
        Row("landing: answers that are no 2xx", sum(shot.failed for shot in shots["landing"]), "0"),
        Row(f"landing: dashboard of {SMALL:,} events ÷ bare SELECT", times["small"] / times["bare"], "≤ 3"),
        Row(f"landing: dashboard of {EVENTS:,} events ÷ bare SELECT", times["large"] / times["bare"], "≤ 3"),
        Row("landing: dashboard of many events ÷ of few", times["large"] / times["small"], "about 1"),
    ]


if __name__ == "__main__":
    show(asyncio.run(main()))
