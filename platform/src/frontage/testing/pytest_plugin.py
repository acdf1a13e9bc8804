"""Fixtures for the tests of the platform and of plugins.

pytest loads this by entry point before it has read a single option, so whatever is heavy is imported inside.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from frontage.testing.components import read_missing, report_missing

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from frontage.testing.bench import Bench
    from frontage.testing.postgres import PostgresServer
    from frontage.testing.redis import RedisServer
    from frontage.testing.visitor import Visitor
    from frontage.testing.website import Website


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["PostgresServer"]:
    """The server of `FRONTAGE_TEST_DATABASE_URL`, else a private one for this process."""
    from frontage.testing.postgres import PostgresUnavailableError, open_server

    try:
        with open_server() as server:
            yield server
    except PostgresUnavailableError as error:
        report_missing("postgresql", str(error))


@pytest.fixture
def postgres_url(postgres_server: "PostgresServer") -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped afterwards."""
    with postgres_server.empty_database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite database that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path}/frontage.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, once on each engine."""
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param])
    return url


@pytest.fixture(scope="session")
def make_redis() -> Iterator[Callable[[], "RedisServer"]]:
    """Starts Redis or Valkey, as many as are asked for; all end with the session."""
    from frontage.testing.redis import RedisUnavailableError, private_redis

    with ExitStack() as stack:

        def make() -> "RedisServer":
            try:
                return stack.enter_context(private_redis())
            except RedisUnavailableError as error:
                report_missing("redis", str(error))

        yield make


@pytest.fixture
def redis_server(make_redis: Callable[[], "RedisServer"]) -> Iterator["RedisServer"]:
    """A Redis or Valkey of this test's own, to be broken at will."""
    server = make_redis()
    yield server
    server.kill()


@pytest.fixture(scope="class")
def plugin_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Bench"]:
    """What the rules of a `PluginContract` are checked on; one for the whole class."""
    from frontage.testing.bench import Bench
    from frontage.testing.project import find_project

    slug, folder = request.cls.plugin, tmp_path_factory.mktemp("contract")
    with Bench(slug, request.cls.values, folder, find_project(slug, request.path)) as bench:
        yield bench


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator["Browser"]:
    """A browser for all tests of this process; who asks for it, or for a visitor, runs in the session's loop."""
    from frontage.testing.chromium import ChromiumUnavailableError, open_chromium

    try:
        async with open_chromium() as browser:
            yield browser
    except ChromiumUnavailableError as error:
        report_missing("chromium", str(error))


@pytest_asyncio.fixture(loop_scope="session")
async def new_visitor(
    request: pytest.FixtureRequest, chromium: "Browser"
) -> AsyncIterator[Callable[..., Awaitable["Visitor"]]]:
    """Brings visitors with options of Playwright's `new_context`; pictures that they keep lie in `screenshots/`."""
    from frontage.testing.visitor import Visitor

    shots = request.config.rootpath / "screenshots" / request.path.stem
    visitors: list[Visitor] = []

    async def arrive(**options: Any) -> Visitor:
        visitors.append(await Visitor.arrive(chromium, shots, **options))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        await visitor.leave()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(new_visitor: Callable[..., Awaitable["Visitor"]]) -> "Visitor":
    """Someone with an ordinary desktop browser and a fresh profile."""
    return await new_visitor()


@pytest.fixture
def website() -> Iterator["Website"]:
    """The shop's own site, empty, on another origin than the platform."""
    from frontage.testing.website import open_website

    with open_website() as website:
        yield website


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a test that would wait for ever: what belongs to one loop never wakes another."""
    if "chromium" in getattr(item, "fixturenames", ()):
        marker = item.get_closest_marker("asyncio")
        if marker is None or marker.kwargs.get("loop_scope") != "session":
            pytest.fail("mark who meets a visitor: pytest.mark.asyncio(loop_scope='session')", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested for want of a component."""
    skips = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    missing = Counter(found for words in skips if (found := read_missing(words)))
    for (component, reason), count in missing.items():
        terminalreporter.write_line(
            f"NOT TESTED, {component} is missing: {count} skipped. {reason}", yellow=True, bold=True
        )
