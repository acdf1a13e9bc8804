"""The stream that the bench fills, and its tables."""

from datetime import date
from importlib import import_module

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from frontage.base.database import Database
from frontage.intake.count import count
from frontage.intake.stream import Event, Rollup, Stream, bind
from frontage.intake.tables import create_rollup_table, create_stream_table


class Stamp(Event):
    card: str


class StampCount(Rollup):
    day: date
    card: str
    stamps: int = 0


STREAMS = bind("bench", [Stream("stamps", row=Stamp, rollup=count(StampCount, by=("day", "card"), stamps=1))])
TABLE = STREAMS[0].table


async def make_tables(url: str) -> None:
    """What the host's migrations would have made."""
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(_make)
    await database.close()


def _make(connection: sa.Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)) as op:
        import_module("frontage.intake.migrations.0001_intake").upgrade()
        create_stream_table(op, TABLE, Stamp)
        create_rollup_table(op, STREAMS[0].rollup_table(StampCount), StampCount)
