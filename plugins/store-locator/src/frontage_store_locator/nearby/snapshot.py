"""A tenant's places in memory: points in space, corrected by exact geodesics.

The straight line through the earth is never longer than the way over it, so whatever is left out by its straight line
lies farther than that; the search widens until this proves the answer complete.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from math import asin, cos, inf, radians, sin, sqrt
from uuid import UUID

import numpy as np

from frontage_store_locator.nearby.candidates import Candidates
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
        self._points = to_space(self._lat, self._lon)
        self._candidates = Candidates(self._points)
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
        here = point_in_space(search.lat, search.lon)
        total, needed, reach = len(self._ordered), search.needed, search.radius_m + 1.0
        count = min(total, needed + _SPARE)
        while most is None or count <= most:
            rows, last = self._candidates.nearest(here, reach, count)
            found = self._measure(search, rows, np.array(here))
            if last == inf or _is_proven(found, needed, last):
                return found[search.offset :]
            count = min(total, count * _WIDER)
        return None

    def _measure(self, search: Search, rows: Array, here: Array) -> list[Found]:
        """As many as are needed of those rows that fit, with the lengths of their ways, the nearest first."""
        if search.filters or not self._all_visible:
            rows = rows[[search.fits(self._ordered[row]) for row in rows.tolist()]]
        # In whole micrometres, less than which is no difference; the order of rows is that of ids, which breaks ties.
        lengths = np.rint(self._ways(search, rows, here) / SLACK_M)
        order = lengths.argsort(kind="stable")[: search.needed]
        metres = (lengths[order] * SLACK_M).tolist()
        within = bisect_right(metres, search.radius_m + SLACK_M)
        return list(map(Found, map(self._ordered.__getitem__, rows[order[:within]].tolist()), metres))

    def _ways(self, search: Search, rows: Array, here: Array) -> Array:
        points = self._points.take(rows, axis=0)
        if search.radius_m > NEAR_M and (((points - here) ** 2).sum(axis=1) > NEAR_M**2).any():
            return self._far_ways(search, rows)
        return near_ways(points, here)

    def _far_ways(self, search: Search, rows: Array) -> Array:
        here = np.full(len(rows), search.lon), np.full(len(rows), search.lat)
        # All four are arrays made for this call, so the distances may take the place of one.
        there = self._lon[rows], self._lat[rows]
        _, _, metres = GEOD.inv(*here, *there, inplace=True, return_back_azimuth=False)
        return metres


def _is_proven(found: Sequence[Found], needed: int, last_line: float) -> bool:
    """Whether nothing that was left out can belong among the first `needed`."""
    return len(found) >= needed and found[needed - 1].distance_m + 2 * SLACK_M < shortest_way(last_line)


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
