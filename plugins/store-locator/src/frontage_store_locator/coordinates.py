"""Positions that cannot be right, and those that are doubtful: the sea at 0,0, swapped numbers, another country.

The country at a position is told by its time zone, so it is known to some kilometres; a doubt is never a refusal.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

SWAPPED = "Latitude and longitude seem to be swapped."
NOWHERE = "The position 0,0 lies in the sea; this is what many programs write for an unknown one."
ELSEWHERE = "The position does not lie in the stated country."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a position: an error refuses it, a warning does not."""

    error: str | None = None
    warning: str | None = None


_FINE = Verdict()


def judge(lat: float, lon: float, country: str = "") -> Verdict:
    """Look at a position and the country where it is said to be."""
    if not (isfinite(lat) and isfinite(lon)):
        return Verdict(error="Expected finite numbers.")
    if not -90 <= lat <= 90:
        swapped = -90 <= lon <= 90 and -180 <= lat <= 180
        return Verdict(error=SWAPPED if swapped else "Expected a latitude from -90 to 90.")
    if not -180 <= lon <= 180:
        return Verdict(error="Expected a longitude from -180 to 180.")
    if lat == lon == 0:
        return Verdict(error=NOWHERE)
    return _against_country(lat, lon, country) if country else _FINE


def _against_country(lat: float, lon: float, country: str) -> Verdict:
    zones = _zones_of(country)
    # Zones reach over territorial waters, so piers and islands lie within; the high sea belongs to no country.
    if not zones or time_zone(lat, lon) in zones:
        return _FINE
    if -90 <= lon <= 90 and time_zone(lon, lat) in zones:
        return Verdict(error=SWAPPED)
    return Verdict(warning=ELSEWHERE)


def time_zone(lat: float, lon: float) -> str:
    """The IANA name of the zone at a position; empty when none is known."""
    import tzfpy

    return str(tzfpy.get_tz(lon, lat) or "")


@lru_cache(maxsize=256)
def _zones_of(country: str) -> frozenset[str]:
    """The zones used in a country, by the table that comes with the time zones themselves."""
    return _zones_by_country().get(country, frozenset())


@lru_cache(maxsize=1)
def _zones_by_country() -> dict[str, frozenset[str]]:
    """Both tables of the time zone database: a zone for each country, and the countries of each shared zone."""
    from importlib.resources import files

    found: dict[str, set[str]] = {}
    for name in ("zone.tab", "zone1970.tab"):
        for line in files("tzdata.zoneinfo").joinpath(name).read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            codes, _, zone = line.split("\t")[:3]
            for code in codes.split(","):
                found.setdefault(code, set()).add(zone)
    return {code: frozenset(zones) for code, zones in found.items()}
