"""What landing.js tells: views, clicks, time that a page was seen, arrivals by QR code; each once."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = """
<a href="https://wa.me/50499999999?text=Hi" target="_blank">WhatsApp</a> <a href="https://api.whatsapp.com/send?phone=1">API</a>
<a href="whatsapp://send?phone=1">App</a> <a href="tel:+50422222222"><b>Call</b></a> <a href="/other">Other</a>
<a href="https://notwa.me/1">Not</a>
<button data-frontage-event="click_toggle_currency">Currency</button>
<section data-frontage-product="77"><h2>Stool</h2><a href="//wa.me/5049?text=Stool">Order</a></section>
<script>addEventListener('click', event => event.preventDefault()); addEventListener('auxclick', event => event.preventDefault());</script>
"""
CLICKS = [
    pytest.param("WhatsApp", "whatsapp_click", {}, id="wa.me"),
    pytest.param("API", "whatsapp_click", {}, id="api.whatsapp.com"),
    pytest.param("App", "whatsapp_click", {}, id="whatsapp:"),
    pytest.param("Call", "call", {}, id="tel:"),
    pytest.param("Currency", "currency_toggle", {}, id="a named event"),
    pytest.param("Stool", "product_click", {"product_id": "77"}, id="a product"),
    pytest.param("Order", "whatsapp_click", {"product_id": "77"}, id="a link inside a product"),
]


async def test_clicks(landing_page):
    """One click is one event: of the innermost thing that has a name, with the product that it belongs to."""
    page = await landing_page.visit(PAGE)
    for param in CLICKS:
        await page.get_by_text(param.values[0], exact=True).click()
    await page.get_by_text("WhatsApp", exact=True).click(button="middle")
    for nothing in ("Other", "Not"):
        await page.get_by_text(nothing, exact=True).click()
    await page.get_by_text("WhatsApp", exact=True).click(button="right")
    told = (await landing_page.told(len(CLICKS) + 2))[1:]
    expected = [(kind, {"page": "/", **more}) for _, kind, more in (param.values for param in CLICKS)]
    assert sorted(told, key=str) == sorted([*expected, ("whatsapp_click", {"page": "/"})], key=str)


async def test_a_link_that_leads_away(landing_page):
    """The click arrives although its page is gone at once; so does the time that it was seen."""
    away = landing_page.website.put("/away", "Away")
    page = await landing_page.visit(f'<a data-frontage-event="product_click" href="{away}">Go</a>')
    await page.get_by_text("Go").click()
    assert await landing_page.types(3) == ["pageview", "product_click", "time_on_page"]


async def test_where_a_visit_came_from(landing_page):
    """The page before, without its query, and the campaign; never the page's own query."""
    start = landing_page.website.put(
        "/start",
        '<a href="{}">Shop</a>'.format(
            f"http://shop.test:{landing_page.website.port}/page?utm_source=mail&utm_campaign=May&secret=1"
        ),
        {"Referrer-Policy": "unsafe-url"},
    )
    landing_page.put(path="/page")
    page = await landing_page.visitor.visit(start + "?code=7#part")
    await page.get_by_text("Shop").click()
    ((kind, metadata),) = await landing_page.told(1)
    assert kind == "pageview"
    assert metadata == {"page": "/page", "referrer": start, "utm_source": "mail", "utm_campaign": "May"}


async def test_time_on_page(landing_page):
    """Sent once when the page goes, and only what it was seen; the dashboard shows it."""
    page = await landing_page.visit()
    await page.evaluate("var hidden = false; Object.defineProperty(document, 'hidden', {get: () => hidden})")
    hide = "state => { hidden = state; document.dispatchEvent(new Event('visibilitychange')) }"
    await page.wait_for_timeout(300)
    await page.evaluate(hide, True)
    before = await page.evaluate("performance.now()")
    await page.wait_for_timeout(1200)
    await page.evaluate(hide, False)
    assert await landing_page.types(1) == ["pageview"]
    await page.evaluate(hide, True)
    await landing_page.leave(page)
    (_, (kind, metadata)) = await landing_page.told(2)
    assert kind == "time_on_page"
    assert 0.3 <= metadata["seconds"] < before / 1000 + 1.0
    assert await landing_page.types(2) == ["pageview", "time_on_page"]


