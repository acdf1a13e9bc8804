"""Locks: one holder at a time, on both databases, and nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from frontage.base.database import Database
from frontage.base.locks import exclusive

HOLD = """
import asyncio, sys
from frontage.base.database import Database
from frontage.base.locks import exclusive
async def hold():
    async with exclusive(Database(sys.argv[1]), "a"):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(hold())
"""


@pytest.fixture
async def databases(database_url):
    """Two that know nothing of each other, like those of two processes."""
    pair = [Database(database_url), Database(database_url)]
    yield pair
    for database in pair:
        await database.close()


async def test_two_holders_never_meet(databases):
    """Each enters after the other has left, whoever comes first."""
    inside, most = 0, 0

    async def work(database):
        nonlocal inside, most
        async with exclusive(database, "a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.02)
            inside -= 1

    await asyncio.gather(*(work(database) for database in databases * 3))
    assert (inside, most) == (0, 1)


async def test_locks_of_other_purposes_do_not_wait(databases):
    """A migration does not hold up an apply."""
    first, second = databases
    async with exclusive(first, "a"), asyncio.timeout(30), exclusive(second, "b"):
        pass


async def test_a_lock_is_given_back_when_the_work_fails(databases):
    """The error goes on, the next one enters."""
    first, second = databases
    with pytest.raises(ValueError, match="no luck"):
        async with exclusive(first, "a"):
            raise ValueError("no luck")
    async with asyncio.timeout(30), exclusive(second, "a"):
        pass


async def test_a_holder_that_is_killed_holds_nobody_up(databases, database_url):
    """The database or the system gives the lock back in its place."""
    command = [sys.executable, "-c", HOLD, database_url]
    holder = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE)
    assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    async with asyncio.timeout(30), exclusive(databases[0], "a"):
        pass


async def test_the_time_limit_of_statements_is_as_before(postgres_url):
    """A lock may wait for long; the connection that waited goes back to the pool with its limit."""
    database = Database(postgres_url)
    try:
        async with exclusive(database, "a"):
            pass
        async with database.engine.connect() as connection:
            assert (await connection.execute(text("show statement_timeout"))).scalar_one() == "30s"
    finally:
        await database.close()
