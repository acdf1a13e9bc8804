"""landing.js as a guest: no storage but by a link, privacy signals, strict policies, hostile pages, outages, several tags, its size."""

import gzip
from importlib.resources import files

import pytest

from frontage.testing.harness import listening

from .landing_page import LANDING

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACK = "frontage.track('product_click', {product_id: 1})"
KEPT = "[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]"


async def test_size():
    """At most 2 KB as it is sent; the file in the repository is the file that is served."""
    source = files("frontage_landing_analytics").joinpath("landing/landing.js").read_bytes()
    assert len(gzip.compress(source, 9, mtime=0)) <= 2 * 1024


async def test_nothing_is_kept_and_nothing_else_is_asked(landing_page):
    """No cookie, no storage; one script and beacons of text, without a preflight, are all the traffic."""
    asked = []
    landing_page.visitor.context.on(
        "request", lambda request: asked.append((request.method, request.headers.get("content-type"), request.url))
    )
    page = await landing_page.visit()
    await page.evaluate(TRACK)
    await landing_page.stored(2)
    assert await page.evaluate(KEPT) == [[], [], ""]
    assert await landing_page.visitor.context.cookies() == []
    ours = [
        (method, kind, url.removeprefix(landing_page.url))
        for method, kind, url in asked
        if url.startswith(landing_page.url)
    ]
    assert ours[0] == ("GET", None, LANDING)
    assert {*ours[1:]} == {("POST", "text/plain;charset=UTF-8", "/api/analytics/track")}


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
async def test_a_privacy_signal(new_landing_page, signal):
    """With GPC or DNT the deed counts, and nothing tells of the visitor or of where they came from."""
    name, value = {"globalPrivacyControl": ("Sec-GPC", "true"), "doNotTrack": ("DNT", "'1'")}[signal]
    landing_page = await new_landing_page(extra_http_headers={name: "1"})
    await landing_page.visitor.context.add_init_script(
        f"Object.defineProperty(navigator, '{signal}', {{get: () => {value}}})"
    )
    await landing_page.visit(query="?utm_source=mail")
    (row,) = await landing_page.stored(1)
    assert row["metadata"] == {"page": "/"}
    assert [row[name] for name in ("visitor", "user_agent", "referrer")] == [None] * 3
    assert landing_page.visitor.errors == []


async def test_a_tenant_that_drops(new_landing_page):
    """Where the shop says drop, the server keeps nothing of such a visitor."""
    landing_page = await new_landing_page(head='privacy_signals = "drop"', extra_http_headers={"Sec-GPC": "1"})
    page = await landing_page.visitor.visit(landing_page.put())
    async with page.expect_response("**/api/analytics/track") as answer:
        await landing_page.until_there(page)
        await page.evaluate(TRACK)
    assert (await answer.value).status == 200
    assert await landing_page.rows() == []


async def test_the_shops_own_people_leave_themselves_out_by_a_link(landing_page):
    """From the visit by the link on nothing is told, until another link takes it back; that flag alone is kept."""
    asked = []
    landing_page.visitor.context.on("request", lambda request: asked.append(request.method))
    for query in ("?frontage-ignore=1", "", "?qr=table-3"):
        page = await landing_page.visit('<a href="tel:1">Call</a>', query=query)
        await page.get_by_text("Call").click()
        await page.evaluate(TRACK)
        await landing_page.leave(page)
    assert await page.evaluate(KEPT) == [["frontage-ignore"], [], ""]
    assert "POST" not in asked
    page = await landing_page.visit(query="?frontage-ignore=0")
    assert await page.evaluate(KEPT) == [[], [], ""]
    await page.evaluate(TRACK)
    assert await landing_page.types(2) == ["pageview", "product_click"]


async def test_a_browser_that_keeps_nothing(landing_page):
    """Where storage is forbidden a link cannot leave anybody out; everything else works."""
    forbidden = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    await landing_page.visit(f"<script>{forbidden}</script>", query="?frontage-ignore=1")
    assert await landing_page.types(1) == ["pageview"]


async def test_a_strict_policy_and_trusted_types(landing_page):
    """Two sources are all that a shop's policy must allow, and no script is ever made of text."""
    policy = f"default-src 'none'; script-src {landing_page.url}; connect-src {landing_page.url}; require-trusted-types-for 'script'; trusted-types 'none'"
    page = await landing_page.visit('<a href="tel:1">Call</a>', headers={"Content-Security-Policy": policy})
    await page.get_by_text("Call").click()
    assert await landing_page.types(2) == ["call", "pageview"]
    assert landing_page.visitor.complaints == []


async def test_a_policy_that_forbids_us(landing_page):
    """A page that does not let us talk hears no error of ours."""
    policy = f"script-src {landing_page.url}; connect-src 'none'"
    page = await landing_page.visit('<a href="tel:1">Call</a>', headers={"Content-Security-Policy": policy})
    await page.get_by_text("Call").click()
    await landing_page.leave(page)
    assert await landing_page.rows() == []


HOSTILE = """<script>
Array.prototype.toJSON = () => 'broken'; Object.prototype.extra = 'everywhere'; Array.prototype.last = function () { return this };
Object.freeze(history); window.Promise.prototype.done = 1; console.warn = null;
addEventListener('click', event => event.stopImmediatePropagation(), true);
</script>"""


async def test_a_hostile_page(landing_page):
    """Old libraries change what everything is made of; events still arrive, and are what they were."""
    page = await landing_page.visit(HOSTILE)
    await page.evaluate("history.pushState(0, '', '/a')")
    await page.evaluate(TRACK)
    assert ("product_click", {"page": "/", "product_id": 1}) in await landing_page.told(2)


