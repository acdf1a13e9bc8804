"""The engine in PostGIS, for tenants too large for memory and while their places are being loaded.

`<->` orders by the sphere, which is wrong for one list in five; so its n nearest only tell how far to look, and what
lies within that, measured on the spheroid, is put in its true order. Both steps are one statement.
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
# A millimetre more than needed lets in what the last digits of a distance might keep out.
_EXACT = f"""
select {", ".join(COLUMNS)}, ST_Distance(geog, {_HERE}) as metres
from store_locator_place
where {_FINDABLE}
    and ST_DWithin(geog, {_HERE}, {{reach}} + 0.001)
    and ST_Distance(geog, {_HERE}) <= $4 + {SLACK_M}
order by round(ST_Distance(geog, {_HERE}) / {SLACK_M}), id
limit $5
"""  # noqa: S608  # names of our own alone
NEARBY = f"""
with nearest as materialized (
    select ST_Distance(geog, {_HERE}) as metres
    from store_locator_place
    where {_FINDABLE} and ST_DWithin(geog, {_HERE}, $4 + 0.001)
    order by geog <-> {_HERE}
    limit $5
), reach as (
    select case when count(*) < $5 then $4 else least($4, max(metres)) end as metres from nearest
)
{_EXACT.format(reach="(select metres from reach)")}
"""  # noqa: S608
MEASURE_ALL = _EXACT.format(reach="$4")


class PostgisEngine:
    """Asks the database at every search."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._pool: asyncpg.Pool[Any] | None = None

    async def search(self, tenant_id: UUID, search: Search) -> Answers:
        """The nearest places that fit."""
        wanted = search.needed
        while True:
            rows = await self._fetch(tenant_id, search, wanted)
            found = [Found(place, metres) for place, metres in rows if search.fits(place)]
            if len(rows) < wanted or len(found) >= search.needed:
                return found[search.offset : search.needed]
            wanted *= _WIDER

    async def _fetch(self, tenant_id: UUID, search: Search, wanted: int) -> list[tuple[ShownPlace, float]]:
        asked = (tenant_id, search.lon, search.lat, search.radius_m, wanted)
        try:
            async with (await self._opened()).acquire() as connection:
                records = await _fetch_on(connection, asked)
        except _AWAY:
            raise Problem("unavailable", headers=[(b"retry-after", b"5")]) from None
        return [(_shown(PlaceRow(*record[:-1])), record[-1]) for record in map(tuple, records)]

    async def _opened(self) -> "asyncpg.Pool[Any]":
        if self._pool is None:
            url = self._url.set(drivername="postgresql").difference_update_query(["ssl"])
            self._pool = asyncpg.create_pool(
                url.render_as_string(hide_password=False),
                ssl=self._url.query.get("ssl"),
                min_size=0,
                max_size=_CONNECTIONS,
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


async def _fetch_on(connection: Any, asked: tuple[Any, ...]) -> list[Any]:
    try:
        return list(await connection.fetch(NEARBY, *asked))
    except asyncpg.InternalServerError:
        # "index returned tuples in wrong order": PostGIS is off by a rounding for points almost opposite on the globe.
        # A search comes that far only where there is little else, so all of it is measured.
        return list(await connection.fetch(MEASURE_ALL, *asked))


async def _leave(_connection: Any) -> None:
    """Hand a connection back as it is."""


@lru_cache(maxsize=20_000)
def _shown(row: PlaceRow) -> ShownPlace:
    return ShownPlace(row)
