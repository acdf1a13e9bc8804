"""A shop's side of a running platform."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from frontage.intake.recount import recount
from frontage.intake.stream import bind
from frontage.intake.tables import outbox, stream_table
from frontage.testing.harness import Running
from frontage_storefront_beacon.streams import streams

PLUGIN = "[plugins.storefront-beacon]\n"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
(EVENTS,) = bind("storefront-beacon", streams)


def event(kind: str = "product_view", **members: Any) -> dict[str, Any]:
    """An event that is valid, of now."""
    needed: dict[str, Any] = {"event_type": kind, "timestamp": ago(minutes=1), "session_id": "s-1"}
    if kind.startswith("product_") or kind == "add_to_cart":
        needed["product_id"] = 7003338965178
    if kind in {"product_click", "product_impression", "product_hover", "product_touch"}:
        needed["position"] = 3
    if kind == "collection_view":
        needed["collection_handle"] = "summer"
    if kind in {"search", "autocomplete"}:
        needed["query"] = "sandals"
    return {**needed, **members}


def ago(**words: float) -> str:
    """A moment in the past, as a page tells it."""
    return (datetime.now(UTC) - timedelta(**words)).isoformat()


@dataclass
class Shop:
    """One tenant of a running platform."""

    running: Running
    slug: str
    origins: tuple[str, ...] = ()
    _keys: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    async def key(self, kind: str = "secret", *scopes: str, **words: Any) -> str:
        """A key of a kind with scopes, the same each time."""
        if (kind, scopes, *words.items()) not in self._keys:
            self._keys[kind, scopes, *words.items()] = await self.running.key(self.slug, kind, scopes=scopes, **words)
        return self._keys[kind, scopes, *words.items()]

    async def token(self) -> str:
        """What a page sends."""
        return await self.key("publishable", "beacon:write")

    async def post(
        self, body: Any, *, headers: dict[str, str] | None = None, query: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a body as a page does, its own token in the header unless a query is given."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"User-Agent": BROWSER} | ({} if query else {"X-Storefront-Access-Token": await self.token()})
        return await self.running.client.post("/beacon", content=content, headers=sent | (headers or {}), params=query)

    async def send(self, *events: Any, **words: Any) -> None:
        """Send events that are taken."""
        answer = await self.post({"events": list(events)}, **words)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    async def read(self, path: str, **query: Any) -> httpx.Response:
        """Read a report with a secret key."""
        headers = {"X-API-Key": await self.key("secret", "analytics:read")}
        return await self.running.client.get(f"/storefront/api/v1/{path}", params=query, headers=headers)

    async def rows(self) -> list[dict[str, Any]]:
        """What is stored of the shop, in the order of the moments that the client told."""
        table = stream_table(EVENTS)
        wanted = sa.select(table).where(table.c.tenant_id == self.running.tenant(self.slug).id)
        async with self.running.database.reading() as session:
            found = (await session.execute(wanted.order_by(table.c.occurred, table.c.id))).mappings().all()
        return [dict(row) for row in found]

    async def counted(self) -> None:
        """Wait until nothing is left to count."""
        waiting = sa.select(outbox.c.id).where(outbox.c.stream == EVENTS.label)
        async with asyncio.timeout(30):
            while True:
                async with self.running.database.reading() as session:
                    if (await session.execute(waiting)).first() is None:
                        return
                await asyncio.sleep(0.01)

    async def differences(self) -> list[Any]:
        """Where the counts are not what the rows say."""
        await self.counted()
        tenant = self.running.tenant(self.slug)
        return await recount(self.running.database, EVENTS, tenant.id, lambda _: tenant.timezone)

    async def told(self, path: str, **query: Any) -> Any:
        """A report, when everything is counted."""
        await self.counted()
        answer = await self.read(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def skipped(self) -> list[str]:
        """The reasons for which events were skipped, the newest first."""
        told = (await self.read("debug/events")).json()["events"]
        return [one["reason"] for one in told if one["outcome"] == "skipped"]


class Street:
    """Opens shops on one running platform, one after the other, so that no test sees another's events."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._files: dict[str, str] = {}

    async def open(self, head: str = "", plugin: str = PLUGIN) -> Shop:
        """A new shop."""
        number = len(self._files) + 1
        slug = f"shop-{number}"
        self._files[slug] = f'name = "Shop {number}"\nnumber = {number}\n{head}\n{plugin}'
        await self.running.apply(self._files)
        return Shop(self.running, slug)
