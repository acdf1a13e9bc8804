"""A shop's page with pixel.js on it, and what the platform counted of those who looked at it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontage.testing.visitor import Visitor
from frontage.testing.website import Website

from ..shop import Shop  # noqa: TID252  # tests have no package of their own

SOON = 60.0
"""Seconds within which something happens even on a busy machine."""
PIXEL = "/assets/storefront-beacon/pixel.js"


@dataclass
class Storefront:
    """One shop, its website, and someone who visits it."""

    shop: Shop
    url: str
    website: Website
    visitor: Visitor

    async def tag(self, attributes: str = "", src: str = "") -> str:
        """The line that a shop pastes."""
        token = await self.shop.token()
        return f'<script async src="{src or self.url + PIXEL}" data-token="{token}" {attributes}></script>'

    async def put(
        self, body: str = "", *, path: str = "/", headers: Mapping[str, str] | None = None, **words: str
    ) -> str:
        """Put a page with the tag on the website, and give its URL."""
        page = f"<!doctype html><meta charset=utf-8><title>A shop</title>{body}{await self.tag(**words)}"
        return self.website.put(path, page, headers)

    async def visit(self, body: str = "", query: str = "", **words: Any) -> Any:
        """Open a page with the tag, and wait for the pixel."""
        page = await self.visitor.visit(await self.put(body, **words) + query)
        await self.until_there(page)
        return page

    async def until_there(self, page: Any) -> None:
        """Wait until the pixel runs."""
        # Made a boolean: Playwright would call a function that an expression gives.
        await page.wait_for_function("!!(window.frontage && frontage.pixel && frontage.pixel.track)")

    async def stored(self, least: int) -> list[dict[str, Any]]:
        """What is stored of the shop, as soon as it is so much."""
        deadline = time.monotonic() + SOON
        while len(rows := await self.shop.rows()) < least:
            assert time.monotonic() < deadline, f"{len(rows)} of {least} events came: {rows}"
            await asyncio.sleep(0.05)
        return rows

    async def kinds(self, least: int) -> list[str]:
        """The kinds of what is stored, sorted."""
        return sorted(row["kind"] for row in await self.stored(least))


def sent(page: Any) -> list[Any]:
    """The requests that bring events from now on, as far as they are made by a page that lives."""
    requests: list[Any] = []
    page.context.on("request", lambda request: requests.append(request) if "/beacon?" in request.url else None)
    return requests
