"""Statements on the gazetteer, one function each."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import case, delete, func, insert, select, text

from frontage.plugin import Reference, Session
from frontage_store_locator.geocode_schemas import GAZETTEER
from frontage_store_locator.words.spots import Hit, Spot
from frontage_store_locator.words.tables import GazetteerName, GazetteerSpot

_MOST_HITS = 400
"""There are some hundred places called San Antonio; the largest come first."""


LAST_CHARACTER = "\U0010ffff"


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


async def beginning(session: Session, start: str, countries: Collection[str], most: int) -> list[Hit]:
    """What is called by a name that begins so: in these countries first, then the largest."""
    at_home = case((GazetteerSpot.country.in_(sorted(countries)), 0), else_=1)
    statement = (
        select(GazetteerName.key, GazetteerSpot)
        .join(GazetteerSpot, GazetteerSpot.id == GazetteerName.spot_id)
        .where(GazetteerName.key.startswith(start, autoescape=True), GazetteerName.is_primary)
        .order_by(at_home, GazetteerSpot.population.desc(), GazetteerSpot.id)
        .limit(most)
    )
    if session.get_bind().dialect.name == "sqlite":  # LIKE has no use for an index there
        statement = statement.where(GazetteerName.key >= start, GazetteerName.key < start + LAST_CHARACTER)
    return [Hit(key, _spot(row)) for key, row in (await session.execute(statement)).tuples()]


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
    for kind, rows in ((GazetteerSpot, spots), (GazetteerName, names)):
        if session.get_bind().dialect.name == "postgresql":
            await _copy(session, kind, rows)
        elif rows:
            await session.execute(insert(kind), list(rows))


async def replace_at_once(session: Session) -> None:
    """Let one transaction take its time on PostgreSQL, while others load one after the other and everybody reads."""
    await session.execute(text("set local statement_timeout = 0"))
    await session.execute(text("select pg_advisory_xact_lock(hashtext('store_locator_gazetteer'))"))


async def _copy(session: Session, kind: type[Reference], rows: Sequence[dict[str, Any]]) -> None:
    """COPY in the session's transaction: many times as fast as inserts."""
    columns = [column.name for column in kind.__table__.columns]
    records = [tuple([row[name] for name in columns]) for row in rows]
    raw = await (await session.connection()).get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.copy_records_to_table(kind.__tablename__, records=records, columns=columns)


def _spot(row: GazetteerSpot) -> Spot:
    return Spot(
        row.kind,  # type: ignore[arg-type]  # only the loader writes it
        row.name, row.lat, row.lon, GAZETTEER, row.country, row.region, row.region_code, row.city,
        row.name if row.kind == "postcode" else "", row.population,
    )  # fmt: skip
