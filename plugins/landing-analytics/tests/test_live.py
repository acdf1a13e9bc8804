"""The live view: who listens hears the numbers of today as they grow, over a real connection."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from frontage.edge.server import LOOPBACK, listen, serve
from frontage.edge.slow_clients import Patience
from frontage.tenants.keys import revoke_key
from frontage.testing.harness import listening
from frontage_landing_analytics import live as live_module
from frontage_landing_analytics.live import HEARTBEAT_SECONDS
from frontage_landing_analytics.memory import memory_of

from .shop import POLICIES, Shop, Street

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/analytics/api/v1/live"
SOON = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(street: Street) -> AsyncIterator[str]:
    """Where the platform answers on a port."""
    async with listening(street.running) as url:
        yield url


class Listener:
    """One connection, read line by line."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def line(self) -> str | None:
        """The next line; None when the server has ended the answer."""
        async with asyncio.timeout(SOON):
            return await anext(self._lines, None)

    async def numbers(self) -> dict[str, Any] | None:
        """The numbers that are told next; None at the end."""
        while (line := await self.line()) is not None:
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
        return None


@asynccontextmanager
async def hearing(url: str, key: str) -> AsyncIterator[Listener]:
    """Listen over a connection of one's own."""
    async with (
        httpx.AsyncClient(timeout=SOON) as client,
        client.stream("GET", url + PATH, headers={"X-API-Key": key}) as answer,
    ):
        yield Listener(answer)


def live(street: Street) -> live_module.Live:
    """Everybody who listens."""
    return memory_of(street.context).live


async def nobody_listens(street: Street) -> None:
    async with asyncio.timeout(SOON):
        while live(street).listeners:  # noqa: ASYNC110  # a connection that goes tells nobody
            await asyncio.sleep(0.01)


async def test_numbers_are_told_at_once_and_whenever_they_change(street, shop, url):
    """The whole of today on connecting, every event after that; bots and the nameless as numbers of their own."""
    await shop.track("pageview")
    await shop.counted()
    async with hearing(url, await shop.key("secret", "analytics:read")) as listener:
        assert listener.answer.headers["content-type"].startswith("text/event-stream")
        assert listener.answer.headers["cache-control"] == "no-store"
        assert await listener.line() == "retry: 3000"
        first = await listener.numbers()
        assert (first["visitors"], first["events"]["pageview"], first["events"]["call"]) == (1, 1, 0)
        assert (first["day"], first["timezone"]) == (
            str(street.running.tenant(shop.slug).day_at(live_module.utc_now())),
            "UTC",
        )
        await shop.track("click_call", visitor="203.0.113.8")
        await shop.track("pageview", visitor="203.0.113.8")
        last = first
        while (last["events"]["call"], last["visitors"]) != (1, 2):
            last = await listener.numbers()
        assert last["clickers"] == 1
    await nobody_listens(street)


async def test_all_listeners_of_a_tenant_share_one_reader(street, shop, url, monkeypatch):
    """Ten who listen cost the database what one costs; another tenant's numbers reach none of them."""
    reads = []
    read = live_module._read

    async def counted(context, tenant):
        reads.append(tenant.slug)
        return await read(context, tenant)

    monkeypatch.setattr(live_module, "_read", counted)
    monkeypatch.setattr(live_module, "PACE_SECONDS", 0.05)
    other = await street.open()
    key = await shop.key("secret", "analytics:read")
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(hearing(url, key)) for _ in range(10)]
        for listener in listeners:
            assert (await listener.numbers())["events"]["pageview"] == 0
        assert len(live(street)._rooms) == 1
        await other.track("pageview")
        await shop.track("pageview")
        told = [await listener.numbers() for listener in listeners]
        assert [one["events"]["pageview"] for one in told] == [1] * 10
        assert set(reads) == {shop.slug}
        assert len([task for task in asyncio.all_tasks() if "_read_on" in str(task.get_coro())]) == 1
    await nobody_listens(street)
    assert live(street)._rooms == {}


async def test_a_quiet_connection_is_kept_alive_by_comments(shop, url, monkeypatch):
    """Proxies close what says nothing for a minute."""
    assert HEARTBEAT_SECONDS < 60
    monkeypatch.setattr(live_module, "HEARTBEAT_SECONDS", 0.01)
    async with hearing(url, await shop.key("secret", "analytics:read")) as listener:
        while not (line := await listener.line()).startswith(":"):
            pass
        assert line == ": still here"


async def test_a_key_that_is_revoked_hears_no_more(street, shop, url, monkeypatch):
    """Within a pace, not when its connection happens to end."""
    monkeypatch.setattr(live_module, "PACE_SECONDS", 0.05)
    key, other = (
        await street.running.key(shop.slug, scopes=("analytics:read",)),
        await shop.key("secret", "analytics:read"),
    )
    async with hearing(url, key) as gone, hearing(url, other) as stays:
        assert await gone.numbers()
        assert await stays.numbers()
        services = street.running.platform.services
        found = services.directory.find_key(key)
        async with services.database.writing() as session:
            await revoke_key(session, found.tenant.id, found.id, "test")
        await services.directory.refresh()
        assert await gone.numbers() is None
        await shop.track("pageview")
        assert (await stays.numbers())["events"]["pageview"] == 1


