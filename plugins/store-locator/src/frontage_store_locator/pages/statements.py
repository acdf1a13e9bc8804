"""Statements for pages: only what pages may see."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_

from frontage.plugin import Session, utc_now
from frontage_store_locator.models import Place


class AreaRow(NamedTuple):
    """How many places lie in a region, as the shop writes it."""

    country: str
    region: str
    places: int


class SitemapRow(NamedTuple):
    """A place in a sitemap."""

    id: UUID
    name: str
    updated_at: datetime


def _visible() -> ColumnElement[bool]:
    """Published, or open again wherever on earth; whoever shows one looks at its own clock."""
    tomorrow = (utc_now() + timedelta(days=1)).date()
    again = and_(Place.status == "closed", Place.closed_until <= tomorrow)
    return and_(Place.deleted_at.is_(None), or_(Place.status == "published", again))


async def area_rows(session: Session) -> list[AreaRow]:
    """Every region that has a place."""
    wanted = select(Place.country, Place.region, func.count(Place.id)).where(_visible())
    return [AreaRow(*row) for row in await session.execute(wanted.group_by(Place.country, Place.region))]


async def places_in(
    session: Session, regions: Collection[tuple[str, str]] | None, offset: int, limit: int
) -> Sequence[Place]:
    """Places by city and name, of some regions or of all."""
    wanted = select(Place).where(_visible()).order_by(Place.city, Place.name, Place.id).offset(offset).limit(limit)
    if regions is not None:
        wanted = wanted.where(tuple_(Place.country, Place.region).in_(regions))
    return (await session.scalars(wanted)).all()


async def count_visible(session: Session) -> int:
    """How many places there are to see."""
    return int((await session.execute(select(func.count(Place.id)).where(_visible()))).scalar_one())


async def sitemap_rows(session: Session, offset: int, limit: int) -> list[SitemapRow]:
    """Places in the order of their ids."""
    wanted = select(Place.id, Place.name, Place.updated_at).where(_visible()).order_by(Place.id)
    return [SitemapRow(*row) for row in await session.execute(wanted.offset(offset).limit(limit))]
