"""Store pages: what search engines and people without a script see of a shop's places."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from xml.etree import ElementTree as ET

import pytest

from frontage.testing.harness import BASE_URL
from frontage_store_locator.models import Place
from frontage_store_locator.pages import routes
from frontage_store_locator.pages.structured import store
from frontage_store_locator.pages.weeks import hours_from

pytestmark = pytest.mark.asyncio(loop_scope="module")

LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
CANONICAL = re.compile(r'<link rel="canonical" href="([^"]*)">')
DOWNTOWN = {
    "name": "Downtown", "address": "12 Main St", "city": "Springfield", "region": "IL", "postal_code": "62701",
    "country": "US", "lat": 39.8017, "lon": -89.6436, "phone": "+12175550101", "email": "hi@shop.example",
    "website": "https://shop.example/downtown", "photo_url": "https://shop.example/a.jpg", "hours": "Mo-Fr 09:00-18:00; PH off",
    "description": "First line.\nSecond line.", "tags": ["parking"], "custom": {"profitability": 2},
}  # fmt: skip


async def get(shop, path="", **headers):
    return await shop.running.client.get(f"/stores/{shop.slug}{path}", headers=headers)


def local(url):
    return url.removeprefix(BASE_URL)


def blocks(page):
    return [json.loads(text) for text in LD.findall(page.text)]


async def test_a_place_has_a_page(shop):
    """Everything that the shop tells of it, for people and as schema.org, under one address."""
    place = await shop.add(**DOWNTOWN)
    url = f"{BASE_URL}/stores/{shop.slug}/downtown-{place['id']}"
    page = await get(shop, f"/downtown-{place['id']}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert CANONICAL.search(page.text)[1] == url
    for words in ("<h1><bdi>Downtown</bdi></h1>", "12 Main St, Springfield, IL 62701, United States of America", "First line.", "parking",
                  'href="tel:+12175550101"', 'href="https://shop.example/downtown"', "<td>09:00\u201318:00</td>", "mailto:hi@shop.example"):  # fmt: skip
        assert words in page.text
    assert "profitability" not in page.text
    told, trail = blocks(page)
    assert told["@type"] == "Store"
    assert (told["url"], told["telephone"], told["image"]) == (url, "+12175550101", "https://shop.example/a.jpg")
    assert told["address"] == {
        "@type": "PostalAddress", "streetAddress": "12 Main St", "addressLocality": "Springfield", "addressRegion": "IL",
        "postalCode": "62701", "addressCountry": "US",
    }  # fmt: skip
    assert told["geo"] == {"@type": "GeoCoordinates", "latitude": 39.8017, "longitude": -89.6436}
    week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    assert told["openingHoursSpecification"][0] == {
        "@type": "OpeningHoursSpecification", "dayOfWeek": week, "opens": "09:00", "closes": "18:00",
    }  # fmt: skip
    assert [step["item"] for step in trail["itemListElement"]] == [
        f"{BASE_URL}/stores/{shop.slug}", f"{BASE_URL}/stores/{shop.slug}/in/us-illinois", url,
    ]  # fmt: skip


async def test_other_addresses_lead_to_its_own(shop):
    """The id alone, an old name, the tenant's other names: each is a redirect or names the one address."""
    place = await shop.add(name="Ñandú & Söhne", city="Peoria", country="US")
    page = await get(shop, f"/{place['id']}")
    assert page.status_code == 301
    address = page.headers["location"]
    assert address.endswith(f"-s%C3%B6hne-{place['id']}")
    assert (await get(shop, f"/an-old-name-{place['id']}")).headers["location"] == address
    assert (await shop.running.client.get(local(address))).status_code == 200


