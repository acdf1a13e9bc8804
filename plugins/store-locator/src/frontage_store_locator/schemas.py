"""The public wire: what pages ask for and what they get. Names and constraints are the contract's."""

from enum import StrEnum
from math import isfinite
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from frontage.plugin import IdText, invalid

FARTHEST_KM = 20_038
"""Half the circumference of the earth: a larger radius means everywhere."""
_NO_TAGS: frozenset[str] = frozenset()

ShortId = Annotated[
    str,
    Meta(
        min_length=22,
        max_length=22,
        pattern="^[23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz]{22}$",
        description="The id, as 22 characters; on input the UUID form is taken as well.",
        extra_json_schema={"format": "shortuuid"},
    ),
]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="Latitude in decimal degrees, WGS 84.")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Longitude in decimal degrees, WGS 84.")]


class NearbyQuery(Struct, frozen=True):
    """Where to look, how far, and for what."""

    lat: Latitude
    lon: Longitude
    radius: Annotated[float, Meta(gt=0, description="How far to look, in kilometres, inclusive.")] = 50
    limit: Annotated[int, Meta(ge=1, le=100, description="How many places at most.")] = 20
    offset: Annotated[int, Meta(ge=0, le=10_000, description="How many of the nearest to leave out.")] = 0
    tags: Annotated[
        str, Meta(max_length=1000, description="Tags, with commas between them, all of which a place must have.")
    ] = ""
    open_now: Annotated[bool, Meta(description="Only places known to be open at this moment.")] = False
    q: Annotated[
        str,
        Meta(
            max_length=200,
            description="Words that say where, instead of `lat` and `lon`, which then are the visitor's own position: "
            "a place of the shop, one of its cities, regions or countries as a whole, or anywhere on earth.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        if not isfinite(self.radius):
            raise invalid("radius", "Expected a finite number.")

    @property
    def radius_m(self) -> float:
        """The radius in metres, at most half around the earth."""
        return min(self.radius, FARTHEST_KM) * 1000

    @property
    def wanted_tags(self) -> frozenset[str]:
        """The tags by which to filter."""
        if not self.tags:
            return _NO_TAGS
        return frozenset(tag.strip().casefold() for tag in self.tags.split(",") if tag.strip())


class LocationOut(Struct, frozen=True, kw_only=True):
    """A place as a page sees it."""

    id: ShortId
    name: Annotated[str, Meta(description="May be empty where the address says enough.")]
    address: Annotated[str, Meta(description="The whole address in one line.")]
    lat: Latitude
    lon: Longitude
    distance_km: Annotated[
        float, Meta(ge=0, description="Geodesic distance on the WGS 84 spheroid, rounded to two decimals.")
    ]
    phone: Annotated[str, Meta(description="E.164, or empty.")] = ""
    website: Annotated[str, Meta(description="An http or https URL, or empty.")] = ""
    tags: list[str] = field(default_factory=list)
    directions_url: Annotated[str, Meta(description="Directions to this place on a map service.")] = ""
    open_now: Annotated[bool, Meta(description="Absent where the hours are not known.")] | UnsetType = UNSET
    hours_today: Annotated[str, Meta(description="Such as `09:00-12:00, 13:00-18:00`; empty: closed.")] | UnsetType = (
        UNSET
    )
    next_change: Annotated[str, Meta(description="When it opens or closes next, ISO 8601.")] | UnsetType = UNSET


class OrganizationOut(Struct, frozen=True):
    """Whose places they are."""

    id: ShortId
    name: str
    short_id: ShortId | UnsetType = UNSET
    """The same as `id`."""


class LocationsResponse(Struct, frozen=True):
    """The places within the radius, the nearest first."""

    locations: list[LocationOut]
    organization: OrganizationOut
    nearest: LocationOut | UnsetType = UNSET
    """The nearest place that fits, where none lies within the radius."""


class WidgetEventType(StrEnum):
    """What happened in the widget."""

    WIDGET_LOAD = "widget_load"
    LOCATION_SEARCH = "location_search"
    VIEW_STORE_CLICK = "view_store_click"
    GET_DIRECTIONS_CLICK = "get_directions_click"


class WidgetEventIn(Struct, frozen=True):
    """One step of a visitor from loading the widget to a place."""

    event: WidgetEventType
    api_key: Annotated[str, Meta(description="The key of the page; its first 12 characters are logged.")] = ""
    referrer: Annotated[str, Meta(description="The page; logged without query and fragment, cut to 512.")] = ""
    query: Annotated[str, Meta(description="What was searched for, in `location_search` only; cut to 256.")] = ""
    location_short_id: Annotated[IdText, Meta(description="The place of a click; cut to 64.")] = ""
    location_public_id: Annotated[IdText, Meta(description="An older name of `location_short_id`.")] = ""
