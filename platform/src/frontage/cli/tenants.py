"""`frontage tenants`: what the files say, what the database has, and how one becomes the other."""

import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from frontage.base.ids import to_short
from frontage.cli.operator import Operator
from frontage.cli.tables import print_table
from frontage.host.tenant_apply import apply_directory, plan_directory
from frontage.host.tenant_export import export_tenant, public_definition
from frontage.host.tenant_files import read_tenant_files
from frontage.host.tenant_removal import remove_tenant
from frontage.host.tenant_schema import format_schema, tenant_schema, write_tenant_schema
from frontage.host.tenant_tables import mapped_tables, stored_tables
from frontage.host.tenant_toml import format_tenant_file
from frontage.tenants.definition import TenantDefinition
from frontage.tenants.plan import Change, ChangeKind, Plan
from frontage.tenants.registry import find_definition, load_definitions

_SIGNS = {ChangeKind.CREATE: "+", ChangeKind.UPDATE: "~", ChangeKind.SUSPEND: "-", ChangeKind.RESUME: "+"}
_COLUMNS = ("number", "slug", "status", "name", "plugins", "id")


_directory = click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path), default=None)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def tenants() -> None:
    """Check, apply, export and delete tenants."""


@tenants.command()
@_directory
@_json
@click.pass_obj
def check(operator: Operator, directory: Path | None, as_json: bool) -> None:
    """Read the files of DIR and list everything that is wrong; touches no database."""
    right = read_tenant_files(directory or operator.settings.tenants_dir, operator.plugins())
    if as_json:
        operator.print_json({"tenants": len(right)})
    else:
        operator.say(f"{len(right)} {'tenant is' if len(right) == 1 else 'tenants are'} right.")


@tenants.command()
@_directory
@_json
@click.pass_obj
def diff(operator: Operator, directory: Path | None, as_json: bool) -> None:
    """Show what `apply` would change; changes nothing."""

    async def run() -> Plan:
        async with operator.open_database() as database:
            return await plan_directory(database, directory or operator.settings.tenants_dir, operator.plugins())

    _print_plan(operator, operator.run(run()), "to change", as_json=as_json)


@tenants.command()
@_directory
@click.option("--allow-suspend", is_flag=True, help="Suspend, even if it is many tenants or all of them.")
@_json
@click.pass_obj
def apply(operator: Operator, directory: Path | None, allow_suspend: bool, as_json: bool) -> None:
    """Bring the database in line with the files of DIR; a tenant whose file is gone is suspended."""

    async def run() -> Plan:
        async with operator.open_database() as database:
            return await apply_directory(
                database,
                directory or operator.settings.tenants_dir,
                operator.plugins(),
                actor=operator.actor,
                allow_suspend=allow_suspend,
            )

    _print_plan(operator, operator.run(run()), "changed", as_json=as_json)


@tenants.command("list")
@_json
@click.pass_obj
def list_tenants(operator: Operator, as_json: bool) -> None:
    """List the tenants of the database."""

    async def run() -> list[TenantDefinition]:
        async with operator.open_database() as database, database.reading() as session:
            return await load_definitions(session)

    found = operator.run(run())
    if as_json:
        operator.print_json([public_definition(definition) for definition in found])
    else:
        print_table(_COLUMNS, [_row(definition) for definition in found])


@tenants.command()
@click.argument("slug")
@_json
@click.pass_obj
def show(operator: Operator, slug: str, as_json: bool) -> None:
    """Print a tenant as its file would say it, with its id."""

    async def run() -> TenantDefinition:
        async with operator.open_database() as database, database.reading() as session:
            return await find_definition(session, slug)

    definition = operator.run(run())
    if as_json:
        operator.print_json(public_definition(definition))
    else:
        operator.say(format_tenant_file(definition).rstrip("\n"))


@tenants.command()
@click.argument("slug")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead.")
@_json
@click.pass_obj
def export(operator: Operator, slug: str, output: Path | None, as_json: bool) -> None:
    """Write everything of a tenant as lines of JSON: its definition, then its rows in every table."""
    lines = operator.run(_export(operator, slug, output))
    if output and as_json:
        operator.print_json({"tenant": slug, "file": str(output), "lines": lines})
    elif output:
        operator.say(f"{lines} lines written to {output}.")


@tenants.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Yes, delete it; nothing brings it back.")
@_json
@click.pass_obj
def delete(operator: Operator, slug: str, yes: bool, as_json: bool) -> None:
    """Delete a tenant with every row of it in every table."""
    if not yes:
        raise click.UsageError("Nothing is deleted without --yes, and nothing brings it back.")

    async def run() -> None:
        async with operator.open_database() as database:
            await remove_tenant(database, slug, operator.streams(), actor=operator.actor)

    operator.run(run())
    file = operator.settings.tenants_dir / f"{slug}.toml"
    if as_json:
        operator.print_json({"deleted": slug})
    else:
        operator.say(
            f"{slug} is deleted." + (f" Remove {file}, or the next apply makes it anew." if file.exists() else "")
        )


@tenants.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, if it differs.")
@_json
@click.pass_obj
def schema(operator: Operator, output: Path | None, as_json: bool) -> None:
    """Print the JSON Schema of a tenant's file, with every installed plugin's settings."""
    if output is None:
        click.echo(format_schema(tenant_schema(operator.plugins())), nl=False)
        return
    written = write_tenant_schema(output, operator.plugins())
    if as_json:
        operator.print_json({"file": str(output), "written": written})
    else:
        operator.say(f"{output} {'is written' if written else 'was right already'}.")


async def _export(operator: Operator, slug: str, output: Path | None) -> int:
    if output is None:
        return await _write_lines(operator, slug, sys.stdout.buffer)
    # The file is there only once it is whole, and for its owner alone.
    fresh = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            lines = await _write_lines(operator, slug, file)
        fresh.replace(output)
    finally:
        fresh.unlink(missing_ok=True)
    return lines


async def _write_lines(operator: Operator, slug: str, target: BinaryIO) -> int:
    mapped = mapped_tables(operator.plugins().values())
    lines = 0
    async with operator.open_database() as database, database.reading() as session:
        definition = await find_definition(session, slug)
        # A plugin whose migration failed has tables in its code alone; the rest is exported all the same.
        stored = {table.name for table in await stored_tables(session)}
        tables = [table for table in mapped if table.name in stored]
        async for line in export_tenant(session, definition, tables):
            target.write(line)
            lines += 1
    return lines


def _print_plan(operator: Operator, plan: Plan, done: str, *, as_json: bool) -> None:
    if as_json:
        operator.print_json({"changes": [_change(change) for change in plan.changes], "unchanged": plan.unchanged})
        return
    for change in plan.changes:
        operator.say(f"{_SIGNS[change.kind]} {change.slug}: {_summary(change)}")
    operator.say(f"{len(plan.changes)} {done}, {len(plan.unchanged)} unchanged.")


def _change(change: Change) -> dict[str, Any]:
    fields = {field.field: {"before": field.before, "after": field.after} for field in change.fields}
    return {"tenant": change.slug, "change": change.kind.value, "fields": fields}


def _summary(change: Change) -> str:
    if change.kind is ChangeKind.CREATE:
        return f"create, number {change.after.number}"
    fields = ", ".join(f"{field.field} {_shown(field.before)} → {_shown(field.after)}" for field in change.fields)
    return f"{change.kind}, {fields}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()


def _row(definition: TenantDefinition) -> list[str]:
    return [
        str(definition.number),
        definition.slug,
        definition.status,
        definition.name,
        " ".join(definition.plugins),
        to_short(definition.id) if definition.id else "",
    ]
