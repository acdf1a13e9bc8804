"""Places that are perhaps the same: of one name, and no farther apart than across the street."""

from collections.abc import Iterable, Iterator
from math import cos, floor, hypot, radians
from typing import NamedTuple

from frontage_store_locator.words.folding import key_of

_NEAR_M = 150.0
_METRES_PER_DEGREE = 111_320.0
_CELL = _NEAR_M / _METRES_PER_DEGREE


class Known(NamedTuple):
    """A place that another may repeat; `row` is 0 for one that is stored already."""

    row: int
    name: str
    lat: float
    lon: float


def repeated(stored: Iterable[Known], rows: Iterable[Known]) -> Iterator[tuple[int, int]]:
    """The rows that perhaps repeat another, with the row that they repeat."""
    cells: dict[tuple[str, int, int], list[Known]] = {}
    for one in stored:
        _put(cells, one)
    for one in rows:
        if (other := next(_near(cells, one), None)) is not None:
            yield one.row, other.row
        _put(cells, one)


def _key(one: Known) -> tuple[str, int, int]:
    return key_of(one.name), floor(one.lat / _CELL), floor(one.lon / _width(one.lat))


def _width(lat: float) -> float:
    """How many degrees of longitude a cell is wide, the same all along its row of cells."""
    row = floor(lat / _CELL) * _CELL
    return _CELL / max(0.01, cos(radians(row)))


def _put(cells: dict[tuple[str, int, int], list[Known]], one: Known) -> None:
    cells.setdefault(_key(one), []).append(one)


def _near(cells: dict[tuple[str, int, int], list[Known]], one: Known) -> Iterator[Known]:
    name = key_of(one.name)
    if not name:
        return
    row = floor(one.lat / _CELL)
    for step in (-1, 0, 1):
        column = floor(one.lon / _width((row + step + 0.5) * _CELL))
        for side in (-1, 0, 1):
            for other in cells.get((name, row + step, column + side), ()):
                across = (one.lon - other.lon) * cos(radians(one.lat))
                if hypot(one.lat - other.lat, across) * _METRES_PER_DEGREE <= _NEAR_M:
                    yield other
