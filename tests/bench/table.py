"""The table that every bench ends in: what was measured, what it reached, and the bar."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

Row = tuple[str, float, str]


def show(rows: Iterable[Row], title: str | None = None) -> None:
    """Print the rows."""
    table = Table("what", "reached", "bar", title=title)
    for words, value, bar in rows:
        table.add_row(words, f"{value:.2f}" if value < 100 else f"{value:.0f}", bar)
    Console(width=120).print(table)
