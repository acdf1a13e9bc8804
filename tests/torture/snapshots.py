"""Four workers on two hosts: how long until each of them answers by what was changed in the database."""

import asyncio
import itertools
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from shelf import open_shelf
from sqlalchemy import select
from tests.torture.books import Result

from frontage.base.settings import Settings
from frontage.tenants.keys import revoke_key
from frontage.tenants.models import KeyRow
from frontage.testing.harness import Running, running

HOSTS = 2
WORKERS = 2
PROMISED_SECONDS = 1.0
GIVE_UP_SECONDS = 30.0
WHOAMI = "/account/api/v1/whoami"
MENU = "/kitchen/api/v1/public/menu"
FRONTAGE = Path(sys.executable).with_name("frontage")
KITCHEN = "[plugins.kitchen-sink]\n"
OTHER = {"bolt": 'name = "Bolt"\nnumber = 2\n'}
_WORKER = re.compile(r'worker="(\w+)"')

Seen = Callable[[httpx.AsyncClient], Awaitable[bool]]


def tenant(*, plugin: bool = True, status: str = "active", policy: int = 10**6) -> dict[str, str]:
    """The files, with the tenant that changes as it is wanted."""
    policies = f'[policies]\npublishable = "{policy};w=60"\n"kitchen-sink.visitor" = "1000000;w=60"\n'
    return OTHER | {"acme": f'name = "Acme"\nnumber = 1\nstatus = "{status}"\n{policies}{KITCHEN if plugin else ""}'}


@dataclass
class Trial:
    """A change, and how a worker that knows of it answers."""

    name: str
    change: Callable[[], Awaitable[object]]
    seen: Seen


class Trials:
    """Changes of all kinds, one after the other, each from where the one before has left things."""

    def __init__(self, shop: Running, processes: int) -> None:
        self.shop = shop
        self.processes = processes
        self.public = ""
        self.made = ""

    def __iter__(self) -> Iterator[Trial]:
        for number in itertools.count(1):
            quota = 10**6 + number
            yield Trial("key created", self.create, lambda client: self.answers(client, WHOAMI, self.made, 200))
            yield Trial("key revoked", self.revoke, lambda client: self.answers(client, WHOAMI, self.made, 401))
            yield Trial("policy changed", self.applying(policy=quota), lambda client, q=quota: self.tells(client, q))
            yield Trial(
                "plugin off", self.applying(plugin=False), lambda client: self.answers(client, MENU, self.public, 404)
            )
            yield Trial("plugin on", self.applying(), lambda client: self.answers(client, MENU, self.public, 200))
            yield Trial(
                "suspended",
                self.applying(status="suspended"),
                lambda client: self.answers(client, MENU, self.public, 401),
            )
            yield Trial("resumed", self.applying(), lambda client: self.answers(client, MENU, self.public, 200))

    async def create(self) -> None:
        self.made = await self.shop.key("acme")

    async def revoke(self) -> None:
        services = self.shop.platform.services
        async with services.database.writing() as session:
            row = (await session.scalars(select(KeyRow).where(KeyRow.prefix == self.made[:12]))).one()
            await revoke_key(session, row.tenant_id, row.id, "torture")

    def applying(
        self, *, plugin: bool = True, status: str = "active", policy: int = 10**6
    ) -> Callable[[], Awaitable[None]]:
        return lambda: self.shop.apply(tenant(plugin=plugin, status=status, policy=policy))

    async def answers(self, client: httpx.AsyncClient, path: str, key: str, status: int) -> bool:
        return (await client.get(path, headers={"X-API-Key": key})).status_code == status

    async def tells(self, client: httpx.AsyncClient, quota: int) -> bool:
        answer = await client.get(MENU, headers={"X-API-Key": self.public})
        return f"{quota // self.processes};w=60" in answer.headers.get("ratelimit-policy", "")


async def in_step(
    url: str, ports: Sequence[int], trials: int, tick: Callable[[], None] = lambda: None, *, workers: int = WORKERS
) -> Result:
    """So many changes, each looked for on every worker at once; one seen after more than a second counts as lost."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontage-torture-")))
        shelf = stack.enter_context(open_shelf(folder / "site"))
        candidate = shelf.put_kitchen_sink()
        environment = shelf.environment(folder, url) | {"FRONTAGE_PROCESSES": str(len(ports) * workers)}
        shop = await stack.enter_async_context(running(Settings.from_environment(environment), tenant(), [candidate]))
        plan = Trials(shop, len(ports) * workers)
        plan.public = await shop.key("acme", "publishable")
        clients: list[httpx.AsyncClient] = []
        for port in ports:
            await stack.enter_async_context(host(folder, environment, port, workers))
        for port in ports:
            await until_ready(folder, port)
            clients += await connections(port, workers)
        for client in clients:
            stack.push_async_callback(client.aclose)
        taken: list[tuple[float, str]] = []
        for trial in itertools.islice(plan, trials):
            taken.append((await timed(trial, clients), trial.name))
            tick()
    slowest, what = max(taken)
    late = sum(seconds > PROMISED_SECONDS for seconds, _ in taken)
    middle = sorted(seconds for seconds, _ in taken)[len(taken) // 2]
    note = f"slowest {slowest:.2f} s ({what}), median {middle:.3f} s, over {len(ports) * workers} workers of {len(ports)} hosts"
    return Result("changes seen by every worker, postgresql", trials, len(taken), late, 0, 0, 0, note=note)


async def timed(trial: Trial, clients: Sequence[httpx.AsyncClient]) -> float:
    """The seconds from before the change until the last worker has seen it: an upper bound, the commit is within."""
    began = asyncio.get_running_loop().time()
    await trial.change()

    async def until_seen(client: httpx.AsyncClient) -> float:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while not await trial.seen(client):  # noqa: ASYNC110 - what another process knows sets no event
                await asyncio.sleep(0.002)
        return asyncio.get_running_loop().time() - began

    return max(await asyncio.gather(*map(until_seen, clients)))


@asynccontextmanager
async def host(folder: Path, environment: dict[str, str], port: int, workers: int) -> AsyncIterator[None]:
    """A host: some workers behind one port, with a data folder of its own."""
    own = folder / f"host-{port}"
    own.mkdir()
    log = (own / "log").open("wb")
    process = await asyncio.create_subprocess_exec(
        FRONTAGE, "serve", "--port", str(port), "--workers", str(workers),
        env=environment | {"FRONTAGE_DATA_DIR": str(own)}, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await process.wait()
        log.close()


async def until_ready(folder: Path, port: int) -> None:
    try:
        async with asyncio.timeout(110), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            while not await ready(client):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        log = await asyncio.to_thread((folder / f"host-{port}" / "log").read_text)
        raise AssertionError(log) from error


async def ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


async def connections(port: int, workers: int) -> list[httpx.AsyncClient]:
    """A connection to every worker of a host, kept alive; its numbers say whose it is."""
    found: dict[str, httpx.AsyncClient] = {}
    spare = []
    for _ in range(500):
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", limits=httpx.Limits(max_connections=1), timeout=GIVE_UP_SECONDS
        )
        told = _WORKER.search((await client.get("/metrics")).text)
        assert told
        if found.setdefault(told[1], client) is not client:
            spare.append(client)
        if len(found) == workers:
            break
    assert len(found) == workers, "a worker never got a connection"
    for client in spare:
        await client.aclose()
    return list(found.values())
