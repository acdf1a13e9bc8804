"""Deleting and giving out what belongs to a tenant, or to one visitor of it."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.intake.batch import join_packed, pack
from frontage.intake.postgres_rolls import lock_number
from frontage.intake.rows import packed_reader
from frontage.intake.stream import BoundStream
from frontage.intake.tables import dead_letter, erased, outbox, rollup_table, stream_table

_ROWS = 2_000
"""Rows that one transaction deletes or one page gives out."""


def tables_of(streams: Sequence[BoundStream]) -> list[sa.Table]:
    """The tables that hold tenants' rows: streams first, then what was counted from them."""
    kept = [stream_table(stream) for stream in streams if stream.stream.keep]
    return kept + [rollup_table(stream, kind) for stream in streams for kind in stream.rollups]


async def erase_tenant(database: Database, streams: Sequence[BoundStream], tenant: UUID) -> None:
    """Delete everything of a tenant for good. What lies in a worker's spool is let go of when it is replayed."""
    async with database.writing() as session:
        await session.execute(sa.delete(erased).where(erased.c.tenant_id == tenant))
        await session.execute(sa.insert(erased).values(tenant_id=tenant, at=utc_now()))
    for stream in streams:
        async with database.writing() as session:
            await _hold(session, database, stream)
            await _forget_uncounted(session, stream, tenant)
            for kind in stream.rollups:
                table = rollup_table(stream, kind)
                await session.execute(sa.delete(table).where(table.c.tenant_id == tenant))
        if stream.stream.keep:
            table = stream_table(stream)
            await delete_in_portions(database, table, table.c.tenant_id == tenant)
    async with database.writing() as session:
        await session.execute(sa.delete(dead_letter).where(dead_letter.c.tenant_id == tenant))


async def erase(
    database: Database, stream: BoundStream, table: sa.Table, tenant: UUID, facts: Mapping[str, Any]
) -> int:
    """Delete the rows of a tenant that have these facts, from one of a stream's tables and from its dead letters."""
    if not facts:
        raise ValueError("say which rows: no facts would mean all of them")
    conditions = [table.c[name] == value for name, value in facts.items()]
    rows = await delete_in_portions(database, table, sa.and_(table.c.tenant_id == tenant, *conditions))
    async with database.writing() as session:
        mine = sa.and_(dead_letter.c.stream == stream.label, dead_letter.c.tenant_id == tenant)
        for letter in (await session.execute(sa.select(dead_letter.c.id, dead_letter.c.payload).where(mine))).all():
            told = json.loads(letter.payload)
            if all(str(told.get(name)) == str(value) for name, value in facts.items()):
                await session.execute(sa.delete(dead_letter).where(mine, dead_letter.c.id == letter.id))
    return rows


async def export_tenant(
    database: Database, streams: Sequence[BoundStream], tenant: UUID
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every row of a tenant with the name of its table, in the order of the keys, a page at a time."""
    for table in [*tables_of(streams), dead_letter]:
        async for row in _pages(database, table, tenant):
            yield table.name, row


async def delete_in_portions(database: Database, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
    """Delete rows, a few at a time, so that no lock is held for long; gives how many."""
    keys = list(table.primary_key)
    some = sa.select(*keys).where(condition).limit(_ROWS)
    deleted = 0
    while True:
        async with database.writing() as session:
            result = await session.execute(sa.delete(table).where(sa.tuple_(*keys).in_(some)))
            count = int(getattr(result, "rowcount", 0))
        deleted += count
        if count < _ROWS:
            return deleted


async def _pages(database: Database, table: sa.Table, tenant: UUID) -> AsyncIterator[dict[str, Any]]:
    keys = list(table.primary_key)
    query = sa.select(table).where(table.c.tenant_id == tenant).order_by(*keys).limit(_ROWS)
    page = query
    while True:
        async with database.reading() as session:
            rows = (await session.execute(page)).mappings().all()
        for row in rows:
            yield dict(row)
        if len(rows) < _ROWS:
            return
        last = [sa.literal(rows[-1][key.name], key.type) for key in keys]
        page = query.where(sa.tuple_(*keys) > sa.tuple_(*last))


async def _hold(session: AsyncSession, database: Database, stream: BoundStream) -> None:
    """Keep rollups of this stream away until the transaction ends; on SQLite the writer's lock does so already."""
    if database.dialect == "postgresql":
        await session.execute(sa.text("select pg_advisory_xact_lock(:number)"), {"number": lock_number(stream.label)})


async def _forget_uncounted(session: AsyncSession, stream: BoundStream, tenant: UUID) -> None:
    """Take the tenant's events out of the outbox."""
    unpack = packed_reader(stream.stream.row)
    rows = (await session.execute(sa.select(outbox).where(outbox.c.stream == stream.label))).all()
    for row in rows:
        events = unpack(row.payload)
        fresh = events if row.fresh is None else [events[at] for at in row.fresh]
        left = [pack(event) for event in fresh if event.tenant != tenant]
        if len(left) == len(fresh):
            continue
        here = outbox.c.id == row.id
        change = sa.update(outbox).where(here).values(payload=join_packed(left), size=len(left), fresh=None)
        await session.execute(change if left else sa.delete(outbox).where(here))
