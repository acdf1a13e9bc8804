"""The database: sessions that commit or undo, waiting for it, and which errors mean that it is away."""

import asyncio
import socket

import pytest
from silent_line import silent_line
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from frontage.base import database as module
from frontage.base.database import Database, is_behind, is_unavailable
from frontage.base.errors import DatabaseUnavailableError


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    async with database.writing() as session:
        await session.execute(text("create table thing (number integer primary key)"))
    yield database
    await database.close()


async def numbers(database):
    async with database.reading() as session:
        return [*(await session.scalars(text("select number from thing order by number")))]


async def add(database, *values):
    async with database.writing() as session:
        for value in values:
            await session.execute(text("insert into thing values (:value)"), {"value": value})


async def test_what_is_written_is_committed_when_the_block_ends_well(database):
    """And undone, all of it, when it does not."""
    await add(database, 1, 2)
    with pytest.raises(IntegrityError):
        await add(database, 3, 1)
    assert await numbers(database) == [1, 2]


async def test_reading_leaves_nothing_behind(database):
    """Whatever was done in it."""
    async with database.reading() as session:
        await session.execute(text("insert into thing values (9)"))
    assert await numbers(database) == []


async def test_writers_at_once_all_succeed(database):
    """SQLite has one writer at a time; the others wait at BEGIN, and none of them fails half-way."""

    async def read_then_write(value):
        async with database.writing() as session:
            await session.execute(text("select count(*) from thing"))
            await session.execute(text("insert into thing values (:value)"), {"value": value})

    await asyncio.gather(*(read_then_write(value) for value in range(12)))
    assert await numbers(database) == [*range(12)]


async def test_the_embedded_database_is_safe(sqlite_url):
    """Every commit is on the disk, readers do not wait for writers, and foreign keys hold."""
    database = Database(sqlite_url)
    try:
        async with database.engine.connect() as connection:
            told = {}
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
                told[name] = (await connection.exec_driver_sql(f"pragma {name}")).scalar_one()
        assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    finally:
        await database.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("kind", ["nobody listens", "no such database"])
async def test_a_database_that_does_not_answer_is_waited_for(postgres_url, kind):
    """It is said at every try; the error in the end names the place, not the password, and the reason."""
    there = (
        postgres_url.rpartition("/")[0].replace("postgres@", "postgres:hidden-word@") + "/frontage_test_nobody_made_it"
    )
    away = f"postgresql+asyncpg://shop:hidden-word@127.0.0.1:{free_port()}/shop"
    database = Database(there if kind == "no such database" else away)
    said = []
    with pytest.raises(
        DatabaseUnavailableError, match=r"The database at postgresql\+asyncpg://.* does not answer: ."
    ) as caught:
        await database.wait(seconds=0.5, say=said.append)
    await database.close()
    assert ":***@" in str(caught.value)
    assert "hidden-word" not in " ".join([*said, str(caught.value)])
    assert said
    assert all(line.startswith("Waiting for the database at ") for line in said)
    assert is_unavailable(caught.value)


async def test_a_database_that_comes_is_waited_for_no_longer(database):
    """Nothing is said when it is there."""
    said = []
    await database.wait(seconds=0, say=said.append)
    assert said == []


async def test_a_refused_connection_means_away():
    """As does every error of the system on the way to it."""
    database = Database(f"postgresql+asyncpg://shop@127.0.0.1:{free_port()}/shop")
    with pytest.raises(ConnectionRefusedError) as caught:
        await database.ping()
    assert is_unavailable(caught.value)
    await database.close()


async def test_an_error_of_the_statement_does_not_mean_away(database):
    """A wrong statement and a broken rule are ours, and no retry mends them."""
    await add(database, 1)
    with pytest.raises(IntegrityError) as twice:
        await add(database, 1)
    with pytest.raises((ProgrammingError, OperationalError)) as wrong:
        async with database.reading() as session:
            await session.execute(text("select nothing from nowhere"))
    assert not is_unavailable(twice.value)
    assert not is_unavailable(wrong.value)


async def test_a_connection_that_the_server_ends_means_away(postgres_url):
    """The statement under way fails as unavailable, and the next session has a new connection."""
    database = Database(postgres_url)
    end_myself = text("select pg_terminate_backend(pg_backend_pid())")
    try:
        async with database.reading() as session:
            with pytest.raises(DBAPIError) as caught:
                await session.execute(end_myself)
        assert is_unavailable(caught.value)
        async with database.reading() as session:
            assert (await session.execute(text("select 1"))).scalar_one() == 1
    finally:
        await database.close()


async def test_a_server_that_is_full_means_away(postgres_url):
    """What the server tells while one connects is judged by its code, though it comes straight from the driver."""
    name = postgres_url.rpartition("/")[2]
    first, second = Database(postgres_url), Database(postgres_url.replace("postgres@", "lodger@"))
    try:
        async with first.writing() as session:
            await session.execute(text(f'alter database "{name}" connection limit 0'))
            await session.execute(text("drop role if exists lodger"))
            await session.execute(text("create role lodger login"))
        with pytest.raises(Exception, match="too many connections") as caught:
            await second.ping()
        assert not isinstance(caught.value, DBAPIError)
        assert is_unavailable(caught.value)
    finally:
        async with first.writing() as session:
            await session.execute(text("drop role if exists lodger"))
        await first.close()
        await second.close()


@pytest.mark.parametrize("mode", ["disable", "prefer"])
async def test_the_url_may_say_how_to_encrypt(postgres_url, mode):
    """`sslmode` is PostgreSQL's own word, and hosting companies write it into every URL."""
    database = Database(f"{postgres_url}?sslmode={mode}")
    await database.ping()
    await database.close()


async def test_closing_does_not_wait_for_a_line_that_has_gone_silent(postgres_url, monkeypatch):
    """Whoever stops the process must not have to kill it because a server is frozen."""
    monkeypatch.setattr(module, "_CLOSE_SECONDS", 0.2)
    async with silent_line(make_url(postgres_url)) as (line, url):
        database = Database(url)
        async with database.reading() as one, database.reading() as another:
            for session in (one, another):
                await session.execute(text("select 1"))
        line.flowing.clear()
        async with asyncio.timeout(20):
            await database.close()
        assert not database._lines or all(line.is_closed() for line in database._lines)


@pytest.mark.parametrize("statement", ["select 1 from nowhere", "select colour from thing"], ids=["table", "column"])
async def test_what_a_migration_would_have_made_means_behind(database, statement):
    """Not away: only migrating mends it."""
    with pytest.raises(DBAPIError) as caught:
        async with database.reading() as session:
            await session.execute(text(statement))
    assert is_behind(caught.value)
    assert not is_unavailable(caught.value)
    with pytest.raises(IntegrityError) as twice:
        await add(database, 1, 1)
    assert not is_behind(twice.value)
