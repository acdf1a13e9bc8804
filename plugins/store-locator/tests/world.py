"""Places as rows: awkward ones, and real ones of the whole world."""

import random
from typing import Any
from uuid import UUID

import airportsdata

from frontage.plugin import utc_now


def made_place(number: int, lat: float, lon: float, **columns: Any) -> dict[str, Any]:
    """The columns of a place, straight for the table; ids grow with the number."""
    blank = dict.fromkeys(("address2", "region", "postal_code", "phone", "email", "website", "photo_url", "hours"), "")
    return {
        **blank,
        **dict.fromkeys(("name", "address", "city", "description", "country", "time_zone"), ""),
        "id": UUID(int=number + 1),
        "external_id": str(number),
        "lat": lat,
        "lon": lon,
        "precision": "exact",
        "special_days": [],
        "tags": [],
        "custom": {},
        "priority": 0,
        "status": "published",
        "closed_until": None,
        "version": 1,
        "created_at": utc_now(),
        "updated_at": utc_now(),
        "deleted_at": None,
        **columns,
    }


AWKWARD = [
    (90.0, 0.0),
    (90.0, 120.0),
    (-90.0, -45.0),
    (89.9999, 10.0),
    (0.0, 0.0),
    (0.0, 180.0),
    (0.0, -180.0),
    (-17.7, 179.9),
    (-17.7, -179.9),
    (-17.7, 180.0),
    (10.0, 20.0),
    (10.0, 20.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (1.0, 0.0),
    (-1.0, 0.0),
    (-39.7817, 90.3499),
]
"""Poles, antimeridian, the origin, antipodes, the same point twice, and equal distances on four sides."""


def real_world() -> list[dict[str, Any]]:
    """Some hundred real places of the whole world and all awkward ones, in no order."""
    airports = sorted(airportsdata.load("ICAO").values(), key=lambda airport: airport["icao"])
    chosen = random.Random(7).sample(airports, 900)
    points = [(airport["lat"], airport["lon"]) for airport in chosen] + AWKWARD
    random.Random(8).shuffle(points)
    return [made_place(number, lat, lon, name=f"place {number}") for number, (lat, lon) in enumerate(points)]
