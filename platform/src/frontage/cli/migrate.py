"""`frontage migrate`: a step of every deploy outside the embedded mode."""

import click

from frontage.base.database import Database
from frontage.base.errors import FrontageError
from frontage.cli.operator import Operator
from frontage.host.migrating import floor_units, migrate, pending, plugin_unit


class MigrationFailedError(FrontageError):
    """A plugin's migration failed, or migrations are due."""


@click.command("migrate")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit with 1 when something is due.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def migrate_command(operator: Operator, only_check: bool, as_json: bool) -> None:
    """Bring the platform's tables and every plugin's to the newest revision; several hosts may do so at once."""

    async def work() -> list[str]:
        async with operator.open_database() as database:
            return await _due(operator, database) if only_check else await migrate(database, operator.roster)

    lines = operator.run(work())
    if as_json:
        operator.print_json({"due" if only_check else "done": lines})
    else:
        for line in lines or ["Everything is at its newest revision."]:
            operator.say(line)
    if only_check and lines:
        raise MigrationFailedError("migrations are due; run frontage migrate")
    failed = [f"{entry.slug}: {entry.reason}" for entry in operator.roster.stopped]
    if failed:
        raise MigrationFailedError("; ".join(failed))


async def _due(operator: Operator, database: Database) -> list[str]:
    units = [unit for entry in operator.roster.serving if (unit := plugin_unit(entry)) is not None]
    return await pending(database, [*floor_units(), *units])
