"""Purging: whatever a plugin left in the database goes; its package goes with pip."""

from frontage.base.database import Database
from frontage.host.errors import PluginError
from frontage.host.known_plugins import forget
from frontage.host.migrating import drop_unit, plugin_unit, tables_of
from frontage.host.roster import Entry


async def purgeable_tables(database: Database, entry: Entry) -> list[str]:
    """The tables that a purge would remove; a plugin that cannot be read does not tell how to remove them."""
    if entry.plugin is None:
        raise PluginError(entry.stage, f"The plugin {entry.slug} cannot be read ({entry.reason}); mend it first.")
    unit = plugin_unit(entry)
    return [] if unit is None else await tables_of(database, unit.prefix)


async def purge(database: Database, entry: Entry) -> None:
    """Turn a plugin off for every tenant, forget that it was here, and remove its tables."""
    await forget(database, entry.slug)
    unit = plugin_unit(entry)
    if unit is not None:
        await drop_unit(database, unit)
