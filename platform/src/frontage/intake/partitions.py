"""Keeps the daily partitions of streams ahead of time, on PostgreSQL."""

import asyncio
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.base.logs import get_logger
from frontage.intake.stream import BoundStream
from frontage.intake.tables import DAYS_AHEAD, partition_name, partition_statement

_EVERY_SECONDS = 3600.0
_LOCK_SECONDS = 2

logger = get_logger(__name__)


async def keep_partitions_ahead(database: Database, streams: list[BoundStream]) -> None:
    """Make what is missing, again and again."""
    while True:
        try:
            await make_partitions(database, streams)
        except (DBAPIError, OSError, TimeoutError) as error:
            logger.warning("intake.partitions_not_made", error=str(error).splitlines()[0] if str(error) else "too slow")
        await asyncio.sleep(_EVERY_SECONDS)


async def make_partitions(database: Database, streams: list[BoundStream]) -> int:
    """Make the partitions of the days to come; gives how many were missing."""
    made = 0
    for stream in streams:
        for day in [utc_now().date() + timedelta(days=offset) for offset in range(DAYS_AHEAD + 1)]:
            if await _exists(database, stream.table) and not await _exists(database, partition_name(stream.table, day)):
                made += await _make(database, stream.table, partition_statement(stream.table, day))
    return made


async def _exists(database: Database, table: str) -> bool:
    async with database.reading() as session:
        return (await session.execute(text("select to_regclass(:name)"), {"name": table})).scalar() is not None


async def _make(database: Database, table: str, statement: str) -> bool:
    try:
        async with database.writing() as session:
            # Making a partition locks the default one, and everyone queues behind that: give up early.
            await session.execute(text(f"set local lock_timeout = '{_LOCK_SECONDS}s'"))
            await session.execute(text(statement))
    except DBAPIError as error:
        # Rows of that day may lie in the default partition already, by a clock that jumped: then they stay there.
        logger.info("intake.partition_not_made", table=table, error=str(error.orig).splitlines()[0])
        return False
    return True
