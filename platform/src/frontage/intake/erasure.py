"""Deleting and giving out what belongs to a tenant, or to one visitor of it."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.intake.batch import join_packed
from frontage.intake.postgres_rolls import lock_number
from frontage.intake.stream import BoundStream
from frontage.intake.tables import dead_letter, erased, outbox, rollup_table, stream_table

_ROWS = 2_000
"""Rows that one transaction deletes or one page gives out."""


class _Owned(msgspec.Struct):
    """Whose a packed event is, whatever else is in it and whoever knows its stream."""

    tenant: UUID


_each = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_owner = msgspec.msgpack.Decoder(_Owned).decode


def tables_of(streams: Sequence[BoundStream]) -> list[sa.Table]:
    """The tables that hold tenants' rows: streams first, then what was counted from them."""
    kept = [stream_table(stream) for stream in streams if stream.stream.keep]
    return kept + [rollup_table(stream, kind) for stream in streams for kind in stream.rollups]


async def mark_erased(session: AsyncSession, tenant: UUID) -> None:
    """Note, in the transaction that deletes a tenant, that its events are let go of from now on, wherever they lie."""
    await session.execute(sa.delete(erased).where(erased.c.tenant_id == tenant))
    await session.execute(sa.insert(erased).values(tenant_id=tenant, at=utc_now()))


async def erased_since(database: Database, moment: datetime) -> dict[UUID, datetime]:
    """The tenants that were deleted after this moment, and when."""
    query = sa.select(erased.c.tenant_id, erased.c.at).where(erased.c.at >= moment)
    async with database.reading() as session:
        return {row[0]: row[1] for row in await session.execute(query)}


async def erase_tenants(database: Database, streams: Sequence[BoundStream], tenants: Collection[UUID]) -> None:
    """Delete every event of these tenants and what was counted from them.

    What lies in a worker's spool is let go of when it is replayed; what a worker stores that has not heard of it yet
    is found by doing this once more.
    """
    for label in sorted({stream.label for stream in streams} | await _uncounted(database)):
        async with database.writing() as session:
            await _hold(session, database, label)
            await _forget_uncounted(session, label, tenants)
            for table in [rollup_table(one, kind) for one in streams if one.label == label for kind in one.rollups]:
                await session.execute(sa.delete(table).where(table.c.tenant_id.in_(tenants)))
    for table in [stream_table(stream) for stream in streams if stream.stream.keep]:
        await delete_in_portions(database, table, table.c.tenant_id.in_(tenants))
    async with database.writing() as session:
        await session.execute(sa.delete(dead_letter).where(dead_letter.c.tenant_id.in_(tenants)))


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


async def _uncounted(database: Database) -> set[str]:
    """The streams that have something in the outbox, those of plugins that are gone included."""
    async with database.reading() as session:
        return set((await session.execute(sa.select(outbox.c.stream).distinct())).scalars())


async def _hold(session: AsyncSession, database: Database, label: str) -> None:
    """Keep rollups of this stream away until the transaction ends; on SQLite the writer's lock does so already."""
    if database.dialect == "postgresql":
        await session.execute(sa.text("select pg_advisory_xact_lock(:number)"), {"number": lock_number(label)})


async def _forget_uncounted(session: AsyncSession, label: str, tenants: Collection[UUID]) -> None:
    """Take the tenants' events out of the outbox."""
    rows = (await session.execute(sa.select(outbox).where(outbox.c.stream == label))).all()
    for row in rows:
        events = [bytes(one) for one in _each(row.payload)]
        fresh = events if row.fresh is None else [events[at] for at in row.fresh]
        left = [packed for packed in fresh if _owner(packed).tenant not in tenants]
        if len(left) == len(fresh):
            continue
        here = outbox.c.id == row.id
        change = sa.update(outbox).where(here).values(payload=join_packed(left), size=len(left), fresh=None)
        await session.execute(change if left else sa.delete(outbox).where(here))
