"""Links to directions on the map services that a tenant may choose from."""

from typing import Literal

Service = Literal["google", "apple", "osm"]

PREFIXES: dict[Service, str] = {
    "google": "https://www.google.com/maps/dir/?api=1&destination=",
    "apple": "https://maps.apple.com/?daddr=",
    "osm": "https://www.openstreetmap.org/directions?to=",
}
"""What stands before the destination, from wherever the visitor is."""


def destination(lat: float, lon: float) -> str:
    """A position as every service takes it."""
    return f"{_plain(lat)},{_plain(lon)}"


def directions_url(service: Service, lat: float, lon: float) -> str:
    """Directions to a position."""
    return PREFIXES[service] + destination(lat, lon)


def _plain(degrees: float) -> str:
    """At most seven decimals, a centimetre, and never an exponent."""
    text = f"{degrees:.7f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
