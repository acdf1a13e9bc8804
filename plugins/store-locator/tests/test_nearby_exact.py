"""Both engines find what a search of all places by another library finds: the same, in the same order, as far away."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import dist
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.engine import make_url

from frontage.plugin import utc_now
from frontage.testing.harness import running, settings_for
from frontage_store_locator.models import Place
from frontage_store_locator.nearby.near import NEAR_M, near_ways
from frontage_store_locator.nearby.postgis import NEAREST, WITHIN, PostgisEngine
from frontage_store_locator.nearby.search import SLACK_M, Found, Search
from frontage_store_locator.nearby.shown import COLUMNS, PlaceRow, ShownPlace
from frontage_store_locator.nearby.snapshot import Snapshot, point_in_space, shortest_way

from .shop import TENANTS
from .world import made_place

EVERYWHERE = 20_038_000.0
POINTS = {
    "north pole": (90, 0),
    "north pole, another meridian": (90, -77.5),
    "south pole": (-90, 180),
    "near a pole": (89.95, 100),
    "antimeridian from the east": (-17.8, 179.99),
    "antimeridian from the west": (-17.8, -179.99),
    "on the antimeridian": (-17.7, 180),
    "the origin": (0, 0),
    "the origin's antipode": (0, 180),
    "springfield": (39.7817, -89.6501),
    "springfield's antipode": (-39.7817, 90.3499),
    "two places on one point": (10, 20),
    "far out at sea": (-48.9, -123.4),
    "berlin": (52.52, 13.405),
}
Engine = Callable[[Search], list[Found]]


def search(lat: float, lon: float, radius_m: float = EVERYWHERE, limit: int = 20, **words: Any) -> Search:
    return Search(lat=lat, lon=lon, radius_m=radius_m, limit=limit, now=utc_now(), **words)


@lru_cache(maxsize=500_000)
def distance(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    return Geodesic.WGS84.Inverse(lat, lon, to_lat, to_lon, Geodesic.DISTANCE)["s12"]


def brute_force(world: list[dict[str, Any]], wanted: Search) -> list[tuple[UUID, float]]:
    measured = [(distance(wanted.lat, wanted.lon, place["lat"], place["lon"]), place["id"]) for place in world]
    within = [(metres, place) for metres, place in measured if metres <= wanted.radius_m + SLACK_M]
    within.sort(key=lambda one: (round(one[0] / SLACK_M), one[1]))
    return [(place, metres) for metres, place in within[wanted.offset : wanted.offset + wanted.limit]]


def snapshot_of(world: list[dict[str, Any]]) -> Snapshot:
    rows = [PlaceRow(*[place[name] for name in COLUMNS]) for place in world]
    return Snapshot(1, {row.id: ShownPlace(row) for row in rows})


def in_a_loop_of_its_own(coroutine: Any) -> Any:
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def filled(postgres_server, world, tmp_path_factory) -> Iterator[tuple[str, UUID]]:
    """A PostgreSQL database with the world at one tenant and a crowd at another; its URL, and the tenant's id."""
    with postgres_server.empty_database() as url:
        yield url, in_a_loop_of_its_own(fill(url, world, tmp_path_factory.mktemp("filled")))


async def fill(url: str, world: list[dict[str, Any]], folder: Path) -> UUID:
    async with running(settings_for(url, folder), TENANTS) as platform:
        acme, bolt = platform.tenant("acme").id, platform.tenant("bolt").id
        crowd = [made_place(n, (n % 1790) / 10 - 89, (n * 7 % 3590) / 10 - 179) for n in range(12_000)]
        async with platform.database.writing() as session:
            await session.execute(insert(Place), [{**place, "tenant_id": acme} for place in world])
            await session.execute(insert(Place), [{**place, "tenant_id": bolt} for place in crowd])
        connection = await asyncpg.connect(plain(url))
        await connection.execute("analyze store_locator_place")
        await connection.close()
        return acme


def plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")


@pytest.fixture(params=["memory", "postgis"])
def engine(request, world) -> Engine:
    """Either engine, with the same places."""
    if request.param == "memory":
        return snapshot_of(world).search  # type: ignore[return-value]
    url, tenant_id = request.getfixturevalue("filled")

    async def ask(wanted: Search) -> list[Found]:
        postgis = PostgisEngine(make_url(url))
        try:
            return list(await postgis.search(tenant_id, wanted))
        finally:
            await postgis.close()

    return lambda wanted: in_a_loop_of_its_own(ask(wanted))


def assert_same(found: list[Found], expected: list[tuple[UUID, float]]) -> None:
    assert [one.place.id for one in found] == [place for place, _ in expected]
    for one, (_, metres) in zip(found, expected, strict=True):
        assert abs(one.distance_m - metres) < SLACK_M
        assert round(one.distance_m / 1000, 2) == round(metres / 1000, 2)


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_the_nearest_are_those_of_a_search_of_all(engine, world, point):
    for wanted in (search(*point), search(*point, limit=100), search(*point, radius_m=800_000.0)):
        assert_same(engine(wanted), brute_force(world, wanted))


@pytest.mark.parametrize("point", [POINTS["springfield"], POINTS["the origin"], POINTS["north pole"]], ids=str)
def test_a_place_on_the_border_is_within(engine, world, point):
    """The radius is inclusive to the micrometre, and a tenth of a millimetre beyond it is outside."""
    last, metres = brute_force(world, search(*point, limit=10))[-1]
    assert last in [one.place.id for one in engine(search(*point, radius_m=metres, limit=100))]
    assert last not in [one.place.id for one in engine(search(*point, radius_m=metres - 0.0001, limit=100))]


