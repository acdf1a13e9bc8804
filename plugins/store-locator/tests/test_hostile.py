"""What strangers may send to the public routes: every answer is one of the contract's, and none is a fault."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC = "/locations/api/v1/public"
QUERIES = {
    "lat is NaN": ("lat=nan&lon=1", 422),
    "lon is infinite": ("lat=1&lon=inf", 422),
    "radius is NaN": ("lat=1&lon=1&radius=NaN", 422),
    "radius is infinite": ("lat=1&lon=1&radius=Infinity", 422),
    "radius overflows": ("lat=1&lon=1&radius=1e999", 422),
    "radius is huge": ("lat=1&lon=1&radius=1e300", 200),
    "radius is tiny": ("lat=1&lon=1&radius=5e-324", 200),
    "radius is nothing": ("lat=1&lon=1&radius=0", 422),
    "radius is less than nothing": ("lat=1&lon=1&radius=-0.0", 422),
    "radius is empty": ("lat=1&lon=1&radius=", 200),
    "limit has a hundred digits": ("lat=1&lon=1&limit=" + "9" * 100, 422),
    "limit has ten thousand digits": ("lat=1&lon=1&limit=" + "9" * 10_000, 422),
    "limit is a fraction": ("lat=1&lon=1&limit=1.5", 422),
    "offset is beyond 64 bit": ("lat=1&lon=1&offset=18446744073709551616", 422),
    "lat twice, the last wins": ("lat=500&lat=1&lon=1", 200),
    "lat twice, the last is wrong": ("lat=1&lat=500&lon=1", 422),
    "lat as a list": ("lat[]=1&lon=1", 422),
    "bytes that are no UTF-8": ("lat=1&lon=1&tags=%ff%fe&q=%c3%28", 200),
    "a lone surrogate": ("lat=1&lon=1&q=%ed%a0%80", 200),
    "NUL characters": ("lat=1%00&lon=1&q=%00", 200),
    "control characters": ("lat=1&lon=1&q=%0d%0aSet-Cookie:x", 200),
    "a broken percent": ("lat=1&lon=1&q=%", 200),
    "a thousand parameters": ("lat=1&lon=1&" + "&".join(f"p{n}={n}" for n in range(1000)), 200),
    "nothing but separators": ("&&&=&;&lat=1&lon=1", 200),
    "a pattern of the database": ("lat=1&lon=1&q=%25_%5c%27--", 200),
    "many commas": ("lat=1&lon=1&q=" + "springfield," * 16, 200),
    "a tag of another size": ("lat=1&lon=1&tags=" + "x" * 1001, 422),
    "a hexadecimal number": ("lat=0x1&lon=1", 422),
    "digits of another script": ("lat=%D9%A1&lon=1", 422),
    "an underscore in a number": ("lat=1_0&lon=1", 422),
    "white space around a number": ("lat=%201&lon=1", 422),
}


@pytest.mark.parametrize("words", QUERIES)
async def test_a_hostile_search_is_answered_as_contracted(shop, site, words):
    query, status = QUERIES[words]
    key = await shop.key("publishable")
    answer = await site.client.get(f"{PUBLIC}/locations?{query}", headers={"X-API-Key": key})
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"]


@pytest.mark.parametrize(
    "q", ["%00", "%ff", "%", "%25%25", "%5c", "%27%22%3b--", "%f0%9f%8d%95" * 40, "a," * 99, "%e2%80%ae"]
)
async def test_hostile_words_lead_nowhere(shop, site, q):
    key = await shop.key("publishable")
    answer = await site.client.get(f"{PUBLIC}/geocode?q={q}", headers={"X-API-Key": key})
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 200:
        assert answer.json()["match"] is None
