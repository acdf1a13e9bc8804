"""A shop's side of a running platform: its pages send events, its owner reads numbers."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from frontage.intake.stream import bind
from frontage.intake.tables import rollup_table, stream_table
from frontage.testing.harness import Running
from frontage_landing_analytics.streams import streams

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
LANDING = "/api/analytics/track"
COMMERCE = "/api/v1/analytics/track"
CONVERSION = "/api/v1/analytics/conversion"
INTERACTIONS = "/api/v1/interactions"
PLUGIN = "[plugins.landing-analytics]\nretention_days = 3650\n"
"""Tests live in other years, and old events go by a job that runs meanwhile."""
POLICIES = "[policies]\n" + "".join(
    f'"landing-analytics.{name}" = "1000000;w=60"\n' for name in ("track", "visitor", "api", "tenant", "unknown")
)
EVENTS, BOTS, _ = bind("landing-analytics", streams)


@dataclass
class Shop:
    """One tenant of a running platform."""

    running: Running
    slug: str
    number: int
    _keys: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    async def key(self, kind: str = "secret", *scopes: str) -> str:
        """A key of a kind with scopes, the same each time."""
        if (kind, scopes) not in self._keys:
            self._keys[kind, scopes] = await self.running.key(self.slug, kind, scopes=scopes)
        return self._keys[kind, scopes]

    async def post(
        self, path: str, body: Any, *, visitor: str = "203.0.113.7", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a body as a visitor's browser does."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"User-Agent": BROWSER, "X-Forwarded-For": visitor, **(headers or {})}
        return await self.running.client.post(path, content=content, headers=sent)

    async def track(self, kind: str = "pageview", *, visitor: str = "203.0.113.7", **members: Any) -> None:
        """Send an event of a landing page that is taken."""
        body = {"tenant_id": self.number, "event_type": kind, **members}
        answer = await self.post(LANDING, body, visitor=visitor)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), answer.text

    async def read(self, path: str = "/tenant/{}/analytics") -> httpx.Response:
        """Read numbers with a secret key."""
        headers = {"X-API-Key": await self.key("secret", "analytics:read")}
        return await self.running.client.get(path.format(self.slug), headers=headers)

    async def told(self, report: str, **parameters: Any) -> Any:
        """What a report says, once everything that was acknowledged is in it."""
        await self.counted()
        headers = {"X-API-Key": await self.key("secret", "analytics:read")}
        answer = await self.running.client.get(f"/analytics/api/v1/{report}", params=parameters, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def week(self) -> dict[str, Any]:
        """The dashboard's numbers, once everything that was acknowledged is in them."""
        await self.counted()
        return (await self.read()).json()["data"]

    async def today(self) -> dict[str, Any]:
        """Today's numbers, once everything that was acknowledged is in them."""
        await self.counted()
        return (await self.read("/tenant/{}/analytics/today")).json()

    async def stored(self) -> None:
        """Wait until nothing lies in a spool any more: a write that takes long goes there."""
        async with asyncio.timeout(20):
            while self.running.platform.services.intake.undrained:  # noqa: ASYNC110  # a spool tells nobody
                await asyncio.sleep(0.01)

    async def counted(self) -> None:
        """Wait until nothing is left to be counted."""
        await self.stored()
        async with asyncio.timeout(20):
            while await self._ask(sa.text("select count(*) from intake_outbox")):  # noqa: ASYNC110  # nor a database
                await asyncio.sleep(0.01)

    async def rows(self, stream: Any = EVENTS) -> list[dict[str, Any]]:
        """What is stored of the shop, in the order in which it came."""
        await self.stored()
        table = stream_table(stream)
        wanted = sa.select(table).where(table.c.tenant_id == self.tenant_id).order_by(table.c.received, table.c.id)
        async with self.running.database.reading() as session:
            return [dict(row) for row in (await session.execute(wanted)).mappings()]

    async def counts(self, kind: Any) -> list[dict[str, Any]]:
        """What is counted of the shop."""
        await self.counted()
        table = rollup_table(EVENTS if kind in EVENTS.rollups else BOTS, kind)
        wanted = sa.select(table).where(table.c.tenant_id == self.tenant_id).order_by(*table.primary_key)
        async with self.running.database.reading() as session:
            return [dict(row) for row in (await session.execute(wanted)).mappings()]

    @property
    def tenant_id(self) -> Any:
        """Its id."""
        return self.running.tenant(self.slug).id

    async def _ask(self, statement: Any) -> Any:
        async with self.running.database.reading() as session:
            return (await session.execute(statement)).scalar()


class Street:
    """Opens shops on one running platform, one after the other, so that no test sees another's events."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._files: dict[str, str] = {}

    async def open(self, head: str = POLICIES, plugin: str = PLUGIN) -> Shop:
        """A new shop."""
        number = len(self._files) + 1
        slug = f"shop-{number}"
        shop = Shop(self.running, slug, number)
        await self.change(shop, head, plugin)
        return shop

    async def change(self, shop: Shop, head: str, plugin: str = PLUGIN) -> None:
        """Put another file in place of a shop's."""
        self._files[shop.slug] = f'name = "Shop {shop.number}"\nnumber = {shop.number}\n{head}\n{plugin}'
        await self.running.apply(self._files)

    @property
    def context(self) -> Any:
        """What the plugin is lent."""
        return self.running.platform.router.state.contexts["landing-analytics"]
