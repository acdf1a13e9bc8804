"""How a shop reads and changes its places."""

import asyncio

import pytest
from sqlalchemy import select

from frontage_store_locator.models import Place

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = {"lat": 39.7817, "lon": -89.6501}
FULL = {
    "external_id": "s-1",
    "name": "Downtown Store",
    "address": "123 Main St",
    "address2": "Floor 2",
    "city": "Springfield",
    "region": "IL",
    "postal_code": "62701",
    "country": "United States",
    **HERE,
    "phone": "(217) 555-0123",
    "email": "downtown@example.com",
    "website": "example.com/downtown",
    "photo_url": "https://example.com/p.jpg",
    "description": "The oldest of them all.",
    "hours": "Mo-Fr 09:00-18:00",
    "special_days": [{"date": "2026-12-24", "hours": "10:00-15:00", "note": "Christmas Eve"}],
    "tags": ["Parking", " parking ", "Café"],
    "custom": {"floor": 2, "manager": "Ann", "lift": True},
    "priority": 5,
}


async def test_a_place_is_kept_in_its_one_form_and_read_back(shop):
    """Phone as E.164 by the shop's country, website with its scheme, country as code, zone from the position."""
    added = await shop.add(**FULL)
    expected = {
        **FULL,
        "country": "US",
        "phone": "+12175550123",
        "website": "https://example.com/downtown",
        "tags": ["parking", "Café"],
        "time_zone": "America/Chicago",
        "precision": "exact",
        "status": "published",
        "closed_until": None,
        "warnings": [],
    }
    assert {name: added[name] for name in expected} == expected
    read = await shop.call("GET", f"/{added['id']}")
    assert read.json() == added
    assert read.headers["etag"] == f'"{added["version"]}"'


async def test_every_mistake_is_told_at_once_and_none_is_echoed(shop):
    wrong = {
        "name": "Wrong",
        "country": "Atlantis",
        "phone": "call us",
        "email": "nobody",
        "website": "javascript:alert(1)",
        "photo_url": "ftp://example.com/p.jpg",
        "hours": "9-18 Uhr",
        "special_days": [{"date": "2026-12-24", "hours": "noon"}],
        "time_zone": "Mars/Olympus",
        "lat": -189.6501,
        "lon": 39.7817,
    }
    answer = await shop.call("POST", json=wrong)
    assert answer.status_code == 422
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {*wrong, "special_days.0.hours"} - {"name", "lon", "special_days"}
    assert not [value for value in ("Atlantis", "javascript", "call us", "189") if value in answer.text]


MISTAKES = {
    "nothing": ({}, "name"),
    "half a position": ({"name": "x", "lat": 1}, "lon"),
    "the origin": ({"name": "x", "lat": 0, "lon": 0}, "lat"),
    "swapped, beyond the pole": ({"name": "x", "lat": -89.6501 - 10, "lon": 39.78}, "lat"),
    "swapped, in another country": ({"name": "x", "country": "US", "lat": -89.6501, "lon": 39.7817}, "lat"),
    "beyond the antimeridian": ({"name": "x", "lat": 1, "lon": 181}, "lat"),
    "a comma in a tag": ({"name": "x", "tags": ["a,b"]}, "tags[0]"),
    "an unknown status": ({"name": "x", "status": "open"}, "status"),
    "too long a name": ({"name": "x" * 201}, "name"),
    "a member that is not known": ({"name": "x", "nam": 1}, "body"),
    "a list among the custom fields": ({"name": "x", "custom": {"a": []}}, "custom[...]"),
    "an impossible zone": ({"name": "x", **HERE, "time_zone": "../etc/passwd"}, "time_zone"),
}


async def test_mistakes_name_their_field(shop):
    for words, (members, field) in MISTAKES.items():
        answer = await shop.call("POST", json=members)
        assert answer.status_code == 422, (words, answer.text)
        assert answer.json()["errors"][0]["field"] == field, (words, answer.text)


