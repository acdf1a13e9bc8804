"""Letting old rows go: whole partitions where nobody keeps a row of them any longer, the rest a few rows at a time."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
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
        firsts = {tenant: _first_day(keep_of(tenant, stream.label) or stream.stream.retention) for tenant in everyone}
        if database.dialect == "postgresql":
            before = min(firsts.values(), default=utc_now().date())
            deleted += await _drop_past_partitions(database, stream.table, before, everyone)
        for tenant, first in firsts.items():
            if first > date.min:
                for old in (table.c.utc_day < first, _never_old(table, first)):
                    deleted += await delete_in_portions(database, table, sa.and_(table.c.tenant_id == tenant, old))
    async with database.writing() as session:
        await session.execute(sa.delete(batch).where(batch.c.at < utc_now().timestamp() - _BATCH_SECONDS))
    return deleted


def _never_old(table: sa.Table, first: date) -> sa.ColumnElement[bool]:
    """Rows that say of themselves that they lie ahead, by when they came: their own day would keep them for years."""
    return sa.and_(table.c.utc_day > utc_now().date(), table.c.received < datetime.combine(first, time(), UTC))


def _first_day(kept: timedelta | None) -> date:
    return date.min if kept is None else (utc_now() - kept).date()


async def _drop_past_partitions(database: Database, table: str, before: date, known: Sequence[UUID]) -> int:
    """Drop the partitions of days before; gives how many rows went with them."""
    async with database.reading() as session:
        listed = await session.execute(
            sa.text("select inhrelid::regclass::text from pg_inherits where inhparent = to_regclass(:table)"),
            {"table": table},
        )
        names = [name for name in listed.scalars() if (day := day_of_partition(table, name)) and day < before]
    return sum([await _drop_past(database, name, known) for name in names])


async def _drop_past(database: Database, name: str, known: Sequence[UUID]) -> int:
    # Whose retention is not known, as of a suspended tenant, loses nothing.
    count = f"select count(*), count(*) filter (where tenant_id <> all(:known)) from {name}"  # noqa: S608 - our own name
    look = sa.text(count).bindparams(sa.bindparam("known", known, type_=sa.ARRAY(sa.Uuid)))
    try:
        async with database.writing() as session:
            await session.execute(sa.text("set local lock_timeout = '1s'"))
            await session.execute(sa.text(f"lock table {name} in share row exclusive mode"))
            rows, unknown = (await session.execute(look)).one()
            if unknown:
                return 0
            await session.execute(sa.text(f"drop table {name}"))
    except DBAPIError as error:
        # Someone works with the table, or this role may not drop it: the next run, or the maintenance role's, does.
        logger.info("intake.partition_not_dropped", partition=name, error=str(error.orig).splitlines()[0])
        return 0
    return int(rows)
