"""Stores batches in the embedded database: rows and their outbox row in one transaction."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from frontage.base.logs import get_logger
from frontage.intake import queries
from frontage.intake.batch import Batch, DeadLetter, Outcome, join_packed, sorted_once
from frontage.intake.dead_letters import dead_letter
from frontage.intake.failpoints import reached
from frontage.intake.rows import event_columns, row_reader
from frontage.intake.sqlite_thread import SqliteThread
from frontage.intake.stream import BoundStream

# What a row can be blamed for; an OperationalError (locked, full, no such table) is the database's trouble.
_ROW_AT_FAULT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    ArithmeticError,
)

logger = get_logger(__name__)


class SqliteSink:
    """The sink of one stream."""

    def __init__(self, stream: BoundStream, thread: SqliteThread) -> None:
        self._label = stream.label
        self._keep = stream.stream.keep
        self._counted = stream.stream.rollup is not None
        self._thread = thread
        columns = event_columns(stream.stream.row)
        self._read = row_reader(columns, "sqlite")
        self._insert = queries.sqlite_insert(stream.table, columns)

    async def connect(self) -> None:
        """Open the database."""
        await self._thread.run(lambda _connection: None)

    def abandon(self) -> None:
        """What the thread is doing cannot be stopped, and ends by itself."""

    async def close(self) -> None:
        """The thread belongs to all sinks and is closed with the last."""

    async def erased(self, tenants: Sequence[UUID]) -> set[UUID]:
        """Those of these tenants that were deleted for good."""

        def look(connection: sqlite3.Connection) -> set[UUID]:
            return {tenant for tenant in tenants if connection.execute(queries.SQLITE_ERASED, (tenant.hex,)).fetchone()}

        return await self._thread.run(look)

    async def store(self, batch: Batch) -> Outcome:
        """Store a batch; rows that cannot be stored become dead letters, alone."""
        reached("commit.before")
        outcome = await self._thread.run(lambda connection: self._store(connection, batch))
        reached("commit.after")
        return outcome

    def _store(self, connection: sqlite3.Connection, batch: Batch) -> Outcome:
        dead = list(batch.dead)
        once = sorted_once(batch) if self._keep else batch
        fresh = self._write(connection, once, dead) if self._keep else self._once(connection, batch)
        if fresh and self._counted:
            payload = join_packed(fresh)
            connection.execute(queries.SQLITE_BOX, (self._label, len(fresh), payload, time.time()))
        self._bury(connection, dead)
        return Outcome(stored=len(fresh), duplicate=len(batch) - len(fresh) - len(dead), dead=len(dead))

    def _once(self, connection: sqlite3.Connection, batch: Batch) -> list[bytes]:
        marked = connection.execute(queries.SQLITE_BATCH, (self._label, batch.id.hex, time.time())).rowcount
        return batch.packed if marked else []

    def _write(self, connection: sqlite3.Connection, batch: Batch, dead: list[DeadLetter]) -> list[bytes]:
        """Insert the rows, and give the packed ones of those that are new."""
        connection.execute("SAVEPOINT batch")
        try:
            rows = [self._read(event) for event in batch.events]
            if connection.executemany(self._insert, rows).rowcount == len(rows):
                return batch.packed
        except _ROW_AT_FAULT:
            # Somewhere in the batch is a row that cannot be stored; the next loop finds it.
            pass
        connection.execute("ROLLBACK TO batch")
        return self._write_singly(connection, batch, dead)

    def _write_singly(self, connection: sqlite3.Connection, batch: Batch, dead: list[DeadLetter]) -> list[bytes]:
        fresh = []
        for event, packed in zip(batch.events, batch.packed, strict=True):
            try:
                if connection.execute(self._insert, self._read(event)).rowcount == 1:
                    fresh.append(packed)
            except _ROW_AT_FAULT as error:
                dead.append(dead_letter(event, f"{type(error).__name__}: {error}"))
        return fresh

    def _bury(self, connection: sqlite3.Connection, dead: list[DeadLetter]) -> None:
        for letter in dead:
            logger.error("intake.dead_letter", stream=self._label, id=str(letter.id), reason=letter.reason)
            row: tuple[Any, ...] = (self._label, letter.tenant.hex, letter.id.hex, letter.reason, letter.payload)
            connection.execute(queries.SQLITE_DEAD, row)
