"""pixel.js as a guest: consent, privacy signals, strict policies, hostile pages, several tags, and its size."""

import gzip
from importlib.resources import files

import pytest

from frontage.testing.harness import listening

from .storefront import PIXEL, sent

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONE = "frontage.pixel.track('search', {query: 'one'})"
KEPT = "[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]"
NOTHING = [[], [], ""]


async def test_size():
    """At most 3 KB as it is sent; the file in the repository is the file that is served."""
    source = files("frontage_storefront_beacon").joinpath("pixel/pixel.js").read_bytes()
    assert len(gzip.compress(source, 9, mtime=0)) <= 3 * 1024


async def people(storefront, count):
    return [(row["session_id"], row["device_id"]) for row in await storefront.stored(count)]


@pytest.mark.parametrize("attributes", ["", 'data-consent="wait"'])
async def test_without_consent(storefront, attributes):
    """Nothing is kept on the device, and two pages have nothing in common."""
    for _ in range(2):
        page = await storefront.visit(attributes=attributes)
        await page.evaluate(ONE)
        assert await page.evaluate(KEPT) == NOTHING
    (first, no_device), (second, neither) = await people(storefront, 2)
    assert first != second
    assert no_device is neither is None


async def test_with_consent(storefront):
    """The device and the session are known again, by random ids."""
    for _ in range(2):
        page = await storefront.visit(attributes='data-consent="granted"')
        await page.evaluate(ONE)
    first, second = await people(storefront, 2)
    assert first == second
    assert all(first)


async def test_consent_that_comes_later(storefront):
    """What happened before belongs to the same session; from then on the device is known."""
    page = await storefront.visit()
    await page.evaluate(f"{ONE}; frontage.pixel.consent('granted'); {ONE}")
    (before, unknown), (after, device) = await people(storefront, 2)
    assert before == after
    assert (unknown, device is None) == (None, False)


async def test_a_session_ends(storefront):
    """After half an hour without an event there is a new one, on the same device."""
    page = await storefront.visit(attributes='data-consent="granted"')
    await page.evaluate(ONE)
    await storefront.stored(1)
    await page.evaluate(
        "const was = JSON.parse(localStorage['frontage-pixel']); was.at -= 1800001; localStorage['frontage-pixel'] = JSON.stringify(was)"
    )
    await page.evaluate(ONE)
    (first, device), (second, same) = await people(storefront, 2)
    assert first != second
    assert device == same


async def test_consent_that_is_withdrawn(storefront):
    """What was kept is removed, what waited is not sent, and nothing more is told."""
    page = await storefront.visit(attributes='data-consent="granted"')
    await page.evaluate(ONE)
    await storefront.stored(1)
    requests = sent(page)
    await page.evaluate(f"{ONE}; frontage.pixel.consent('denied'); {ONE}")
    await page.goto(storefront.website.put("/other", "Other"))
    assert requests == []
    assert await page.evaluate(KEPT) == NOTHING
    assert len(await storefront.shop.rows()) == 1


async def test_storage_that_is_closed(storefront):
    """A browser that forbids storage is a visitor without a device."""
    closed = "<script>Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})</script>"
    page = await storefront.visit(closed, attributes='data-consent="granted"')
    await page.evaluate(ONE)
    assert await storefront.kinds(1) == ["search"]


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
async def test_a_privacy_signal(new_storefront, signal):
    """With GPC or DNT nothing is kept even with consent; the event counts, and tells nothing of the visitor."""
    name, value = {"globalPrivacyControl": ("Sec-GPC", "true"), "doNotTrack": ("DNT", "'1'")}[signal]
    storefront = await new_storefront(extra_http_headers={name: "1"})
    await storefront.visitor.context.add_init_script(
        f"Object.defineProperty(navigator, '{signal}', {{get: () => {value}}})"
    )
    page = await storefront.visit(query="?utm_source=mail", attributes='data-consent="granted"')
    await page.evaluate(ONE)
    (row,) = await storefront.stored(1)
    assert await page.evaluate(KEPT) == NOTHING
    assert [row[name] for name in ("session_id", "device_id", "marketing_source", "browser")] == [None] * 4
    assert storefront.visitor.errors == []


async def test_a_strict_policy_and_trusted_types(storefront):
    """Two sources are all that a shop's policy must allow, and no script is ever made of text."""
    policy = f"default-src 'none'; script-src {storefront.url}; connect-src {storefront.url}; require-trusted-types-for 'script'; trusted-types 'none'"
    page = await storefront.visit('<p data-frontage-product="1">One</p>', headers={"Content-Security-Policy": policy})
    await page.get_by_text("One").click()
    assert await storefront.kinds(2) == ["product_click", "product_impression"]
    assert storefront.visitor.complaints == []


async def test_a_policy_that_forbids_us(storefront):
    """A page that does not let us talk hears no error of ours."""
    policy = f"script-src {storefront.url}; connect-src 'none'"
    page = await storefront.visit('<p data-frontage-product="1">One</p>', headers={"Content-Security-Policy": policy})
    await page.get_by_text("One").click()
    await page.wait_for_timeout(500)
    await page.goto(storefront.website.put("/other", "Other"))


