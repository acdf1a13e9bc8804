"""The shop's own words: the names and ids of its places, and the areas in which they lie."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice, takewhile
from math import atan2, cos, degrees, hypot, radians, sin
from typing import NamedTuple
from uuid import UUID

from frontage_store_locator.words.countries import label_of, names_of
from frontage_store_locator.words.folding import key_of, keys_of, postcode_key
from frontage_store_locator.words.regions import code_of_region, name_of_region
from frontage_store_locator.words.spots import Bias, Hit, Kind, Spot

SOURCE = "places"
_MOST_ANCHORS = 200
_GRID = 2.0
"""Anchors are this many degrees apart: they only weigh namesakes."""


class Named(NamedTuple):
    """What words may say of one published place."""

    id: UUID
    external_id: str | None
    name: str
    city: str
    region: str
    postal_code: str
    country: str
    lat: float
    lon: float


@dataclass(slots=True)
class _Area:
    kind: Kind
    name: str
    first: Named
    members: list[Named] = field(default_factory=list)


class OwnWords:
    """An index of one tenant's words; built from all its published places at once."""

    def __init__(self, places: Iterable[Named]) -> None:
        self._single: dict[str, list[tuple[Named, bool]]] = {}
        self._areas: dict[tuple[str, ...], _Area] = {}
        self._keys: dict[str, list[_Area]] = {}
        self.count = 0
        anchors: set[tuple[float, float]] = set()
        countries: set[str] = set()
        for place in places:
            self.count += 1
            self._add(place)
            countries.add(place.country)
            if len(anchors) < _MOST_ANCHORS:
                anchors.add((round(place.lat / _GRID) * _GRID, round(place.lon / _GRID) * _GRID))
        self._sorted = sorted({*self._single, *self._keys})
        self.bias = Bias(frozenset(countries - {""}), tuple(anchors))

    def hits(self, keys: Iterable[str]) -> list[Hit]:
        """Everything that is found under the keys."""
        found: list[Hit] = []
        for key in keys:
            found += [Hit(key, _spot_of(place), is_primary) for place, is_primary in self._single.get(key, ())]
            found += [Hit(key, _spot_of_area(area)) for area in self._keys.get(key, ())]
        return found

    def beginning(self, start: str, most: int) -> list[Hit]:
        """What has a key that begins so, in the order of keys."""
        first = bisect_left(self._sorted, start)
        keys = takewhile(lambda key: key.startswith(start), islice(self._sorted, first, first + most))
        return self.hits(keys)

    def _add(self, place: Named) -> None:
        for key in keys_of(place.name):
            self._single.setdefault(key, []).append((place, False))
        if place.external_id:
            self._single.setdefault(key_of(place.external_id), []).append((place, True))
        region = place.region.casefold()
        if place.postal_code:
            self._join(
                "postcode", place.postal_code, place, postcode_key(place.postal_code), {postcode_key(place.postal_code)}
            )
        if place.city:
            self._join("city", place.city, place, f"{key_of(place.city)}|{region}", keys_of(place.city))
        if place.region:
            code, name = code_of_region(place.country, place.region), name_of_region(place.country, place.region)
            self._join("region", name, place, key_of(name), keys_of(name) | keys_of(code) | keys_of(place.region))
        if place.country:
            self._join("country", label_of(place.country), place, "", set(names_of(place.country)))

    def _join(self, kind: Kind, name: str, place: Named, identity: str, keys: set[str]) -> None:
        area = self._areas.get((kind, place.country, identity))
        if area is None:
            area = self._areas[kind, place.country, identity] = _Area(kind, name, place)
            for key in keys:
                self._keys.setdefault(key, []).append(area)
        area.members.append(place)


def _spot_of(place: Named) -> Spot:
    return Spot(
        "place", place.name or place.external_id or "", place.lat, place.lon, SOURCE, place.country,
        name_of_region(place.country, place.region), code_of_region(place.country, place.region), place.city,
        place.postal_code, 1, (place.id,),
    )  # fmt: skip


def _spot_of_area(area: _Area) -> Spot:
    first, lies_in = area.first, _WITHIN[area.kind]
    lat, lon = centre([(one.lat, one.lon) for one in area.members])
    return Spot(
        area.kind, area.name, lat, lon, SOURCE, first.country if area.kind != "country" else "",
        name_of_region(first.country, first.region) if "region" in lies_in else "",
        code_of_region(first.country, first.region),
        first.city if "city" in lies_in else "",
        weight=len(area.members), places=tuple(one.id for one in area.members),
    )  # fmt: skip


_WITHIN: Mapping[str, tuple[str, ...]] = {
    "postcode": ("city", "region"),
    "city": ("region",),
    "region": (),
    "country": (),
}


def centre(points: list[tuple[float, float]], weights: list[float] | None = None) -> tuple[float, float]:
    """The middle of points on the globe; right across the antimeridian, too."""
    x = y = z = 0.0
    for (lat, lon), weight in zip(points, weights or [1.0] * len(points), strict=True):
        x += weight * cos(radians(lat)) * cos(radians(lon))
        y += weight * cos(radians(lat)) * sin(radians(lon))
        z += weight * sin(radians(lat))
    if hypot(x, y, z) < 1e-9:  # all around the globe: any of them will do
        return points[0]
    return round(degrees(atan2(z, hypot(x, y))), 5), round(degrees(atan2(y, x)), 5)
