"""`frontage plugins new`."""

from pathlib import Path

import click

from frontage.cli.operator import Operator
from frontage.cli.scaffold.naming import check_name
from frontage.cli.scaffold.writing import write_plugin
from frontage.host.discovery import find_candidates


@click.command("new")
@click.argument("name")
@click.option(
    "--dir",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to put its folder; here unless given.",
)
@click.pass_obj
def new(operator: Operator, name: str, parent: Path) -> None:
    """Write a plugin that works, to begin with: frontage plugins new loyalty-stamps."""
    check_name(name, find_candidates())
    folder = write_plugin(name, parent)
    operator.say(f"Wrote {folder}: a plugin that works and keeps every promise. Next:")
    for line in (f"cd {folder}", "pip install -e '.[dev]'", "pytest", "frontage plugins check ."):
        operator.say(f"  {line}")
