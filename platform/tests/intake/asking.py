"""Looking at what is in the tables, and at the numbers that tell of it."""

import asyncio
from datetime import UTC, datetime

import sqlalchemy as sa

from frontage.intake.tables import rollup_table, stream_table

from .streams import streams


def bound(name):
    return next(stream for stream in streams if stream.stream.name == name)


async def rows_of(database, name, where=None):
    table = stream_table(bound(name))
    async with database.reading() as session:
        return list((await session.execute(sa.select(table))).mappings())


async def counts_of(database, name, kind):
    table = rollup_table(bound(name), kind)
    async with database.reading() as session:
        return list((await session.execute(sa.select(table))).mappings())


async def ask(database, statement, **values):
    async with database.reading() as session:
        return list((await session.execute(sa.text(statement), values)).mappings())


async def tell(database, *statements):
    async with database.writing() as session:
        for statement in statements:
            await session.execute(sa.text(statement))


async def until(question, seconds=20.0):
    """Wait until an async question answers true."""
    async with asyncio.timeout(seconds):
        while not await question():  # noqa: ASYNC110 - the answer is in the database, which rings no bell
            await asyncio.sleep(0.01)


async def counted(database):
    """Wait until nothing is left to count."""

    async def empty():
        return not await ask(database, "select 1 from intake_outbox where not parked")

    await until(empty)


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