async def test_what_is_doubtful_is_written_and_told(shop):
    """A position in another country and a place without any are warnings."""
    abroad = await shop.add(name="abroad", country="US", lat=52.52, lon=13.405)
    assert [warning["field"] for warning in abroad["warnings"]] == ["lat"]
    nowhere = await shop.add(name="nowhere")
    assert [warning["field"] for warning in nowhere["warnings"]] == ["lat"]
    assert (await shop.call("GET", f"/{nowhere['id']}")).json()["warnings"] == []


async def test_a_text_with_a_nul_is_no_fault_of_ours(shop):
    answer = await shop.call("POST", content=b'{"name":"a\\u0000b","custom":{"a":"\\u0000"}}')
    assert answer.status_code in {201, 400, 422}


async def test_a_change_keeps_what_it_does_not_name(shop):
    place = await shop.add(**FULL)
    changed = (
        await shop.call("PATCH", f"/{place['id']}", json={"name": "New", "phone": "", "external_id": None})
    ).json()
    named = {"name": "New", "phone": "", "external_id": None}
    kept = set(place) - {*named, "version", "updated_at"}
    assert {name: changed[name] for name in named} == named
    assert {name: changed[name] for name in kept} == {name: place[name] for name in kept}
    assert changed["version"] > place["version"]


async def test_a_place_that_moves_gets_the_time_zone_of_where_it_is(shop):
    place = await shop.add(**FULL)
    moved = await shop.call("PATCH", f"/{place['id']}", json={"lat": 39.74, "lon": -104.99})
    assert moved.json()["time_zone"] == "America/Denver"
    chosen = await shop.call("PATCH", f"/{place['id']}", json={"time_zone": "America/Phoenix"})
    assert chosen.json()["time_zone"] == "America/Phoenix"
    renamed = await shop.call("PATCH", f"/{place['id']}", json={"name": "Same zone"})
    assert renamed.json()["time_zone"] == "America/Phoenix"


async def test_a_change_that_another_one_overtook_is_refused(shop):
    """If-Match names the state that was read; after a change it is another."""
    place = await shop.add(**FULL)
    path, read = f"/{place['id']}", {"If-Match": f'"{place["version"]}"'}
    first = await shop.call("PATCH", path, json={"name": "First"}, headers=read)
    assert first.status_code == 200
    second = await shop.call("PATCH", path, json={"name": "Second"}, headers=read)
    assert second.status_code == 412
    assert second.json()["error_code"] == "precondition_failed"
    assert (await shop.call("DELETE", path, headers=read)).status_code == 412
    fresh = {"If-Match": f'"x", {first.headers["etag"]}'}
    assert (await shop.call("PATCH", path, json={"name": "Third"}, headers=fresh)).status_code == 200
    assert (await shop.call("PATCH", path, json={"name": "Any"}, headers={"If-Match": "*"})).status_code == 200


async def test_a_removed_place_is_gone_for_those_who_knew_it(shop, site):
    """410 where it was, 404 where nothing was; nothing of it is kept but that it was."""
    place = await shop.add(**FULL)
    path = f"/{place['id']}"
    assert (await shop.call("DELETE", path)).status_code == 204
    for method, words in (("GET", {}), ("PATCH", {"json": {"name": "x"}}), ("DELETE", {})):
        answer = await shop.call(method, path, **words)
        assert (answer.status_code, answer.json()["error_code"]) == (410, "gone")
    for never in ("WmsG2qe2XXxacqiqo2MfnY", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "z" * 22, "no-id"):
        assert (await shop.call("GET", f"/{never}")).status_code == 404
    assert (await shop.call("GET")).json()["pagination"]["total_count"] == 0
    tenant = site.tenant(shop.slug)
    async with site.database.reading() as session:
        row = (await session.scalars(select(Place).where(Place.tenant_id == tenant.id))).one()
    assert (row.name, row.phone, row.lat, row.external_id, row.custom) == ("", "", None, None, {})
    again = await shop.call("PUT", "/by-external-id/s-1", json=FULL)
    assert again.status_code == 201


