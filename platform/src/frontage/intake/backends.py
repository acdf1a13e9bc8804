"""The two databases as backends of intake."""

from collections import defaultdict

from frontage.base.database import Database
from frontage.intake.limits import Limits
from frontage.intake.postgres_link import PostgresLink
from frontage.intake.postgres_rolls import PostgresRolls
from frontage.intake.postgres_sink import PostgresSink
from frontage.intake.recent import Recent
from frontage.intake.rollup_tables import ZoneOf
from frontage.intake.sink import Backend, Rolls, Sink
from frontage.intake.sqlite_rolls import SqliteRolls
from frontage.intake.sqlite_sink import SqliteSink
from frontage.intake.sqlite_thread import SqliteThread
from frontage.intake.stream import BoundStream

_PATIENT_SECONDS = 10.0
_HASTY_SECONDS = 2.0
"""A live write is given up soon; its backend must not wait much longer for a lock."""


class PostgresBackend:
    """A connection of its own for everything that may have to wait."""

    def __init__(self, database: Database, zone_of: ZoneOf) -> None:
        self._url = database.url
        self._zone_of = zone_of
        self._recent: dict[str, Recent] = defaultdict(Recent)

    def sink(self, stream: BoundStream, *, patient: bool = False) -> Sink:
        """A sink with a connection."""
        link = self._link(_PATIENT_SECONDS if patient else _HASTY_SECONDS)
        return PostgresSink(stream, link, self._recent[stream.label])

    def rolls(self, stream: BoundStream) -> Rolls:
        """Rollups with a connection."""
        return PostgresRolls(stream, self._link(_PATIENT_SECONDS), self._recent[stream.label], self._zone_of)

    async def close(self) -> None:
        """Every connection was closed by its user."""

    def _link(self, statement_seconds: float) -> PostgresLink:
        return PostgresLink(self._url, statement_seconds=statement_seconds)


class SqliteBackend:
    """One thread for all."""

    def __init__(self, database: Database, zone_of: ZoneOf, busy_seconds: float) -> None:
        assert database.file
        database.file.parent.mkdir(parents=True, exist_ok=True)
        self._thread = SqliteThread(database.file, busy_seconds=busy_seconds)
        self._zone_of = zone_of

    def sink(self, stream: BoundStream, *, patient: bool = False) -> Sink:
        """A sink on the thread."""
        del patient
        return SqliteSink(stream, self._thread)

    def rolls(self, stream: BoundStream) -> Rolls:
        """Rollups on the thread."""
        return SqliteRolls(stream, self._thread, self._zone_of)

    async def close(self) -> None:
        """End the thread."""
        await self._thread.close()


def backend_for(database: Database, zone_of: ZoneOf, limits: Limits) -> Backend:
    """The backend of this database."""
    if database.dialect == "sqlite":
        return SqliteBackend(database, zone_of, limits.budget_seconds)
    return PostgresBackend(database, zone_of)