async def test_areas_and_index(shop, monkeypatch):
    """A few stores stand on the first page; many are under their region, however it is spelt, a part at a time."""
    for name, region in (("A", "IL"), ("B", "Illinois"), ("C", "il"), ("D", "")):
        await shop.add(name=name, region=region, country="US")
    first = await get(shop)
    assert [name in first.text for name in (">A<", ">D<", "/in/us-illinois")] == [True, True, False]
    monkeypatch.setattr(routes, "FEW", 3)
    monkeypatch.setattr(routes, "A_PAGE", 2)
    index = (await get(shop)).text
    assert re.findall(r'href="[^"]*/in/([^"]*)">', index) == ["us", "us-illinois"]
    assert "Illinois</bdi></a> 3" in index
    pages = [(await get(shop, f"/in/us-illinois?page={number}")).text for number in (1, 2)]
    assert [re.findall(r"<bdi>([ABCD])</bdi>", page) for page in pages] == [["A", "B"], ["C"]]
    assert 'rel="next"' in pages[0]
    assert 'rel="prev"' in pages[1]
    assert CANONICAL.search(pages[1])[1].endswith("/in/us-illinois?page=2")
    assert [(await get(shop, path)).status_code for path in ("/in/us-illinois?page=3", "/in/atlantis")] == [404, 404]


async def test_what_is_not_shown(shop):
    """A draft was never there, what closed for good or was removed is gone; lists and sitemap know of none of them."""
    tomorrow, yesterday = (str(datetime.now(UTC).date() + timedelta(days=days)) for days in (2, -2))
    wanted = {
        "draft": ({"status": "draft"}, 404),
        "for good": ({"status": "closed"}, 410),
        "for now": ({"status": "closed", "closed_until": tomorrow}, 404),
        "again": ({"status": "closed", "closed_until": yesterday}, 200),
        "removed": ({}, 410),
    }
    found = {}
    for name, (members, _) in wanted.items():
        place = await shop.add(name=name, country="US", **members)
        if name == "removed":
            await shop.call("DELETE", f"/{place['id']}")
        page = await shop.running.client.get(f"/stores/{shop.slug}/{place['id']}", follow_redirects=True)
        assert page.headers["content-type"].startswith("text/html")
        found[name] = page.status_code
    assert found == {name: status for name, (_, status) in wanted.items()}
    for path in ("", "/in/us", "/sitemap/1.xml"):
        text = unescape((await get(shop, path)).text)
        assert [name for name in wanted if f">{name}<" in text or f"/{name.replace(' ', '-')}-" in text] == ["again"]


async def test_sitemap(shop, monkeypatch):
    """The index names its parts, the parts name every page, and every page answers."""
    monkeypatch.setattr(routes, "LARGEST_PART", 2)
    for name in "ABC":
        await shop.add(name=f"<{name}> & Co", region="IL", country="US")
    index = await get(shop, "/sitemap.xml")
    assert index.headers["content-type"] == "application/xml"
    parts = [one.text for one in ET.fromstring(index.text).iter() if one.tag.endswith("}loc")]
    assert len(parts) == 3
    pages = []
    for part in parts:
        tree = ET.fromstring((await shop.running.client.get(local(part))).text)
        pages += [one.text for one in tree.iter() if one.tag.endswith("}loc")]
    assert len(pages) == len(set(pages)) == 5
    assert {(await shop.running.client.get(local(page))).status_code for page in pages} == {200}
    assert [
        (await get(shop, f"/sitemap/{name}")).status_code for name in ("4.xml", "1", "-1.xml", "²,.xml", "999999.xml")
    ] == [404] * 5


async def test_under_the_shops_own_domain(street):
    """Every address on the pages is the shop's own, whoever relays them."""
    shop = await street.open('country = "US"\npages_url = "https://www.acme.example/stores/"\n')
    place = await shop.add(**DOWNTOWN)
    texts = [
        (await get(shop, path)).text
        for path in ("", "/in/us-illinois", f"/downtown-{place['id']}", "/sitemap.xml", "/sitemap/0.xml")
    ]
    assert all(BASE_URL not in text for text in texts)
    assert CANONICAL.search(texts[0])[1] == "https://www.acme.example/stores"
    assert f'href="https://www.acme.example/stores/downtown-{place["id"]}"' in texts[1]
    assert "<loc>https://www.acme.example/stores/sitemap/1.xml</loc>" in texts[3]


