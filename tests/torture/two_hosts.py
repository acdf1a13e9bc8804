"""A bad day of two hosts behind a balancer: killed, without a database, without a store, and rolled over to a new deploy."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from tests.torture import books
from tests.torture.books import Result
from tests.torture.cluster import Cluster, cluster
from tests.torture.hosts import Host
from tests.torture.street import Answer, Line, Request, Street, batches, landing_events, searches, widget_events

from frontage.base.database import Database
from frontage.intake.recount import recount
from frontage.intake.stream import bind
from frontage.tenants.policy import parse_windows
from frontage.testing.harness import SECRET, Running, running, settings_for
from frontage.testing.redis import RedisServer, private_redis
from frontage_landing_analytics.streams import streams as landing_streams
from frontage_storefront_beacon.streams import streams as beacon_streams

WORKERS = 2
ZONE = "America/Tegucigalpa"
POLICIES = "".join(
    f'"{name}" = "1000000;w=60"\n'
    for name in (
        "store-locator.visitor",
        "landing-analytics.track",
        "landing-analytics.visitor",
        "storefront-beacon.ingest",
        "storefront-beacon.visitor",
    )
)
ACME = f"""name = "Acme"
number = 1
timezone = "{ZONE}"
[policies]
{POLICIES}
[plugins.store-locator]
[plugins.landing-analytics]
[plugins.storefront-beacon]
"""
WITHOUT_END = parse_windows("1000000000;w=1")
LARGE, SMALL = 150, 40
"""Quotas of an hour: more than a second brings, and less than that."""
REFUSED_BY_ALL = 40
"""So many refusals one after the other mean that every worker refuses."""
STREAMS = [*bind("landing-analytics", landing_streams), *bind("storefront-beacon", beacon_streams)]
_MARKS = {
    "landing": "select metadata->>'mark' from landing_analytics_events",
    "beacon": "select session_id from storefront_beacon_events",
}
Balancer = Callable[[Path, int, Sequence[Host]], Any]


@dataclass
class Shop:
    """The tenant whose pages are visited, and its keys."""

    tenant: UUID
    slug: str
    page: str
    """The publishable key in its pages."""
    manager: str
    """A secret key that may revoke others."""
    lent: str
    """A publishable key that will be revoked."""
    lent_id: str
    limited: list[str]
    """Publishable keys of which each is used up once: two with a large quota, one with a small one."""


@dataclass
class Town:
    """Everything there is."""

    street: Street
    hosts: list[Host]
    database: Cluster
    store: RedisServer
    shop: Shop

    @property
    def losses(self) -> int:
        """How often a worker has lost the store."""
        return sum(host.log.read_text().count('"limits.store_lost"') for host in self.hosts)

    @property
    def broken(self) -> list[str]:
        """The promises that were not kept."""
        return self.street.ledger.surprises


async def two_hosts(
    name: str, balancer: Balancer, ports: Sequence[int], days: int = 1, tick: Callable[[], None] = lambda: None
) -> Result:
    """So many bad days, and afterwards every acknowledged event sought in the tables; needs four ports."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-torture-")))
        folder.chmod(0o755)  # noqa: ASYNC240 - nginx may run as somebody else
        database, store = stack.enter_context(cluster(ports[0])), stack.enter_context(private_redis())
        shop = await found_shop(database.url, folder)
        environment = {
            "PATH": "/usr/bin:/bin",
            "FRONTAGE_DATABASE_URL": database.url,
            "FRONTAGE_REDIS_URL": store.url,
            "FRONTAGE_SECRET": SECRET,
            "FRONTAGE_PROCESSES": str(WORKERS * 2),
            "FRONTAGE_TRUSTED_PROXIES": "127.0.0.1/32",
            "FRONTAGE_BASE_URL": f"http://127.0.0.1:{ports[1]}",
        }
        hosts = [Host(port, folder / f"host-{port}", environment, WORKERS) for port in ports[2:4]]
        for host in hosts:
            stack.push_async_callback(host.clear)
        await asyncio.gather(*(host.start() for host in hosts))
        await stack.enter_async_context(balancer(folder / "balancer", ports[1], hosts))
        town = Town(Street(ports[1]), hosts, database, store, shop)
        async with visitors(town):
            for number in range(days):
                await a_bad_day(town, first=number == 0)
                tick()
        result = await reckon(town, f"two hosts behind {name}, postgresql", days)
        for host in hosts:
            if code := await host.stop():
                result.broken.append(f"a host ended with {code}")
        return result


