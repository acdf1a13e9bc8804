"""Letting old rows go: by tenant and stream, a few at a time; then the partitions that are empty."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.base.logs import get_logger
from frontage.intake.erasure import delete_in_portions
from frontage.intake.stream import BoundStream
from frontage.intake.tables import batch, day_of_partition, stream_table

KeepOf = Callable[[UUID, str], timedelta | None]
"""How long a tenant keeps the rows of a stream (by its label); None when the tenant says nothing."""

_BATCH_SECONDS = 30 * 86400
"""How long a batch of a stream without rows is known: longer than any spool waits for its database."""

logger = get_logger(__name__)


async def expire(database: Database, streams: Sequence[BoundStream], tenants: Iterable[UUID], keep_of: KeepOf) -> int:
    """Delete what is older than it may be; gives how many rows."""
    everyone = list(tenants)
    deleted = 0
    for stream in streams:
        if not stream.stream.keep:
            continue
        table = stream_table(stream)
        oldest = utc_now().date()
        for tenant in everyone:
            kept = keep_of(tenant, stream.label) or stream.stream.retention
            first = date.min if kept is None else (utc_now() - kept).date()
            oldest = min(oldest, first)
            if kept is not None:
                condition = sa.and_(table.c.tenant_id == tenant, table.c.utc_day < first)
                deleted += await delete_in_portions(database, table, condition)
        if database.dialect == "postgresql":
            await _drop_empty_partitions(database, stream.table, oldest)
    async with database.writing() as session:
        await session.execute(sa.delete(batch).where(batch.c.at < time.time() - _BATCH_SECONDS))
    return deleted


async def _drop_empty_partitions(database: Database, table: str, before: date) -> None:
    async with database.reading() as session:
        listed = await session.execute(
            sa.text("select inhrelid::regclass::text from pg_inherits where inhparent = to_regclass(:table)"),
            {"table": table},
        )
        names = [name for name in listed.scalars() if (day := day_of_partition(table, name)) and day < before]
    for name in names:
        try:
            async with database.writing() as session:
                await session.execute(sa.text("set local lock_timeout = '1s'"))
                await session.execute(sa.text(f"lock table {name} in share row exclusive mode"))
                if (await session.execute(sa.text(f"select 1 from {name} limit 1"))).first() is None:  # noqa: S608
                    await session.execute(sa.text(f"drop table {name}"))
        except DBAPIError as error:
            # Someone works with the table: the next run tries again.
            logger.info("intake.partition_not_dropped", partition=name, error=str(error.orig).splitlines()[0])
