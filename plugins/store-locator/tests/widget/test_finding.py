"""What visitors find with the widget: by words, by where they are, by filters; and what they are told when they do not."""

import pytest

from .store_page import AT_SPRINGFIELD

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_by_words(store_page):
    """A city of the shop is all of its stores there, with their hours, phones, websites and directions."""
    page = await store_page.visit(inner="<a href=/all>All stores</a>")
    assert await page.get_by_text("All stores").is_visible()
    await store_page.find(page, "Springfield")
    assert sorted(await store_page.names(page)) == ["Downtown", "Lakeside"]
    assert "2 stores" in await store_page.status(page)
    assert not await page.get_by_text("All stores").is_visible()
    card = page.get_by_role("listitem").filter(has_text="Downtown")
    assert "12 Main St, Springfield, IL 62701" in await card.inner_text()
    assert "Open" in await card.inner_text()
    links = {
        name: await card.get_by_role("link", name=name).get_attribute("href")
        for name in ("Directions", "Call", "Website")
    }
    assert links == {
        "Directions": "https://www.google.com/maps/dir/?api=1&destination=39.8017,-89.6436",
        "Call": "tel:+12175550101",
        "Website": "https://shop.example/downtown",
    }
    await store_page.visitor.keep_picture(page, "desktop")


async def test_by_position(new_store_page):
    """The nearest first, in miles where people think in miles, and the position leaves the browser only coarsely."""
    store_page = await new_store_page(**AT_SPRINGFIELD)
    asked = []
    store_page.visitor.context.on("request", lambda request: asked.append(request.url))
    page = await store_page.visit()
    await page.get_by_role("button", name="Use my location").click()
    await page.get_by_role("listitem").first.wait_for()
    assert await store_page.names(page) == ["Downtown", "Lakeside"]
    assert await store_page.status(page) == "2 stores within 50 mi of your location"
    assert "1.4 mi" in await page.get_by_role("listitem").first.inner_text()
    (search,) = [url for url in asked if "/public/locations" in url]
    assert "lat=39.782&lon=-89.65&" in search
    assert store_page.visitor.errors == []


async def test_a_position_that_is_refused(new_store_page):
    """The visitor is told, and words still work."""
    store_page = await new_store_page()
    page = await store_page.visit()
    await page.get_by_role("button", name="Use my location").click()
    await page.get_by_text("Your location is not available").wait_for()
    await store_page.find(page, "Peoria")
    assert await store_page.names(page) == ["Riverside"]


async def test_a_slip_of_the_finger(store_page):
    """What was perhaps meant is offered, and leads there."""
    page = await store_page.visit()
    await store_page.find(page, "Sprngfield")
    assert "could not find" in await store_page.status(page)
    await page.get_by_role("button", name="Springfield").first.click()
    await page.get_by_role("listitem").first.wait_for()
    assert sorted(await store_page.names(page)) == ["Downtown", "Lakeside"]


async def test_filters(new_store_page):
    """A tag and what is open now narrow the list; what fits nowhere can be cleared."""
    store_page = await new_store_page(**AT_SPRINGFIELD)
    page = await store_page.visit('radius="100" units="km" radii="10,100" locate="auto"')
    await page.get_by_role("listitem").first.wait_for()
    assert await store_page.names(page) == ["Downtown", "Lakeside"]
    await page.get_by_label("cafe").check()
    await store_page.until_settled(page)
    assert await store_page.names(page) == ["Downtown"]
    await page.get_by_label("cafe").uncheck()
    await page.get_by_label("Open now").check()
    await store_page.until_settled(page)
    assert await store_page.names(page) == ["Downtown"]


async def test_nothing_near(store_page):
    """The nearest store is shown with its distance, and a button searches as far."""
    page = await store_page.visit('lat="40.2" lon="-88" place="Champaign" radius="10" units="km"')
    await page.get_by_role("listitem").first.wait_for()
    assert "No store within 10 km of Champaign." in await store_page.status(page)
    assert "The nearest is 146 km away." in await store_page.status(page)
    assert len(await store_page.names(page)) == 1
    await page.get_by_role("button", name="Search within 150 km").click()
    await page.get_by_text("within 150 km of Champaign").wait_for()
    assert len(await store_page.names(page)) >= 1


async def test_what_the_shop_wrote_is_text(store_page):
    """A name that is markup is shown as it stands."""
    page = await store_page.visit()
    await store_page.find(page, "Chicago")
    assert await store_page.names(page) == ["<img src=x onerror=alert(1)>"]
