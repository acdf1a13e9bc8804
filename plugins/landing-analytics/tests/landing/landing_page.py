"""A landing page with landing.js on it, and what the platform counted of those who looked at it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import sqlalchemy as sa

from frontage.intake.stream import bind
from frontage.intake.tables import stream_table
from frontage.testing.harness import Running
from frontage.testing.visitor import Visitor
from frontage.testing.website import Website
from frontage_landing_analytics.streams import streams

SOON = 60.0
"""Seconds within which something happens even on a busy machine."""
LANDING = "/assets/landing-analytics/landing.js"
EVENTS = bind("landing-analytics", streams)[0]


class Street:
    """A running platform on which shops are opened, so that no test sees another's events."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._files: dict[str, str] = {}
        self._numbers = count(1)

    async def open(self, head: str = "") -> str:
        """The slug of a new shop."""
        number = next(self._numbers)
        slug = f"shop-{number}"
        self._files[slug] = f'name = "Shop {number}"\nnumber = {number}\n{head}\n[plugins.landing-analytics]\n'
        await self.running.apply(self._files)
        return slug


@dataclass
class LandingPage:
    """One shop, its website, and someone who visits it."""

    running: Running
    slug: str
    url: str
    website: Website
    visitor: Visitor

    def tag(self, attributes: str = "", src: str = "") -> str:
        """The line that a shop pastes."""
        return f'<script async src="{src or self.url + LANDING}" data-tenant="{self.slug}" {attributes}></script>'

    def put(self, body: str = "", *, path: str = "/", headers: Mapping[str, str] | None = None, **words: str) -> str:
        """Put a page with the tag on the website, and give its URL."""
        page = f"<!doctype html><meta charset=utf-8><title>A shop</title>{body}{self.tag(**words)}"
        return self.website.put(path, page, headers)

    async def visit(self, body: str = "", query: str = "", **words: Any) -> Any:
        """Open a page with the tag, and wait for the script."""
        page = await self.visitor.visit(self.put(body, **words) + query)
        await self.until_there(page)
        return page

    async def until_there(self, page: Any) -> None:
        """Wait until the script runs."""
        # Made a boolean: Playwright would call a function that an expression gives.
        await page.wait_for_function("!!(window.frontage && frontage.track)")

    async def leave(self, page: Any) -> None:
        """Go to a page without the tag."""
        await page.goto(self.website.put("/elsewhere", "Elsewhere"))

    async def stored(self, least: int) -> list[dict[str, Any]]:
        """What is stored of the shop in the order in which it happened, as soon as it is so much."""
        deadline = time.monotonic() + SOON
        while len(rows := await self.rows()) < least:
            assert time.monotonic() < deadline, f"{len(rows)} of {least} events came: {rows}"
            await asyncio.sleep(0.05)
        return rows

    async def rows(self) -> list[dict[str, Any]]:
        """What is stored of the shop."""
        table = stream_table(EVENTS)
        wanted = sa.select(table).where(table.c.tenant_id == self.running.tenant(self.slug).id)
        async with self.running.database.reading() as session:
            found = (await session.execute(wanted.order_by(table.c.occurred, table.c.received))).mappings().all()
        return [dict(row) for row in found]

    async def told(self, least: int) -> list[tuple[str, dict[str, Any]]]:
        """Type and metadata of what is stored."""
        return [(row["type"], row["metadata"]) for row in await self.stored(least)]

    async def types(self, least: int) -> list[str]:
        """The types of what is stored, sorted."""
        return sorted(row["type"] for row in await self.stored(least))

    async def dashboard(self) -> dict[str, Any]:
        """What the shop's owner sees."""
        key = await self.running.key(self.slug, scopes=("analytics:read",))
        answer = await self.running.client.get(f"/tenant/{self.slug}/analytics", headers={"X-API-Key": key})
        return answer.json()["data"]

    async def shown(self, *names: str) -> list[int]:
        """These numbers of the dashboard, as soon as none of them is 0."""
        deadline = time.monotonic() + SOON
        while not all(found := [(await self.dashboard())[name] for name in names]):
            assert time.monotonic() < deadline, dict(zip(names, found, strict=True))
            await asyncio.sleep(0.05)
        return found