async def test_a_tenant_that_turns_the_plugin_off_is_told_no_more(street, shop, url, monkeypatch):
    """Its listeners are let go; when it is on again they come back."""
    monkeypatch.setattr(live_module, "PACE_SECONDS", 0.05)
    key = await shop.key("secret", "analytics:read")
    async with hearing(url, key) as listener:
        assert await listener.numbers()
        await street.change(shop, POLICIES, "")
        assert await listener.numbers() is None
        await nobody_listens(street)
    async with hearing(url, key) as listener:
        assert listener.answer.status_code == 404
    await street.change(shop, POLICIES)
    async with hearing(url, key) as listener:
        assert await listener.numbers()


async def test_too_many_listeners_are_refused_and_told_when_to_come_back(street, shop, url, monkeypatch):
    """One tenant cannot take every place of a process, and all of them together have an end; a place that is free is given."""
    monkeypatch.setattr(live_module, "MOST_OF_A_TENANT", 2)
    monkeypatch.setattr(live_module, "MOST_OF_A_PROCESS", 3)
    other = await street.open()
    key, others = [await one.key("secret", "analytics:read") for one in (shop, other)]
    async with hearing(url, key) as first, hearing(url, key) as second:
        assert await first.numbers()
        assert await second.numbers()
        async with hearing(url, key) as third:
            await third.answer.aread()
            assert (third.answer.status_code, third.answer.json()["error_code"]) == (429, "rate_limited")
            assert third.answer.headers["retry-after"] == str(third.answer.json()["retry_after_seconds"])
        async with hearing(url, others) as third:
            assert await third.numbers()
            async with hearing(url, others) as fourth:
                await fourth.answer.aread()
                assert (fourth.answer.status_code, fourth.answer.json()["error_code"]) == (503, "unavailable")
                assert "retry-after" in fourth.answer.headers
    await nobody_listens(street)
    async with hearing(url, key) as again:
        assert await again.numbers()


async def test_numbers_stand_still_while_the_database_is_away_and_go_on_after(shop, url, monkeypatch):
    """Nobody is sent away for it."""
    monkeypatch.setattr(live_module, "PACE_SECONDS", 0.05)
    read = live_module._read
    async with hearing(url, await shop.key("secret", "analytics:read")) as listener:
        assert await listener.numbers()
        failed = asyncio.Event()

        async def away(_context, _tenant):
            failed.set()
            raise sa.exc.OperationalError("select", {}, OSError("away"))

        monkeypatch.setattr(live_module, "_read", away)
        await shop.track("pageview")
        await failed.wait()
        monkeypatch.setattr(live_module, "_read", read)
        assert (await listener.numbers())["events"]["pageview"] == 1


async def test_whoever_does_not_read_is_dropped_and_holds_up_nobody(street, shop, monkeypatch):
    """It is cut off once it has taken nothing for a while; one who reads beside it hears everything."""
    monkeypatch.setattr(live_module, "HEARTBEAT_SECONDS", 0)
    monkeypatch.setattr(live_module, "_HEARTBEAT", b":" + b"." * 65_536 + b"\n\n")
    key, door = await shop.key("secret", "analytics:read"), listen(LOOPBACK, 0)
    patience = Patience(unread=0.5)
    serving = asyncio.create_task(
        serve(street.running.platform.front, sockets=[door], on_draining=lambda: None, patience=patience)
    )
    deaf = socket.create_connection(door.getsockname())
    try:
        deaf.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
        while not live(street).listeners:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await nobody_listens(street)
    finally:
        deaf.close()
        serving.cancel()
        await asyncio.wait([serving])


async def test_a_head_ends_and_a_key_without_the_scope_hears_nothing(shop, url):
    """The head alone of an answer without end; the scope as for every other report, and never a page's key."""
    key = await shop.key("secret", "analytics:read")
    async with httpx.AsyncClient(timeout=SOON) as client:
        head = await client.head(url + PATH, headers={"X-API-Key": key})
        assert (head.status_code, head.content) == (200, b"")
        for kind, status in (("secret", 403), ("publishable", 403)):
            refused = await client.get(url + PATH, headers={"X-API-Key": await shop.key(kind)})
            assert refused.status_code == status
        assert (await client.get(url + PATH)).status_code == 401


async def test_the_end_of_the_process_ends_every_answer(street: Street, tmp_path, shop: Shop):
    """Cleanly: the last chunk is sent; who comes after that is asked to come back."""
    services = street.running.platform.services
    async with listening(street.running) as url:
        key = await shop.key("secret", "analytics:read")
        async with hearing(url, key) as listener:
            assert await listener.numbers()
            street.running.platform.drain()
            assert await listener.numbers() is None
        async with hearing(url, key) as late:
            assert late.answer.status_code == 503
    services.draining.clear()
