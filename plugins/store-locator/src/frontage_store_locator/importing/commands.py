"""`frontage store-locator import` and `export`."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from frontage.plugin import CommandLine, PluginContext, Tenant

SLUG = "store-locator"
_MOST_SHOWN = 20
_LOOK_SECONDS = 0.1


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "slug", required=True, help="Whose places they are.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@click.option("--skip-invalid", is_flag=True, help="Import the right rows although others have errors.")
@click.option("--full-sync", is_flag=True, help="Remove the places that the file does not have.")
@click.option("--allow-removal", is_flag=True, help="Also when they are more than a fifth of all.")
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write everything that is wrong into this CSV file.",
)
@click.pass_obj
def import_command(command_line: CommandLine, /, file: Path, slug: str, errors: Path | None, **options: bool) -> None:
    """Import places from CSV, XLSX, GeoJSON or AllThePlaces; any error imports nothing and exits with 1."""
    from frontage_store_locator.importing.faults import report
    from frontage_store_locator.importing.running import Import, Options

    data = file.read_bytes()

    async def run() -> tuple[Import, Any]:
        async with command_line.lend(SLUG) as context:
            work = Import(context, tenant_of(context, slug), Options(**options))
            return work, await _shown(work, data)

    work, outcome = command_line.run(run())
    if errors is not None:
        errors.write_text("".join(report(work.faults)), newline="")
    worst_first = sorted(work.faults, key=lambda one: (not one.is_error, one.row))
    for fault in worst_first[:_MOST_SHOWN]:
        click.echo(str(fault), err=True)
    if len(work.faults) > _MOST_SHOWN:
        more = len(work.faults) - _MOST_SHOWN
        click.echo(f"and {more} more{'' if errors else '; --errors FILE writes all of them'}", err=True)
    would = "" if outcome.written else "would be "
    command_line.say(
        f"{outcome.rows} rows: {would}created {outcome.created}, updated {outcome.updated}, unchanged "
        f"{outcome.unchanged}, removed {outcome.removed}; {outcome.errors} errors, {outcome.warnings} warnings."
    )
    if outcome.message:
        command_line.say(outcome.message)
    if outcome.message or outcome.errors:
        sys.exit(1)


@click.command("export")
@click.option("--tenant", "slug", required=True, help="Whose places.")
@click.option("--format", "format_", type=click.Choice(["csv", "geojson"]), default="csv", show_default=True)
@click.option("--output", type=click.File("wb"), default="-", help="A file; without it, standard output.")
@click.pass_obj
def export_command(command_line: CommandLine, slug: str, format_: Any, output: Any) -> None:
    """Write all places into a file that can be imported again."""
    from frontage_store_locator.importing.exporting import export

    async def run() -> None:
        async with command_line.lend(SLUG) as context:
            async for piece in export(context, tenant_of(context, slug), format_):
                output.write(piece)

    command_line.run(run())


def tenant_of(context: PluginContext, slug: str) -> Tenant:
    """The active tenant of this slug that has the plugin on, or an error for people."""
    tenant = context.directory.find_tenant_by_slug(slug)
    if tenant is None:
        raise click.ClickException(
            f"There is no active tenant {slug}; frontage tenants apply brings in tenants/*.toml."
        )
    if context.slug not in tenant.plugins:
        raise click.ClickException(f"{slug} has the store locator off; put [plugins.{context.slug}] into its file.")
    return tenant


async def _shown(work: Any, data: bytes) -> Any:
    """Run an import with a line that tells how far it is."""
    task = asyncio.create_task(work.run(data))
    progress = work.progress
    while not task.done():
        if sys.stderr.isatty():
            of = f" of {progress.total}" if progress.total else ""
            click.echo(f"\r{progress.stage} {progress.done}{of} … ", nl=False, err=True)
        await asyncio.wait({task}, timeout=_LOOK_SECONDS)
    if sys.stderr.isatty():
        click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
    return task.result()
