"""Printed codes: a scan is counted once, only when somebody looks, and leads to the shop's own page and nowhere else."""

from xml.etree import ElementTree as ET

import msgspec
import pytest
from click.testing import CliRunner

from frontage_landing_analytics.commands import landing_analytics
from frontage_landing_analytics.rollups import Breakdown
from frontage_landing_analytics.settings import Settings

from .shop import BOTS, BROWSER, POLICIES

pytestmark = pytest.mark.asyncio(loop_scope="module")
PLUGIN = """[plugins.landing-analytics]
qr_codes = { table-3 = "https://www.acme.example/menu?lang=es&qr=table-3&x=1#top", door = "https://acme.example" }
"""


async def follow(shop, path, *, method="GET", **headers):
    sent = {"User-Agent": BROWSER, "X-Forwarded-For": "203.0.113.7", **headers}
    return await shop.running.client.request(method, path, headers=sent, follow_redirects=False)


async def test_a_scan_is_counted_and_leads_to_the_page(street):
    """Without `?qr=`, never from a cache, by any name of the shop; and the code is a dimension."""
    shop = await street.open(plugin=PLUGIN)
    page = "https://www.acme.example/menu?lang=es&x=1#top"
    for name in (shop.slug, shop.number):
        answer = await follow(shop, f"/t/{name}/table-3")
        assert (answer.status_code, answer.headers["location"]) == (302, page)
        assert answer.headers["cache-control"] == "no-store"
    assert [(row["type"], row["source"], row["page"]) for row in await shop.rows()] == [
        ("qr_scan", "link", "/menu")
    ] * 2
    scans = {row["value"]: row["qr_scan"] for row in await shop.counts(Breakdown) if row["dimension"] == "qr"}
    assert scans == {"table-3": 2}
    assert (await shop.week())["qr_scans"] == 2


NOBODY = {
    "a head": {"method": "HEAD"},
    "a prefetch": {"Sec-Purpose": "prefetch;prerender"},
    "an old prefetch": {"Purpose": "prefetch"},
    "a preview in WhatsApp": {"User-Agent": "WhatsApp/2.23.20.0"},
    "a preview in Facebook": {"User-Agent": "facebookexternalhit/1.1"},
    "a preview in Slack": {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
}


async def test_what_nobody_looks_at_is_no_scan(street):
    """It is led on all the same."""
    shop = await street.open(plugin=PLUGIN)
    for words, how in NOBODY.items():
        assert (await follow(shop, f"/t/{shop.slug}/door", **how)).status_code == 302, words
    assert await shop.rows() == []
    assert len(await shop.rows(BOTS)) == len(NOBODY) - 1


async def test_it_leads_nowhere_else(street):
    """An unknown code, shop or plugin is not found, whatever the address asks for."""
    shop, other = await street.open(plugin=PLUGIN), await street.open(plugin="")
    for path in (
        f"/t/{shop.slug}/none",
        f"/t/{shop.slug}/https:%2F%2Fevil.example",
        "/t/nobody/door",
        f"/t/{other.slug}/door",
    ):
        answer = await follow(shop, path + "?to=https://evil.example&page=//evil.example")
        assert (answer.status_code, "location" in answer.headers) == (404, False), path
    assert await shop.rows() == []


WRONG = (
    "javascript:alert(1)",
    "//evil.example",
    "https://a b",
    "https://a/\r\nX: y",
    "https://user@evil.example",
    "https://a/\n",
    "ftp://x",
)


@pytest.mark.parametrize("page", WRONG)
async def test_a_page_that_is_none_is_refused_in_the_file(page):
    """No such address gets into a redirect."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"qr_codes": {"a": page}}, Settings)


async def test_networks_and_codes_are_checked_in_the_file():
    """With the reason."""
    with pytest.raises(msgspec.ValidationError, match="own_networks: expected addresses or networks"):
        msgspec.convert({"own_networks": ["office"]}, Settings)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"qr_codes": {"a/b": "https://acme.example"}}, Settings)


async def test_codes_are_listed_and_drawn(street):
    """As SVG and as PNG, for the shop alone."""
    shop = await street.open(plugin=PLUGIN)
    listed = (await shop.told("qr-codes"))["codes"]
    assert [(one["code"], one["link"].rpartition("/t/")[2]) for one in listed] == [
        ("door", f"{shop.slug}/door"),
        ("table-3", f"{shop.slug}/table-3"),
    ]
    assert all(one["link"].startswith("http") for one in listed)
    svg = await shop.read("/analytics/api/v1/qr-codes/door")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert ET.fromstring(svg.content).tag.endswith("svg")  # it is our own
    small, large = [await shop.read(f"/analytics/api/v1/qr-codes/door?format=png&scale={scale}") for scale in (1, 9)]
    assert (small.headers["content-type"], small.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(large.content[16:20]) == 9 * int.from_bytes(small.content[16:20])
    assert (await shop.read("/analytics/api/v1/qr-codes/none")).status_code == 404
    assert (await shop.read("/analytics/api/v1/qr-codes/door?scale=1000")).status_code == 422


async def test_a_file_of_another_kind_is_refused():
    """Before anything is drawn."""
    result = CliRunner().invoke(landing_analytics, ["qr", "acme", "door", "code.gif"], obj=object())
    assert (result.exit_code, ".svg or .png" in result.output) == (2, True)


OWN = {
    "203.0.113.7": ["203.0.113.7"],
    "203.0.113.99": ["198.51.100.1", "203.0.113.64/26"],
    "2001:db8:1:2::9": ["2001:db8:1:2::1"],
    "2001:db8:1:3::9": ["2001:db8::/32"],
}


@pytest.mark.parametrize("visitor", OWN)
async def test_the_shops_own_people_are_not_counted(street, visitor):
    """Neither as visitors nor as events; others are."""
    networks = str(OWN[visitor]).replace("'", '"')
    shop = await street.open(plugin=f"[plugins.landing-analytics]\nown_networks = {networks}\n", head=POLICIES)
    await shop.track(visitor=visitor)
    await shop.track(visitor="192.0.2.1")
    assert (await shop.week())["visitors_today"] == len(await shop.rows()) == 1