async def found_shop(url: str, folder: Path) -> Shop:
    """Migrate, and give the tenant places and keys."""
    async with running(settings_for(url, folder), {"acme": ACME}) as here:
        places = await here.key("acme", scopes=("locations:write",), windows=WITHOUT_END)
        for number in range(5):
            place = {"name": f"Store {number}", "lat": 14.1 + number / 10, "lon": -87.2}
            made = await here.client.post("/locations/api/v1/locations", json=place, headers={"X-API-Key": places})
            assert made.status_code == 201, made.text
        page = await here.key("acme", "publishable", scopes=("beacon:write",), windows=WITHOUT_END)
        manager = await here.key("acme", scopes=("keys:write",), windows=WITHOUT_END)
        lent = await here.key("acme", "publishable", windows=WITHOUT_END)
        quotas = (LARGE, SMALL, LARGE)
        limited = [await here.key("acme", "publishable", windows=parse_windows(f"{quota};w=3600")) for quota in quotas]
        tenant = here.tenant("acme")
        return Shop(tenant.id, tenant.slug, page, manager, lent, await id_of(here, manager, lent), limited)


async def id_of(here: Running, manager: str, key: str) -> str:
    told = await here.client.get("/account/api/v1/api-keys?page_size=100", headers={"X-API-Key": manager})
    return next(one["id"] for one in told.json()["data"] if one["prefix"] == key[:12])


@asynccontextmanager
async def visitors(town: Town) -> AsyncIterator[None]:
    """People on every page of the shop, all day."""
    street, shop = town.street, town.shop
    known: list[object] = []

    def compare(answer: Answer) -> None:
        """Whatever happens, a search finds what it always found."""
        if answer.status == 200:
            told = [place["id"] for place in msgspec.json.decode(answer.body)["locations"]]
            known[:] = known or [told]
            if len(told) != 5 or told != known[0]:
                town.broken.append(f"a search found {told}")

    async with (
        street.visited(searches("search", shop.page), lines=2, look=compare),
        street.visited(widget_events(shop.page)),
        street.visited(landing_events(shop.slug), lines=4),
        street.visited(batches(shop.page), lines=2),
    ):
        yield


async def a_bad_day(town: Town, *, first: bool) -> None:
    """One thing after the other, while everybody goes on; keys can be used up and revoked on the first day only."""
    kinds = ("quota over a kill", "quota without the store", "quota over a roll") if first else ("", "", "")
    await town.street.flows()
    async with limited(town, kinds[0], 0, LARGE):
        await a_host_is_killed(town)
        await the_database_crashes(town)
    await the_store_goes(town, kinds[1])
    if first:
        await a_key_is_revoked(town)
    async with limited(town, kinds[2], 2, LARGE):
        await a_deploy_is_rolled(town)
    await town.street.flows()


async def a_host_is_killed(town: Town) -> None:
    """The only thing that may cost an answer: one that was under way on that very host."""
    host, loop = town.hosts[0], asyncio.get_running_loop()
    before = len(town.street.ledger.failures)
    killed = loop.time()
    await host.kill()
    gone = loop.time()
    await town.street.flows()
    failures = town.street.ledger.failures
    failures[before:] = [one for one in failures[before:] if not (one.began <= gone and one.ended >= killed)]
    await host.start()
    await town.street.flows()


async def the_database_crashes(town: Town) -> None:
    await asyncio.to_thread(town.database.stop)
    await town.street.flows()
    await asyncio.to_thread(town.database.start)
    await town.street.flows()


async def the_store_goes(town: Town, kind: str) -> None:
    """It comes back having forgotten everything."""
    await asyncio.to_thread(town.store.kill)
    async with limited(town, kind, 1, SMALL):
        await town.street.flows()
        await asyncio.to_thread(town.store.start)
        await town.street.flows()


