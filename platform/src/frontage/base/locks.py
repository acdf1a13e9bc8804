"""One at a time, across processes and hosts: an advisory lock on PostgreSQL, a locked file on SQLite."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import text

from frontage.base.database import Database

_PAUSE = 0.05


@asynccontextmanager
async def exclusive(database: Database, purpose: str) -> AsyncIterator[None]:
    """Hold the lock named `purpose`; whoever else wants it waits."""
    held = _file_lock(database.file, purpose) if database.file else _advisory_lock(database, purpose)
    async with held:
        yield


@asynccontextmanager
async def _advisory_lock(database: Database, purpose: str) -> AsyncIterator[None]:
    number = int.from_bytes(blake2b(purpose.encode(), digest_size=8).digest(), "big", signed=True)
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("set statement_timeout = 0"))
        await connection.execute(text("select pg_advisory_lock(:number)"), {"number": number})
        try:
            yield
        finally:
            await connection.execute(text("select pg_advisory_unlock(:number)"), {"number": number})
            await connection.execute(text("reset statement_timeout"))


@asynccontextmanager
async def _file_lock(database_file: Path, purpose: str) -> AsyncIterator[None]:
    path = database_file.with_name(f"{database_file.name}.{purpose}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _try_lock(descriptor):  # noqa: ASYNC110  # the holder is another process; nothing here can wake us
            await asyncio.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
