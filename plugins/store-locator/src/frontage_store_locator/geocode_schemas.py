"""What pages are told of words: what they were taken to mean."""

from typing import Annotated

from msgspec import Meta, Struct

from frontage_store_locator.words.spots import Found, Kind, LedBy, Precision, Spot

GAZETTEER = "geonames"
ATTRIBUTION = "Place data \N{COPYRIGHT SIGN} GeoNames, CC BY 4.0"


class GeocodeSpot(Struct, frozen=True):
    """Somewhere that the words may mean."""

    label: Annotated[str, Meta(description="What people read, enough to tell it from its namesakes.")]
    lat: float
    lon: float
    kind: Kind
    precision: Annotated[Precision, Meta(description="How exact the position is; never show a city's as an address.")]
    source: Annotated[str, Meta(description="`places`: the shop's own; `coordinates`: the words; else a gazetteer.")]
    locations: Annotated[int, Meta(description="How many places the shop has by this name or in this area.")] = 0
    led_by: Annotated[
        LedBy,
        Meta(description="`name`: the words name it; `beginning`: its name begins so; `spelling`: but for one slip."),
    ] = "name"


class GeocodeAnswer(Struct, frozen=True):
    """What the words were taken to mean, and what else they may mean."""

    match: Annotated[GeocodeSpot | None, Meta(description="Null where nothing fits well enough to be believed.")]
    candidates: Annotated[list[GeocodeSpot], Meta(max_length=5, description="Others, the likeliest first.")]
    attribution: Annotated[str, Meta(description="To be shown with the answer where it is not empty.")] = ""


def answer_of(found: Found) -> GeocodeAnswer:
    """What was found as pages get it."""
    spots = [*([found.match] if found.match else []), *found.candidates]
    attribution = ATTRIBUTION if any(spot.source == GAZETTEER for spot in spots) else ""
    return GeocodeAnswer(
        told_spot(found.match) if found.match else None, list(map(told_spot, found.candidates)), attribution
    )


def told_spot(spot: Spot) -> GeocodeSpot:
    """A spot as pages get it."""
    count = len(spot.places)
    return GeocodeSpot(spot.label, spot.lat, spot.lon, spot.kind, spot.precision, spot.source, count, spot.led_by)
