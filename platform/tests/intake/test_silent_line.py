"""A line to the database that goes silent in the middle of a write holds nobody up for ever."""

import asyncio

import pytest
from silent_line import silent_line

from frontage.base.database import Database
from frontage.intake.limits import Limits

from .asking import rows_of, until
from .conftest import make_tables
from .streams import Stamp
from .test_away import _settled


@pytest.mark.parametrize("size", [1, 500], ids=["one statement", "copy"])
async def test_a_silent_line_is_given_up_and_everything_arrives_by_another(postgres_url, start_intake, tenant, size):
    direct = Database(postgres_url)
    async with direct.engine.begin() as connection:
        await connection.run_sync(make_tables)
    async with silent_line(direct.url) as (line, url):
        database = Database(url)
        limits = Limits(budget_seconds=0.1, replay_seconds=0.5, poll_seconds=0.2)
        intake = await start_intake(database, limits=limits)
        await intake.accept(Stamp(card="before"), tenant=tenant)
        # This test is about writes; making partitions uses the pool, whose lines are not given up so soon.
        partitions = intake._workers[-1]
        partitions.cancel()
        await asyncio.wait((partitions,))
        line.flowing.clear()
        await intake.accept([Stamp(card="during") for _ in range(size)], tenant=tenant)
        await asyncio.sleep(0)
        line.forget()
        await until(lambda: _settled(intake), seconds=30)
        assert len(await rows_of(direct, "stamps")) == size + 1
        await intake.stop()
        await database.close()
    await direct.close()