def test_pages_of_a_list_make_the_list(engine, world):
    """An offset leaves out exactly the nearest."""
    whole = engine(search(52.5, 13.4, limit=60))
    parts = [one for offset in (0, 20, 40) for one in engine(search(52.5, 13.4, limit=20, offset=offset))]
    assert [one.place.id for one in parts] == [one.place.id for one in whole]


def test_places_at_equal_distance_are_ordered_by_id(engine, world):
    """Four places a degree around the origin, and two on one point, stand in the order of their ids."""
    found = engine(search(10, 20, radius_m=1.0))
    assert [one.place.id for one in found] == sorted(one.place.id for one in found)
    assert len(found) == 2
    pair = [one for one in engine(search(0, 0, radius_m=111_400.0)) if abs(one.place.lon) == 1]
    assert [one.place.id for one in pair] == sorted(one.place.id for one in pair)
    assert len(pair) == 2


latitudes = st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 0.0, 89.99999, -1e-9])
longitudes = st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 0.0, 179.99999])
points = st.tuples(latitudes, longitudes)


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(points, min_size=1, max_size=40),
    point=points,
    limit=st.integers(1, 8),
    radius_m=st.sampled_from([1.0, 50_000.0, 5_000_000.0, EVERYWHERE]),
    step=st.sampled_from([0.0, 0.001, 0.1, 90.0]),
)
def test_any_places_from_anywhere(places, point, limit, radius_m, step):
    """Whatever the places and the point, memory agrees with a search of all, and goes on doing so around that point."""
    world = [made_place(number, lat, lon) for number, (lat, lon) in enumerate(places)]
    snapshot = snapshot_of(world)
    for number in range(4):
        lat, lon = point[0], (point[1] + number * step + 180) % 360 - 180
        wanted = search(lat, lon, radius_m=radius_m / (1 + number % 3), limit=limit)
        assert_same(snapshot.search(wanted), brute_force(world, wanted))


@settings(max_examples=300, deadline=None)
@given(one=points, other=points)
def test_no_way_is_shorter_than_its_straight_line_allows(one, other):
    """The proof that nothing was left out rests on it: for any two points, almost opposite ones included."""
    ends = [point_in_space(*one), point_in_space(*other)]
    assert shortest_way(dist(*ends)) <= distance(*one, *other) + SLACK_M


@settings(max_examples=300, deadline=None)
@given(point=points, bearing=st.floats(0, 360), metres=st.floats(0, NEAR_M))
def test_a_near_way_is_as_long_as_the_geodesic(point, bearing, metres):
    """In any direction from anywhere, to a tenth of a micrometre."""
    there = Geodesic.WGS84.Direct(*point, bearing, metres)
    end = np.array([point_in_space(there["lat2"], there["lon2"])])
    (way,) = near_ways(end, np.array(point_in_space(*point)))
    assert abs(way - distance(*point, there["lat2"], there["lon2"])) < SLACK_M / 10


@pytest.mark.parametrize("statement", [NEAREST, WITHIN], ids=["nearest", "within"])
async def test_a_statement_reads_the_tenants_part_of_the_index_alone(filled, statement):
    """Either scans the gist index by tenant and position, and never the table."""
    url, tenant_id = filled
    connection = await asyncpg.connect(plain(url))
    try:
        lines = [row[0] for row in await connection.fetch("explain " + statement, tenant_id, 13.4, 52.5, 50_000.0, 20)]
    finally:
        await connection.close()
    plan = "\n".join(lines)
    assert "Index Scan using ix_store_locator_place_tenant_id_geog" in plan, plan
    assert "Seq Scan" not in plan
    (condition,) = [line for line in lines if "Index Cond" in line]
    assert "tenant_id =" in condition, plan
    assert "geog &&" in condition, plan
    assert ("Order By" in plan) == (statement is NEAREST), plan


async def test_what_has_changed_is_read_by_its_own_index(filled):
    """Looking for changes costs nothing where there are none."""
    url, tenant_id = filled
    connection = await asyncpg.connect(plain(url))
    try:
        statement = "explain select * from store_locator_place where tenant_id = $1 and version > $2"
        plan = "\n".join(row[0] for row in await connection.fetch(statement, tenant_id, 5))
    finally:
        await connection.close()
    assert "ix_store_locator_place_tenant_id_version" in plan, plan


async def test_the_sphere_is_never_much_longer_than_the_spheroid(filled):
    """The proof that a list is complete rests on the least ratio between the two, over all directions."""
    url, tenant_id = filled
    connection = await asyncpg.connect(plain(url))
    try:
        ratios = await connection.fetchval(
            "select array_agg(ST_Distance(a.geog, b.geog) / (a.geog <-> b.geog)) from store_locator_place a"
            " join store_locator_place b on a.tenant_id = b.tenant_id and a.id < b.id"
            " where a.tenant_id = $1 and (a.geog <-> b.geog) > 1",
            tenant_id,
        )
    finally:
        await connection.close()
    assert len(ratios) > 100_000
    assert 0.994 < min(ratios) < 0.996
    assert max(ratios) < 1.006
