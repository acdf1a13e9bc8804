"""The rule about a plugin's migrations."""

from collections.abc import AsyncIterator
from dataclasses import replace

from alembic.script import ScriptDirectory

from frontage.base.database import Database
from frontage.host.errors import told
from frontage.host.migrating import Unit, differences, downgrade, drop_unit, migrate, plugin_unit, tables_of
from frontage.host.roster import Roster
from frontage.testing.bench import Scene
from frontage.testing.rule import Finding, rule


@rule(
    "migrations-agree",
    "Its migrations have one head, can be undone and done again, give the tables of the models, and leave nothing.",
    reason="It must be possible to upgrade it, to set it back, and to be rid of it without a trace.",
)
async def migrations_agree(scene: Scene) -> AsyncIterator[Finding]:
    """Go up, down and up again, then purge, and look at the tables each time."""
    entry = scene.subject.entry
    if entry.declared.migrations is None:
        for table in scene.subject.tables:
            yield Finding(f"The table {table.name} is made by no migration.", "Name its migrations=….")
        return
    unit = plugin_unit(entry)
    assert unit is not None
    if len(heads := ScriptDirectory.from_config(unit.config()).get_heads()) != 1:
        fix = "Let each revision follow another but the first."
        yield Finding(f"It has {len(heads)} heads: {', '.join(sorted(heads)) or 'no revision'}.", fix)
        return
    with scene.empty_database() as (url, _):
        database = Database(url)
        try:
            async for finding in _there_and_back(database, unit, Roster([replace(entry)])):
                yield finding
        finally:
            await database.close()


async def _there_and_back(database: Database, unit: Unit, roster: Roster) -> AsyncIterator[Finding]:
    await migrate(database, Roster([]))
    before = set(await tables_of(database, ""))
    for turn in ("first", "second"):
        await migrate(database, roster)
        if not roster.entries[0].serves:
            yield Finding(f"The {turn} time up: {roster.entries[0].reason}", "Mend that revision.")
            return
        for one in await differences(database, unit):
            yield Finding(f"The {turn} time up, models and tables differ: {one}", "Write a revision for it.")
        try:
            await (downgrade if turn == "first" else drop_unit)(database, unit)
        except Exception as error:  # noqa: BLE001  # a revision may raise anything
            yield Finding(f"It cannot be undone: {told(error)}", "Write the downgrade of every revision.")
            return
        left = set(await tables_of(database, "")) - before
        if turn == "first":
            left.discard(unit.version_table)
        if left:
            yield Finding(f"Undone, it leaves {', '.join(sorted(left))}.", "Drop it in downgrade.")
            return
