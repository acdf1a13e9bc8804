"""A shop's page with the store locator on it, and who looks at it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from frontage.testing.harness import Running
from frontage.testing.visitor import Visitor
from frontage.testing.website import Website

SOON = 60.0
"""Seconds within which something happens even on a busy machine."""
LOCATOR = "/assets/store-locator/locator.js"
SECRET = ("locations:read", "locations:write", "analytics:read")
LOCATIONS = "/locations/api/v1/locations"
EVENTS = "/locations/api/v1/public/widget-events"
US = {"country": "US", "time_zone": "America/Chicago"}
PLACES: list[dict[str, Any]] = [
    {"name": "Downtown", "address": "12 Main St", "city": "Springfield", "region": "IL", "postal_code": "62701", "lat": 39.8017, "lon": -89.6436,
     "phone": "+12175550101", "website": "https://shop.example/downtown", "hours": "24/7", "tags": ["parking", "cafe"]},
    {"name": "Lakeside", "address": "4 Shore Rd", "city": "Springfield", "region": "IL", "postal_code": "62703", "lat": 39.75, "lon": -89.6,
     "hours": "Mo-Su 00:00-24:00; Jan 01-Dec 31 off", "tags": ["parking"]},
    {"name": "Riverside", "city": "Peoria", "region": "IL", "postal_code": "61602", "lat": 40.6936, "lon": -89.589, "tags": ["cafe"]},
    {"name": "<img src=x onerror=alert(1)>", "city": "Chicago", "region": "IL", "lat": 41.8781, "lon": -87.6298},
]  # fmt: skip
SPRINGFIELD = {"latitude": 39.7817, "longitude": -89.6501}
AT_SPRINGFIELD = {"geolocation": SPRINGFIELD, "permissions": ["geolocation"]}


@dataclass
class StorePage:
    """One shop with its places, its website, and someone who visits it."""

    running: Running
    slug: str
    key: str
    secret: str
    url: str
    website: Website
    visitor: Visitor

    def tag(self, src: str = "", attributes: str = "") -> str:
        """The script alone."""
        return f'<script async src="{src or self.url + LOCATOR}" {attributes}></script>'

    def element(self, attributes: str = "", inner: str = "") -> str:
        """The element that a shop writes."""
        return f'<store-locator key="{self.key}" {attributes}>{inner}</store-locator>'

    def put(self, body: str, *, path: str = "/", headers: Mapping[str, str] | None = None) -> str:
        """Put a page on the website, and give its URL."""
        head = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Stores</title>"
        return self.website.put(path, f"{head}<body><main><h1>Our stores</h1>{body}</main></body></html>", headers)

    async def visit(self, attributes: str = "", *, inner: str = "", around: str = "", **words: Any) -> Any:
        """Open a page with the element, and wait until it is ready."""
        page = await self.visitor.visit(self.put(around + self.element(attributes, inner) + self.tag(), **words))
        await page.get_by_role("searchbox").first.wait_for()
        return page

    async def find(self, page: Any, words: str) -> None:
        """Search for words as a visitor does."""
        await page.get_by_role("searchbox").fill(words)
        await page.keyboard.press("Enter")
        await self.until_settled(page)

    async def until_settled(self, page: Any) -> None:
        """Wait until nothing is being searched."""
        # No function of text: a strict policy would forbid it.
        await page.locator("[aria-busy=true]").first.wait_for(state="detached")

    async def names(self, page: Any) -> list[str]:
        """The stores that are listed."""
        return await page.get_by_role("listitem").get_by_role("heading").all_inner_texts()

    async def status(self, page: Any) -> str:
        """What is said to those who do not see the list."""
        return await page.get_by_role("status").inner_text()

    async def funnel(self, **expected: int) -> dict[str, int]:
        """What the shop's owner sees of the day, as soon as it is this."""
        deadline = time.monotonic() + SOON
        while True:
            headers = {"X-API-Key": self.secret}
            days = (await self.running.client.get("/locations/api/v1/funnel", headers=headers)).json()["days"]
            found = {name: sum(day[name] for day in days) for name in expected}
            if found == expected or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.05)
