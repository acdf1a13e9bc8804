"""Fixtures for the tests of the platform and of plugins.

pytest loads this by entry point before it has read a single option, so whatever is heavy is imported inside.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from frontage.testing.components import read_missing, report_missing

if TYPE_CHECKING:
    from frontage.testing.bench import Bench
    from frontage.testing.postgres import PostgresServer

EXISTING_SERVER = "FRONTAGE_TEST_DATABASE_URL"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator["PostgresServer"]:
    """The server of `FRONTAGE_TEST_DATABASE_URL`, else a private one for this process."""
    from frontage.testing.postgres import PostgresUnavailableError, existing_server, private_server

    if url := os.environ.get(EXISTING_SERVER):
        yield existing_server(url)
        return
    try:
        with private_server() as server:
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


@pytest.fixture(scope="class")
def plugin_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Bench"]:
    """What the rules of a `PluginContract` are checked on; one for the whole class."""
    from frontage.testing.bench import Bench

    with Bench(request.cls.plugin, request.cls.values, tmp_path_factory.mktemp("contract")) as bench:
        yield bench


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested for want of a component."""
    skips = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    missing = Counter(found for words in skips if (found := read_missing(words)))
    for (component, reason), count in missing.items():
        terminalreporter.write_line(
            f"NOT TESTED, {component} is missing: {count} skipped. {reason}", yellow=True, bold=True
        )
