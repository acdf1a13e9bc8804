"""The widget as a guest: its size, what it asks and keeps, strict policies, hostile pages, several of it, other paths."""

import gzip
import json
from importlib.resources import files

import pytest

from frontage.testing.harness import listening

from .store_page import EVENTS, LOCATOR

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDGET = files("frontage_store_locator").joinpath("widget")
KEPT = "[Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]"
LIMITS = {"locator.js": 10 * 1024} | {f"locator.{code}.js": 1536 for code in ("ar", "de", "es", "fr", "it", "nl", "pt")}


async def test_size():
    """At most 10 KB as it is sent, and 1.5 KB a language; the files in the repository are the files that are served."""
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in WIDGET.iterdir()}
    assert sizes.keys() == LIMITS.keys()
    assert {name: size for name, size in sizes.items() if size > LIMITS[name]} == {}


async def test_nothing_is_kept_and_nothing_else_is_asked(store_page):
    """No cookie, no storage; the script, searches without a preflight and beacons of text are all the traffic."""
    asked = []
    store_page.visitor.context.on("request", lambda request: asked.append((request.method, request.url)))
    page = await store_page.visit()
    await store_page.find(page, "Peoria")
    assert await page.evaluate(KEPT) == [[], [], ""]
    assert await store_page.visitor.context.cookies() == []
    elsewhere = [url for _, url in asked if not url.startswith((store_page.url, store_page.website.origin))]
    assert elsewhere == []
    ours = [
        (method, url.removeprefix(store_page.url).split("?")[0])
        for method, url in asked
        if url.startswith(store_page.url)
    ]
    assert ours == [
        ("GET", LOCATOR),
        ("POST", EVENTS),
        ("POST", EVENTS),
        ("GET", "/locations/api/v1/public/geocode"),
        ("GET", "/locations/api/v1/public/locations"),
    ]


async def test_what_is_told(store_page):
    """Load, search and clicks, each as the contract words it and as text, reach the shop's funnel."""
    told = []
    store_page.visitor.context.on("request", lambda request: EVENTS in request.url and told.append(request))
    page = await store_page.visit(path="/stores")
    await page.evaluate(
        "document.querySelector('store-locator').addEventListener('locator-select', e => e.preventDefault())"
    )
    await store_page.find(page, "Springfield")
    card = page.get_by_role("listitem").filter(has_text="Downtown")
    await card.get_by_role("link", name="Website").click()
    await card.get_by_role("link", name="Directions").click()
    expected = {"loads": 1, "searches": 1, "store_clicks": 1, "direction_clicks": 1}
    assert await store_page.funnel(**expected) == expected
    assert {request.headers["content-type"] for request in told} == {"text/plain;charset=UTF-8"}
    always = {"api_key": store_page.key, "referrer": f"{store_page.website.origin}/stores"}
    bodies = [json.loads(request.post_data) for request in told]
    place = bodies[-1]["location_short_id"]
    assert bodies == [
        {"event": "widget_load", **always},
        {"event": "location_search", **always, "query": "Springfield"},
        {"event": "view_store_click", **always, "location_short_id": place},
        {"event": "get_directions_click", **always, "location_short_id": place},
    ]


async def test_a_position_that_was_typed(store_page):
    """Is told no finer than a town."""
    told = []
    store_page.visitor.context.on("request", lambda request: EVENTS in request.url and told.append(request.post_data))
    page = await store_page.visit()
    await store_page.find(page, "39.80173,-89.64361")
    assert json.loads(told[-1])["query"] == "39.80,-89.64"


SILENCE = [
    pytest.param("", "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})", id="GPC"),
    pytest.param("", "Object.defineProperty(navigator, 'doNotTrack', {get: () => '1'})", id="DNT"),
    pytest.param("no-telemetry", "", id="no-telemetry"),
]


@pytest.mark.parametrize(("attributes", "script"), SILENCE)
async def test_silence(store_page, attributes, script):
    """A visitor or a page that wants no telemetry: none is sent, and everything else works."""
    told = []
    store_page.visitor.context.on("request", lambda request: EVENTS in request.url and told.append(request.url))
    await store_page.visitor.context.add_init_script(script)
    page = await store_page.visit(attributes)
    await store_page.find(page, "Peoria")
    assert await store_page.names(page) == ["Riverside"]
    assert told == []


async def test_a_strict_policy_and_trusted_types(store_page):
    """Two sources are all that a shop's policy must allow, also with a language; nothing is ever made of text."""
    url = store_page.url
    policy = f"default-src 'none'; script-src {url}; connect-src {url}; require-trusted-types-for 'script'; trusted-types 'none'"
    page = await store_page.visit('lang="de"', headers={"Content-Security-Policy": policy})
    await store_page.find(page, "Springfield")
    assert "2 Filialen" in await store_page.status(page)
    background = (
        "getComputedStyle(document.querySelector('store-locator').shadowRoot.querySelector('.main')).backgroundColor"
    )
    assert await page.evaluate(background) == "rgb(11, 87, 164)"


HOSTILE = """<style>* { color: red !important; font: 9px cursive !important; letter-spacing: 9px !important; text-transform: uppercase !important;
 line-height: 3 !important; text-align: right !important; visibility: hidden !important; cursor: none !important }
 html { font-size: 5px !important } button, h2, ol, li { display: none !important } input { width: 1px !important }</style>"""


async def test_hostile_styles(store_page):
    """Whatever the page says of every element, the widget looks as on a plain page, to the pixel."""
    pictures = []
    for around in ("", HOSTILE):
        page = await store_page.visit(
            around=f"<style>h1 {{ display: none }} store-locator {{ width: 700px }}</style>{around}"
        )
        await store_page.find(page, "Springfield")
        box = page.locator("store-locator >> .base")
        pictures.append(await box.screenshot(animations="disabled", caret="hide"))
        await page.close()
    assert pictures[0] == pictures[1]


async def test_the_script_alone(store_page):
    """A script with a key puts the widget after itself; several on a page search each for itself."""
    key = f'data-key="{store_page.key}" data-units="km"'
    page = await store_page.visitor.visit(
        store_page.put(store_page.tag(attributes=key) + store_page.tag(attributes=key))
    )
    boxes = page.get_by_role("searchbox")
    await boxes.nth(1).wait_for()
    assert await boxes.count() == 2
    await boxes.nth(1).fill("Peoria")
    await page.keyboard.press("Enter")
    await page.get_by_role("listitem").first.wait_for()
    assert await page.get_by_role("status").all_inner_texts() == [
        "Type a place or use your location.",
        "Peoria, Illinois, United States of America: 1 store",
    ]


async def test_under_a_path(store_page):
    """Behind a proxy of the shop's own site everything is found next to the script."""
    async with listening(store_page.running, prefix="/edge") as url:
        page = await store_page.visitor.visit(
            store_page.put(store_page.element('lang="fr"') + store_page.tag(url + LOCATOR))
        )
        await page.get_by_role("searchbox").wait_for()
        await store_page.find(page, "Peoria")
        assert "1 magasin" in await store_page.status(page)
