"""Migrations: the platform's floors and each plugin are units with a version table and table prefix of their own.

So a plugin can be installed, upgraded and removed without the others' history knowing of it.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData, Table, inspect, text
from sqlalchemy.exc import DBAPIError

from frontage.base import tables
from frontage.base.database import Database
from frontage.base.errors import FrontageError
from frontage.base.locks import exclusive
from frontage.base.logs import get_logger
from frontage.host.errors import CONTAINED, PluginError, Stage, told
from frontage.host.roster import Entry, Roster
from frontage.intake.stream import BoundStream
from frontage.intake.tables import is_partition, tables_of_stream

if TYPE_CHECKING:  # imported where it is used: most commands migrate nothing, and it is a third of the import time
    from alembic.config import Config
    from alembic.migration import MigrationContext

log = get_logger(__name__)

_ENVIRONMENT = Path(__file__).parent / "alembic"
EXTENSIONS = ("postgis", "btree_gist")
_LOCK_WAIT = "500ms"
"""How long a revision waits for a lock: whoever comes after it waits behind it, and no request should notice."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, *[5.0] * 20)
_LOCK_NOT_AVAILABLE = "55P03"


class MissingExtensionError(FrontageError):
    """PostgreSQL lacks an extension and this role may not create it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Tables that are migrated together."""

    name: str
    folder: Path
    prefix: str
    streams: tuple[BoundStream, ...] = ()

    @property
    def version_table(self) -> str:
        """Where its current revision stands."""
        return "alembic_version_" + self.name.replace("-", "_")

    @property
    def metadata(self) -> MetaData:
        """Its tables as the models say they should be, with those that they refer to."""
        wanted = MetaData(naming_convention=tables.Table.metadata.naming_convention)
        referred = {key.column.table for table in self.tables for key in table.foreign_keys}
        for table in referred.union(self.tables):
            table.to_metadata(wanted)
        for stream in self.streams:
            tables_of_stream(stream, wanted)
        return wanted

    @property
    def tables(self) -> list[Table]:
        """Its mapped tables."""
        return [table for table in tables.Table.metadata.sorted_tables if table.name.startswith(self.prefix)]

    def includes(self, name: str | None, kind: str, _parents: Any) -> bool:
        """Whether a thing in the database is this unit's business."""
        if kind != "table" or name is None:
            return True
        partition = is_partition(name) and any(name.startswith(f"{stream.table}_") for stream in self.streams)
        return name.startswith(self.prefix) and not partition

    def owns(self, thing: Any, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        """The same of a thing in the models, which also hold what is only referred to.

        A column that the database computes, and an index on one, may stand on one engine alone, unknown to the models.
        """
        if reflected and other is None and kind in ("column", "index"):
            columns = thing.columns if kind == "index" else (thing,)
            return all(column.computed is None for column in columns)
        return self.includes(name, kind, None)

    def config(self, connection: Connection | None = None) -> "Config":
        """Alembic's configuration for this unit."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", _escaped(_ENVIRONMENT))
        config.set_main_option("version_locations", _escaped(self.folder))
        config.set_main_option("path_separator", "newline")
        config.attributes.update(unit=self, connection=connection)
        return config

    @property
    def head(self) -> str | None:
        """The newest revision that the code knows."""
        from alembic.script import ScriptDirectory

        return ScriptDirectory.from_config(self.config()).get_current_head()

    def knows(self, revision: str | None) -> bool:
        """Whether the code has this revision; a newer version has left one that it does not have."""
        from alembic.script import ScriptDirectory

        script = ScriptDirectory.from_config(self.config())
        return revision is None or revision in {one.revision for one in script.walk_revisions()}


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def floor_units() -> list[Unit]:
    """The units of the platform itself, in the order in which they build on each other."""
    return [_floor("frontage.tenants", "core"), _floor("frontage.intake", "intake")]


def _floor(package: str, name: str) -> Unit:
    folder = Path(import_module(package).__path__[0]) / "migrations"
    return Unit(name, folder, f"{name}_")


def plugin_unit(entry: Entry) -> Unit | None:
    """The unit of a plugin, None when it has no tables."""
    plugin = entry.declared
    if plugin.migrations is None:
        return None
    package = import_module(plugin.migrations)
    return Unit(plugin.slug, Path(package.__path__[0]), plugin.table_prefix, tuple(entry.streams))


async def migrate(database: Database, roster: Roster) -> list[str]:
    """Bring every unit to its newest revision, one host at a time; tells what was changed.

    A plugin whose migration fails is taken out of service; its neighbours go on.
    """
    async with exclusive(database, "migrate"):
        await _create_extensions(database)
        done = [line for unit in floor_units() for line in await _upgrade(database, unit)]
        for entry in roster.serving:
            done += await _upgrade_plugin(database, entry)
        return done


async def _upgrade_plugin(database: Database, entry: Entry) -> list[str]:
    try:
        unit = plugin_unit(entry)
        return [] if unit is None else await _upgrade(database, unit)
    except CONTAINED as error:  # a plugin's revision may raise anything
        entry.stop(PluginError(Stage.MIGRATION_FAILED, f"its migration failed: {told(error)}"))
        return []


async def _upgrade(database: Database, unit: Unit) -> list[str]:
    before = await current_revision(database, unit)
    if before == unit.head:
        return []
    if not unit.knows(before):
        log.info("migration.not_needed", unit=unit.name, at=before, reason="a newer version has migrated it")
        return []
    from alembic import command

    await _run(database, lambda sync: command.upgrade(unit.config(sync), "head"))
    log.info("migrated", unit=unit.name, before=before, after=unit.head)
    return [f"{unit.name}: {before or 'nothing'} → {unit.head}"]


async def _run(database: Database, revisions: Callable[[Connection], None]) -> None:
    """Run revisions in one transaction; one that meets a table in use lets go of everything and comes again."""
    for pause in _PAUSES:
        try:
            await _run_once(database, revisions)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            log.warning("migration.waits", reason="a table is in use", again_in=pause)
            await asyncio.sleep(pause)
        else:
            return
    await _run_once(database, revisions)


async def _run_once(database: Database, revisions: Callable[[Connection], None]) -> None:
    async with _writer(database) as connection:
        if database.dialect == "postgresql":
            # A long revision may take its time; it is waiting for others, and they for it, that is kept short.
            await connection.execute(text(f"set local lock_timeout = '{_LOCK_WAIT}'"))
            await connection.execute(text("set local statement_timeout = 0"))
        await connection.run_sync(revisions)


async def downgrade(database: Database, unit: Unit, revision: str = "base") -> None:
    """Take a unit back to a revision."""
    from alembic import command

    async with exclusive(database, "migrate"):
        await _run(database, lambda sync: command.downgrade(unit.config(sync), revision))


async def drop_unit(database: Database, unit: Unit) -> None:
    """Remove a unit's tables and its version table."""
    await downgrade(database, unit)
    async with _writer(database) as connection:
        await connection.execute(text(f'drop table if exists "{unit.version_table}"'))


async def current_revision(database: Database, unit: Unit) -> str | None:
    """The revision that the database is at."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(lambda sync: _context(sync, unit).get_current_revision())


async def pending(database: Database, units: Iterable[Unit]) -> list[str]:
    """The units whose database is behind the code, each with both revisions.

    One that is ahead is not among them: while hosts are replaced, and after a rollback, old code serves on new tables.
    """
    found = [(unit, await current_revision(database, unit)) for unit in units]
    behind = [(unit, at) for unit, at in found if at != unit.head and unit.knows(at)]
    return [f"{unit.name}: at {at or 'nothing'}, needs {unit.head}" for unit, at in behind]


async def stop_unmigrated(database: Database, roster: Roster) -> None:
    """Take the plugins out of service whose tables are not those that their code needs."""
    for entry in roster.serving:
        unit = _readable_unit(entry)
        for line in [] if unit is None else await pending(database, [unit]):
            reason = f"its tables are behind ({line}); run frontage migrate"
            entry.stop(PluginError(Stage.MIGRATION_FAILED, reason))


def _readable_unit(entry: Entry) -> Unit | None:
    try:
        unit = plugin_unit(entry)
        assert unit is None or unit.head is not None, "there is no revision"
    except CONTAINED as error:  # to find the newest revision Alembic runs all of them
        entry.stop(PluginError(Stage.MIGRATION_FAILED, f"its revisions cannot be read: {told(error)}"))
        return None
    return unit


async def differences(database: Database, unit: Unit) -> list[Any]:
    """How a migrated unit differs from its models; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def compare(sync: Connection) -> list[Any]:
        names = {"include_name": unit.includes, "include_object": unit.owns}
        context = MigrationContext.configure(sync, opts={**names, "compare_type": sync.dialect.name != "sqlite"})
        return list(compare_metadata(context, unit.metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)


async def tables_of(database: Database, prefix: str) -> list[str]:
    """The tables in the database whose names begin with a prefix."""
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return [name for name in names if name.startswith(prefix)]


def _context(connection: Connection, unit: Unit) -> "MigrationContext":
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection, opts={"version_table": unit.version_table})


def _writer(database: Database) -> Any:
    return database.engine.execution_options(frontage_write=True).begin()


async def _create_extensions(database: Database) -> None:
    if database.dialect != "postgresql":
        return
    async with database.engine.connect() as connection:
        present = set((await connection.execute(text("select extname from pg_extension"))).scalars())
    for extension in EXTENSIONS:
        if extension not in present:
            await _create_extension(database, extension)


async def _create_extension(database: Database, extension: str) -> None:
    try:
        async with database.engine.begin() as connection:
            await connection.execute(text(f"create extension if not exists {extension}"))
    except DBAPIError as error:
        reason = told(getattr(error.orig, "__cause__", None) or error)
        raise MissingExtensionError(
            f"PostgreSQL has no extension {extension} in this database and this role cannot create it ({reason}). "
            f"Let a superuser run once: create extension {extension};"
        ) from error
