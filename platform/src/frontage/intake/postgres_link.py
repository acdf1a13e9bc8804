"""One connection to PostgreSQL that is made when it is needed and thrown away when it is in doubt."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
from sqlalchemy import URL

from frontage.intake.errors import StoreAwayError

Connection: TypeAlias = "asyncpg.Connection[Any]"

# What the rows themselves can be blamed for, by the first two characters of the SQLSTATE: data and constraint
# violations, limits of the program, a trigger's own refusal. Everything else is the database's trouble.
_ROWS_AT_FAULT = {"21", "22", "23", "44", "54", "P0"}

ENCODING_ERRORS = (ValueError, TypeError, OverflowError, AttributeError, ArithmeticError)
"""What asyncpg raises, as it is or as its cause, for a value that has no form in the column's type."""


def rows_at_fault(error: BaseException) -> bool:
    """Whether a database refused the rows, not the moment."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _ROWS_AT_FAULT
    return isinstance(error, ENCODING_ERRORS) and not isinstance(error, OSError)


@asynccontextmanager
async def transaction(connection: Connection) -> AsyncIterator[None]:
    """A transaction that never waits for a line that has gone silent.

    asyncpg's own rolls back when it is cancelled, and waits for the answer: for ever, when the cancelling was because
    there is none.
    """
    await connection.execute("begin")
    try:
        yield
    except Exception:
        # Not contained: what went wrong goes on, once the transaction is undone.
        if not connection.is_closed():
            await connection.execute("rollback")
        raise
    except BaseException:
        connection.terminate()
        raise
    await connection.execute("commit")


class PostgresLink:
    """A connection for one user at a time."""

    def __init__(self, url: URL, *, statement_seconds: float, connect_seconds: float = 2.0) -> None:
        self._arguments = _arguments(url)
        self._connect_seconds = connect_seconds
        limit = str(int(statement_seconds * 1000))
        # The server gives up by itself, so that a connection that was thrown away leaves no backend behind that waits
        # for a lock. `jit` only ever costs statements as small as these.
        self._settings = {
            "application_name": "frontage-intake",
            "statement_timeout": limit,
            "lock_timeout": limit,
            "idle_in_transaction_session_timeout": "30000",
            "jit": "off",
        }
        self._connection: Connection | None = None

    async def connection(self) -> Connection:
        """The connection, made anew when there is none. StoreAwayError when it cannot be made."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        try:
            self._connection = await asyncpg.connect(
                **self._arguments, timeout=self._connect_seconds, server_settings=self._settings
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreAwayError(f"no connection: {error or type(error).__name__}") from error
        return self._connection

    def drop(self) -> None:
        """Throw the connection away, whatever it is doing."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def close(self) -> None:
        """Close the connection, in good order when the server answers."""
        connection, self._connection = self._connection, None
        if connection is None or connection.is_closed():
            return
        try:
            await connection.close(timeout=1.0)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


def _arguments(url: URL) -> dict[str, Any]:
    """What asyncpg needs of an SQLAlchemy URL."""
    arguments: dict[str, Any] = url.translate_connect_args(username="user")
    for name in ("host", "port", "user", "password", "passfile", "ssl", "target_session_attrs"):
        if name in url.query:
            arguments[name] = url.query[name]
    if isinstance(arguments.get("port"), str):
        arguments["port"] = int(arguments["port"])
    return arguments
