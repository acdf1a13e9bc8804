"""One platform that listens, for all tests of the widget; a website and a visitor for each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from frontage.testing.harness import Running, listening, running, settings_for
from frontage.testing.visitor import Visitor
from frontage.testing.website import Website

from .store_page import LOCATIONS, PLACES, SECRET, US, StorePage

OpenPage = Callable[..., Awaitable[StorePage]]


class Mall:
    """A running platform on which shops with the same places are opened."""

    def __init__(self, started: Running) -> None:
        self.running = started
        self._files: dict[str, str] = {}
        self._numbers = count(1)

    async def open(self, settings: str = "", head: str = "") -> str:
        """The slug of a new shop."""
        slug = f"shop-{(number := next(self._numbers))}"
        plugin = f'[plugins.store-locator]\ncountry = "US"\nfunnel = true\n{settings}'
        self._files[slug] = f'name = "Shop {number}"\nnumber = {number}\n{head}\n{plugin}'
        await self.running.apply(self._files)
        return slug


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mall]:
    """A running platform on SQLite: what a browser does is the same on every database."""
    folder = tmp_path_factory.mktemp("mall")
    async with running(settings_for(f"sqlite+aiosqlite:///{folder}/frontage.db", folder), {}) as started:
        mall = Mall(started)
        # The first search of a process loads what it needs; no visitor of a test shall wait for that.
        key = await started.key(await mall.open(), "publishable")
        for path in ("geocode?q=Peoria", "locations?lat=0&lon=0&q=Peoria"):
            assert (await started.client.get(f"/locations/api/v1/public/{path}&key={key}")).is_success
        yield mall


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mall_url(mall: Mall) -> AsyncIterator[str]:
    """Where it answers."""
    async with listening(mall.running) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def new_store_page(
    mall: Mall, mall_url: str, website: Website, new_visitor: Callable[..., Awaitable[Visitor]]
) -> OpenPage:
    """Opens a shop with its places, and brings a visitor with options of Playwright's `new_context`."""

    async def open_one(settings: str = "", head: str = "", **options: Any) -> StorePage:
        slug = await mall.open(settings, head)
        secret = await mall.running.key(slug, scopes=SECRET)
        key = await mall.running.key(slug, "publishable")
        for place in PLACES:
            answer = await mall.running.client.post(LOCATIONS, json={**US, **place}, headers={"X-API-Key": secret})
            assert answer.status_code == 201, answer.text
        visitor = await new_visitor(**{"locale": "en-US", **options})
        return StorePage(mall.running, slug, key, secret, mall_url, website, visitor)

    return open_one


@pytest_asyncio.fixture(loop_scope="session")
async def store_page(new_store_page: OpenPage) -> AsyncIterator[StorePage]:
    """A new shop with an ordinary visitor, to whom nothing must have gone wrong on its pages."""
    store_page = await new_store_page()
    yield store_page
    assert store_page.visitor.errors == []
    assert store_page.visitor.complaints == []
