"""`frontage tidy`: the daily work on tables that needs their owner, where the server's own role may not do it."""

import click

from frontage.app.housekeeping import kept_for
from frontage.app.platform import settings_decoder
from frontage.cli.operator import Operator
from frontage.intake.partitions import make_partitions
from frontage.intake.retention import expire
from frontage.tenants.directory import Directory


@click.command()
@click.pass_obj
def tidy(operator: Operator) -> None:
    """Make the partitions of the days to come and let go what no tenant keeps any longer; once a day."""
    made, expired = operator.run(_tidy(operator))
    operator.say(f"{made} partitions made, {expired} rows expired.")


async def _tidy(operator: Operator) -> tuple[int, int]:
    streams = [stream for entry in operator.roster.serving for stream in entry.streams]
    kept = [stream for stream in streams if stream.stream.keep]
    async with operator.open_database() as database:
        directory = Directory(database, operator.pepper, settings_decoder(operator.roster))
        await directory.refresh()
        made = await make_partitions(database, kept) if database.dialect == "postgresql" else 0
        tenants = [tenant.id for tenant in directory.tenants]
        return made, await expire(database, streams, tenants, kept_for(directory))
