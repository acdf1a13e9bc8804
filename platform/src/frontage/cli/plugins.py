"""`frontage plugins`: what is installed, whether it is right, and taking it away with its tables."""

import click

from frontage.cli.checking import check, told_of
from frontage.cli.migrate import migrate_command
from frontage.cli.operator import Operator
from frontage.cli.scaffold.command import new
from frontage.cli.tables import print_table
from frontage.host.purging import purge, purgeable_tables

_COLUMNS = ("plugin", "version", "stage", "paths", "reason")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def plugins() -> None:
    """Write, list, check, migrate and purge plugins."""


@plugins.command("list")
@_json
@click.pass_obj
def list_(operator: Operator, as_json: bool) -> None:
    """List every installed plugin, how far it comes, and why it stops if it does."""
    roster = operator.run(operator.meet_plugins())
    if as_json:
        operator.print_json([told_of(entry) for entry in roster])
        return
    rows = [(one.slug, one.candidate.version, one.stage.value, "\n".join(one.claims), one.reason) for one in roster]
    print_table(_COLUMNS, rows)


plugins.add_command(check)
plugins.add_command(new)
plugins.add_command(migrate_command, "migrate")


@plugins.command("purge")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Really remove its tables and everything in them.")
@_json
@click.pass_obj
def purge_command(operator: Operator, slug: str, yes: bool, as_json: bool) -> None:
    """Remove a plugin's tables and settings, of all tenants; uninstall its package afterwards with pip."""
    entry = operator.roster.find(slug)

    async def work() -> list[str]:
        async with operator.open_database() as database:
            found = await purgeable_tables(database, entry)
            if yes:
                await purge(database, entry)
            return found

    found = operator.run(work())
    if not yes:
        raise click.UsageError(f"This would remove {', '.join(found) or 'no table'}; say --yes to do so.")
    if as_json:
        operator.print_json({"removed": found})
        return
    operator.say(f"Removed {', '.join(found) or 'nothing'}. Now: pip uninstall {entry.candidate.distribution}")
