"""Statements on the gazetteer, one function each."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select

from frontage.plugin import Session
from frontage_store_locator.geocode_schemas import GAZETTEER
from frontage_store_locator.words.spots import Hit, Spot
from frontage_store_locator.words.tables import GazetteerName, GazetteerSpot

_MOST_HITS = 400
"""There are some hundred places called San Antonio; the largest come first."""


async def look_up(session: Session, keys: Collection[str]) -> list[Hit]:
    """What is found under any of the keys, the largest first."""
    if not keys:
        return []
    statement = (
        select(GazetteerName.key, GazetteerName.is_primary, GazetteerSpot)
        .join(GazetteerSpot, GazetteerSpot.id == GazetteerName.spot_id)
        .where(GazetteerName.key.in_(sorted(keys)))
        .order_by(GazetteerSpot.population.desc(), GazetteerSpot.id)
        .limit(_MOST_HITS)
    )
    return [Hit(key, _spot(row), is_primary) for key, is_primary, row in (await session.execute(statement)).tuples()]


async def count_spots(session: Session) -> dict[str, int]:
    """How many spots came of each load."""
    statement = select(GazetteerSpot.source, func.count()).group_by(GazetteerSpot.source)
    return dict((await session.execute(statement)).tuples().all())


async def forget(session: Session, source: str) -> None:
    """Remove everything that came of one load."""
    gone = select(GazetteerSpot.id).where(GazetteerSpot.source == source)
    await session.execute(delete(GazetteerName).where(GazetteerName.spot_id.in_(gone)))
    await session.execute(delete(GazetteerSpot).where(GazetteerSpot.source == source))


async def add(session: Session, spots: Sequence[dict[str, Any]], names: Sequence[dict[str, Any]]) -> None:
    """Store spots and their names."""
    await session.execute(insert(GazetteerSpot), list(spots))
    if names:
        await session.execute(insert(GazetteerName), list(names))


def _spot(row: GazetteerSpot) -> Spot:
    return Spot(
        row.kind,  # type: ignore[arg-type]  # only the loader writes it
        row.name, row.lat, row.lon, GAZETTEER, row.country, row.region, row.region_code, row.city,
        row.name if row.kind == "postcode" else "", row.population,
    )  # fmt: skip
