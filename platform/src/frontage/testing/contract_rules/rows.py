"""Rules about a tenant's rows as a whole: they go with it, and they are given to it."""

import json
from collections.abc import AsyncIterator

from frontage.host.errors import told
from frontage.host.migrating import plugin_unit, tables_of
from frontage.host.tenant_export import SECRET, export_tenant
from frontage.host.tenant_removal import remove_tenant
from frontage.host.tenant_tables import mapped_tables
from frontage.tenants.registry import find_definition
from frontage.testing.bench import LEAVING, OWNER, Scene
from frontage.testing.made_rows import make_rows, remains
from frontage.testing.rule import Finding, rule


@rule(
    "deletion-complete",
    "When a tenant is deleted, no row of it remains in any of the plugin's tables.",
    reason="A shop that leaves has been promised that everything of it goes.",
)
async def deletion_complete(scene: Scene) -> AsyncIterator[Finding]:
    """Make rows of a tenant, delete it, and look for them."""
    shop = await scene.new_shop(LEAVING)
    rows = await make_rows(scene, shop.tenant)
    running = await scene.running()
    try:
        streams = running.platform.services.intake.streams
        await remove_tenant(running.database, LEAVING, streams, actor="test")
    except Exception as error:  # noqa: BLE001  # whatever a plugin's tables make of it
        yield Finding(f"The tenant cannot be deleted: {told(error)}", "Let its rows go with it: derive from Model.")
        return
    finally:
        await running.platform.services.directory.refresh()
    for row in rows:
        if await remains(running, row):
            yield Finding(
                f"A row of {row.table.name} remains.", "Give the table its tenant's id: derive it from Model."
            )


@rule(
    "export-complete",
    "The export of a tenant holds its rows of every table of the plugin, with every column that is no secret.",
    reason="A tenant may have everything of it, whenever it asks.",
)
async def export_complete(scene: Scene) -> AsyncIterator[Finding]:
    """Make rows of a tenant, export it, and look for them."""
    shop = await scene.shop(OWNER)
    rows = await make_rows(scene, shop.tenant)
    running = await scene.running()
    present = set(await tables_of(running.database, ""))
    tables = [one for one in mapped_tables([scene.subject.entry.declared]) if one.name in present]
    exported: dict[str, set[str]] = {}
    try:
        async with running.database.reading() as session:
            definition = await find_definition(session, shop.tenant.slug)
            async for line in export_tenant(session, definition, tables):
                record = json.loads(line)
                if "table" in record:
                    exported.setdefault(record["table"], set()).update(record["row"])
    except Exception as error:  # noqa: BLE001  # whatever a plugin's column types raise
        yield Finding(f"The export ends in {told(error)}", "Let every column give a value that JSON can hold.")
        return
    for row in rows:
        wanted = {column.name for column in row.table.columns if SECRET not in column.info}
        if missing := sorted(wanted - exported.get(row.table.name, set())):
            fix = "Give the table its tenant's id: derive it from Model."
            yield Finding(f"Of {row.table.name} the export lacks {', '.join(missing)}.", fix)
    unit = plugin_unit(scene.subject.entry)
    known = set(unit.metadata.tables) if unit else set()
    for name in sorted(name for name in present - known if unit and unit.includes(name, "table", None)):
        yield Finding(f"The table {name} is in the database and in no model.", "Map it, or drop it.")
