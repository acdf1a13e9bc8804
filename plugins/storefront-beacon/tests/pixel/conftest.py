"""One platform that listens, for all tests of the pixel; a new shop, website and visitor for each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from frontage.testing.harness import Running, listening, running, settings_for
from frontage.testing.visitor import Visitor
from frontage.testing.website import Website

from ..shop import Street  # noqa: TID252
from .storefront import Storefront


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def avenue(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """A running platform on SQLite: what a browser does is the same on every database."""
    folder = tmp_path_factory.mktemp("avenue")
    async with running(settings_for(f"sqlite+aiosqlite:///{folder}/frontage.db", folder), {}) as started:
        yield Street(started)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def avenue_url(avenue: Street) -> AsyncIterator[str]:
    """Where it answers."""
    async with listening(avenue.running) as url:
        yield url


@pytest.fixture
def platform(avenue: Street) -> Running:
    """The platform itself."""
    return avenue.running


@pytest_asyncio.fixture(loop_scope="session")
async def new_storefront(
    avenue: Street, avenue_url: str, website: Website, new_visitor: Callable[..., Awaitable[Visitor]]
) -> Callable[..., Awaitable[Storefront]]:
    """Opens a shop, with more at the head of its file, and brings a visitor with options of Playwright's `new_context`."""

    async def open_one(head: str = "", **options: Any) -> Storefront:
        return Storefront(await avenue.open(head), avenue_url, website, await new_visitor(**options))

    return open_one


@pytest_asyncio.fixture(loop_scope="session")
async def storefront(new_storefront: Callable[..., Awaitable[Storefront]]) -> AsyncIterator[Storefront]:
    """A new shop with an ordinary visitor, to whom nothing must have gone wrong on its pages."""
    storefront = await new_storefront()
    yield storefront
    assert storefront.visitor.errors == []
