"""`frontage kitchen-sink`."""

import click

from frontage.plugin import CommandLine


@click.group()
def kitchen() -> None:
    """Commands of the kitchen."""


@kitchen.command()
def bell() -> None:
    """Ring the bell."""
    click.echo("ding")


@kitchen.command()
@click.pass_obj
def shops(command_line: CommandLine) -> None:
    """Name the shops that have a kitchen."""

    async def run() -> list[str]:
        async with command_line.lend("kitchen-sink") as context:
            return [tenant.slug for tenant in context.tenants_with_plugin()]

    command_line.say(" ".join(command_line.run(run())))
