"""Places as the shop itself writes and reads them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from frontage.plugin import FieldProblem, Page, to_short
from frontage_store_locator.hours import SpecialDay
from frontage_store_locator.models import Place, Precision, Status
from frontage_store_locator.schemas import ShortId

MOST_AT_ONCE = 1_000

Line = Annotated[str, Meta(max_length=200)]
Url = Annotated[str, Meta(max_length=2048)]
Tag = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^,]*$", description="A word or two, no comma.")]
CustomValue = Annotated[str, Meta(max_length=500)] | int | float | bool
Custom = Annotated[
    dict[Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")], CustomValue],
    Meta(max_length=64, description="Fields of your own."),
]


class PlaceIn(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A place, or what is to change of one; a member that is left out keeps its value, or has none."""

    external_id: Annotated[str, Meta(min_length=1, max_length=200, description="Your own id.")] | UnsetType | None = (
        UNSET
    )
    name: Line | UnsetType = UNSET
    address: Line | UnsetType = UNSET
    address2: Line | UnsetType = UNSET
    city: Line | UnsetType = UNSET
    region: Line | UnsetType = UNSET
    postal_code: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    country: Annotated[str, Meta(max_length=80, description="A code of ISO 3166-1, or a name.")] | UnsetType = UNSET
    lat: float | UnsetType | None = UNSET
    lon: float | UnsetType | None = UNSET
    precision: Precision | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64, description="IANA; absent: that of the position.")] | UnsetType = (
        UNSET
    )
    phone: Annotated[str, Meta(max_length=64, description="Kept as E.164.")] | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    website: Url | UnsetType = UNSET
    photo_url: Url | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=5_000)] | UnsetType = UNSET
    hours: Annotated[str, Meta(max_length=1_000, description="Like `Mo-Fr 09:00-18:00; PH off`.")] | UnsetType = UNSET
    special_days: Annotated[list[SpecialDay], Meta(max_length=366)] | UnsetType = UNSET
    tags: Annotated[list[Tag], Meta(max_length=50)] | UnsetType = UNSET
    custom: Custom | UnsetType = UNSET
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    closed_until: Annotated[date, Meta(description="With `closed`: the day it opens again.")] | UnsetType | None = UNSET


class PlaceOut(Struct, kw_only=True, frozen=True):
    """A place with everything that is known of it."""

    id: ShortId
    external_id: str | None
    name: str
    address: str
    address2: str
    city: str
    region: str
    postal_code: str
    country: str
    lat: float | None
    lon: float | None
    precision: str
    time_zone: str
    phone: str
    email: str
    website: str
    photo_url: str
    description: str
    hours: str
    special_days: list[Any]
    tags: list[str]
    custom: dict[str, Any]
    priority: int
    status: str
    closed_until: date | None
    version: int
    created_at: datetime
    updated_at: datetime
    warnings: list[FieldProblem] = field(default_factory=list)
    """What is doubtful in what was just written; it was written all the same."""


class PlacePage(Page[PlaceOut], frozen=True):
    """A page of places."""


class BulkIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Places to be added, or changed where their `external_id` is known already."""

    locations: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    """Each as it is sent when it is added alone."""


class BulkOut(Struct, frozen=True):
    """What became of places sent together."""

    created: int
    updated: int
    unchanged: int
    ids: list[str | None]
    """In the order sent; null for one that was left out."""
    errors: list[FieldProblem]
    """Only where `skip_invalid` was asked for; else any error is a refusal of all."""
    warnings: list[FieldProblem]


_OUT = tuple(name for name in PlaceOut.__struct_fields__ if name not in {"id", "warnings"})


def told(place: Place, warnings: Sequence[FieldProblem] = ()) -> PlaceOut:
    """A place as the shop reads it."""
    return PlaceOut(id=to_short(place.id), warnings=list(warnings), **{name: getattr(place, name) for name in _OUT})
