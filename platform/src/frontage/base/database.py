"""One database behind two engines: SQLite for one machine, PostgreSQL for many.

`reading()` and `writing()` give a session; on SQLite a writer takes its lock at BEGIN, so that it never fails half-way.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from socket import gaierror
from typing import Any, Literal
from weakref import WeakSet

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from frontage.base.errors import DatabaseUnavailableError

Dialect = Literal["sqlite", "postgresql"]
_BUSY_SECONDS = 10
_CONNECT_SECONDS = 5
_STATEMENT_SECONDS = 30
_CLOSE_SECONDS = 5
_AWAY = {"57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006", "53300"}
_BEHIND = {"42P01", "42703"}
"""A table or a column that is not there."""


class Database:
    """The engine, and sessions on it."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.dialect: Dialect = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        self.engine = _sqlite_engine(url) if self.dialect == "sqlite" else _postgres_engine(self.url)
        writer = self.engine.execution_options(frontage_write=True)
        self._lines: WeakSet[Any] = WeakSet()
        if self.dialect == "postgresql":
            event.listen(self.engine.sync_engine, "connect", self._remember_line)
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(writer, expire_on_commit=False)

    @property
    def file(self) -> Path | None:
        """The file of an embedded database."""
        return Path(self.url.database) if self.dialect == "sqlite" and self.url.database else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; leave it and nothing it did stays."""
        async with self._readers() as session:
            await self._reach(session)
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed when the block ends well, and undone when it does not."""
        async with self._writers() as session, session.begin():
            await self._reach(session)
            yield session

    async def _reach(self, session: AsyncSession) -> None:
        """Take the connection now: a server that does not even answer costs its caller seconds, not for ever."""
        if self.dialect == "postgresql":
            async with asyncio.timeout(_CONNECT_SECONDS):
                await session.connection()

    async def ping(self) -> None:
        """One round trip."""
        async with self.engine.connect() as connection:
            await connection.execute(text("select 1"))

    async def wait(self, *, seconds: float, say: Callable[[str], None]) -> None:
        """Wait until the database answers; say so while waiting, and give up with a clear error."""
        deadline = asyncio.get_running_loop().time() + seconds
        place = self.url.render_as_string(hide_password=True)
        pause = 0.2
        while True:
            try:
                return await asyncio.wait_for(self.ping(), _CONNECT_SECONDS)
            except Exception as error:  # noqa: BLE001  # while it connects, a driver raises whatever it likes
                reason = _first_line(error)
            if asyncio.get_running_loop().time() + pause > deadline:
                raise DatabaseUnavailableError(f"The database at {place} does not answer: {reason}")
            say(f"Waiting for the database at {place}: {reason}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 3.0)

    async def close(self) -> None:
        """Close every connection, in good order as far as its server answers; the rest is thrown away in the end."""
        closing = asyncio.ensure_future(self.engine.dispose())
        _, silent = await asyncio.wait((closing,), timeout=_CLOSE_SECONDS)
        if silent:
            for line in list(self._lines):
                line.terminate()
        await closing

    def _remember_line(self, connection: Any, _record: object) -> None:
        self._lines.add(connection.driver_connection)


def is_behind(error: BaseException) -> bool:
    """Whether an error means that the database lacks a table or a column which the code has."""
    cause = getattr(error, "orig", error)
    if getattr(cause, "sqlstate", None) in _BEHIND:
        return True
    return isinstance(error, DBAPIError) and str(cause).startswith(("no such table", "no such column"))


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that the database is away or overloaded, not that the statement was wrong."""
    if isinstance(error, PoolTimeoutError | ConnectionError | gaierror | TimeoutError | DatabaseUnavailableError):
        return True
    # While it connects, a driver's error comes as it is; afterwards it comes inside one of SQLAlchemy's.
    if getattr(getattr(error, "orig", error), "sqlstate", None) in _AWAY:
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or (
        isinstance(error, OperationalError | InterfaceError) and "locked" in str(error.orig)
    )


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]


def _postgres_engine(url: URL) -> AsyncEngine:
    arguments: dict[str, Any] = {
        "timeout": _CONNECT_SECONDS,
        "server_settings": {
            "application_name": "frontage",
            "statement_timeout": str(_STATEMENT_SECONDS * 1000),
        },
    }
    if "sslmode" in url.query:  # libpq's word, which the driver knows in a DSN but not as an argument
        arguments["ssl"] = url.query["sslmode"]
        url = url.difference_update_query(["sslmode"])
    return create_async_engine(
        url, hide_parameters=True, pool_pre_ping=True, pool_timeout=_CONNECT_SECONDS, connect_args=arguments
    )


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, pool_timeout=_BUSY_SECONDS)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN is switched off: it comes too late to take the writer's lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("frontage_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
