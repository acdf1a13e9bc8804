"""One platform that listens, for all tests of the script; a new shop, website and visitor for each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from frontage.testing.harness import Running, listening, running, settings_for
from frontage.testing.visitor import Visitor
from frontage.testing.website import Website

from .landing_page import LandingPage, Street


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def promenade(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """A running platform on SQLite: what a browser does is the same on every database."""
    folder = tmp_path_factory.mktemp("promenade")
    async with running(settings_for(f"sqlite+aiosqlite:///{folder}/frontage.db", folder), {}) as started:
        yield Street(started)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def promenade_url(promenade: Street) -> AsyncIterator[str]:
    """Where it answers."""
    async with listening(promenade.running) as url:
        yield url


@pytest.fixture
def platform(promenade: Street) -> Running:
    """The platform itself."""
    return promenade.running


@pytest_asyncio.fixture(loop_scope="session")
async def new_landing_page(
    promenade: Street, promenade_url: str, website: Website, new_visitor: Callable[..., Awaitable[Visitor]]
) -> Callable[..., Awaitable[LandingPage]]:
    """Opens a shop, with more at the head of its file, and brings a visitor with options of Playwright's `new_context`."""

    async def open_one(head: str = "", **options: Any) -> LandingPage:
        slug = await promenade.open(head)
        return LandingPage(promenade.running, slug, promenade_url, website, await new_visitor(**options))

    return open_one


@pytest_asyncio.fixture(loop_scope="session")
async def landing_page(new_landing_page: Callable[..., Awaitable[LandingPage]]) -> AsyncIterator[LandingPage]:
    """A new shop with an ordinary visitor, to whom nothing must have gone wrong on its pages."""
    landing_page = await new_landing_page()
    yield landing_page
    assert landing_page.visitor.errors == []
