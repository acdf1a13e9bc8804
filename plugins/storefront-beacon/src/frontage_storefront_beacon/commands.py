"""`frontage storefront-beacon`: what an operator does with it."""

import click

from frontage.plugin import CommandLine
from frontage_storefront_beacon.demo import remove

_SLUG = "storefront-beacon"


@click.group()
def storefront_beacon() -> None:
    """Storefront events of tenants."""


@storefront_beacon.command("remove-demo")
@click.argument("tenant")
@click.pass_obj
def remove_demo(command_line: CommandLine, tenant: str) -> None:
    """Take the events that `serve --demo` made up for TENANT away, and out of every number."""

    async def run() -> int:
        async with command_line.lend(_SLUG) as context:
            found = context.directory.find_tenant(tenant)
            if found is None:
                raise click.BadParameter(f"there is no active tenant {tenant}")
            return await remove(context, found)

    command_line.say(f"{command_line.run(run())} made-up events removed.")
