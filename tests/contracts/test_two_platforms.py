"""Two processes on one database: what is changed at one is seen by the other, also after its ear was cut off."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from tests.contracts.conftest import BOTH

WHOAMI, MENU, EVENTS = "/account/api/v1/whoami", "/kitchen/api/v1/public/menu", "/probe/v1/named"
POLICIES = '[policies]\n"kitchen-sink.visitor" = "100000;w=60"\n'
"""Whoever asks until something changes must not be refused for asking."""
ACME = f'name = "Acme"\nnumber = 1\n{POLICIES}{BOTH}'
BOLT = f'name = "Bolt"\nnumber = 2\n{POLICIES}{BOTH}'
GENEROUS = 20.0
"""Seconds; the promise is one, and only a broken platform needs more than a few."""


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(GENEROUS):
        while not await holds():  # noqa: ASYNC110  # nothing tells a client that a change has arrived
            await asyncio.sleep(0.02)


async def status(shop, path, key):
    return (await shop.client.get(path, headers={"X-API-Key": key})).status_code


async def sees_every_change(one, other):
    """Everything that may change at one, seen by the other."""

    async def becomes(path, text, wanted):
        await until(lambda: _is(status(other, path, text), wanted))

    owner = {"X-API-Key": await one.key("acme", scopes=("keys:write",))}
    keys = "/account/api/v1/api-keys"
    made = (await one.client.post(keys, json={"kind": "publishable"}, headers=owner)).json()
    text = made["key"]
    await becomes(WHOAMI, text, 200)

    await one.client.patch(f"{keys}/{made['id']}", json={"policy": "77000;w=60"}, headers=owner)
    await until(lambda: _is(_policy(other, text), "77000;w=60"))

    await one.client.delete(f"{keys}/{made['id']}", headers=owner)
    await becomes(WHOAMI, text, 401)

    bolt = await one.key("bolt", "publishable")
    await becomes(MENU, bolt, 200)
    without_kitchen = f'name = "Bolt"\nnumber = 2\n{POLICIES}publishable = "33000;w=60"\n[plugins.probe]\n'
    await one.apply({"acme": ACME, "bolt": without_kitchen})
    await becomes(MENU, bolt, 404)
    await until(lambda: _is(_policy(other, bolt), "33000;w=60"))
    await one.apply({"acme": ACME, "bolt": BOLT})
    await becomes(MENU, bolt, 200)

    await one.apply({"acme": ACME})
    await becomes(WHOAMI, bolt, 401)
    assert (await other.client.post(EVENTS, json={"tenant_id": "bolt"})).status_code == 404
    await one.apply({"acme": ACME, "bolt": BOLT, "cask": 'name = "Cask"\nnumber = 3\n[plugins.probe]\n'})
    await becomes(WHOAMI, bolt, 200)
    assert (await other.client.post(EVENTS, json={"tenant_id": "cask"})).status_code == 200


async def _is(asked, wanted):
    return await asked == wanted


async def _policy(shop, text):
    return (await shop.client.get(WHOAMI, headers={"X-API-Key": text})).headers.get("ratelimit-policy")


async def test_what_changes_at_one_is_seen_by_the_other(open_shop, database_url, tmp_path):
    """Keys made, changed and revoked; tenants suspended, resumed and new; policies; plugins off and on."""
    tenants = {"acme": ACME, "bolt": BOLT}
    async with open_shop(database_url, tmp_path, tenants) as one, open_shop(database_url, tmp_path, tenants) as other:
        await sees_every_change(one, other)


async def terminate_listeners(url: str) -> int:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        listening = "query ilike 'listen%' and datname = current_database() and pid <> pg_backend_pid()"
        rows = await connection.fetch(f"select pg_terminate_backend(pid) from pg_stat_activity where {listening}")
        return len(rows)
    finally:
        await connection.close()


async def test_changes_are_seen_though_nobody_listens(open_shop, postgres_url, tmp_path):
    """Polling sees what a cut LISTEN connection missed, and the connection comes back by itself."""
    tenants = {"acme": ACME, "bolt": BOLT}
    async with open_shop(postgres_url, tmp_path, tenants) as one, open_shop(postgres_url, tmp_path, tenants) as other:
        await until(lambda: _is(_listeners(postgres_url), 2))
        assert await terminate_listeners(postgres_url) == 2
        await sees_every_change(one, other)
        await until(lambda: _is(_listeners(postgres_url), 2))


async def test_every_connection_may_be_cut(open_shop, postgres_url, tmp_path):
    """A restart of the database: both go on, and what changes afterwards is seen."""
    tenants = {"acme": ACME, "bolt": BOLT}
    async with open_shop(postgres_url, tmp_path, tenants) as one, open_shop(postgres_url, tmp_path, tenants) as other:
        key = await one.key("acme", "publishable")
        await until(lambda: _is(status(other, MENU, key), 200))
        connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        await connection.close()
        assert await status(other, MENU, key) == 200
        await sees_every_change(one, other)


async def _listeners(url: str) -> int:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        counted = "select count(*) from pg_stat_activity where query ilike 'listen%' and datname = current_database() and pid <> pg_backend_pid()"
        return await connection.fetchval(counted)
    finally:
        await connection.close()


@pytest.mark.parametrize("path", [MENU, "/kitchen/api/v1/orders"])
async def test_who_was_not_told_still_serves(open_shop, sqlite_url, tmp_path, path):
    """The snapshot in memory answers between two looks at the database; no request waits for one."""
    async with open_shop(sqlite_url, tmp_path, {"acme": ACME}) as shop:
        key = await shop.key("acme", "publishable")
        before = shop.platform.services.directory.revision
        statuses = {await status(shop, path, key) for _ in range(20)}
        assert statuses == ({200} if path == MENU else {405})
        assert shop.platform.services.directory.revision == before