async def test_putting_by_external_id_is_idempotent(shop):
    """Made once, unchanged when sent again, replaced as a whole when sent otherwise."""
    path, body = "/by-external-id/s 1%3F", {**FULL, "external_id": "s 1?"}
    first = await shop.call("PUT", path, json=body)
    again = await shop.call("PUT", path, json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert {**again.json(), "warnings": []} == first.json()
    assert again.headers["etag"] == first.headers["etag"]
    replaced = (await shop.call("PUT", path, json={"name": "Bare"})).json()
    assert (replaced["id"], replaced["name"], replaced["phone"], replaced["tags"]) == (
        first.json()["id"],
        "Bare",
        "",
        [],
    )
    assert (await shop.call("PUT", path, json={"name": "x", "external_id": "other"})).status_code == 422
    assert (await shop.call("PUT", path, json=body, headers={"If-None-Match": "*"})).status_code == 412
    assert (
        await shop.call("PUT", "/by-external-id/new", json=body | {"external_id": "new"}, headers={"If-Match": "*"})
    ).status_code == 412


IDS = {
    "a slash": ("us%2Fil%2F17", "us/il/17"),
    "slashes beside each other and at the ends": ("%2Fa%2F%2Fb%2F", "/a//b/"),
    "dots": ("a%2F..%2Fb", "a/../b"),
    "a plus and a percent sign": ("1+1%25", "1+1%"),
    "an umlaut": ("K%C3%B6ln", "Köln"),
    "a slash that was not encoded": ("a/b", "a/b"),
    "white space": ("%20a%20%20b%20", "a b"),
}


@pytest.mark.parametrize("words", IDS)
async def test_a_place_is_read_put_and_removed_by_any_external_id(shop, words):
    """Its id is what the path says, to the letter, and is free again once it is removed."""
    path, external_id = IDS[words]
    path = f"/by-external-id/{path}"
    assert (await shop.call("GET", path)).status_code == 404
    made = await shop.call("PUT", path, json={"name": "Here"})
    assert (made.status_code, made.json()["external_id"]) == (201, external_id)
    assert (await shop.call("PUT", path, json={"name": "Here", "external_id": external_id})).status_code == 200
    read = await shop.call("GET", path)
    assert (read.json()["id"], read.headers["etag"]) == (made.json()["id"], made.headers["etag"])
    assert (await shop.call("DELETE", path, headers={"If-Match": '"0"'})).status_code == 412
    assert (await shop.call("DELETE", path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await shop.call(method, path)).status_code == 404
    assert (await shop.call("GET", f"/{made.json()['id']}")).status_code == 410


@pytest.mark.parametrize("path", ["%FF", "%20", "x" * 201])
async def test_an_external_id_that_nothing_can_have_is_refused(shop, path):
    for method, words in (("GET", {}), ("PUT", {"json": {"name": "x"}}), ("DELETE", {})):
        answer = await shop.call(method, f"/by-external-id/{path}", **words)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "external_id")


async def test_a_place_put_by_many_at_once_is_made_once(shop):
    """Writers of one shop wait for each other, so nobody makes a second place of the same id."""
    await shop.key("secret", "locations:read", "locations:write")
    answers = await asyncio.gather(*[shop.call("PUT", "/by-external-id/x", json={"name": f"n {n}"}) for n in range(6)])
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await shop.call("GET")).json()["pagination"]["total_count"] == 1


async def test_an_external_id_belongs_to_one_place(shop):
    await shop.add(name="one", external_id="1")
    two = await shop.add(name="two", external_id="2")
    assert (await shop.call("POST", json={"name": "three", "external_id": "1"})).status_code == 409
    assert (await shop.call("PATCH", f"/{two['id']}", json={"external_id": "1"})).status_code == 409
    assert (await shop.call("PATCH", f"/{two['id']}", json={"external_id": "2"})).status_code == 200


