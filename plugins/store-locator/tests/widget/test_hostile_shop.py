"""A shop whose every word is an attack: inert in the page, in its data for search engines, and in the widget."""

import json

import pytest

from .store_page import LOCATIONS, US

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Each ends what it might stand in: an element, a script, an attribute, a comment, a line of JavaScript.
BITES = "</script></title></style></textarea>--><img src=x onerror=hit()><svg onload=hit()>\"'`onmouseover=hit() \u2028\u2029${hit()}{{hit()}}\u202e"
LINES = ("name", "address", "address2", "city", "region", "description")
HOSTILE = {
    **US,
    **{name: f"{name} {BITES}" for name in LINES},
    "postal_code": "</script><b>1",
    "tags": [BITES[:64]],
    "custom": {"floor": BITES},
    "website": 'https://shop.example/?q="><script>hit()</script>',
    "photo_url": "https://shop.example/'\"><script>hit()</script>.jpg",
    "lat": 41.8781,
    "lon": -87.6298,
    "hours": "Mo-Su 09:00-18:00",
    "special_days": [{"date": "2099-12-24", "hours": "", "note": BITES}],
}
READ = """() => ({
    hit: window.wasHit === true,
    scripts: [...document.querySelectorAll('script')].map(one => [one.type, one.textContent]),
    strange: document.querySelectorAll('img[onerror], svg, b, [onmouseover], [onload]').length,
    policies: document.querySelectorAll('meta[http-equiv]').length,
    heading: document.querySelector('h1').textContent,
})"""


async def add(store_page):
    answer = await store_page.running.client.post(LOCATIONS, json=HOSTILE, headers={"X-API-Key": store_page.secret})
    assert answer.status_code == 201, answer.text
    await store_page.visitor.context.add_init_script("window.hit = () => { window.wasHit = true; }")
    return answer.json()


async def test_store_pages(store_page):
    """No word of the shop becomes an element or runs; the data is what was written, to the letter."""
    place = await add(store_page)
    root = f"{store_page.url}/stores/{store_page.slug}"
    # The picture lies on a host that no test reaches.
    await store_page.visitor.context.route(
        "https://shop.example/**", lambda route: route.fulfill(body="", content_type="image/png")
    )
    page = await store_page.visitor.visit(root)
    links = await page.evaluate("[...document.querySelectorAll('a')].map(one => one.href)")
    ours = next(link for link in links if link.endswith(place["id"]))
    local = store_page.url + ours[ours.index("/stores/") :]
    for url in (root, local):
        await page.goto(url)
        seen = await page.evaluate(READ)
        assert not seen["hit"]
        assert (seen["strange"], seen["policies"]) == (0, 0)
        assert {kind for kind, _ in seen["scripts"]} <= {"application/ld+json"}
    told, _ = [json.loads(text) for _, text in seen["scripts"]]
    assert told["name"] == place["name"] == seen["heading"]
    assert told["description"] == place["description"]
    assert told["address"]["addressLocality"] == place["city"]
    await store_page.visitor.keep_picture(page, "hostile store page")


async def test_widget(store_page):
    """The same in the widget: everything is text, and no attribute ends early."""
    place = await add(store_page)
    page = await store_page.visit('lat="41.8781" lon="-87.6298" radius="1" units="km"')
    card = page.get_by_role("listitem").filter(has_text="address2")
    await card.wait_for()
    assert await card.get_by_role("heading").inner_text() == " ".join(place["name"].split())
    found = await page.evaluate(
        """() => { const root = document.querySelector('store-locator').shadowRoot;
        return [window.wasHit === true, root.querySelectorAll('script, img, [onerror], [onload], [onmouseover]').length]; }"""
    )
    assert found == [False, 0]
