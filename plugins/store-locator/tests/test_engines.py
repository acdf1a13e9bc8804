"""Which engine answers, how much memory holds, and what a search sees when the database cannot be asked."""

import asyncio

import pytest
from sqlalchemy import insert, text

from frontage.plugin import utc_now
from frontage.testing.harness import running, settings_for
from frontage_store_locator.models import Place
from frontage_store_locator.nearby.engines import Engines
from frontage_store_locator.nearby.memory import MemoryEngine
from frontage_store_locator.nearby.search import Search
from frontage_store_locator.nearby.shown import BYTES_A_PLACE
from frontage_store_locator.queries import next_version

from .shop import TENANTS
from .world import made_place


def search(**words):
    return Search(**{"lat": 1.0, "lon": 1.0, "radius_m": 1e7, "limit": 5, "now": utc_now(), **words})


async def fill(site, slug, places):
    tenant = site.tenant(slug)
    async with site.database.writing() as session:
        version = await next_version(session, tenant.id)
        rows = [{**place, "tenant_id": tenant.id, "version": version} for place in places]
        await session.execute(insert(Place), rows)
    return tenant.id


def ids(found):
    return [one.place.id.int for one in found]


def line_of(count, **columns):
    return [made_place(number, 1 + number / 1000, 1, **columns) for number in range(count)]


async def warmed(engines):
    await asyncio.gather(*engines._warming.values())


@pytest.fixture
async def postgres_site(postgres_url, tmp_path):
    async with running(settings_for(postgres_url, tmp_path), TENANTS) as site:
        yield site


@pytest.fixture
async def sqlite_site(sqlite_url, tmp_path):
    async with running(settings_for(sqlite_url, tmp_path), TENANTS) as site:
        yield site


def context_of(site):
    return site.platform.router.state.contexts["store-locator"]


async def test_postgis_answers_until_memory_is_ready_and_for_those_too_large(postgres_site):
    """The small tenant moves to memory after its first search, the large one never does; the answers are the same."""
    small = await fill(postgres_site, "acme", line_of(30))
    large = await fill(postgres_site, "bolt", line_of(60))
    engines = Engines(context_of(postgres_site), budget=2 * 50 * BYTES_A_PLACE)
    try:
        for tenant_id in (small, large):
            first = ids(await engines.search(tenant_id, search()))
            await warmed(engines)
            assert first == ids(await engines.search(tenant_id, search())) == [1, 2, 3, 4, 5]
        assert engines.memory.holds(small)
        assert not engines.memory.holds(large)
    finally:
        await engines.close()


async def test_a_worker_that_starts_loads_the_places_that_nobody_has_asked_for_yet(postgres_site):
    """So it answers without its database from the beginning; for a shop without places nothing is made."""
    acme = await fill(postgres_site, "acme", line_of(3))
    engines = Engines(context_of(postgres_site))
    await engines.begin()
    assert engines.memory.holds(acme)
    assert not engines.memory.holds(postgres_site.tenant("bolt").id)
    full = Engines(context_of(postgres_site), budget=0)
    await full.begin()
    assert not full.memory.holds(acme), "there is no room"
    for one in (engines, full):
        await one.close()


async def test_filters_are_the_same_in_postgis(postgres_site):
    """A rare tag is found however many nearer places lack it, and hidden places never are."""
    places = line_of(200)
    places[150]["tags"], places[180]["tags"], places[5]["status"] = ["Rare"], ["rare", "x"], "draft"
    tenant_id = await fill(postgres_site, "acme", places)
    engines = Engines(context_of(postgres_site), budget=0)
    try:
        assert ids(await engines.search(tenant_id, search(tags=frozenset({"rare"})))) == [151, 181]
        assert ids(await engines.search(tenant_id, search(limit=6))) == [1, 2, 3, 4, 5, 7]
        assert ids(await engines.search(tenant_id, search(offset=3, limit=2))) == [4, 5]
        assert ids(await engines.search(tenant_id, search(tags=frozenset({"none"})))) == []
    finally:
        await engines.close()


async def test_memory_holds_those_searched_last_within_its_budget(sqlite_site):
    one = await fill(sqlite_site, "acme", line_of(20))
    two = await fill(sqlite_site, "bolt", line_of(20))
    memory = MemoryEngine(context_of(sqlite_site), budget=1)
    for tenant_id, other in ((one, two), (two, one), (one, two)):
        assert len(await memory.search(tenant_id, search())) == 5
        assert memory.holds(tenant_id)
        assert not memory.holds(other)


async def test_searches_that_wait_for_the_same_places_load_them_once(sqlite_site):
    tenant_id = await fill(sqlite_site, "acme", line_of(20))
    memory = MemoryEngine(context_of(sqlite_site), budget=10**6)
    snapshots = await asyncio.gather(*[memory.snapshot(tenant_id) for _ in range(20)])
    assert len(set(map(id, snapshots))) == 1


async def test_only_what_has_changed_is_read_again(sqlite_site):
    """A place that did not change is the same object in the next snapshot."""
    tenant_id = await fill(sqlite_site, "acme", line_of(20))
    memory = MemoryEngine(context_of(sqlite_site), budget=10**6)
    before = await memory.snapshot(tenant_id)
    await fill(sqlite_site, "acme", [made_place(50, 1, 1)])
    memory.look_again()
    after = await memory.snapshot(tenant_id)
    assert len(after) == 21
    assert all(after.places[known] is place for known, place in before.places.items())


async def test_places_of_a_moment_ago_are_served_while_the_database_cannot_be_asked(sqlite_site):
    tenant_id = await fill(sqlite_site, "acme", line_of(20))
    context = context_of(sqlite_site)
    memory = MemoryEngine(context, budget=10**6)
    known = ids(await memory.search(tenant_id, search()))
    async with sqlite_site.database.writing() as session:
        await session.execute(text("alter table store_locator_places_version rename to away"))
    memory.look_again()
    assert ids(await memory.search(tenant_id, search())) == known
    assert context.counted["snapshots_unchecked", "database away"] == 1
    async with sqlite_site.database.writing() as session:
        await session.execute(text("alter table away rename to store_locator_places_version"))
    await fill(sqlite_site, "acme", [made_place(50, 1, 1)])
    async with sqlite_site.database.writing() as session:
        await session.execute(text("alter table store_locator_place rename to away"))
    memory.look_again()
    assert ids(await memory.search(tenant_id, search())) == known, "a change was heard of that cannot be read"
    async with sqlite_site.database.writing() as session:
        await session.execute(text("alter table away rename to store_locator_place"))
    assert 51 in ids(await memory.search(tenant_id, search(limit=30)))


async def test_a_search_that_must_measure_much_is_done_beside_the_loop(sqlite_site):
    """A rare tag among thousands gives the same answer as one that comes first."""
    places = line_of(2_500)
    places[2_400]["tags"] = ["rare"]
    tenant_id = await fill(sqlite_site, "acme", places)
    memory = MemoryEngine(context_of(sqlite_site), budget=10**8)
    assert ids(await memory.search(tenant_id, search(tags=frozenset({"rare"})))) == [2_401]
