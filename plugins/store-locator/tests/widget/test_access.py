"""The widget for everyone: by keyboard alone, on small screens, in other languages and directions, and when something fails."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOCUSED = """(() => { const at = document.querySelector('store-locator').shadowRoot.activeElement;
 return at ? at.getAttribute('aria-label') || at.textContent || at.id || at.parentNode.textContent : document.activeElement.textContent })()"""
SMALL = """[...document.querySelector('store-locator').shadowRoot.querySelectorAll('a, button, select, input[type=search], label.chip')]
 .filter(one => one.offsetParent).map(one => [one.textContent, one.getBoundingClientRect()])
 .filter(([, box]) => box.width < 24 || box.height < 24).map(([text]) => text)"""


async def test_by_keyboard_alone(store_page):
    """Everything is reached in the order in which it is read, and what is pressed away hands the focus on."""
    page = await store_page.visit(inner="<a href=#after>After</a>")
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) == "words"
    await page.keyboard.type("Sprngfield")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Springfield").wait_for()
    order = []
    for _ in range(5):
        await page.keyboard.press("Tab")
        order.append(await page.evaluate(FOCUSED))
    assert order[:2] == ["Search", "Use my location"]
    assert order[3] == "Open now"
    assert order[4].startswith("Springfield")
    await page.keyboard.press("Enter")
    await page.get_by_role("listitem").first.wait_for()
    assert "2 stores" in await page.evaluate(FOCUSED)
    await page.keyboard.press("Tab")
    assert await page.evaluate(FOCUSED) in {"Downtown", "Directions: Lakeside"}


@pytest.mark.parametrize("width", [320, 360, 1280])
async def test_on_any_screen(new_store_page, width):
    """Nothing is wider than the screen, and nothing to press smaller than 24 pixels."""
    store_page = await new_store_page(viewport={"width": width, "height": 800})
    page = await store_page.visit()
    await store_page.find(page, "Springfield")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate(SMALL) == []
    await store_page.visitor.keep_picture(page, f"at {width}")


async def test_from_right_to_left(new_store_page):
    """Arabic is a file of its own and turns the widget around."""
    store_page = await new_store_page(viewport={"width": 700, "height": 800}, color_scheme="dark")
    page = await store_page.visit('lang="ar" theme="auto"')
    await store_page.find(page, "Springfield")
    base = page.locator("store-locator >> .base")
    assert await base.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert await base.get_attribute("lang") == "ar"
    assert "متجران" in await store_page.status(page)
    assert await page.get_by_role("listitem").locator("bdi").count() >= 4
    assert await base.evaluate("one => getComputedStyle(one).backgroundColor") == "rgb(18, 22, 27)"
    await store_page.visitor.keep_picture(page, "arabic in the dark")


async def test_every_language_has_every_word(store_page):
    """No file lacks a word or has one that is not used."""
    await store_page.visit()
    page = await store_page.visitor.visit(store_page.put("", path="/words"))
    codes = ["ar", "de", "es", "fr", "it", "nl", "pt"]
    names = await page.evaluate(
        "([root, codes]) => Promise.all(codes.map(async code => Object.keys((await import(`${root}.${code}.js`)).default).filter(name => name !== 'dir')))",
        [store_page.url + "/assets/store-locator/locator", codes],
    )
    assert all(one == names[0] for one in names)
    source = await (await page.request.get(store_page.url + "/assets/store-locator/locator.js")).text()
    assert [name for name in names[0] if f"{name}: " not in source.split("const STYLE")[0]] == []


async def test_too_many_searches(new_store_page):
    """Over the limit the visitor is told how long to wait, and after it the same search succeeds."""
    store_page = await new_store_page(head='[policies]\n"store-locator.visitor" = "2;w=3"')
    page = await store_page.visit()
    await store_page.find(page, "Peoria")
    await store_page.find(page, "Springfield")
    assert await store_page.status(page) == "Too many searches at once."
    assert await page.get_by_role("button", name="Try again in").is_disabled()
    await page.get_by_role("button", name="Try again", exact=True).click()
    await page.get_by_role("listitem").first.wait_for()
    assert sorted(await store_page.names(page)) == ["Downtown", "Lakeside"]


async def test_without_a_network(new_store_page):
    """The page's own words come back, and another try finds what the first did not."""
    store_page = await new_store_page()
    page = await store_page.visit(inner="<a href=/all>All stores</a>")
    await store_page.find(page, "Peoria")
    await store_page.visitor.context.set_offline(True)
    await store_page.find(page, "Springfield")
    assert await store_page.status(page) == "You are offline."
    assert await page.get_by_text("All stores").is_visible()
    await store_page.visitor.context.set_offline(False)
    await page.get_by_role("button", name="Try again").click()
    await page.get_by_role("listitem").first.wait_for()
    assert sorted(await store_page.names(page)) == ["Downtown", "Lakeside"]


async def test_a_key_that_is_refused(new_store_page):
    """The developer hears why on the console, the visitor a neutral word."""
    store_page = await new_store_page()
    store_page.key = store_page.key[:-1] + ("0" if store_page.key[-1] != "0" else "1")
    page = await store_page.visit("no-telemetry")
    async with page.expect_console_message(lambda message: message.text.startswith("frontage: 401")):
        await store_page.find(page, "Peoria")
    assert await store_page.status(page) == "The store finder is not available here."
