"""The pages of `frontage serve --demo`, as a newcomer meets them: every plugin at work, and its numbers moving."""

import json
import re

import httpx
import pytest
from playwright.async_api import expect

from .conftest import KITCHEN, SOON

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLUGINS = "[plugins.landing-analytics]\n[plugins.storefront-beacon]\n[plugins.store-locator]\nfunnel = true\n"
ACME = f'name = "<b>Acme</b>"\nnumber = 1\ncurrency = "HNL"\n{PLUGINS}{KITCHEN}'
BOLT = 'name = "Bolt"\nnumber = 2\n[plugins.landing-analytics]\n'
PLACE = "name,city,country,lat,lon\nRue de Rivoli,Paris,FR,48.86,2.35\n"
SHOWN = ("landing-analytics", "kitchen-sink", "store-locator", "storefront-beacon")
FRAME = ("/", "/demo/-/demo.js", "/demo/-/demo.css", *(f"/demo/acme/{slug}" for slug in SHOWN))
SIZES = [pytest.param(1280, "light", id="desktop"), pytest.param(360, "dark", id="phone")]


@pytest.fixture(scope="module")
def demo(new_site):
    """A server with the four plugins, one place in place of the demo's thousands."""
    site = new_site()
    site.write(acme=ACME, bolt=BOLT)
    site.run("migrate")
    site.run("tenants", "apply")
    (site.folder / "places.csv").write_text(PLACE)
    site.run("store-locator", "import", "places.csv", "--tenant", "acme")
    server = site.serve("--demo")
    server.keys = {one["tenant"]: one for one in json.loads((site.var / "demo-keys.json").read_text())}
    return server


def get(demo, path, **headers):
    return httpx.get(demo.url + path, headers=headers, timeout=SOON)


async def figure(page, at):
    """A number of the panel, once it is there."""
    shown = page.locator(f".panel [data-figure='{at}'] dd")
    await expect(shown).to_have_text(re.compile(r"\d"))
    return shown, await shown.inner_text()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
@pytest.mark.parametrize("path", ["/", *(f"/demo/acme/{slug}" for slug in SHOWN)])
async def test_every_page_is_whole(demo, new_visitor, path, width, scheme):
    """Nothing fails, no policy is violated, nobody else is asked, nothing is kept, nothing is wider than the screen."""
    visitor = await new_visitor(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked = []
    visitor.context.on("request", lambda request: asked.append(request.url))
    page = await visitor.visit(demo.url + path)
    await page.locator("[data-numbers][data-state=live]").first.wait_for()
    assert (visitor.errors, visitor.complaints) == ([], [])
    assert [url for url in asked if not url.startswith((demo.url, "data:"))] == []
    assert await page.evaluate("[document.documentElement.scrollWidth <= innerWidth, document.cookie, localStorage.length]") == [
        True, "", 0,
    ]  # fmt: skip
    await visitor.keep_picture(page, f"{path.rpartition('/')[2] or 'index'}-{width}")


USES = [
    pytest.param("landing-analytics", "Write on WhatsApp", "link", 2, "click_whatsapp", id="landing page"),
    pytest.param("storefront-beacon", "Add to cart", "button", 3, "add_to_cart", id="storefront"),
    pytest.param("store-locator", "Tokio", "button", 0, "location_search", id="store finder"),
]


@pytest.mark.parametrize(("slug", "name", "role", "at", "event"), USES)
async def test_what_is_done_is_told_and_counted_before_ones_eyes(demo, visitor, slug, name, role, at, event):
    """A click appears among what the browser told, and the number beside the page goes up."""
    page = await visitor.visit(f"{demo.url}/demo/acme/{slug}")
    shown, before = await figure(page, at)
    await page.get_by_role(role, name=name, exact=True).first.click()
    await page.locator(".told").get_by_text(event).first.wait_for()
    await expect(shown).not_to_have_text(before, timeout=SOON * 1000)
    assert page.url == f"{demo.url}/demo/acme/{slug}"
    assert visitor.errors == []


async def test_a_secret_key_stands_in_no_page(demo):
    """What the pages, their files and their numbers hold is public; they name every tenant and page that there is."""
    texts = {path: get(demo, path) for path in (*FRAME, *(f"/demo/acme/{slug}/numbers" for slug in SHOWN))}
    assert {answer.status_code for answer in texts.values()} == {200}
    assert not [path for path, answer in texts.items() if "csb_" in answer.text]
    index = texts["/"].text
    assert all(f"/demo/acme/{slug}" in index for slug in SHOWN)
    assert demo.keys["bolt"]["publishable"] in index


async def test_what_a_tenant_is_called_is_text(demo):
    """Names are escaped in the frame and in a plugin's page; a word that nobody fills in stays."""
    page = get(demo, "/demo/acme/kitchen-sink").text
    assert "<b>Acme</b>" not in page.replace("<b>&lt;b&gt;", "")
    key = demo.keys["acme"]["publishable"]
    assert (
        f'<h1>Today in &lt;b&gt;Acme&lt;/b&gt;</h1><p data-key="{key}" data-root="">acme, HNL, {{{{unknown}}}}</p>'
        in page
    )


async def test_numbers_are_those_of_the_reports(demo):
    """A figure is what its report says, a course its list; what cannot be had is null and harms no other."""
    told = get(demo, "/demo/acme/kitchen-sink/numbers").json()
    dishes = get(demo, "/kitchen/api/v1/dishes", **{"X-API-Key": demo.keys["acme"]["secret"]}).json()
    assert told["figures"] == [
        {"label": "Dishes", "value": dishes["pagination"]["total_count"]},
        {"label": "Nobody's", "value": None},
    ]
    assert told["course"] == [{"at": one["name"], "value": one["price"]} for one in dishes["data"]]


ABSENT = ["/demo/bolt/kitchen-sink", "/demo/bolt/store-locator/numbers", "/demo/nobody/landing-analytics",
          "/demo/acme/nothing", "/demo/-/keys.py", "/demo/-/landing-analytics/page.html", "/demo/-/nothing/page.css"]  # fmt: skip


@pytest.mark.parametrize("path", ABSENT)
async def test_what_is_not_shown_is_not_there(demo, path):
    """A plugin that is off, a tenant that nobody knows, a file that is none of the page's."""
    assert get(demo, path).status_code == 404


async def test_pages_are_asked_for_again_cheaply(demo):
    """They carry a tag, and the same again is no body."""
    first = get(demo, "/")
    again = get(demo, "/", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_without_the_flag_there_is_no_demo(new_site):
    """A server that was started without `--demo` has none of it."""
    server = new_site().serve()
    assert {path: get(server, path).status_code for path in ("/", "/demo/-/demo.css", "/demo/acme/kitchen-sink")} == {
        "/": 404, "/demo/-/demo.css": 404, "/demo/acme/kitchen-sink": 404,
    }  # fmt: skip
