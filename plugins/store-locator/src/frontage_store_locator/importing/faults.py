"""What is wrong with a file, by row and column."""

import csv
import io
from collections.abc import Iterable, Iterator

from msgspec import Struct

from frontage.plugin import guarded

WHOLE_ROW = "row"


class Fault(Struct, frozen=True, array_like=True):
    """One thing that is wrong, or doubtful, in one cell; the value itself is not repeated."""

    row: int
    column: str
    message: str
    is_error: bool = True
    """A row with an error is not imported; a warning is only told."""

    def __str__(self) -> str:
        return f"{'error' if self.is_error else 'warning'}: row {self.row}, {self.column}: {self.message}"


def report(faults: Iterable[Fault]) -> Iterator[str]:
    """The faults as CSV, a line at a time."""
    yield _line(("row", "column", "severity", "message"))
    for fault in sorted(faults, key=lambda one: (one.row, not one.is_error)):
        yield _line((fault.row, fault.column, "error" if fault.is_error else "warning", guarded(fault.message)))


def _line(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
