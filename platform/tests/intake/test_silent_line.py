"""A line to the database that goes silent in the middle of a write holds nobody up for ever."""

import asyncio

import pytest

from frontage.base.database import Database
from frontage.intake.limits import Limits

from .asking import rows_of, until
from .conftest import make_tables
from .streams import Stamp
from .test_away import _settled


class Line:
    """A TCP line that can go silent."""

    def __init__(self, host, port):
        self.there = host, port
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.tasks = set()

    async def serve(self, reader, writer):
        other, back = await asyncio.open_connection(*self.there)
        self.tasks.add(asyncio.current_task())
        try:
            await asyncio.gather(self.carry(reader, back), self.carry(other, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            back.transport.abort()

    async def carry(self, source, target):
        while data := await source.read(65536):
            await self.flowing.wait()
            target.write(data)
        target.close()


@pytest.mark.parametrize("size", [1, 500], ids=["one statement", "copy"])
async def test_a_silent_line_is_given_up_and_everything_arrives_by_another(postgres_url, start_intake, tenant, size):
    direct = Database(postgres_url)
    async with direct.engine.begin() as connection:
        await connection.run_sync(make_tables)
    line = Line(direct.url.host, direct.url.port)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = Database(direct.url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False))
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
    # The old lines stay silent for good, as when a firewall forgets them; new ones are another matter.
    line.flowing = asyncio.Event()
    line.flowing.set()
    await until(lambda: _settled(intake), seconds=30)
    assert len(await rows_of(direct, "stamps")) == size + 1
    await intake.stop()
    for task in line.tasks:
        task.cancel()
    server.close()
    await asyncio.gather(*line.tasks, return_exceptions=True)
    await database.close()
    await direct.close()
