"""Platforms on each database: one for all tests of a file with a new shop for each, or one for a test alone."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from frontage.testing.harness import Running, running, settings_for

from .shop import TENANTS, Shop, Street
from .world import real_world


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database for all tests of a file, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('shared')}/frontage.db"
        return
    with request.getfixturevalue("postgres_server").empty_database() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """A running platform where shops can be opened."""
    async with running(settings_for(shared_url, tmp_path_factory.mktemp("street")), TENANTS) as started:
        yield Street(started)


@pytest_asyncio.fixture(loop_scope="module")
async def shop(street: Street) -> Shop:
    """A new shop in the United States."""
    return await street.open()


@pytest.fixture
def site(street: Street) -> Running:
    """The platform on which the shops are."""
    return street.running


@pytest.fixture
async def platform(database_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    """A platform for one test, on an empty database."""
    async with running(settings_for(database_url, tmp_path), TENANTS) as started:
        yield started


@pytest.fixture
def acme(platform: Running) -> Shop:
    """A shop in the United States, on a platform for one test."""
    return Shop(platform, "acme")


@pytest.fixture
def bolt(platform: Running) -> Shop:
    """Another shop beside acme."""
    return Shop(platform, "bolt")


@pytest.fixture(scope="session")
def world() -> list[dict[str, Any]]:
    """Real places and awkward ones."""
    return real_world()
