"""Rolls up a stream's outbox in PostgreSQL, one worker at a time by the stream's advisory lock."""

import time
from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import asyncpg

from frontage.intake import queries
from frontage.intake.errors import RollupFaultError, StoreAwayError
from frontage.intake.failpoints import reached
from frontage.intake.postgres_link import Connection, PostgresLink, rows_at_fault, transaction
from frontage.intake.recent import Recent
from frontage.intake.rollup_tables import CommonTables, RollupTable, ZoneOf, tables_of
from frontage.intake.rows import packed_reader
from frontage.intake.sink import Rolled
from frontage.intake.stream import BoundStream, Rollup

T = TypeVar("T")


def lock_number(label: str) -> int:
    """The number of a stream's advisory lock."""
    return int.from_bytes(blake2b(f"intake/{label}".encode(), digest_size=8).digest(), "big", signed=True)


class PostgresTables(CommonTables):
    """A rollup's tables within a transaction."""

    def __init__(self, connection: Connection, tables: dict[type[Rollup], RollupTable], zone_of: ZoneOf) -> None:
        super().__init__(tables, zone_of)
        self._connection = connection

    async def add(self, rows: Sequence[Rollup]) -> None:
        """Add numbers up."""
        for table, part in self._parts(rows):
            await self._send(table.add, map(table.read, table.added_up(part)))

    async def put(self, rows: Sequence[Rollup]) -> None:
        """Replace rows."""
        for table, part in self._parts(rows):
            await self._send(table.put, map(table.read, table.in_order(part)))

    async def claim(self, rows: Sequence[Rollup]) -> list[Any]:
        """Make what is free."""
        won: list[Any] = []
        for table, part in self._parts(rows):
            first = table.first_of_each(part)
            taken = await self._send(table.claim, map(table.read, first.values()))
            keys = {tuple(row) for row in taken}
            won += [row for key, row in first.items() if key in keys]
        return won

    async def fetch(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Read rows."""
        table = self.table(kind)
        return [table.make(row) for row in await self._send(table.fetch, keys)]

    async def remove(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> None:
        """Delete rows."""
        await self._send(self.table(kind).remove, keys)

    async def size(self, kind: type[Rollup], groups: Sequence[tuple[Any, ...]], field: str) -> dict[Any, int]:
        """Count rows."""
        rows = await self._send(self.table(kind).sizes(field), groups)
        return {tuple(row)[:-1]: row[-1] for row in rows}

    def _parts(self, rows: Sequence[Rollup]) -> list[tuple[RollupTable, list[Rollup]]]:
        parts: dict[type[Rollup], list[Rollup]] = {}
        for row in rows:
            parts.setdefault(type(row), []).append(row)
        return [(self.table(kind), parts[kind]) for kind in sorted(parts, key=lambda kind: kind.__name__)]

    async def _send(self, statement: str, rows: Any) -> list[Any]:
        columns = list(zip(*rows, strict=True))
        return list(await self._connection.fetch(statement, *columns)) if columns else []


class PostgresRolls:
    """The rollups of one stream."""

    def __init__(self, stream: BoundStream, link: PostgresLink, recent: Recent, zone_of: ZoneOf) -> None:
        assert stream.stream.rollup
        self._label = stream.label
        self._lock = lock_number(stream.label)
        self._rule = stream.stream.rollup
        self._tables = tables_of(stream, "postgresql")
        self._unpack = packed_reader(stream.stream.row)
        self._link = link
        self._recent = recent
        self._zone_of = zone_of

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def roll(self, *, events: int, rows: int) -> Rolled | None:
        """Roll up what has gathered."""
        return await self._run(lambda connection: self._roll(connection, events, rows))

    async def postpone(self, rows: list[int], *, attempts: int, retry_at: float, park: bool, reason: str) -> None:
        """Leave rows for later."""
        arguments = (rows, attempts, retry_at, park, reason)
        await self._run(lambda connection: connection.execute(queries.POSTGRES_POSTPONE, *arguments))

    async def parked(self) -> int:
        """Count what waits for an operator."""
        count: int = await self._run(lambda connection: connection.fetchval(queries.POSTGRES_PARKED, self._label))
        return count

    async def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            return await work(await self._link.connection())
        except RollupFaultError:
            raise
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            self._link.drop()
            raise StoreAwayError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            self._link.drop()
            raise

    async def _roll(self, connection: Connection, events: int, rows: int) -> Rolled | None:
        async with transaction(connection):
            if not await connection.fetchval(queries.TAKE_LOCK, self._lock):
                return None
            taken = await connection.fetch(queries.POSTGRES_TAKE, self._label, time.time(), rows, events)
            if not taken:
                return Rolled(0)
            reached("rollup.taken")
            taken.sort(key=lambda row: row["id"])
            await self._apply(PostgresTables(connection, self._tables, self._zone_of), taken)
        reached("rollup.committed")
        total = sum(row["size"] for row in taken)
        return Rolled(total, time.time() - taken[0]["created_at"], total >= events or len(taken) >= rows)

    async def _apply(self, tables: PostgresTables, taken: list[Any]) -> None:
        try:
            fresh = [event for row in taken for event in self._fresh(row)]
            await self._rule.run(fresh, tables)
        except Exception as error:
            # The plugin's own code runs here: whatever it raises is its fault, not the database's, and stays here.
            if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | OSError) and not rows_at_fault(error):
                raise
            ids = [row["id"] for row in taken]
            raise RollupFaultError(ids, taken[0]["attempts"], f"{type(error).__name__}: {error}") from error

    def _fresh(self, row: Any) -> list[Any]:
        events = self._recent.take(row["id"]) or self._unpack(row["payload"])
        if row["fresh"] is None:
            assert len(events) == row["size"], "an outbox row without `fresh` tells of every event that it carries"
            return list(events)
        return [events[position] for position in row["fresh"]]
