"""Which places may be the nearest, by the straight lines through the earth."""

from math import inf

import numpy as np
from scipy.spatial import cKDTree

from frontage_store_locator.nearby.near import Array

_CELL_M = 16_384
_MOST_CELLS = 10_000
_MARGIN = 1.2
"""How much farther is looked than the last time sufficed: half as many places more, for other points of a cell."""
_CROWD = 4
"""So many times more than asked for: the distance is forgotten, as it was found far from here."""


class Candidates:
    """Points in space, asked for those around another.

    To ask the tree for the nearest costs twice what it costs to ask for all within a distance. So each cell of space
    remembers what distance sufficed there, and that is tried first.
    """

    def __init__(self, points: Array) -> None:
        self._tree = cKDTree(points) if len(points) else None
        self._sufficed: dict[tuple[float, ...], float] = {}

    def nearest(self, here: tuple[float, float, float], reach: float, count: int) -> tuple[Array, float]:
        """Rows in ascending order, of `count` points and more or all within `reach`; how far at least all others are.

        That is infinity where nobody asks for the others: they lie beyond the reach.
        """
        if self._tree is None:
            return np.empty(0, dtype=np.intp), inf
        x, y, z = here
        cell = (x // _CELL_M, y // _CELL_M, z // _CELL_M, count)
        tried = min(self._sufficed.get(cell, 0.0), reach)
        if tried:
            near = self._tree.query_ball_point(here, tried, return_sorted=True)
            if len(near) > _CROWD * count:
                del self._sufficed[cell]
            if tried == reach or len(near) >= count:
                is_all = tried == reach or len(near) == self._tree.n
                return np.array(near, dtype=np.intp), inf if is_all else tried
        rows, last = self._by_count(here, reach, count)
        if len(self._sufficed) >= _MOST_CELLS:
            self._sufficed.clear()
        self._sufficed[cell] = min(last, reach) * _MARGIN
        return rows, last

    def _by_count(self, here: tuple[float, float, float], reach: float, count: int) -> tuple[Array, float]:
        assert self._tree is not None
        lines, rows = self._tree.query(np.array(here), k=count if count > 1 else [1], distance_upper_bound=reach)
        last = float(lines[-1])
        if last == inf:
            rows = rows[: lines.searchsorted(inf)]
        rows.sort()
        return rows, last if count < self._tree.n else inf
