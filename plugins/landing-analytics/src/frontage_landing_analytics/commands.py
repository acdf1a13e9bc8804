"""`frontage landing-analytics`: removing what a demo has put there."""

from pathlib import Path
from typing import get_args

import click

from frontage.plugin import CommandLine
from frontage_landing_analytics.qr_images import ImageFormat, link_of, picture


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


@landing_analytics.command()
@click.argument("tenant")
@click.argument("code")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--scale", type=click.IntRange(1, 40), default=8, show_default=True, help="Pixels a module.")
@click.pass_obj
def qr(command_line: CommandLine, tenant: str, code: str, file: Path, scale: int) -> None:
    """Draw a printed CODE of TENANT into FILE, which ends in .svg or .png."""
    kind = file.suffix.removeprefix(".")
    if kind not in get_args(ImageFormat):
        raise click.BadParameter("it ends in .svg or .png", param_hint="FILE")

    async def run() -> str:
        async with command_line.lend("landing-analytics") as context:
            found = context.directory.find_tenant(tenant)
            settings = None if found is None else found.plugins.get(context.slug)
            if found is None or settings is None or code not in settings.qr_codes:
                raise click.ClickException(f"{tenant} has no code {code!r}; set it under qr_codes in its file.")
            return link_of(context.base_url, found.slug, code)

    link = command_line.run(run())
    file.write_bytes(picture(link, kind, scale=scale))  # type: ignore[arg-type]
    command_line.say(f"{file}: {link}")
