"""The databases that tests get: empty, real, their own, and gone afterwards."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from frontage.testing import postgres


def as_dsn(url: str) -> str:
    return url.replace("+asyncpg", "", 1)


async def fetch(url: str, statement: str):
    connection = await asyncpg.connect(as_dsn(url))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_has_postgis_and_btree_gist(postgres_url):
    """A fresh database knows geography and mixed gist indexes without any preparation."""
    assert (await fetch(postgres_url, "select postgis_version()")).startswith("3.")
    assert await fetch(postgres_url, "select count(*) from pg_extension where extname = 'btree_gist'") == 1


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_gets_an_empty_database(database_url, turn):
    """What one test writes, the next does not find."""
    engine = create_async_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("create table left_behind (turn integer)"))
    finally:
        await engine.dispose()


async def test_a_database_goes_even_while_it_is_in_use(postgres_server):
    """A connection that a test forgot does not keep its database alive."""
    with postgres_server.empty_database() as url:
        forgotten = await asyncpg.connect(as_dsn(url))
    left = await fetch(postgres_server.url, f"select count(*) from pg_database where datname = '{name_of(url)}'")
    assert left == 0
    forgotten.terminate()


def name_of(url: str) -> str:
    return urlsplit(url).path[1:]


async def test_it_listens_on_loopback_only(postgres_server):
    """Nobody else on the network reaches a server that asks for no password."""
    if "FRONTAGE_TEST_DATABASE_URL" in os.environ:
        pytest.skip("the server is not ours")
    assert await fetch(postgres_server.url, "show listen_addresses") == "127.0.0.1"


async def test_a_durable_server_waits_for_the_disk(postgres_server):
    """Tests that pull the plug can have a server that keeps what it acknowledged."""
    with postgres.private_server(durable=True) as server:
        assert await fetch(server.url, "show fsync") == "on"


STARTS_AND_HANGS = """
import time
from frontage.testing.postgres import private_server

with private_server() as server:
    print(server.url, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_the_server_ends_with_its_process(postgres_server, ending):
    """However the tests end, no server and no folder stay behind."""
    command = [sys.executable, "-c", STARTS_AND_HANGS]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        url = process.stdout.readline().strip()
        folder = Path(asyncio.run(fetch(url, "show unix_socket_directories")))
        assert folder.exists()
        process.send_signal(ending)
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        postgres.execute(url, "select 1")


def test_no_server_at_all_names_the_package(monkeypatch):
    """Where PostgreSQL is not installed, the message says what to install."""
    monkeypatch.setattr(postgres, "_candidates", lambda: iter([Path("/nonexistent")]))
    with pytest.raises(postgres.PostgresUnavailableError, match="apt install postgresql"):
        postgres.find_programs()


NEEDS_A_DATABASE = """
import pytest
from frontage.testing import postgres

@pytest.fixture(scope="session", autouse=True)
def no_server():
    postgres._candidates = lambda: iter(())

def test_something(no_server, postgres_url):
    pass
"""


@pytest.mark.parametrize(
    ("required", "outcome", "line"),
    [
        ("", {"skipped": 1}, "NOT TESTED, postgresql is missing: 1 skipped. no PostgreSQL server here*"),
        ("redis, postgresql", {"errors": 1}, "*FRONTAGE_TEST_REQUIRE demands it*"),
    ],
    ids=["at a desk", "where it is required"],
)
def test_a_missing_server_is_never_silent(pytester, monkeypatch, required, outcome, line):
    """Without PostgreSQL a test is skipped with a loud line, or fails where the component is required."""
    monkeypatch.setenv("FRONTAGE_TEST_REQUIRE", required)
    monkeypatch.delenv("FRONTAGE_TEST_DATABASE_URL", raising=False)
    pytester.makepyfile(NEEDS_A_DATABASE)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:xdist")
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines([line])
