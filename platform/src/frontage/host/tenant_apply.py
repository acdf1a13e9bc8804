"""Brings the database in line with a folder of tenant files: all of it or nothing."""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from frontage.base.database import Database
from frontage.base.errors import ConfigurationError
from frontage.base.locks import exclusive
from frontage.host.tenant_files import read_directory
from frontage.plugin.declaration import Plugin
from frontage.tenants.plan import Plan, conflicts, plan
from frontage.tenants.registry import APPLY_LOCK, apply_plan, load_definitions


async def plan_directory(
    database: Database, directory: Path, plugins: Mapping[str, Plugin], *, unreadable: Collection[str] = ()
) -> Plan:
    """What an apply of this folder would change; the mistakes of its files are raised with their conflicts."""
    async with database.reading() as session:
        current = await load_definitions(session)
    reading = await asyncio.to_thread(read_directory, directory, plugins, unreadable=unreadable, existing=current)
    if reading.mistakes:
        raise ConfigurationError([*reading.mistakes, *conflicts(current, reading.definitions, directory)])
    return plan(current, reading.definitions, directory)


async def apply_directory(
    database: Database,
    directory: Path,
    plugins: Mapping[str, Plugin],
    *,
    actor: str,
    allow_suspend: bool = False,
    unreadable: Collection[str] = (),
) -> Plan:
    """Apply a folder and say what changed; plugins that are installed but `unreadable` keep their settings unread."""
    async with exclusive(database, APPLY_LOCK):
        planned = await plan_directory(database, directory, plugins, unreadable=unreadable)
        if not allow_suspend:
            planned.refuse_mass_suspension(directory)
        if planned.changes:
            async with database.writing() as session:
                await apply_plan(session, planned, actor)
    return planned