HOSTILE = """<script>
Array.prototype.toJSON = () => 'broken'; String.prototype.toJSON = function () { return this + '' };
Object.prototype.extra = 'everywhere'; Array.prototype.last = function () { return this[this.length - 1] };
history.pushState = null; window.requestIdleCallback = undefined; window.Promise.prototype.done = 1;
addEventListener('click', event => event.stopImmediatePropagation(), true);
</script>"""


async def test_a_hostile_page(storefront):
    """Old libraries change what everything is made of; events still arrive, and are what they were."""
    page = await storefront.visit(HOSTILE + '<p data-frontage-product="1">One</p>')
    await page.evaluate(ONE)
    rows = await storefront.stored(2)
    assert {(row["kind"], row["product_id"], row["query"]) for row in rows} == {
        ("product_impression", 1, None),
        ("search", None, "one"),
    }


async def test_nonsense_from_the_page(storefront):
    """What cannot be told is dropped without a word, and its neighbours are told."""
    page = await storefront.visit()
    await page.evaluate(
        "const ring = {}; ring.ring = ring; frontage.pixel.track('search', ring); frontage.pixel.track(); frontage.pixel.consent()"
    )
    await page.evaluate("frontage.pixel.track('search', {query: 1n}); frontage.pixel.track('search', null)")
    await page.evaluate(ONE)
    assert [row["query"] for row in await storefront.stored(1)] == ["one"]


async def test_the_same_tag_twice(storefront):
    """Counts once."""
    page = await storefront.visit('<p data-frontage-product="1">One</p>' + await storefront.tag())
    await page.wait_for_function("document.scripts.length === 2")
    await page.get_by_text("One").click()
    await page.evaluate(ONE)
    assert await storefront.kinds(3) == ["product_click", "product_impression", "search"]


async def test_the_tags_of_two_shops(storefront, new_storefront):
    """Each counts for itself, whatever the page's own code calls."""
    other = await new_storefront()
    page = await storefront.visit('<p data-frontage-product="1">One</p>' + await other.tag())
    await page.wait_for_function("Object.keys(frontage).length === 3")
    await page.evaluate(ONE)
    for shop in (storefront, other):
        assert await shop.kinds(2) == ["product_impression", "search"]


async def test_a_tag_manager_that_drops_attributes(storefront):
    """The token may stand in the script's address."""
    src = f"{storefront.url}{PIXEL}?token={await storefront.shop.token()}"
    page = await storefront.visitor.visit(storefront.website.put("/", f'<script async src="{src}"></script>'))
    await storefront.until_there(page)
    await page.evaluate(ONE)
    assert await storefront.kinds(1) == ["search"]


async def test_a_tag_without_a_token(storefront):
    """The developer is told, the page is not troubled."""
    page = await storefront.visitor.context.new_page()
    async with page.expect_console_message(lambda message: "data-token is missing" in message.text):
        await page.goto(storefront.website.put("/", f'<script async src="{storefront.url}{PIXEL}"></script>'))


async def test_under_a_path_and_another_name(storefront, platform):
    """Behind a proxy of the shop's own site, and where script and collect path have been renamed."""
    async with listening(platform, prefix="/edge") as url:
        page = await storefront.visit(src=url + PIXEL)
        await page.evaluate(ONE)
        await storefront.stored(1)
        source = files("frontage_storefront_beacon").joinpath("pixel/pixel.js").read_text()
        renamed = storefront.website.put("/js/p.js", source, {"Content-Type": "text/javascript"})
        page = await storefront.visit(src=renamed, attributes=f'data-collect="{url}/beacon"')
        await page.evaluate(ONE)
        await storefront.stored(2)


async def test_the_pinned_file_with_its_digest(storefront):
    """The manifest's name for ever and its integrity are what a shop may paste instead."""
    manifest = (await storefront.shop.running.client.get("/assets/storefront-beacon/manifest.json")).json()
    file = manifest["files"]["pixel.js"]
    page = await storefront.visit(
        src=storefront.url + file["hashed_path"], attributes=f'integrity="{file["integrity"]}" crossorigin="anonymous"'
    )
    await page.evaluate(ONE)
    assert await storefront.kinds(1) == ["search"]
    assert storefront.visitor.complaints == []


async def test_a_site_without_https(storefront):
    """Some of what browsers offer is missing there; the pixel does without."""
    await storefront.put()
    page = await storefront.visitor.visit(storefront.website.insecure_origin + "/")
    await storefront.until_there(page)
    await page.evaluate(ONE)
    assert await storefront.kinds(1) == ["search"]


PRERENDERED = """<script>
let isShown = false;
Object.defineProperty(document, 'prerendering', {get: () => !isShown});
const show = () => { isShown = true; document.dispatchEvent(new Event('prerenderingchange')); };
</script>"""


async def test_a_page_that_is_prerendered(storefront):
    """Nobody has seen it yet; it counts when it is shown. (A driven browser prerenders nothing: the page pretends.)"""
    page = await storefront.visitor.visit(await storefront.put(PRERENDERED + '<p data-frontage-product="2">Two</p>'))
    requests = sent(page)
    await page.wait_for_timeout(800)
    assert requests == []
    await page.evaluate("show()")
    assert await storefront.kinds(1) == ["product_impression"]
