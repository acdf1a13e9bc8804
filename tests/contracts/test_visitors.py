"""Who the visitor is: the proxy's word, the relay's word, and nobody else's; and what the visitor asked not to be kept."""

import pytest
import pytest_asyncio
from tests.contracts.conftest import BOTH

from frontage.tenants.policy import parse_windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = "/probe/v1/events"
SEEN = "/probe/v1/public/seen"


async def event(shop, slug, **headers):
    return await shop.client.post(EVENTS, json={"tenant_id": slug}, headers=headers)


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        pytest.param("192.0.2.7", "192.0.2.7", id="an address"),
        pytest.param("203.0.113.9, 192.0.2.7", "192.0.2.7", id="what a client put before it"),
        pytest.param("192.0.2.7, 127.0.0.1", "192.0.2.7", id="a trusted proxy behind it"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6 as its /64"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", id="IPv4 in IPv6"),
        pytest.param("nonsense", "127.0.0.1", id="no address"),
        pytest.param("", "127.0.0.1", id="empty"),
        pytest.param("192.0.2.7:5000", "192.0.2.7", id="with a port"),
    ],
)
async def test_a_trusted_proxy_tells_the_address(shop, chain, address):
    """The right-most hop that is no trusted proxy; IPv6 counts as its /64."""
    answer = await event(shop, "wide", **{"X-Forwarded-For": chain})
    assert answer.json()["address"] == address


async def test_a_trusted_proxy_tells_the_country(open_shop, tmp_path):
    """In the header that the operator has named; of a relaying server it would be the server's own."""
    tenants = {"wide": f'name = "W"\nnumber = 1\n{BOTH}'}
    url = f"sqlite+aiosqlite:///{tmp_path}/f.db"
    async with open_shop(url, tmp_path, tenants, country_header="CF-IPCountry") as shop:
        relay = {"X-API-Key": await shop.key("wide")}
        told = {"cf-ipcountry": "HN", "X-Forwarded-For": "192.0.2.7"}
        countries = [(await event(shop, "wide", **told, **more)).json()["country"] for more in ({}, relay)]
        countries.append(
            (await event(shop, "wide", **{"X-Country": "HN", "X-Forwarded-For": "192.0.2.8"})).json()["country"]
        )
    assert countries == ["HN", None, None]


async def test_nobody_else_tells_the_address(open_shop, tmp_path):
    """Without trusted proxies the peer is the client, whatever the headers say."""
    tenants = {"acme": f'name = "A"\nnumber = 1\n{BOTH}'}
    async with open_shop(f"sqlite+aiosqlite:///{tmp_path}/f.db", tmp_path, tenants, trusted_proxies=()) as shop:
        forged = {
            "X-Forwarded-For": "192.0.2.7",
            "X-Real-IP": "192.0.2.8",
            "Forwarded": "for=192.0.2.9",
            "X-Visitor-Address": "192.0.2.10",
        }
        answers = [
            await event(shop, "acme", **forged | {"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(3)
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].json()["address"] == "127.0.0.1"


async def test_a_relay_speaks_for_its_visitors(shop):
    """With a secret key of the tenant nobody is counted by address, and X-Visitor-Address is the address."""
    relay = {"X-API-Key": await shop.key("acme"), "X-Forwarded-For": "198.51.100.1"}
    answers = [await event(shop, "acme", **relay, **{"X-Visitor-Address": "192.0.2.77"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert {answer.json()["address"] for answer in answers} == {"192.0.2.77"}
    assert answers[0].json()["relayed"]
    unnamed = await event(shop, "acme", **relay)
    assert (unnamed.status_code, unnamed.json()["address"]) == (200, "198.51.100.1")
    nonsense = await event(shop, "acme", **relay, **{"X-Visitor-Address": "no address"})
    assert nonsense.json()["address"] == "198.51.100.1"


@pytest.mark.parametrize(
    "who", ["nobody", "a publishable key", "another tenant's secret key", "a secret key in a browser", "a revoked form"]
)
async def test_without_a_secret_key_of_the_tenant_there_is_no_relay(shop, who):
    """X-Visitor-Address is ignored, and the address is counted."""
    headers = {"X-Forwarded-For": f"198.51.100.{20 + len(who)}", "X-Visitor-Address": "192.0.2.78"}
    if who == "a publishable key":
        headers["X-API-Key"] = await shop.key("bolt", "publishable")
    elif who == "another tenant's secret key":
        headers["X-API-Key"] = await shop.key("acme")
    elif who == "a secret key in a browser":
        headers |= {"X-API-Key": await shop.key("bolt"), "Origin": "https://shop.example"}
    elif who == "a revoked form":
        headers["X-API-Key"] = "csb_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098"
    answers = [await event(shop, "bolt", **headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].json()["address"] == headers["X-Forwarded-For"]
    assert not answers[0].json()["relayed"]


async def test_a_secret_key_on_a_public_read_is_a_relay_too(shop):
    """Server to server: the key's own quota counts, the visitor's does not."""
    key = await shop.key("acme", scopes=("probe:read",), windows=parse_windows("4;w=60"))
    headers = {"X-API-Key": key, "X-Visitor-Address": "192.0.2.79"}
    answers = [await shop.client.get(SEEN, headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[0].json()["address"] == "192.0.2.79"
    assert answers[0].headers["ratelimit-policy"] == "4;w=60"


CHOICES = {"quiet": "anonymise", "deaf": "ignore", "strict": "drop", "plain": None}
"""Tenants for every choice, and one that does not choose."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def privacy_shop(open_shop, tmp_path_factory):
    tenants = {
        slug: f'name = "{slug}"\nnumber = {number}\n'
        + (f'privacy_signals = "{choice}"\n' if choice else "")
        + f'[policies]\n"probe.visitor" = "1000;w=60"\n{BOTH}'
        for number, (slug, choice) in enumerate(CHOICES.items(), start=1)
    }
    folder = tmp_path_factory.mktemp("privacy")
    async with open_shop(f"sqlite+aiosqlite:///{folder}/f.db", folder, tenants) as shop:
        yield shop


SIGNALS = [
    pytest.param({}, False, id="none"),
    pytest.param({"Sec-GPC": "1"}, True, id="Sec-GPC"),
    pytest.param({"DNT": "1"}, True, id="DNT"),
    pytest.param({"Sec-GPC": "1", "DNT": "0"}, True, id="Sec-GPC and no DNT"),
    pytest.param({"Sec-GPC": "0"}, False, id="Sec-GPC: 0"),
    pytest.param({"DNT": "0"}, False, id="DNT: 0"),
    pytest.param({"DNT": "null"}, False, id="DNT: null"),
    pytest.param({"DNT": "unspecified"}, False, id="DNT: unspecified"),
]


@pytest.mark.parametrize(("headers", "signal"), SIGNALS)
async def test_a_privacy_signal_is_what_the_tenant_makes_of_it(privacy_shop, headers, signal):
    """`Sec-GPC: 1` or `DNT: 1`: ignore, anonymise or drop, and anonymise where the file says nothing."""
    for slug, choice in CHOICES.items():
        answer = await event(privacy_shop, slug, **headers)
        assert answer.json()["privacy"] == ((choice or "anonymise") if signal else None), slug
