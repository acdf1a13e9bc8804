"""One thread and one connection for everything that intake writes into the embedded database."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from frontage.intake.errors import StoreAwayError

T = TypeVar("T")


class SqliteThread:
    """Runs transactions one after another, off the event loop."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="frontage-intake")

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction of its own. StoreAwayError when the database does not let it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._in_transaction, work)

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._forget)
        self._thread.shutdown(wait=False)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            result = work(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # A busy database costs a rollback; after anything else, an I/O error above all, the connection is in doubt.
            busy = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
            self._roll_back() if busy else self._forget()
            raise StoreAwayError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            self._roll_back()
            raise
        return result

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.create_function("decimal_add", 2, _decimal_add, deterministic=True)
            self._connection = connection
        return self._connection

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _decimal_add(left: str, right: str) -> str:
    return str(Decimal(left) + Decimal(right))
