"""A platform on each database for all tests of a file, and a new shop for whoever wants one."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from frontage.edge import period
from frontage.testing.harness import running, settings_for
from frontage_landing_analytics import dashboard_routes, recording
from frontage_landing_analytics.reports import trend

from .shop import Shop, Street


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
    """A running platform where shops can be opened; every request of a test comes through a trusted proxy."""
    settings = settings_for(
        shared_url,
        tmp_path_factory.mktemp("street"),
        trusted_proxies=("127.0.0.1",),
        country_header="CF-IPCountry",
    )
    async with running(settings, {}) as started:
        yield Street(started)


@pytest_asyncio.fixture(loop_scope="module")
async def shop(street: Street) -> Shop:
    """A new shop with quotas that no test uses up."""
    return await street.open()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def corner(street: Street) -> Shop:
    """One shop for all rows of a table."""
    return await street.open()


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test turns."""
    now = [datetime(2026, 3, 8, 12, tzinfo=UTC)]
    for module in (recording, dashboard_routes, trend, period):
        monkeypatch.setattr(module, "utc_now", lambda: now[0])
    return now