async def test_a_list_is_paged_and_filtered(shop):
    await shop.add(**FULL)
    await shop.add(name="Berlin Mitte", country="DE", city="Berlin", lat=52.52, lon=13.405, status="draft")
    await shop.add(name="100% Bücher", tags=["Bücher"])

    async def names(**query):
        answer = await shop.call("GET", params=query)
        assert answer.status_code == 200, answer.text
        return [place["name"] for place in answer.json()["data"]]

    assert await names() == ["Downtown Store", "Berlin Mitte", "100% Bücher"]
    assert await names(search="main st") == ["Downtown Store"]
    assert await names(search="100%") == ["100% Bücher"]
    assert await names(search="_") == []
    assert await names(status="draft") == ["Berlin Mitte"]
    assert await names(country="US") == ["Downtown Store", "100% Bücher"]
    assert await names(tag="Bücher") == ["100% Bücher"]
    assert await names(tag="Büch") == []
    assert await names(without_position="true") == ["100% Bücher"]
    assert await names(external_id="s-1") == ["Downtown Store"]
    assert await names(updated_since="2020-01-01T00:00:00Z", city="Berlin") == ["Berlin Mitte"]
    assert await names(updated_since="2999-01-01T00:00:00Z") == []
    second = (await shop.call("GET", params={"page": 2, "page_size": 2})).json()
    assert [place["name"] for place in second["data"]] == ["100% Bücher"]
    assert second["pagination"]["total_pages"] == 2
    assert (await shop.call("GET", params={"page_size": 101})).status_code == 422
    assert (await shop.call("GET", params={"status": "open"})).status_code == 422


async def test_many_are_written_at_once_or_none(shop):
    """Each mistake of each place is told; with none, all are added or changed by their external id."""
    await shop.add(name="known", external_id="k")
    broken = [
        {"name": "fine"},
        {"name": 5, "city": []},
        {"external_id": "k", "phone": "call"},
        {"name": "twice", "external_id": "t"},
        {"name": "twice", "external_id": "t"},
        {"nam": "x"},
    ]
    refused = await shop.call("POST", "/bulk", json={"locations": broken})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [
        "locations.1.name",
        "locations.1.city",
        "locations.2.phone",
        "locations.3.external_id",
        "locations.4.external_id",
        "locations.5",
    ]
    assert (await shop.call("GET")).json()["pagination"]["total_count"] == 1
    rest = (await shop.call("POST", "/bulk?skip_invalid=true", json={"locations": broken})).json()
    assert (rest["created"], rest["updated"], len(rest["errors"])) == (1, 0, 6)
    assert [bool(one) for one in rest["ids"]] == [True, False, False, False, False, False]


async def test_a_thousand_at_once_twice_and_no_more(shop):
    many = [{"name": f"n {n}", "external_id": str(n), "lat": 39 + n / 1000, "lon": -89} for n in range(1000)]
    first = (await shop.call("POST", "/bulk", json={"locations": many})).json()
    assert (first["created"], first["updated"], first["unchanged"]) == (1000, 0, 0)
    again = (await shop.call("POST", "/bulk", json={"locations": [*many[:-1], {**many[-1], "name": "New"}]})).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 1, 999)
    assert again["ids"] == first["ids"]
    assert len(await shop.found(39.5, -89, limit=100)) == 100
    assert (await shop.call("POST", "/bulk", json={"locations": [*many, {}]})).status_code == 422


async def test_scopes_decide_who_may_do_what(shop, site):
    """Reading needs the one scope, writing the other; a publishable key may neither, whatever its scopes."""
    place = await shop.add(**FULL)
    base = "/locations/api/v1/locations"
    body = {"json": {"name": "x"}}
    known = f"{base}/by-external-id/{FULL['external_id']}"
    reads = [("GET", base, {}), ("GET", f"{base}/{place['id']}", {}), ("GET", known, {})]
    writes = [
        ("POST", base, body),
        ("POST", f"{base}/bulk", {"json": {"locations": [{"name": "x"}]}}),
        ("PATCH", f"{base}/{place['id']}", body),
        ("PUT", f"{base}/by-external-id/x", body),
        ("DELETE", f"{base}/{place['id']}", {}),
        ("DELETE", known, {}),
    ]
    keys = {
        "reader": await shop.key("secret", "locations:read"),
        "writer": await shop.key("secret", "locations:write"),
        "page": await shop.key("publishable"),
    }
    for who, allowed in (("reader", reads), ("writer", writes), ("page", [])):
        for method, path, words in (*reads, *writes):
            answer = await site.client.request(method, path, headers={"X-API-Key": keys[who]}, **words)
            assert (answer.status_code != 403) == ((method, path, words) in allowed), (who, method, path)
