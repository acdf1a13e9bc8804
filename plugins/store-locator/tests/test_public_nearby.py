"""What a page gets from the nearby route, to the letter of the contract."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from frontage.plugin import utc_now
from frontage_store_locator.models import Place
from frontage_store_locator.nearby.engines import engines_of

from .shop import PUBLIC

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOWNTOWN = {
    "name": "Downtown Store",
    "address": "123 Main St",
    "city": "Springfield",
    "region": "IL",
    "postal_code": "62701",
    "lat": 39.7817,
    "lon": -89.6501,
    "phone": "+15550123",
    "website": "https://example.com",
}
WEST = {"name": "West Side Pickup", "lat": 39.7901, "lon": -89.684}


async def test_a_place_has_the_members_of_the_contract(shop, site):
    """Exactly these, in these forms; further members stand beside them."""
    added = await shop.add(**DOWNTOWN)
    answer = await shop.search(39.7817, -89.6501)
    (place,) = answer.json()["locations"]
    assert {name: place[name] for name in list(place)[:8]} == {
        "id": added["id"],
        "name": "Downtown Store",
        "address": "123 Main St, Springfield, IL 62701, United States of America",
        "lat": 39.7817,
        "lon": -89.6501,
        "distance_km": 0.0,
        "phone": "+15550123",
        "website": "https://example.com",
    }
    tenant = site.tenant(shop.slug)
    assert answer.json()["organization"] == {"id": tenant.short_id, "name": tenant.name, "short_id": tenant.short_id}
    assert set(answer.json()) == {"locations", "organization"}


async def test_a_place_of_which_little_is_known_has_empty_texts(shop):
    await shop.add(name="", address="Somewhere 1", lat=39.78, lon=-89.65)
    (place,) = await shop.found()
    assert (place["name"], place["phone"], place["website"], place["tags"]) == ("", "", "", [])
    assert not {"open_now", "hours_today", "next_change"} & set(place)


async def test_answers_are_private_and_vary_by_origin_and_key(shop, site):
    key = await shop.key("publishable")
    answer = await site.client.get(
        PUBLIC, params={"lat": 1, "lon": 1, "key": key}, headers={"Origin": "https://shop.example"}
    )
    assert answer.headers["cache-control"] == "private"
    assert {one.strip() for one in answer.headers["vary"].split(",")} == {"Origin", "X-API-Key"}
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["ratelimit-policy"] == "300;w=60, 10000;w=86400, 60;w=60"


async def test_the_nearest_come_first_up_to_the_limit_and_within_the_radius(shop):
    await shop.add(**WEST)
    await shop.add(**DOWNTOWN)
    await shop.add(name="Chicago", lat=41.8781, lon=-87.6298)
    assert await shop.names_near() == ["Downtown Store", "West Side Pickup"]
    assert await shop.names_near(limit=1) == ["Downtown Store"]
    assert await shop.names_near(offset=1) == ["West Side Pickup"]
    assert await shop.names_near(radius=1) == ["Downtown Store"]
    assert await shop.names_near(radius=1e9) == ["Downtown Store", "West Side Pickup", "Chicago"]
    assert await shop.names_near(radius="", limit="") == ["Downtown Store", "West Side Pickup"]


REFUSED = {
    "no latitude": ({"lat": ""}, "lat"),
    "latitude over the pole": ({"lat": 90.01}, "lat"),
    "longitude beyond the antimeridian": ({"lon": -180.5}, "lon"),
    "no number": ({"lat": "north"}, "lat"),
    "nan": ({"lat": "nan"}, "lat"),
    "infinite latitude": ({"lat": "inf"}, "lat"),
    "radius of zero": ({"radius": 0}, "radius"),
    "infinite radius": ({"radius": "inf"}, "radius"),
    "radius beyond all floats": ({"radius": "1e999"}, "radius"),
    "no limit": ({"limit": 0}, "limit"),
    "too many": ({"limit": 101}, "limit"),
    "half a place": ({"limit": "2.5"}, "limit"),
    "offset backwards": ({"offset": -1}, "offset"),
}


async def test_parameters_out_of_range_are_refused_by_name(shop):
    for words, (query, field) in REFUSED.items():
        answer = await shop.search(**{"lat": 1, "lon": 1, **query})
        assert answer.status_code == 422, words
        assert [error["field"] for error in answer.json()["errors"]] == [field], words


async def test_only_published_places_with_a_position_are_found(shop):
    today = utc_now().date()
    for name, members in {
        "draft": {"status": "draft"},
        "closed for good": {"status": "closed"},
        "closed for now": {"status": "closed", "closed_until": str(today + timedelta(days=3))},
        "open again": {"status": "closed", "closed_until": str(today - timedelta(days=1))},
        "published": {},
    }.items():
        await shop.add(name=name, lat=39.78, lon=-89.65, **members)
    await shop.add(name="nowhere")
    assert await shop.names_near() == ["open again", "published"]


async def test_tags_filter_whatever_their_case_and_all_must_be_there(shop):
    await shop.add(name="both", lat=39.78, lon=-89.65, tags=["Café", "Drive-in"])
    await shop.add(name="one", lat=39.78, lon=-89.65, tags=["café"])
    assert await shop.names_near(tags="CAFÉ") == ["both", "one"]
    assert await shop.names_near(tags="café, drive-in") == ["both"]
    assert await shop.names_near(tags="cafe") == []


async def test_open_now_shows_what_is_open_and_says_so(shop):
    await shop.add(name="always", lat=39.78, lon=-89.65, hours="24/7")
    await shop.add(name="never", lat=39.78, lon=-89.65, hours="off")
    await shop.add(name="unknown", lat=39.78, lon=-89.65)
    assert await shop.names_near(open_now="true") == ["always"]
    told = {place["name"]: place.get("open_now") for place in await shop.found()}
    assert told == {"always": True, "never": False, "unknown": None}


async def test_where_nothing_is_near_the_nearest_is_told(shop, site):
    """A page can say that the nearest shop is so far away; only what fits the filters counts."""
    await shop.add(name="far", lat=10, lon=10)
    await shop.add(name="farther, with parking", lat=20, lon=20, tags=["parking"])
    told = (await shop.search()).json()
    assert (told["locations"], told["nearest"]["name"]) == ([], "far")
    assert told["nearest"]["distance_km"] > 9000
    assert (await shop.search(tags="parking")).json()["nearest"]["name"] == "farther, with parking"
    assert "nearest" not in (await shop.search(tags="no such tag")).json()
    metrics = (await site.client.get("/metrics")).text
    assert 'reason="nothing found",what="searches"' in metrics


SERVICES = {
    "google": "https://www.google.com/maps/dir/?api=1&destination=39.7817,-89.6501",
    "apple": "https://maps.apple.com/?daddr=39.7817,-89.6501",
    "osm": "https://www.openstreetmap.org/directions?to=39.7817,-89.6501",
}


@pytest.mark.parametrize("service", SERVICES)
async def test_directions_lead_to_the_service_that_the_shop_chose(street, service):
    shop = await street.open(f'directions = "{service}"\n')
    await shop.add(**DOWNTOWN)
    assert [place["directions_url"] for place in await shop.found()] == [SERVICES[service]]


async def test_changes_are_seen_by_the_next_search(shop):
    """Added, moved, renamed, hidden, shown and removed: each at once where it was made."""
    place = await shop.add(**DOWNTOWN)
    path = f"/{place['id']}"
    assert await shop.names_near() == ["Downtown Store"]
    await shop.call("PATCH", path, json={"name": "Renamed"})
    assert await shop.names_near() == ["Renamed"]
    await shop.call("PATCH", path, json={"lat": 41.88, "lon": -87.63})
    assert await shop.names_near() == []
    assert await shop.names_near(41.88, -87.63) == ["Renamed"]
    await shop.call("PATCH", path, json={"status": "draft"})
    assert await shop.names_near(41.88, -87.63) == []
    await shop.call("PATCH", path, json={"status": "published"})
    assert await shop.names_near(41.88, -87.63) == ["Renamed"]
    await shop.call("DELETE", path)
    assert await shop.names_near(41.88, -87.63) == []


async def test_a_change_made_by_another_process_is_seen_once_versions_are_looked_at(shop, site):
    """Another process counts the version up in the same transaction; nothing else tells of it."""
    await shop.add(**DOWNTOWN)
    assert await shop.names_near() == ["Downtown Store"]
    tenant = site.tenant(shop.slug)
    from frontage_store_locator.queries import next_version

    async with site.database.writing() as session:
        version = await next_version(session, tenant.id)
        named = update(Place).where(Place.tenant_id == tenant.id).values(name="By another", version=version)
        await session.execute(named)
    engines = engines_of(site.platform.router.state.contexts["store-locator"])
    await engines.memory.snapshot(tenant.id)  # PostGIS may have answered until now
    engines.memory.look_again()
    assert await shop.names_near() == ["By another"]


async def test_what_came_into_the_table_by_other_ways_still_leaves_as_contracted(shop, site):
    """A phone that is no E.164 and a website that is no http leave empty."""
    added = await shop.add(**DOWNTOWN)
    tenant = site.tenant(shop.slug)
    async with site.database.writing() as session:
        wrong = {"phone": "0800 CALL", "website": "javascript:alert(1)", "hours": "nonsense"}
        await session.execute(update(Place).where(Place.tenant_id == tenant.id).values(**wrong))
        assert (await session.scalars(select(Place.version).where(Place.tenant_id == tenant.id))).one() == added[
            "version"
        ]
    (place,) = await shop.found()
    assert (place["phone"], place["website"]) == ("", "")


async def test_a_shop_never_sees_another_shops_places(shop, street):
    """Neither in a search, nor as the nearest, nor by id."""
    place = await shop.add(**DOWNTOWN)
    other = await street.open()
    told = (await other.search()).json()
    assert told["locations"] == []
    assert "nearest" not in told
    for method, words in (("GET", {}), ("PATCH", {"json": {"name": "Mine"}}), ("DELETE", {})):
        assert (await other.call(method, f"/{place['id']}", **words)).status_code == 404
    assert await shop.names_near() == ["Downtown Store"]


async def test_keys_are_taken_as_contracted(shop, site):
    """Publishable by header or query; secret with the scope, but not from a browser; none, none."""
    publishable, reading = await shop.key("publishable"), await shop.key("secret", "locations:read")
    bare, at = await shop.key("secret"), {"lat": 1, "lon": 1}
    get = site.client.get
    assert (await get(PUBLIC, params={**at, "key": publishable})).status_code == 200
    assert (await get(PUBLIC, params=at, headers={"X-API-Key": reading})).status_code == 200
    assert (await get(PUBLIC, params=at, headers={"X-API-Key": bare})).status_code == 403
    browser = {"X-API-Key": reading, "Origin": "https://shop.example"}
    assert (await get(PUBLIC, params=at, headers=browser)).status_code == 403
    assert (await get(PUBLIC, params=at)).status_code == 401
    assert (await site.client.post(PUBLIC, params=at)).status_code == 405
