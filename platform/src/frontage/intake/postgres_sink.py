"""Stores batches in PostgreSQL: rows and their outbox row in one transaction."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from frontage.base.logs import get_logger
from frontage.intake import queries
from frontage.intake.batch import Batch, DeadLetter, Outcome, join_packed, sorted_once
from frontage.intake.dead_letters import dead_letter
from frontage.intake.errors import StoreAwayError
from frontage.intake.failpoints import reached
from frontage.intake.postgres_link import ENCODING_ERRORS, Connection, PostgresLink, rows_at_fault, transaction
from frontage.intake.recent import Recent
from frontage.intake.rows import event_columns, row_reader
from frontage.intake.stream import BoundStream, Event

_COPY_FROM = 200
"""Batches above this are copied: below it the one statement is faster than the four round trips."""
_COPY_PAUSE_SECONDS = 10.0
"""After COPY met a repeat, repeats are likely for a while, and each would cost a rollback."""
_DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, *ENCODING_ERRORS)

T = TypeVar("T")

logger = get_logger(__name__)


class PostgresSink:
    """The sink of one stream."""

    def __init__(self, stream: BoundStream, link: PostgresLink, recent: Recent) -> None:
        self._label = stream.label
        self._table = stream.table
        self._keep = stream.stream.keep
        self._counted = stream.stream.rollup is not None
        self._link = link
        self._recent = recent
        columns = event_columns(stream.stream.row)
        self._names = [column.name for column in columns]
        self._read = row_reader(columns, "postgresql")
        self._insert_rows = queries.postgres_insert(stream.table, columns)
        self._copy_again_at = 0.0

    async def connect(self) -> None:
        """Make the connection."""
        await self._link.connection()

    def abandon(self) -> None:
        """Throw the connection away; who waits for it gets an error."""
        self._link.drop()

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def erased(self, tenants: Sequence[UUID]) -> set[UUID]:
        """Those of these tenants that were deleted for good."""
        return {
            row[0] for row in await self._run(lambda connection: connection.fetch(queries.POSTGRES_ERASED, tenants))
        }

    async def store(self, batch: Batch) -> Outcome:
        """Store a batch; rows that PostgreSQL refuses become dead letters, alone."""
        return await self._run(lambda connection: self._store(connection, batch))

    async def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            connection = await self._link.connection()
            return await work(connection)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            self._link.drop()
            raise StoreAwayError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            # Cancelled for taking too long, or a fault of ours: the connection is in the middle of something.
            self._link.drop()
            raise

    async def _store(self, connection: Connection, batch: Batch) -> Outcome:
        given = len(batch.events)
        once = sorted_once(batch) if self._keep else batch
        outcome = Outcome(duplicate=given - len(once.events))
        dead = list(batch.dead)
        if once.events:
            outcome += await self._store_sorted(connection, once, dead)
        if dead:
            await self._bury(connection, dead)
            outcome.dead += len(dead)
        return outcome

    async def _store_sorted(self, connection: Connection, batch: Batch, dead: list[DeadLetter]) -> Outcome:
        try:
            return await self._write(connection, batch)
        except _DATABASE_ERRORS as error:
            if not rows_at_fault(error):
                raise
            if len(batch.events) == 1:
                dead.append(dead_letter(batch.events[0], str(error)))
                return Outcome()
        middle = len(batch.events) // 2
        outcome = await self._store_sorted(connection, batch.part(0, middle), dead)
        outcome += await self._store_sorted(connection, batch.part(middle, len(batch.events)), dead)
        return outcome

    async def _write(self, connection: Connection, batch: Batch) -> Outcome:
        reached("commit.before")
        if not self._keep:
            outcome = await self._write_box(connection, batch)
        else:
            payload = join_packed(batch.packed) if self._counted else None
            if len(batch.events) > _COPY_FROM and asyncio.get_running_loop().time() >= self._copy_again_at:
                outcome = await self._copy(connection, batch.events, payload)
            else:
                outcome = await self._insert(connection, batch.events, payload)
        reached("commit.after")
        return outcome

    async def _insert(self, connection: Connection, events: list[Event], payload: bytes | None) -> Outcome:
        columns = (_or_null(column) for column in zip(*map(self._read, events), strict=True))
        given = (self._label, len(events), payload, time.time(), *columns)
        stored, row = await connection.fetchrow(self._insert_rows, *given)
        if row is not None:
            self._recent.hold(row, events)
        return Outcome(stored=stored, duplicate=len(events) - stored)

    async def _copy(self, connection: Connection, events: list[Event], payload: bytes | None) -> Outcome:
        row = None
        try:
            async with transaction(connection):
                records = map(self._read, events)
                await connection.copy_records_to_table(self._table, records=records, columns=self._names)
                if payload is not None:
                    given = (self._label, len(events), payload, time.time())
                    row = await connection.fetchval(queries.POSTGRES_BOX, *given)
        except asyncpg.UniqueViolationError:
            self._copy_again_at = asyncio.get_running_loop().time() + _COPY_PAUSE_SECONDS
            return await self._insert(connection, events, payload)
        if row is not None:
            self._recent.hold(row, events)
        return Outcome(stored=len(events))

    async def _write_box(self, connection: Connection, batch: Batch) -> Outcome:
        size = len(batch.events)
        payload = join_packed(batch.packed)
        new = await connection.fetchval(queries.POSTGRES_BOX_ONCE, self._label, batch.id, size, payload, time.time())
        return Outcome(duplicate=size) if new is None else Outcome(stored=size)

    async def _bury(self, connection: Connection, dead: list[DeadLetter]) -> None:
        # A value that could not even be sent has left a prepared statement and its locks open; this statement, like
        # any other, closes that transaction.
        for letter in dead:
            logger.error("intake.dead_letter", stream=self._label, id=str(letter.id), reason=letter.reason)
        columns = ([getattr(letter, name) for letter in dead] for name in ("tenant", "id", "reason", "payload"))
        await connection.execute(queries.POSTGRES_DEAD, self._label, *columns)


def _or_null(column: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """A column, or null when nothing stands in it: `unnest` fills it up, and asyncpg need not look at each value."""
    return None if column.count(None) == len(column) else column
