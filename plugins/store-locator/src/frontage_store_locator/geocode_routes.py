"""Where words lead: `GET …/public/geocode`."""

from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import Answer, HotRequest, hot, json_answer, not_found, publishable_key
from frontage_store_locator.geocode_schemas import GeocodeAnswer, answer_of
from frontage_store_locator.schemas import Latitude, Longitude
from frontage_store_locator.settings import Settings
from frontage_store_locator.words.finding import LONGEST_QUERY, find_by_words

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
    """Find where words lead: by the shop's own places, then by coordinates, then by the gazetteer.

    Names that begin with the words, and names that they miss by one slip, are candidates and never the match.
    """
    assert request.tenant is not None
    found = await find_by_words(request.context, request.tenant, request.body.q, request.body.near, completing=True)
    return json_answer(answer_of(found), headers=_HEADERS)


geocode_routes = [geocode]
