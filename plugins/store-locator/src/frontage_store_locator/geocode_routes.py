"""Where words lead: `GET …/public/geocode`."""

from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import Answer, HotRequest, hot, json_answer, not_found, publishable_key
from frontage_store_locator.schemas import Latitude, Longitude
from frontage_store_locator.settings import Settings
from frontage_store_locator.words.finding import LONGEST_QUERY, find_by_words
from frontage_store_locator.words.gazetteer import ATTRIBUTION, SOURCE
from frontage_store_locator.words.spots import Found, Kind, Precision, Spot

TAG = "Store Locator (Public)"
_HEADERS = ((b"cache-control", b"private, max-age=60"), (b"vary", b"X-API-Key"))


class GeocodeQuery(Struct, frozen=True):
    """What somebody typed, and perhaps where."""

    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_QUERY,
            description="A place of the shop, a postcode, a city, a region, a country, or `lat,lon`.",
        ),
    ]
    lat: Annotated[Latitude | None, Meta(description="Where the visitor is: of namesakes the nearer ones win.")] = None
    lon: Longitude | None = None

    @property
    def near(self) -> tuple[float, float] | None:
        """Where the visitor is."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)


class GeocodeSpot(Struct, frozen=True):
    """Somewhere that the words may mean."""

    label: Annotated[str, Meta(description="What people read, enough to tell it from its namesakes.")]
    lat: float
    lon: float
    kind: Kind
    precision: Annotated[Precision, Meta(description="How exact the position is; never show a city's as an address.")]
    source: Annotated[str, Meta(description="`places`: the shop's own; `coordinates`: the words; else a gazetteer.")]
    locations: Annotated[int, Meta(description="How many places the shop has by this name or in this area.")] = 0


class GeocodeAnswer(Struct, frozen=True):
    """What the words were taken to mean, and what else they may mean."""

    match: Annotated[GeocodeSpot | None, Meta(description="Null where nothing fits well enough to be believed.")]
    candidates: Annotated[list[GeocodeSpot], Meta(max_length=5, description="Others, the likeliest first.")]
    attribution: Annotated[str, Meta(description="To be shown with the answer where it is not empty.")] = ""


@hot.get(
    "/locations/api/v1/public/geocode",
    query=GeocodeQuery,
    tenant=publishable_key(secret_scope="locations:read"),  # noqa: S106  # the name of a scope
    limit=("publishable", "visitor"),
    off=not_found,
    returns=GeocodeAnswer,
    operation_id="store_locator_geocode",
    tags=(TAG,),
)
async def geocode(request: HotRequest[GeocodeQuery, Settings]) -> Answer:
    """Find where words lead: by the shop's own places, then by coordinates, then by the gazetteer."""
    assert request.tenant is not None
    found = await find_by_words(request.context, request.tenant, request.body.q, request.body.near)
    return json_answer(answer_of(found), headers=_HEADERS)


def answer_of(found: Found) -> GeocodeAnswer:
    """What was found as pages get it."""
    spots = [*([found.match] if found.match else []), *found.candidates]
    attribution = ATTRIBUTION if any(spot.source == SOURCE for spot in spots) else ""
    return GeocodeAnswer(_told(found.match) if found.match else None, list(map(_told, found.candidates)), attribution)


def _told(spot: Spot) -> GeocodeSpot:
    return GeocodeSpot(spot.label, spot.lat, spot.lon, spot.kind, spot.precision, spot.source, len(spot.places))


geocode_routes = [geocode]
