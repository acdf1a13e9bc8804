"""Rolls up a stream's outbox in the embedded database; its single writer is all the lock that is needed."""

import sqlite3
import time
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

from frontage.intake import queries
from frontage.intake.errors import RollupFaultError
from frontage.intake.failpoints import reached
from frontage.intake.rollup_tables import CommonTables, RollupTable, ZoneOf, tables_of
from frontage.intake.rows import SQLITE_FORMS, Column, packed_reader
from frontage.intake.sink import Rolled
from frontage.intake.sqlite_thread import SqliteThread
from frontage.intake.stream import BoundStream, Rollup


class SqliteTables(CommonTables):
    """A rollup's tables within a transaction. Nothing here ever waits: it runs in the writer's thread."""

    def __init__(
        self, connection: sqlite3.Connection, tables: dict[type[Rollup], RollupTable], zone_of: ZoneOf
    ) -> None:
        super().__init__(tables, zone_of)
        self._connection = connection

    async def add(self, rows: Sequence[Rollup]) -> None:
        """Add numbers up."""
        for kind in {type(row): None for row in rows}:
            table = self.table(kind)
            part = table.added_up([row for row in rows if type(row) is kind])
            self._connection.executemany(table.add, map(table.read, part))

    async def put(self, rows: Sequence[Rollup]) -> None:
        """Replace rows."""
        for kind in {type(row): None for row in rows}:
            table = self.table(kind)
            part = table.in_order([row for row in rows if type(row) is kind])
            self._connection.executemany(table.put, map(table.read, part))

    async def claim(self, rows: Sequence[Rollup]) -> list[Any]:
        """Make what is free."""
        won: list[Any] = []
        for kind in {type(row): None for row in rows}:
            table = self.table(kind)
            first = table.first_of_each([row for row in rows if type(row) is kind]).values()
            won += [row for row in first if self._connection.execute(table.claim, table.read(row)).fetchone()]
        return won

    async def fetch(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Read rows."""
        table = self.table(kind)
        found = (self._connection.execute(table.fetch, given).fetchone() for given in _given(table.key_columns, keys))
        return [table.make(row) for row in found if row is not None]

    async def remove(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> None:
        """Delete rows."""
        table = self.table(kind)
        self._connection.executemany(table.remove, _given(table.key_columns, keys))

    async def size(self, kind: type[Rollup], groups: Sequence[tuple[Any, ...]], field: str) -> dict[Any, int]:
        """Count rows."""
        table = self.table(kind)
        rest = [column for column in table.key_columns if column.name != field]
        given = _given(rest, groups)
        counts = [self._connection.execute(table.sizes(field), one).fetchone()[0] for one in given]
        return dict(zip(groups, counts, strict=True))


def _given(columns: Sequence[Column], keys: Sequence[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """Keys in the form in which they are stored."""
    forms = [column.writer(SQLITE_FORMS) for column in columns]
    for key in keys:
        yield [value if form is None else form(value) for form, value in zip(forms, key, strict=True)]


def run_at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits to its end."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("a rollup may await nothing but its tables")


class SqliteRolls:
    """The rollups of one stream."""

    def __init__(self, stream: BoundStream, thread: SqliteThread, zone_of: ZoneOf) -> None:
        assert stream.stream.rollup
        self._label = stream.label
        self._rule = stream.stream.rollup
        self._tables = tables_of(stream, "sqlite")
        self._unpack = packed_reader(stream.stream.row)
        self._thread = thread
        self._zone_of = zone_of

    async def close(self) -> None:
        """The thread is closed with the last of its users."""

    async def roll(self, *, events: int, rows: int) -> Rolled | None:
        """Roll up what has gathered."""
        rolled = await self._thread.run(lambda connection: self._roll(connection, events, rows))
        if rolled.events:
            reached("rollup.committed")
        return rolled

    async def postpone(self, rows: list[int], *, attempts: int, retry_at: float, park: bool, reason: str) -> None:
        """Leave rows for later."""
        changes = [(attempts, retry_at, park, reason, row) for row in rows]
        await self._thread.run(lambda connection: connection.executemany(queries.SQLITE_POSTPONE, changes))

    async def parked(self) -> int:
        """Count what waits for an operator."""

        def look(connection: sqlite3.Connection) -> int:
            return int(connection.execute(queries.SQLITE_PARKED, (self._label,)).fetchone()[0])

        return await self._thread.run(look)

    def _roll(self, connection: sqlite3.Connection, events: int, rows: int) -> Rolled:
        taken = connection.execute(queries.SQLITE_PEEK, (self._label, time.time(), rows, events)).fetchall()
        if not taken:
            return Rolled(0)
        reached("rollup.taken")
        connection.executemany(queries.SQLITE_REMOVE, [(row[0],) for row in taken])
        self._apply(SqliteTables(connection, self._tables, self._zone_of), taken)
        total = sum(row[1] for row in taken)
        return Rolled(total, time.time() - taken[0][4], total >= events or len(taken) >= rows)

    def _apply(self, tables: SqliteTables, taken: list[Any]) -> None:
        try:
            run_at_once(self._rule.run([event for row in taken for event in self._unpack(row[2])], tables))
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            # The plugin's own code runs here: whatever it raises is its fault, not the database's, and stays here.
            raise RollupFaultError(
                [row[0] for row in taken], taken[0][5], f"{type(error).__name__}: {error}"
            ) from error
