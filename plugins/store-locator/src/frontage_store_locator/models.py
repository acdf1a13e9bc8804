"""The tables: places, and how often a tenant's places have changed.

On PostgreSQL the migration adds a generated `geog` column with a gist index; lat and lon are the truth on both.
"""

from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import BigInteger, Date, Double, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from frontage.plugin import Json, Model, UtcDateTime

Status = Literal["draft", "published", "closed"]
Precision = Literal["exact", "postcode", "city", "region"]
STATUSES: tuple[str, ...] = get_args(Status)
PRECISIONS: tuple[str, ...] = get_args(Precision)


class Geography(UserDefinedType[Any]):
    """The type of `geog`, known so that the database's tables can be read back without a warning."""

    cache_ok = True

    def __init__(self, kind: str = "Point", srid: int = 4326) -> None:
        self.kind = kind
        self.srid = srid


ischema_names["geography"] = Geography


class Place(Model):
    """Somewhere that customers can go. A deleted one keeps its row, emptied, so that links to it are told so."""

    __tablename__ = "store_locator_place"
    __table_args__ = (
        UniqueConstraint("tenant_id", "external_id"),
        Index(None, "tenant_id", "version"),
    )

    external_id: Mapped[str | None] = mapped_column(String(200))
    """The shop's own id of it."""
    name: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    address2: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(200), default="")
    region: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(32), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    """ISO 3166-1 alpha-2."""
    lat: Mapped[float | None] = mapped_column(Double)
    lon: Mapped[float | None] = mapped_column(Double)
    precision: Mapped[str] = mapped_column(String(10), default="exact")
    """How exactly lat and lon are known; anything but `exact` was found by words."""
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    phone: Mapped[str] = mapped_column(String(16), default="")
    """E.164."""
    email: Mapped[str] = mapped_column(String(254), default="")
    website: Mapped[str] = mapped_column(String(2048), default="")
    photo_url: Mapped[str] = mapped_column(String(2048), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    hours: Mapped[str] = mapped_column(Text, default="")
    """In the syntax of OpenStreetMap's `opening_hours`."""
    special_days: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Days with hours of their own: `{"date": …, "hours": …, "note": …}`; empty hours mean closed."""
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    custom: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Fields of the shop's own, each a text, a number or a boolean."""
    priority: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(10), default="published")
    closed_until: Mapped[date | None] = mapped_column(Date)
    """The first day on which a closed place is open again; none: closed for good."""
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    """The tenant's places version of its latest change."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PlacesVersion(Model):
    """The number of a tenant's latest change of places; its id is the tenant's, so there is one row a tenant.

    Who changes places counts it up first and so holds its row until the commit: numbers appear in their order, and
    `version > n` is all that has changed since n.
    """

    __tablename__ = "store_locator_places_version"

    version: Mapped[int] = mapped_column(BigInteger, default=0)