async def a_key_is_revoked(town: Town) -> None:
    """Soon nobody takes it, and nobody ever takes it again."""
    refused = 0

    def look(answer: Answer) -> None:
        nonlocal refused
        if refused >= REFUSED_BY_ALL and answer.status != 401:
            town.broken.append(f"a revoked key was taken again: {answer.status}")
        refused = refused + 1 if answer.status == 401 else 0

    shop = town.shop
    async with town.street.visited(searches("lent", shop.lent), lines=2, look=look), asyncio.timeout(60):
        while not town.street.ledger.told("lent", 200):  # noqa: ASYNC110 - the visitors set no event
            await asyncio.sleep(0.02)
        revoke = Request("revoke", "DELETE", f"/account/api/v1/api-keys/{shop.lent_id}", {"X-API-Key": shop.manager})
        # While a worker does without the store of limits it refuses what is for managers, to be tried again.
        while (await Line(town.street.port).ask(revoke)).status == 503:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        while refused < 2 * REFUSED_BY_ALL:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def a_deploy_is_rolled(town: Town) -> None:
    """One host after the other is asked to go, drains, and is started anew."""
    for host in town.hosts:
        if code := await host.stop():
            town.broken.append(f"a host that was asked to go ended with {code}")
        await town.street.flows(5)
        await host.start()
        await town.street.flows()


@asynccontextmanager
async def limited(town: Town, kind: str, number: int, quota: int) -> AsyncIterator[None]:
    """Somebody uses a key up while the block runs; afterwards no more was admitted than its quota.

    A worker that has lost the store meanwhile, on a busy machine for its silence, may have admitted its share beside it.
    """
    if not kind:
        yield
        return
    ledger, losses = town.street.ledger, town.losses
    async with town.street.visited(searches(kind, town.shop.limited[number]), lines=2):
        yield
        async with asyncio.timeout(60):
            while not ledger.told(kind, 429):  # noqa: ASYNC110 - the visitors set no event
                await asyncio.sleep(0.02)
    admitted, alone = ledger.told(kind, 200), (town.losses - losses) * (quota // (WORKERS * len(town.hosts)))
    if not 0 < admitted <= quota + alone:
        town.broken.append(f"{kind}: {admitted} of {quota}, and {alone} without the store")


async def reckon(town: Town, name: str, days: int) -> Result:
    """The ledger against the tables."""
    database, ledger = Database(town.database.url), town.street.ledger
    lost = duplicated = 0
    try:
        for kind, marks in ((kind, ledger.acknowledged[kind]) for kind in _MARKS):
            stored = await stored_marks(database, kind, marks)
            lost += len(marks - set(stored))
            duplicated += len(stored) - len(set(stored))
        await books.counted(town.database.url)
        wrong = [await recount(database, stream, town.shop.tenant, lambda _: ZoneInfo(ZONE)) for stream in STREAMS]
    finally:
        await database.close()
    broken = [
        *town.broken,
        *(f"{one.kind}: {one.status} after {one.ended - one.began:.1f} s" for one in ledger.failures),
    ]
    return Result(
        name,
        days,
        sum(map(len, ledger.acknowledged.values())),
        lost,
        duplicated,
        miscounted=sum(map(len, wrong)),
        unbalanced=0,
        note="; ".join([*sorted(set(broken)), told(ledger.answers)]),
        broken=broken,
    )


def told(answers: dict[tuple[str, int], int]) -> str:
    """What was answered how often."""
    return ", ".join(f"{number} x {kind} {status}" for (kind, status), number in sorted(answers.items()))


async def stored_marks(database: Database, kind: str, wanted: set[str]) -> list[str]:
    """All marks in a table, as soon as none of those that are wanted is missing, or after a minute."""
    try:
        async with asyncio.timeout(60):
            while wanted - set(found := await marks_in(database, kind)):  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.2)
    except TimeoutError:
        return await marks_in(database, kind)
    return found


async def marks_in(database: Database, kind: str) -> list[str]:
    async with database.reading() as session:
        return list((await session.execute(sa.text(_MARKS[kind]))).scalars())
