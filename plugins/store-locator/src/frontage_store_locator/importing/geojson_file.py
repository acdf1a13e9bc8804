"""GeoJSON: a FeatureCollection of points, our own, anybody's, or AllThePlaces'."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from frontage_store_locator.importing.columns import COORDINATES, columns_of
from frontage_store_locator.importing.source import MOST_ROWS, Row, Source, UnreadableFileError

_ALL_THE_PLACES = "@spider"
_TAKEN_OVER = {
    "addr:city": "city",
    "addr:state": "region",
    "addr:postcode": "postal_code",
    "addr:country": "country",
    "phone": "phone",
    "contact:phone": "phone",
    "email": "email",
    "contact:email": "email",
    "website": "website",
    "contact:website": "website",
    "opening_hours": "hours",
    "image": "photo_url",
}


def read_geojson(data: bytes) -> Source:
    """Read a FeatureCollection, or raise UnreadableFileError."""
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UnreadableFileError(f"The file begins like JSON but cannot be read ({error}).") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise UnreadableFileError("JSON must be a GeoJSON FeatureCollection with a list of features.")
    if len(features) > MOST_ROWS:
        raise UnreadableFileError(f"The file has more than {MOST_ROWS} features; split it.")
    named = [name for name in _names(features) if isinstance(name, str)]
    if _ALL_THE_PLACES in named:
        return Source("alltheplaces", ("external_id", "name"), _rows(features, _from_all_the_places))
    columns = dict(zip(named, columns_of(named), strict=True))
    known = tuple(column for column in columns.values() if column)
    ignored = tuple(name for name, column in columns.items() if not column)
    return Source("geojson", (*known, "lat", "lon"), _rows(features, lambda one: _ours(one, columns)), ignored)


def _names(features: list[Any]) -> list[str]:
    return list(dict.fromkeys(name for feature in features for name in _properties(feature)))


def _properties(feature: Any) -> dict[str, Any]:
    found = feature.get("properties") if isinstance(feature, dict) else None
    return found if isinstance(found, dict) else {}


def _rows(features: list[Any], cells_of: Any) -> Iterator[Row]:
    for number, feature in enumerate(features, start=1):
        if not isinstance(feature, dict):
            yield Row(number, {}, "This is no feature.")
            continue
        cells = cells_of(_properties(feature))
        try:
            cells.update(_position(feature.get("geometry")))
        except ValueError as error:
            yield Row(number, cells, str(error))
            continue
        if "external_id" not in cells and isinstance(feature.get("id"), str | int):
            cells["external_id"] = str(feature["id"])
        yield Row(number, cells)


def _position(geometry: Any) -> dict[str, Any]:
    if geometry is None:
        return {}
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        raise ValueError("The geometry must be a Point.")
    match geometry.get("coordinates"):
        case [int() | float() as lon, int() | float() as lat, *_]:
            return {"lat": lat, "lon": lon}
        case [] | None:
            return {}
    raise ValueError("The coordinates must be longitude and latitude.")


def _ours(properties: dict[str, Any], columns: dict[str, str | None]) -> dict[str, Any]:
    cells = {column: value for name, value in properties.items() if (column := columns.get(name))}
    return {column: "" if value is None else value for column, value in cells.items() if column != COORDINATES}


def _from_all_the_places(properties: dict[str, Any]) -> dict[str, Any]:
    """One feature of a spider; its address comes whole or in parts, its name with or without the branch's."""
    texts = {name: str(value).strip() for name, value in properties.items() if isinstance(value, str | int | float)}
    cells: dict[str, Any] = {}
    for name, column in _TAKEN_OVER.items():
        if texts.get(name) and column not in cells:
            cells[column] = texts[name]
    if "phone" in cells:
        cells["phone"] = cells["phone"].split(";")[0].strip()
    if texts.get("ref"):
        cells["external_id"] = (
            f"{texts[_ALL_THE_PLACES]}:{texts['ref']}" if texts.get(_ALL_THE_PLACES) else texts["ref"]
        )
    name, branch = texts.get("name") or texts.get("brand", ""), texts.get("branch", "")
    cells["name"] = f"{name} {branch}".strip() if branch.lower() not in name.lower() else name
    numbered = " ".join(filter(None, (texts.get("addr:housenumber"), texts.get("addr:street"))))
    cells["address"] = texts.get("addr:street_address") or numbered or texts.get("addr:full", "")
    if _has_ended(texts.get("end_date", "")):
        cells["status"] = "closed"
    return cells


def _has_ended(text: str) -> bool:
    """Whether an `end_date` lies behind us; `yes` and whatever is no date count as ended."""
    if not text or text == "no":
        return False
    try:
        return date.fromisoformat(text) <= date.today()  # noqa: DTZ011  # a day more or less does not matter here
    except ValueError:
        return True
