"""The table that every bench ends in: what was measured, what it reached, how far its rounds lay apart, and the bar."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from rich.console import Console
from rich.table import Table


class Row(NamedTuple):
    """One line: a ratio of one run, or another number that has a bar."""

    what: str
    value: float
    bar: str
    rounds: Sequence[float] = ()
    """What each round came to, where there were several; `value` is their median."""

    @classmethod
    def of(cls, what: str, rounds: Sequence[float], bar: str) -> Self:
        """The median of some rounds."""
        return cls(what, statistics.median(rounds), bar, rounds)

    @property
    def short(self) -> str:
        """The value as people read it."""
        return _short(self.value)

    @property
    def spread(self) -> str:
        """From the lowest round to the highest."""
        return f"{_short(min(self.rounds))} to {_short(max(self.rounds))}" if self.rounds else ""


def show(rows: Iterable[tuple[str, float, str] | Row], title: str | None = None) -> None:
    """Print the rows."""
    table = Table("what", "reached", "rounds", "bar", title=title)
    for row in rows:
        one = Row(*row)
        table.add_row(one.what, one.short, one.spread, one.bar)
    Console(width=130).print(table)


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"
