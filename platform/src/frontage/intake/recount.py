"""Proves that rollups equal a recount from the raw rows, and mends them where they do not."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.database import Database
from frontage.intake.postgres_rolls import lock_number
from frontage.intake.rollup_tables import CommonTables, RollupTable, ZoneOf, tables_of
from frontage.intake.rows import event_columns, packed_reader, twin
from frontage.intake.stream import BoundStream, Claim, Event, Rollup, key_fields
from frontage.intake.tables import outbox, rollup_table, stream_table

_ROWS = 5_000
Rows: TypeAlias = dict[tuple[Any, ...], Any]
"""The rows of a table by their keys."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of a rollup that is not what the raw rows say; None is no row."""

    kind: type[Rollup]
    key: tuple[Any, ...]
    told: Rollup | None
    right: Rollup | None


class MemoryTables(CommonTables):
    """A rollup's tables in memory: what they would be if everything were counted anew."""

    def __init__(
        self, tables: dict[type[Rollup], RollupTable], zone_of: ZoneOf, stored: Callable[[RollupTable], Awaitable[Rows]]
    ) -> None:
        super().__init__(tables, zone_of)
        self._stored_rows = stored
        self._known: dict[type[Rollup], Rows] = {}
        self.rows: dict[type[Rollup], dict[tuple[Any, ...], Any]] = {kind: {} for kind in tables}

    async def add(self, rows: Sequence[Rollup]) -> None:
        """Add numbers up."""
        for row in rows:
            table = self.table(type(row))
            known = self.rows[type(row)]
            key = table.key_of(row)
            known[key] = table.added_up([known[key], row])[0] if key in known else row

    async def put(self, rows: Sequence[Rollup]) -> None:
        """Replace rows."""
        for row in rows:
            self.rows[type(row)][self.table(type(row)).key_of(row)] = row

    async def claim(self, rows: Sequence[Rollup]) -> list[Any]:
        """Make what is free. Who came first is what the table says, for its oldest rows' events may be gone."""
        won = []
        for row in rows:
            key = self.table(type(row)).key_of(row)
            stored = (await self._stored(type(row))).get(key, row)
            if key not in self.rows[type(row)] and stored == row:
                self.rows[type(row)][key] = row
                won.append(row)
        return won

    async def remove(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> None:
        """Delete rows."""
        for key in keys:
            self.rows[kind].pop(key, None)

    async def held(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Tell keys that have a row: which values came first is what the table says."""
        known = (await self._stored(kind)).keys() | self.rows[kind].keys()
        return {key for key in keys if key in known}

    async def size(self, kind: type[Rollup], groups: Sequence[tuple[Any, ...]], field: str) -> dict[Any, int]:
        """Count rows."""
        at = self.table(kind).keys.index(field)
        known = (await self._stored(kind)).keys() | self.rows[kind].keys()
        sizes = Counter(key[:at] + key[at + 1 :] for key in known)
        return {group: sizes[group] for group in groups}

    async def _stored(self, kind: type[Rollup]) -> Rows:
        if kind not in self._known:
            self._known[kind] = await self._stored_rows(self.table(kind))
        return self._known[kind]

    async def fetch(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Read rows."""
        return [self.rows[kind][key] for key in keys if key in self.rows[kind]]


async def recount(
    database: Database,
    stream: BoundStream,
    tenant: UUID,
    zone_of: ZoneOf,
    *,
    since: date | None = None,
    mend: bool = False,
) -> list[Difference]:
    """Count one tenant's rows anew and compare, on the days from `since` on; all rows of those days must be kept.

    Tables without a day in their key are compared only without `since`: their rows may stand for older events.
    """
    if stream.stream.rollup is None or not stream.stream.keep:
        return []
    tables = tables_of(stream, database.dialect)
    async with _alone(database, stream) as session:
        right = MemoryTables(tables, zone_of, lambda table: _told(session, stream, table, tenant, None))
        # The rows first, the outbox second: whatever is stored in between is in neither or in the outbox alone.
        rows = [row async for row in _rows(session, stream, tenant)]
        waiting = await _uncounted(session, stream, tenant)
        await stream.stream.rollup.run([row for row in rows if row.id not in waiting], right)
        found: list[Difference] = []
        for kind, table in tables.items():
            if since is None or "day" in table.keys:
                found += await _compare(session, stream, table, tenant, right.rows[kind], since)
        if mend:
            for difference in found:
                await _mend(session, stream, tables[difference.kind], difference)
    return found


@asynccontextmanager
async def _alone(database: Database, stream: BoundStream) -> AsyncIterator[AsyncSession]:
    """A transaction during which nothing of this stream is rolled up."""
    async with database.writing() as session:
        if database.dialect == "postgresql":
            await session.execute(sa.text("set local statement_timeout = 0"))
            await session.execute(
                sa.text("select pg_advisory_xact_lock(:number)"), {"number": lock_number(stream.label)}
            )
        yield session


async def _rows(session: AsyncSession, stream: BoundStream, tenant: UUID) -> AsyncIterator[Event]:
    table = stream_table(stream)
    columns = event_columns(stream.stream.row)
    make = twin(stream.stream.row)
    query = sa.select(table).where(table.c.tenant_id == tenant).order_by(table.c.received, table.c.id)
    result = await session.stream(query.execution_options(yield_per=_ROWS))
    async for row in result.mappings():
        yield make(**{column.field: row[column.name] for column in columns if column.name != "utc_day"})


async def _uncounted(session: AsyncSession, stream: BoundStream, tenant: UUID) -> set[UUID]:
    """The ids that are stored and wait to be counted."""
    unpack = packed_reader(stream.stream.row)
    found = (await session.execute(sa.select(outbox.c.payload).where(outbox.c.stream == stream.label))).scalars()
    return {event.id for payload in found for event in unpack(payload) if event.tenant == tenant}


async def _compare(
    session: AsyncSession,
    stream: BoundStream,
    table: RollupTable,
    tenant: UUID,
    right: dict[tuple[Any, ...], Any],
    since: date | None,
) -> list[Difference]:
    if since is not None:
        day_at = table.keys.index("day")
        right = {key: row for key, row in right.items() if key[day_at] >= since}
    by_key = await _told(session, stream, table, tenant, since)
    if issubclass(table.kind, Claim):
        # What was taken stays taken when retention or a visitor's wish has removed the event.
        right = {**by_key, **right}
    keys = sorted({*by_key, *right}, key=str)
    return [
        Difference(table.kind, key, by_key.get(key), right.get(key))
        for key in keys
        if by_key.get(key) != right.get(key) and not (_says_nothing(by_key.get(key)) and _says_nothing(right.get(key)))
    ]


def _says_nothing(row: Rollup | None) -> bool:
    """Whether a row is as good as none: everything that it counted is counted elsewhere by now."""
    return row is None or row == type(row)(**{name: getattr(row, name) for name in ("tenant", *key_fields(type(row)))})


async def _told(
    session: AsyncSession, stream: BoundStream, table: RollupTable, tenant: UUID, since: date | None
) -> Rows:
    """What a table says of a tenant."""
    home = rollup_table(stream, table.kind)
    query = sa.select(home).where(home.c.tenant_id == tenant)
    if since is not None:
        query = query.where(home.c.day >= since)
    fields = [column.field for column in table.columns]
    told = [table.kind(**dict(zip(fields, row, strict=True))) for row in (await session.execute(query)).all()]
    return {table.key_of(row): row for row in told}


async def _mend(session: AsyncSession, stream: BoundStream, table: RollupTable, difference: Difference) -> None:
    home = rollup_table(stream, table.kind)
    here = [home.c[name] == value for name, value in zip(table.keys, difference.key, strict=True)]
    await session.execute(sa.delete(home).where(*here))
    if difference.right is not None:
        values = {column.name: getattr(difference.right, column.field) for column in table.columns}
        await session.execute(sa.insert(home).values(**values))
