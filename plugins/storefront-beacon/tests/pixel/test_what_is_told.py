"""What pixel.js tells of a page: seen, clicked, added, searched; once, and with everything that the attributes say."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST = """
<section data-frontage-block="hero" data-frontage-search="s-9" data-frontage-attribution="tok-1">
  <article data-frontage-product="11">One <button data-frontage-add data-frontage-variant="111">Add</button></article>
  <article data-frontage-product="gid://shopify/Product/12" data-frontage-position="7"><a href="#two">Two</a></article>
  <article data-frontage-product="13" style="margin-top: 300vh">Three</article>
</section>
"""


def told(rows, *names):
    return sorted((tuple(row[name] for name in names) for row in rows), key=str)


async def test_products_and_blocks_that_were_seen(storefront):
    """With position, block, search and attribution; what is below the fold was not seen, and then is."""
    page = await storefront.visit(LIST.replace("<section", '<section style="height: 40vh; overflow: auto"'))
    rows = await storefront.stored(3)
    names = ("kind", "product_id", "position", "block_id", "search_id", "attribution_token")
    assert told([row for row in rows if row["product_id"]], *names) == [
        ("product_impression", 11, 1, "hero", "s-9", "tok-1"),
        ("product_impression", 12, 7, "hero", "s-9", "tok-1"),
    ]
    assert [row["block_id"] for row in rows if row["kind"] == "block_view"] == ["hero"]
    await page.evaluate("document.querySelector('[data-frontage-product=\"13\"]').scrollIntoView()")
    assert (13, 3) in told(await storefront.stored(4), "product_id", "position")


async def test_clicks_and_adds(storefront):
    """A button that adds is no click on the product around it; a middle click is a click."""
    page = await storefront.visit(
        f"{LIST}<script>addEventListener('auxclick', event => event.preventDefault())</script>"
    )
    await page.get_by_text("Add").click()
    await page.get_by_text("Two").click()
    await page.get_by_text("Two").click(button="middle")
    await page.get_by_text("Two").click(button="right")
    rows = [row for row in await storefront.stored(6) if row["kind"] in {"add_to_cart", "product_click"}]
    assert told(rows, "kind", "product_id", "variant_id", "position") == [
        ("add_to_cart", 11, 111, 1),
        ("product_click", 12, None, 7),
        ("product_click", 12, None, 7),
    ]


async def test_what_a_page_is(storefront):
    """A product's own page, a collection and a search say so once, however often the page changes."""
    page = await storefront.visit(
        '<main data-frontage-view="21" data-frontage-variant="5"></main><div data-frontage-collection="summer"></div>'
        '<div data-frontage-query="red shoes" data-frontage-search="s-1" data-frontage-results="0"></div>'
    )
    await page.evaluate("document.body.append('more'); document.body.append(document.createElement('p'))")
    rows = await storefront.stored(3)
    assert told(rows, "kind") == [("collection_view",), ("product_view",), ("search",)]
    found = {row["kind"]: row for row in rows}
    assert (found["product_view"]["product_id"], found["product_view"]["variant_id"]) == (21, 5)
    assert found["collection_view"]["collection_handle"] == "summer"
    assert (found["search"]["query"], found["search"]["search_id"]) == ("red shoes", "s-1")
    assert found["search"]["contextual_data"] == {"results": 0}


async def test_what_comes_late_or_changes(storefront):
    """Content that a script brings is seen too, an element that shows another product too, and nothing twice."""
    page = await storefront.visit('<div id="list"></div>')
    draw = "ids => { list.innerHTML = ids.map(id => `<p data-frontage-product=${id}>${id}</p>`).join('') }"
    await page.evaluate(draw, [31, 32])
    await storefront.stored(2)
    await page.evaluate(draw, [31, 32])
    await page.evaluate("list.firstChild.setAttribute('data-frontage-product', 33)")
    rows = await storefront.stored(3)
    assert told(rows, "product_id", "position") == [(31, 1), (32, 2), (33, 1)]


async def test_what_is_larger_than_the_screen(storefront):
    """It can never show half of itself, and was seen all the same."""
    await storefront.visit('<p data-frontage-product="41" style="height: 900vh">Tall</p>')
    assert await storefront.kinds(1) == ["product_impression"]


async def test_a_click_inside_a_shadow_tree(storefront):
    """Components hide their inside from selectors, not from us."""
    page = await storefront.visit('<div id="host" style="margin-top: 300vh"></div>')
    await page.evaluate(
        "host.attachShadow({mode: 'open'}).innerHTML = '<p data-frontage-product=51 data-frontage-position=2>In</p>'"
    )
    await page.get_by_text("In").click()
    assert told(await storefront.stored(1), "kind", "product_id", "position") == [("product_click", 51, 2)]


async def test_the_shop_s_own_code(storefront):
    """frontage.pixel.track takes any event of the contract, also before the script is there."""
    early = "<script>frontage = {pixel: {queue: [['track', 'search', {query: 'early'}]]}}</script>"
    page = await storefront.visit(early)
    await page.evaluate("frontage.pixel.track('autocomplete', {query: 'la', contextual_data: {shelf: 3}})")
    assert told(await storefront.stored(2), "kind", "query") == [("autocomplete", "la"), ("search", "early")]


async def test_campaign_and_customer(storefront):
    """Where a visit came from, and who is signed in, as the page says."""
    await storefront.visit(
        '<i data-frontage-collection="c"></i>',
        query="?utm_source=mail&utm_campaign=May&utm_medium=",
        attributes='data-customer="c-7"',
    )
    (row,) = await storefront.stored(1)
    assert (row["marketing_source"], row["marketing_medium"], row["marketing_campaign"]) == ("mail", None, "May")
    assert row["customer_id"] == "c-7"
    assert (row["device"], row["browser"], row["channel"], row["bot"]) == ("desktop", "Chrome", "web", False)


async def test_a_new_page_of_a_single_page_shop(storefront):
    """Another path is another page: what is seen there counts again."""
    page = await storefront.visit('<p data-frontage-product="61">One</p>')
    await storefront.stored(1)
    await page.evaluate(
        "history.pushState(0, '', '/other'); document.body.prepend(document.querySelector('p').cloneNode(true)); document.querySelectorAll('p')[1].remove()"
    )
    assert await storefront.kinds(2) == ["product_impression"] * 2
