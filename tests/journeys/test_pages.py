"""Pages of shops with the scripts of two plugins, while the server that they talk to is killed and comes back."""

import httpx
import pytest

from .conftest import SOON, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOP = 'name = "Acme"\nnumber = 1\n[plugins.storefront-beacon]\n[plugins.landing-analytics]\n'
TAGS = """<!doctype html><title>A shop</title><a href="tel:1">Call</a>
<script async src="{url}/assets/storefront-beacon/pixel.js" data-token="{token}"></script>
<script async src="{url}/assets/landing-analytics/landing.js" data-tenant="acme"></script>"""
TRACK = "query => frontage.pixel.track('search', {query})"


class Owner:
    """Who reads the numbers of the shop."""

    def __init__(self, url, key):
        self._url, self._headers = url, {"X-API-Key": key}

    def read(self, path):
        return httpx.get(self._url + path, headers=self._headers, timeout=SOON).json()["data"]

    def searches(self):
        return {row["query"]: row["searches"] for row in self.read("/storefront/api/v1/searches")}

    def calls(self):
        return self.read("/tenant/acme/analytics")["call_clicks"]


async def test_a_server_that_is_killed_while_a_page_is_open(new_site, visitor, website):
    """What was told before, meanwhile and after is counted, each once: SIGKILL at the server, retries in the page."""
    site = new_site()
    site.write(acme=SHOP)
    server = site.serve()
    token = site.key("--scope", "beacon:write", kind="publishable")["key"]
    owner = Owner(server.url, site.key("--scope", "analytics:read")["key"])
    page = await visitor.visit(website.put("/", TAGS.format(url=server.url, token=token)))
    await page.wait_for_function("!!(window.frontage && frontage.track && frontage.pixel && frontage.pixel.track)")
    await page.evaluate(TRACK, "before")
    await page.get_by_text("Call").click()
    until(lambda: owner.searches() == {"before": 1} and owner.calls() == 1)
    server.kill()
    await page.evaluate(TRACK, "meanwhile")
    await page.wait_for_event("requestfailed")
    site.serve(port=server.port)
    await page.evaluate(TRACK, "after")
    everything = {"before": 1, "meanwhile": 1, "after": 1}
    until(lambda: owner.searches() == everything, owner.searches)
    assert owner.calls() == 1
    assert visitor.errors == []
