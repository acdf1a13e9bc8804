"""Statements on places, one function each."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, cast, exists, func, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from frontage.plugin import Session
from frontage_store_locator.models import Place, PlacesVersion
from frontage_store_locator.nearby.shown import COLUMNS, PlaceRow

_SHOWN = [getattr(Place, name) for name in COLUMNS]


async def next_version(session: Session, tenant_id: UUID) -> int:
    """Count a tenant's places version up and hold it until the commit, so that versions appear in their order."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(PlacesVersion).values(tenant_id=tenant_id, id=tenant_id, version=1)
    counted = statement.on_conflict_do_update(
        index_elements=[PlacesVersion.tenant_id, PlacesVersion.id], set_={"version": PlacesVersion.version + 1}
    ).returning(PlacesVersion.version)
    return int((await session.execute(counted)).scalar_one())


async def versions_of(session: Session, tenant_ids: Collection[UUID]) -> dict[UUID, int]:
    """The places versions of some tenants; one that never had a place is left out."""
    wanted = select(PlacesVersion.tenant_id, PlacesVersion.version).where(PlacesVersion.tenant_id.in_(tenant_ids))
    return {row.tenant_id: row.version for row in await session.execute(wanted)}


async def shown_rows(session: Session, tenant_id: UUID, since: int) -> list[PlaceRow]:
    """What engines read of the places that have changed since a version, deleted ones included."""
    wanted = select(*_SHOWN).where(Place.tenant_id == tenant_id, Place.version > since)
    return [PlaceRow._make(row) for row in await session.execute(wanted)]


async def count_findable(session: Session, tenant_id: UUID) -> int:
    """How many places of a tenant have a position."""
    wanted = select(func.count(Place.id)).where(Place.tenant_id == tenant_id, Place.lat.is_not(None))
    return int((await session.execute(wanted)).scalar_one())


async def place_by_id(session: Session, tenant_id: UUID, place_id: UUID) -> Place | None:
    """A place, also a deleted one."""
    return await session.get(Place, (tenant_id, place_id))


async def places_by_external_id(session: Session, external_ids: Iterable[str]) -> dict[str, Place]:
    """The places that the shop knows by these ids."""
    found: dict[str, Place] = {}
    wanted = sorted(set(external_ids))
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        for place in await session.scalars(select(Place).where(Place.external_id.in_(part))):
            assert place.external_id is not None
            found[place.external_id] = place
    return found


class PlaceFilter:
    """Which places a list shows."""

    def __init__(self, session: Session, **words: Any) -> None:
        self.conditions: list[ColumnElement[bool]] = [Place.deleted_at.is_(None)]
        for column in ("status", "country", "external_id", "city", "region"):
            if value := words.get(column):
                self.conditions.append(getattr(Place, column) == value)
        if search := words.get("search"):
            self.conditions.append(or_(*[_contains(column, search) for column in _SEARCHED]))
        if tag := words.get("tag"):
            self.conditions.append(_has_tag(tag, session.get_bind().dialect.name))
        if words.get("without_position"):
            self.conditions.append(Place.lat.is_(None))
        if since := words.get("updated_since"):
            assert isinstance(since, datetime)
            self.conditions.append(Place.updated_at >= since)


_SEARCHED = (Place.name, Place.external_id, Place.address, Place.city, Place.region, Place.postal_code)


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.lower(), autoescape=True)


def _has_tag(tag: str, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return cast(Place.tags, postgresql.JSONB).contains([tag])
    each = func.json_each(Place.tags).table_valued("value")
    return exists(select(literal(1)).select_from(each).where(each.c.value == tag))


async def list_places(session: Session, wanted: PlaceFilter, page: int, page_size: int) -> Sequence[Place]:
    """A page of places, the oldest first."""
    statement: Select[tuple[Place]] = select(Place).where(*wanted.conditions).order_by(Place.id)
    return (await session.scalars(statement.offset((page - 1) * page_size).limit(page_size))).all()


async def count_places(session: Session, wanted: PlaceFilter) -> int:
    """How many places a list has in all."""
    return int((await session.execute(select(func.count(Place.id)).where(*wanted.conditions))).scalar_one())
