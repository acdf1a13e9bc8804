"""A tenant's places in memory: a k-d tree of points in space, corrected by exact geodesics.

The straight line through the earth is never longer than the way over it, so whatever the tree leaves out lies farther
than the straight line to its last point; the search widens until that proves the answer complete.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import asin, cos, inf, radians, sin, sqrt
from uuid import UUID

import numpy as np
from scipy.spatial import cKDTree

from frontage_store_locator.nearby.near import E2, GEOD, NEAR_M, A, Array, B, near_ways
from frontage_store_locator.nearby.search import SLACK_M, Answers, Found, Search
from frontage_store_locator.nearby.shown import BYTES_A_PLACE, ShownPlace

_SPARE = 4
_WIDER = 4


class Snapshot:
    """The places that pages may see, as of one version."""

    def __init__(self, version: int, places: Mapping[UUID, ShownPlace]) -> None:
        self.version = version
        self.places = dict(sorted(places.items()))
        self._ordered = list(self.places.values())
        self._lat = np.array([place.lat for place in self._ordered], dtype=float)
        self._lon = np.array([place.lon for place in self._ordered], dtype=float)
        points = to_space(self._lat, self._lon)
        self._heights = points[:, 2].copy()
        self._tree = cKDTree(points) if self._ordered else None
        # Nothing is asked of most places but their distance.
        self._all_visible = all(place.always_visible for place in self._ordered)

    def __len__(self) -> int:
        return len(self._ordered)

    def changed(self, version: int, shown: Iterable[ShownPlace], hidden: Iterable[UUID]) -> "Snapshot":
        """The snapshot after some places have changed."""
        places = dict(self.places)
        for gone in hidden:
            places.pop(gone, None)
        places.update((place.id, place) for place in shown)
        return Snapshot(version, places)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self._ordered) * BYTES_A_PLACE

    def search(self, search: Search, most: int | None = None) -> Answers | None:
        """The nearest places that fit, exactly; None when more than `most` places would have to be measured."""
        if self._tree is None:
            return []
        total, point = len(self._ordered), point_in_space(search.lat, search.lon)
        reach = search.radius_m + 1.0
        count = min(total, search.needed + _SPARE)
        while most is None or count <= most:
            lines, rows = self._tree.query(point, k=count if count > 1 else [1], distance_upper_bound=reach)
            last = float(lines[-1])
            if last == inf:
                within = lines.searchsorted(inf)
                lines, rows = lines[:within], rows[:within]
            found = self._measure(search, lines, rows, point[2])
            if count == total or last == inf or _is_proven(found, search.needed, last):
                return found[search.offset : search.needed]
            count = min(total, count * _WIDER)
        return None

    def _measure(self, search: Search, lines: Array, rows: Array, height: float) -> list[Found]:
        """The rows that fit, with the lengths of their ways, the nearest first."""
        if search.filters or not self._all_visible:
            fitting = np.array([search.fits(self._ordered[row]) for row in rows.tolist()], dtype=bool)
            lines, rows = lines[fitting], rows[fitting]
        if len(rows) and lines[-1] > NEAR_M:
            metres = self._far_ways(search, rows)
        else:
            metres = near_ways(lines, self._heights[rows], height)
        # In whole micrometres, less than which is no difference; the order of rows is that of ids, which breaks ties.
        pairs = sorted(zip(np.rint(metres / SLACK_M).tolist(), rows.tolist(), strict=True))
        ordered, reach = self._ordered, search.radius_m / SLACK_M + 1
        return [Found(ordered[row], length * SLACK_M) for length, row in pairs if length <= reach]

    def _far_ways(self, search: Search, rows: Array) -> Array:
        here = np.full(len(rows), search.lon), np.full(len(rows), search.lat)
        # All four are arrays made for this call, so the distances may take the place of one.
        there = self._lon[rows], self._lat[rows]
        _, _, metres = GEOD.inv(*here, *there, inplace=True, return_back_azimuth=False)
        return metres


def _is_proven(found: Sequence[Found], needed: int, last_chord: float) -> bool:
    """Whether nothing that the tree left out can belong among the first `needed`."""
    return len(found) >= needed and found[needed - 1].distance_m + 2 * SLACK_M < shortest_way(last_chord)


def shortest_way(chord: float) -> float:
    """The least length over the spheroid between the ends of a straight line.

    Neither less than the line, nor less than on the unit sphere of which the spheroid is the stretched image: a way
    shrinks at most by b, a line at most by a.
    """
    return max(chord, 2 * B * asin(min(1.0, chord / (2 * A))))


def point_in_space(lat: float, lon: float) -> tuple[float, float, float]:
    """One point; the arithmetic of `to_space` without arrays, which cost more than it."""
    phi, lam = radians(lat), radians(lon)
    normal = A / sqrt(1 - E2 * sin(phi) ** 2)
    return normal * cos(phi) * cos(lam), normal * cos(phi) * sin(lam), normal * (1 - E2) * sin(phi)


def to_space(lat: Array, lon: Array) -> Array:
    """Points on the spheroid as metres from the earth's centre."""
    phi, lam = np.radians(lat), np.radians(lon)
    normal = A / np.sqrt(1 - E2 * np.sin(phi) ** 2)
    return np.column_stack(
        (
            normal * np.cos(phi) * np.cos(lam),
            normal * np.cos(phi) * np.sin(lam),
            normal * (1 - E2) * np.sin(phi),
        )
    )