async def test_a_shop_without_pages(street):
    """`pages = false` takes all of them away."""
    shop = await street.open("pages = false\n")
    place = await shop.add(name="A", country="US")
    paths = ("", "/in/us", f"/a-{place['id']}", "/sitemap.xml", "/sitemap/1.xml")
    assert {(await get(shop, path)).status_code for path in paths} == {404}


async def test_headers(shop):
    """A page may be kept for minutes and is asked for again by its tag; nothing but its own style may load."""
    await shop.add(name="A", country="US")
    first = await get(shop)
    assert first.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=3600"
    assert "default-src 'none'" in first.headers["content-security-policy"]
    assert "script-src" not in first.headers["content-security-policy"]
    again = await get(shop, **{"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await shop.add(name="B", country="US")
    assert (await get(shop, **{"If-None-Match": first.headers["etag"]})).status_code == 200


MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALL = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
CLOSED_ON = "2026-03-05"
HOURS = [
    pytest.param("24/7", [], [(ALL, "00:00", "23:59")], [], id="always"),
    pytest.param("Fr-Sa 20:00-02:00", [], [(["Friday", "Saturday"], "20:00", "02:00")], [], id="nights"),
    pytest.param("Mo 09:00-12:00,14:00-24:00", [], [(["Monday"], "09:00", "12:00"), (["Monday"], "14:00", "00:00")], [], id="two spans"),
    pytest.param("Mo-Su 10:00-18:00", [{"date": CLOSED_ON, "hours": ""}], [(ALL, "10:00", "18:00")], [(CLOSED_ON, "00:00", "00:00")],
                 id="a day off"),
    pytest.param("", [{"date": CLOSED_ON, "hours": "10:00-12:00"}], [], [(CLOSED_ON, "10:00", "12:00")], id="one day only"),
    pytest.param("Mo-Su 10:00-18:00", [{"date": "2027-01-01", "hours": ""}], [(ALL, "10:00", "18:00")], [("2027-01-01", "00:00", "00:00")],
                 id="far ahead"),
    pytest.param("Mo-Su 10:00-18:00", [{"date": "2025-01-01", "hours": ""}], [(ALL, "10:00", "18:00")], [], id="long ago"),
    pytest.param("Mo-Su 10:00-18:00; PH off", [], [(ALL, "10:00", "18:00")], [("2026-04-03", "00:00", "00:00"), ("2026-04-06", "00:00", "00:00")],
                 id="holidays"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "special", "usual", "unusual"), HOURS)
async def test_hours_as_search_engines_read_them(text, special, usual, unusual):
    """What is usual by weekday, what is not by date, as Google documents both."""
    place = Place(
        name="A", hours=text, special_days=special, time_zone="Europe/Berlin", country="DE", tags=[], custom={}
    )
    for name in (
        "address",
        "address2",
        "city",
        "region",
        "postal_code",
        "description",
        "photo_url",
        "phone",
        "email",
        "website",
    ):
        setattr(place, name, "")
    hours = hours_from(place, MONDAY)

    class Acme:
        name = "Acme"

    told = store(place, Acme, "u", "h", hours)
    specs = told.get("openingHoursSpecification", [])
    assert [(one["dayOfWeek"], one["opens"], one["closes"]) for one in specs if "dayOfWeek" in one] == usual
    assert [(one["validFrom"], one["opens"], one["closes"]) for one in specs if "validFrom" in one] == unusual
    assert all(one["validFrom"] == one["validThrough"] for one in specs if "validFrom" in one)
    assert all(date.fromisoformat(one["validFrom"]) for one in specs if "validFrom" in one)