async def test_nonsense_from_the_page(landing_page):
    """What cannot be told is dropped without a word."""
    page = await landing_page.visit()
    await page.evaluate(
        "const ring = {}; ring.ring = ring; frontage.track('product_click', ring); frontage.track(); frontage.track('nonsense', 1)"
    )
    await page.evaluate("frontage.queue.push(['product_click', {product_id: 1n}])")
    await page.evaluate(TRACK)
    assert await landing_page.types(2) == ["pageview", "product_click"]


REFUSED = [
    pytest.param("navigator.sendBeacon = () => false", id="the beacon says no"),
    pytest.param("navigator.sendBeacon = () => { throw Error('blocked') }", id="the beacon throws"),
    pytest.param("navigator.sendBeacon = undefined", id="there is no beacon"),
]


@pytest.mark.parametrize("hostile", REFUSED)
async def test_without_a_beacon(landing_page, hostile):
    """A fetch that outlives the page takes its place."""
    page = await landing_page.visit(f"<script>{hostile}</script>")
    await landing_page.leave(page)
    assert await landing_page.types(2) == ["pageview", "time_on_page"]


async def test_offline_and_online(landing_page):
    """What happens without a network waits for it, and counts once."""
    page = await landing_page.visit()
    await landing_page.visitor.context.set_offline(True)
    await page.evaluate(TRACK)
    await page.wait_for_timeout(300)
    await landing_page.visitor.context.set_offline(False)
    assert await landing_page.types(2) == ["pageview", "product_click"]


async def test_a_request_that_is_repeated(landing_page):
    """A network that sends a request twice adds nothing: each event has an id."""
    page = await landing_page.visit(
        "<script>const send = navigator.sendBeacon.bind(navigator); navigator.sendBeacon = (...given) => send(...given) && send(...given)</script>"
    )
    await page.evaluate(TRACK)
    await landing_page.leave(page)
    assert await landing_page.types(3) == ["pageview", "product_click", "time_on_page"]
    assert await landing_page.shown("visitors_today") == [1]


async def test_the_same_tag_twice(landing_page):
    """Counts once."""
    page = await landing_page.visit('<a href="tel:1">Call</a>' + landing_page.tag())
    await page.wait_for_load_state("load")
    await page.get_by_text("Call").click()
    await page.evaluate(TRACK)
    assert await landing_page.types(3) == ["call", "pageview", "product_click"]


async def test_the_tags_of_two_shops(landing_page, new_landing_page):
    """Each counts for itself, whatever the page's own code calls."""
    other = await new_landing_page()
    page = await landing_page.visit('<a href="tel:1">Call</a>' + other.tag())
    await page.wait_for_load_state("load")
    await page.get_by_text("Call").click()
    await page.evaluate(TRACK)
    for shop in (landing_page, other):
        assert await shop.types(3) == ["call", "pageview", "product_click"]


async def test_a_tag_manager_that_drops_attributes(landing_page):
    """The tenant may stand in the script's address."""
    src = f"{landing_page.url}{LANDING}?tenant={landing_page.slug}"
    await landing_page.visitor.visit(landing_page.website.put("/", f'<script async src="{src}"></script>'))
    assert await landing_page.types(1) == ["pageview"]


async def test_a_tag_without_a_tenant(landing_page):
    """The developer is told, the page is not troubled."""
    page = await landing_page.visitor.context.new_page()
    async with page.expect_console_message(lambda message: "data-tenant is missing" in message.text):
        await page.goto(landing_page.website.put("/", f'<script async src="{landing_page.url}{LANDING}"></script>'))


async def test_under_a_path_and_another_name(landing_page, platform):
    """Behind a proxy of the shop's own site, and where script and collect path have been renamed."""
    async with listening(platform, prefix="/edge") as url:
        await landing_page.visit(src=url + LANDING)
        await landing_page.stored(1)
        source = files("frontage_landing_analytics").joinpath("landing/landing.js").read_text()
        renamed = landing_page.website.put("/js/l.js", source, {"Content-Type": "text/javascript"})
        await landing_page.visit(path="/renamed", src=renamed, attributes=f'data-collect="{url}/api/analytics/track"')
        assert ("pageview", {"page": "/renamed"}) in await landing_page.told(2)


async def test_the_pinned_file_with_its_digest(landing_page):
    """The manifest's name for ever and its integrity are what a shop may paste instead."""
    manifest = (await landing_page.running.client.get("/assets/landing-analytics/manifest.json")).json()
    file = manifest["files"]["landing.js"]
    await landing_page.visit(
        src=landing_page.url + file["hashed_path"],
        attributes=f'integrity="{file["integrity"]}" crossorigin="anonymous"',
    )
    assert await landing_page.types(1) == ["pageview"]
    assert landing_page.visitor.complaints == []


async def test_a_site_without_https(landing_page):
    """Some of what browsers offer is missing there; the script does without."""
    landing_page.put()
    await landing_page.visitor.visit(landing_page.website.insecure_origin + "/")
    assert await landing_page.types(1) == ["pageview"]


PRERENDERED = """<script>
let isShown = false;
Object.defineProperty(document, 'prerendering', {get: () => !isShown});
const show = () => { isShown = true; document.dispatchEvent(new Event('prerenderingchange')); };
</script>"""


async def test_a_page_that_is_prerendered(landing_page):
    """Nobody has seen it yet; it counts when it is shown. (A driven browser prerenders nothing: the page pretends.)"""
    page = await landing_page.visitor.visit(landing_page.put(PRERENDERED))
    await page.wait_for_load_state("load")
    assert await page.evaluate("!!frontage.track") is False
    await page.evaluate("show()")
    await landing_page.until_there(page)
    assert await landing_page.types(1) == ["pageview"]
