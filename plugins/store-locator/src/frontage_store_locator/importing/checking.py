"""Rows to members of places, each with what its cells alone show to be wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from frontage_store_locator.importing.cells import READERS
from frontage_store_locator.importing.columns import COORDINATES
from frontage_store_locator.importing.faults import WHOLE_ROW, Fault
from frontage_store_locator.importing.source import Row
from frontage_store_locator.place_reading import read_members
from frontage_store_locator.words.resolving import coordinates_in


@dataclass(slots=True)
class Checked:
    """A row as members; a column that the file lacks is absent and will be left as it is."""

    number: int
    members: dict[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, column: str, message: str) -> None:
        """Note what is wrong."""
        self.faults.append(Fault(self.number, column, message))

    def doubt(self, column: str, message: str) -> None:
        """Note what may be wrong."""
        self.faults.append(Fault(self.number, column, message, is_error=False))

    @property
    def is_wrong(self) -> bool:
        """Whether it cannot be imported."""
        return any(fault.is_error for fault in self.faults)


def check_rows(rows: Iterable[Row]) -> Iterator[Checked]:
    """Check row by row; of rows with one external id the first is right."""
    seen: dict[str, int] = {}
    for row in rows:
        checked = _check(row)
        if external_id := checked.members.get("external_id"):
            first = seen.setdefault(external_id, row.number)
            if first != row.number:
                checked.refuse("external_id", f"The same as in row {first}.")
        yield checked


def _check(row: Row) -> Checked:
    checked = Checked(row.number, {})
    if row.problem:
        checked.refuse(WHOLE_ROW, row.problem)
        return checked
    for column, cell in _with_coordinates(row.cells, checked).items():
        try:
            checked.members[column] = READERS[column](cell)
        except ValueError as error:
            checked.refuse(column, str(error))
    for problem in read_members(checked.members)[1]:
        checked.refuse(problem.field, problem.message)
    return checked


def _with_coordinates(given: dict[str, Any], checked: Checked) -> dict[str, Any]:
    """The cells, with a column of `lat, lon` taken apart."""
    if COORDINATES not in given:
        return given
    rest = {column: cell for column, cell in given.items() if column != COORDINATES}
    words = str(given[COORDINATES]).strip()
    point = coordinates_in(words) if words else None
    if words and not point:
        checked.refuse(COORDINATES, "Expected latitude and longitude, such as 52.5, 13.4.")
    return {"lat": point.lat if point else "", "lon": point.lon if point else "", **rest}
