"""The engine in PostGIS, for tenants too large for memory and while their places are being loaded.

`<->` orders by the sphere, which is wrong for one list in five. So a few more than needed are read in that order and
put in their true one; where that does not prove the answer, all within the distance that it suggests are measured.
"""

from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import URL

from frontage.plugin import Problem
from frontage_store_locator.nearby.search import SLACK_M, Answers, Found, Search
from frontage_store_locator.nearby.shown import COLUMNS, PlaceRow, ShownPlace

_WIDER = 4
_CONNECTIONS = 4
_COMMAND_SECONDS = 5

_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)

_HERE = "ST_SetSRID(ST_MakePoint($2, $3), 4326)::geography"
_FINDABLE = "tenant_id = $1 and (status = 'published' or (status = 'closed' and closed_until is not null))"
NEAREST = f"""
select {", ".join(COLUMNS)}, ST_Distance(geog, {_HERE}) as metres, geog <-> {_HERE} as on_sphere
from store_locator_place
where {_FINDABLE} and ST_DWithin(geog, {_HERE}, $4)
order by geog <-> {_HERE}
limit $5
"""  # noqa: S608  # names of our own alone
WITHIN = f"""
select {", ".join(COLUMNS)}, ST_Distance(geog, {_HERE}) as metres
from store_locator_place
where {_FINDABLE} and ST_DWithin(geog, {_HERE}, $4)
order by round(ST_Distance(geog, {_HERE}) / {SLACK_M}), id
limit $5
"""  # noqa: S608

_SPARE = 4
_MARGIN_M = 0.001
"""A millimetre more lets in what the last digits of a distance might keep out."""
_LEAST_OF_SPHERE = 0.994
"""A way over the spheroid is at least so much of that over PostGIS' sphere: 6335.4 km, the least radius of curvature,
to the sphere's 6371.0."""


class PostgisEngine:
    """Asks the database at every search."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._pool: asyncpg.Pool[Any] | None = None

    async def search(self, tenant_id: UUID, search: Search) -> Answers:
        """The nearest places that fit."""
        wanted = search.needed
        while True:
            measured = await self._measure(tenant_id, search, wanted)
            found = [one for one in measured if search.fits(one.place)]
            if len(measured) < wanted or len(found) >= search.needed:
                return found[search.offset : search.needed]
            wanted *= _WIDER

    async def _measure(self, tenant_id: UUID, search: Search, wanted: int) -> list[Found]:
        """The nearest `wanted` within the radius, whatever else is asked of them."""
        try:
            async with (await self._opened()).acquire() as connection:
                return await _measure_on(connection, tenant_id, search, wanted)
        except _AWAY:
            raise Problem("unavailable", headers=[(b"retry-after", b"5")]) from None

    async def _opened(self) -> "asyncpg.Pool[Any]":
        if self._pool is None:
            url = self._url.set(drivername="postgresql").difference_update_query(["ssl"])
            self._pool = asyncpg.create_pool(
                url.render_as_string(hide_password=False),
                ssl=self._url.query.get("ssl"),
                min_size=0,
                max_size=_CONNECTIONS,
                max_inactive_connection_lifetime=0,
                timeout=_COMMAND_SECONDS,
                command_timeout=_COMMAND_SECONDS,
                # Nothing that a search does outlives it, so a connection needs no resetting round trip.
                reset=_leave,
                server_settings={"application_name": "frontage-nearby", "jit": "off"},
            )
        await self._pool
        return self._pool

    async def close(self) -> None:
        """Close its connections."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None


async def _measure_on(connection: Any, tenant_id: UUID, search: Search, wanted: int) -> list[Found]:
    here = (tenant_id, search.lon, search.lat)
    radius = search.radius_m + _MARGIN_M
    try:
        records = await connection.fetch(NEAREST, *here, radius, wanted + _SPARE)
    except asyncpg.InternalServerError:
        # "index returned tuples in wrong order": PostGIS is off by a rounding for points almost opposite on the globe.
        # A search comes that far only where there is little else, so all of it is measured.
        return _found(await connection.fetch(WITHIN, *here, radius, wanted), search)
    found = _found(records, search)
    found.sort(key=lambda one: (round(one.distance_m / SLACK_M), one.place.id))
    if len(records) < wanted + _SPARE:
        return found
    if len(found) >= wanted and found[wanted - 1].distance_m < _LEAST_OF_SPHERE * records[-1]["on_sphere"]:
        return found[:wanted]
    reach = min(radius, max(record["metres"] for record in records[:wanted]) + _MARGIN_M)
    return _found(await connection.fetch(WITHIN, *here, reach, wanted), search)


def _found(records: list[Any], search: Search) -> list[Found]:
    """What was read, as far as it lies within the radius."""
    reach, columns = search.radius_m + SLACK_M, len(COLUMNS)
    rows = [(record["metres"], tuple(record)[:columns]) for record in records]
    return [Found(_shown(PlaceRow._make(row)), metres) for metres, row in rows if metres <= reach]


async def _leave(_connection: Any) -> None:
    """Hand a connection back as it is."""


@lru_cache(maxsize=20_000)
def _shown(row: PlaceRow) -> ShownPlace:
    return ShownPlace(row)
