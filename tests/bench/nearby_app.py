"""The servers that the bench of nearby search compares; run as `python -m tests.bench.nearby_app KIND PORT FOLDER`.

memory: the platform with the plugin, as it serves. asyncpg: a Litestar handler that asks PostGIS by a pool of asyncpg.
sqlalchemy: the same by a session of SQLAlchemy. Both find the tenant by its key in a dict and owe nothing else. guarded:
asyncpg with what a public endpoint owes too, as cheaply as it can be written: two windows counted in a dict, their
headers, CORS.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import msgspec
import uvloop
from litestar import Litestar, Request, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import ASGIMiddleware
from litestar.params import FromQuery, QueryParameter
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy import Uuid, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from tests.bench.nearby_world import TABLE

from frontage.app.platform import open_platform
from frontage.base.logs import configure_logs
from frontage.base.memory import settle_memory
from frontage.edge.server import serve
from frontage.testing.harness import settings_for
from frontage_store_locator.models import Geography

PATH = "/locations/api/v1/public/locations"
POOL = 8
WINDOWS = ((900_000_000, 60), (1_000_000_000, 86_400))
POLICY = b"900000000;w=60, 1000000000;w=86400"
HERE = "ST_SetSRID(ST_MakePoint($2, $3), 4326)::geography"
NEAREST = f"""
select short_id, name, address, lat, lon, phone, website, directions_url, ST_Distance(geog, {HERE}) as metres
from {TABLE} where tenant_id = $1 and ST_DWithin(geog, {HERE}, $4) order by geog <-> {HERE} limit $5
"""

Lat = FromQuery[Annotated[float, QueryParameter(ge=-90, le=90)]]
Lon = FromQuery[Annotated[float, QueryParameter(ge=-180, le=180)]]
Radius = FromQuery[Annotated[float, QueryParameter(gt=0)]]
Limit = FromQuery[Annotated[int, QueryParameter(ge=1, le=100)]]
Word = FromQuery[str]


class Organization(msgspec.Struct):
    id: str
    name: str
    short_id: str


class Location(msgspec.Struct):
    id: str
    name: str
    address: str
    lat: float
    lon: float
    distance_km: float
    phone: str
    website: str
    tags: list[str]
    directions_url: str


class Locations(msgspec.Struct):
    locations: list[Location]
    organization: Organization


class Shop(msgspec.Struct):
    id: UUID
    organization: Organization


class Base(DeclarativeBase):
    pass


class Place(Base):
    __tablename__ = TABLE

    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    short_id: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    phone: Mapped[str]
    website: Mapped[str]
    directions_url: Mapped[str]
    geog: Mapped[Any] = mapped_column(Geography, deferred=True)


class Edge(ASGIMiddleware):
    """Two fixed windows for each key, and the headers of the tighter one."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int, int], int] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        key = next((part[4:] for part in scope["query_string"].decode().split("&") if part.startswith("key=")), "")
        now = int(time.time())
        left = []
        for quota, seconds in WINDOWS:
            window = (key, seconds, now // seconds)
            count = self._counts[window] = self._counts.get(window, 0) + 1
            left.append((quota - count, quota, seconds - now % seconds))
        remaining, quota, reset = min(left)
        told = [
            (b"ratelimit-policy", POLICY), (b"ratelimit-limit", b"%d" % quota), (b"ratelimit-reset", b"%d" % reset),
            (b"ratelimit-remaining", b"%d" % remaining), (b"x-ratelimit-limit", b"%d" % quota),
            (b"x-ratelimit-remaining", b"%d" % remaining), (b"x-ratelimit-reset", b"%d" % (now + reset)),
        ]  # fmt: skip

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *told]
            await send(message)

        await next_app(scope, receive, with_headers)


def _shop(request: Request[Any, Any, State], key: str) -> Shop:
    shop: Shop | None = request.app.state.shops.get(key)
    if shop is None:
        raise NotAuthorizedException
    return shop


def _told(row: Any, metres: float) -> Location:
    return Location(
        row.short_id, row.name, row.address, row.lat, row.lon, round(metres / 1000, 2), row.phone, row.website, [],
        row.directions_url,
    )  # fmt: skip


@get(PATH)
async def by_asyncpg(
    request: Request[Any, Any, State], key: Word, lat: Lat, lon: Lon, radius: Radius = 50, limit: Limit = 20
) -> Locations:
    """One statement on a pooled connection."""
    shop = _shop(request, key)
    async with request.app.state.pool.acquire() as connection:
        rows = await connection.fetch(NEAREST, shop.id, lon, lat, radius * 1000, limit)
    rows.sort(key=lambda row: row["metres"])
    told = [
        Location(
            row["short_id"], row["name"], row["address"], row["lat"], row["lon"], round(row["metres"] / 1000, 2),
            row["phone"], row["website"], [], row["directions_url"],
        )
        for row in rows
    ]  # fmt: skip
    return Locations(told, shop.organization)


async def provide_session(state: State) -> AsyncIterator[AsyncSession]:
    async with state.sessions() as session:
        yield session


@get(PATH, dependencies={"session": Provide(provide_session)})
async def by_sqlalchemy(
    request: Request[Any, Any, State],
    session: NamedDependency[AsyncSession],
    key: Word,
    lat: Lat,
    lon: Lon,
    radius: Radius = 50,
    limit: Limit = 20,
) -> Locations:
    """One select of entities in the request's session."""
    shop = _shop(request, key)
    here = func.geography(func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326))
    metres = func.ST_Distance(Place.geog, here)
    statement = (
        select(Place, metres)
        .where(Place.tenant_id == shop.id, func.ST_DWithin(Place.geog, here, radius * 1000))
        .order_by(Place.geog.op("<->")(here))
        .limit(limit)
    )
    rows = sorted((await session.execute(statement)).tuples().all(), key=lambda row: row[1])
    return Locations([_told(place, far) for place, far in rows], shop.organization)


def rival(handler: Any, url: str, shops: dict[str, Shop], *, guarded: bool) -> Litestar:
    """A Litestar application of one handler with its pool."""

    @asynccontextmanager
    async def pooled(app: Litestar) -> AsyncIterator[None]:
        app.state.shops = shops
        engine = create_async_engine(url, pool_size=POOL, max_overflow=0)
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        plain = url.replace("+asyncpg", "")
        async with asyncpg.create_pool(plain, min_size=POOL, max_size=POOL, server_settings={"jit": "off"}) as pool:
            app.state.pool = pool
            yield
        await engine.dispose()

    around: dict[str, Any] = {"middleware": [Edge()], "cors_config": CORSConfig()} if guarded else {}
    return Litestar([handler], lifespan=[pooled], openapi_config=None, **around)


async def run(kind: str, port: int, folder: Path) -> None:
    """Serve as `frontage serve` does, whoever it is."""
    told = json.loads((folder / "bench.json").read_text())
    if kind == "memory":
        async with open_platform(settings_for(told["url"], folder)) as opened:
            await serve_alike(opened.front, port)
        return
    handler = by_sqlalchemy if kind == "sqlalchemy" else by_asyncpg
    app = rival(handler, told["url"], msgspec.convert(told["shops"], dict[str, Shop]), guarded=kind == "guarded")
    async with app.lifespan():
        await serve_alike(app, port)


async def serve_alike(app: Any, port: int) -> None:
    settle_memory()
    await serve(app, port=port, on_draining=lambda: None)


def main() -> None:
    kind, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    configure_logs(level=logging.ERROR)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(kind, port, folder))


if __name__ == "__main__":
    main()
