"""`frontage landing-analytics`: removing what a demo has put there."""

import click

from frontage.plugin import CommandLine


@click.group()
def landing_analytics() -> None:
    """Numbers of tenants' pages."""


@landing_analytics.command("remove-demo")
@click.argument("tenant", required=False)
@click.pass_obj
def remove_demo(command_line: CommandLine, tenant: str | None) -> None:
    """Delete every event that `frontage serve --demo` made up, of one TENANT or of all, and count the rest anew."""
    from frontage_landing_analytics.demo import remove

    async def run() -> dict[str, int]:
        async with command_line.lend("landing-analytics") as context:
            wanted = [one for one in context.tenants_with_plugin() if tenant in {None, one.slug}]
            return {one.slug: await remove(context, one) for one in wanted}

    removed = command_line.run(run())
    if not removed:
        raise click.ClickException(f"No tenant {tenant!r} has landing analytics on.")
    for slug, events in removed.items():
        command_line.say(f"{slug}: {events} events of the demo are gone.")
