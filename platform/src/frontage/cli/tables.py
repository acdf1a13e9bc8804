"""Tables: drawn for people at a terminal; a line a row with tabs, and nothing cut, for whatever else reads them."""

import sys
from collections.abc import Iterable, Sequence

import click


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of texts; a text of several lines becomes one line where nobody draws it."""
    if sys.stdout.isatty():
        _draw(columns, rows)
        return
    for row in rows:
        click.echo("\t".join(" ".join(cell.split()) for cell in row))


def _draw(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)