async def test_a_page_that_nobody_saw(landing_page):
    """A tab in the background has no time on page."""
    page = await landing_page.visit("<script>Object.defineProperty(document, 'hidden', {get: () => true})</script>")
    await landing_page.leave(page)
    await landing_page.visit(path="/next")
    assert await landing_page.types(2) == ["pageview", "pageview"]


async def test_history_navigation(landing_page):
    """A single-page site's other paths are views of their own, each with its time; another query is not."""
    page = await landing_page.visit(query="?utm_source=mail")
    for step in (
        "history.pushState(0, '', '/a')",
        "history.pushState(0, '', '/a?filter=1')",
        "history.pushState(0, '', '/b')",
    ):
        await page.evaluate(step)
        await page.wait_for_timeout(30)
    await page.evaluate("history.go(-1); history.replaceState(0, '', location.pathname)")
    told = await landing_page.told(5)
    assert [metadata["page"] for kind, metadata in told if kind == "pageview"][:3] == ["/", "/a", "/b"]
    assert [metadata["page"] for kind, metadata in told if kind == "time_on_page"][:2] == ["/", "/a"]
    assert [metadata.get("utm_source") for kind, metadata in told if kind == "pageview"][:3] == ["mail", None, None]


async def test_going_back_in_a_single_page_site(landing_page):
    """The path that a visitor comes back to is viewed again."""
    page = await landing_page.visit()
    await page.evaluate("history.pushState(0, '', '/a'); history.back()")
    await page.wait_for_function("location.pathname === '/'")
    told = [(kind, metadata["page"]) for kind, metadata in await landing_page.told(5)]
    assert sorted(path for kind, path in told if kind == "pageview") == ["/", "/", "/a"]


async def test_a_page_that_comes_back(landing_page):
    """Out of the cache of pages it is viewed again, and its time starts anew."""
    page = await landing_page.visit()
    await landing_page.leave(page)
    await landing_page.stored(2)
    await page.evaluate("history.back()")
    await landing_page.until_there(page)
    assert await landing_page.types(3) == ["pageview", "pageview", "time_on_page"]
    await landing_page.leave(page)
    assert await landing_page.types(4) == ["pageview", "pageview", "time_on_page", "time_on_page"]


async def test_arrivals_by_code(landing_page):
    """Counted when the code leads here; not when the page is loaded again or comes back."""
    page = await landing_page.visit(query="?qr=table-4")
    assert ("qr_scan", {"page": "/", "qr": "table-4"}) in await landing_page.told(2)
    await page.reload()
    await landing_page.until_there(page)
    await landing_page.leave(page)
    await page.evaluate("history.back()")
    await landing_page.until_there(page)
    rows = await landing_page.types(6)
    assert rows.count("qr_scan") == 1
    assert rows.count("pageview") == 3


async def test_the_shop_s_own_code(landing_page):
    """frontage.track takes any event of the contract, also before the script is there."""
    page = await landing_page.visit("<script>frontage = {queue: [['product_click', {product_id: 5}]]}</script>")
    await page.evaluate(
        "frontage.track('click_toggle_currency', {to: 'USD'}); frontage.queue.push(['product_click', {product_id: 6}])"
    )
    told = await landing_page.told(4)
    assert sorted(told[1:], key=str) == [
        ("currency_toggle", {"page": "/", "to": "USD"}),
        ("product_click", {"page": "/", "product_id": 5}),
        ("product_click", {"page": "/", "product_id": 6}),
    ]


async def test_what_the_dashboard_shows(landing_page, new_visitor):
    """Whatever pages told is in the numbers of the shop's owner."""
    page = await landing_page.visit(PAGE, query="?qr=x")
    await page.get_by_text("WhatsApp", exact=True).click()
    await page.get_by_text("Call").click()
    await landing_page.leave(page)
    await landing_page.stored(5)
    assert await landing_page.shown("visitors_today", "whatsapp_clicks", "call_clicks", "qr_scans") == [1, 1, 1, 1]
