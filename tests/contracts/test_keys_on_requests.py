"""What a key opens and what it does not: one 401 for all that is no key, and a 403 that says why."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import update

from frontage.tenants.key_format import KeyKind, checksum, generate, is_well_formed
from frontage.tenants.models import KeyRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOAMI = "/account/api/v1/whoami"
MENU = "/kitchen/api/v1/public/menu"
DISHES = "/kitchen/api/v1/dishes"
KEYS = "/account/api/v1/api-keys"
BODY = "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf"


async def ask(shop, path, key=None, *, method="GET", **headers):
    given = {"X-API-Key": key} if key is not None else {}
    return await shop.client.request(method, path, headers={**given, **headers})


def without_timestamp(answer):
    """A problem as it is compared: byte for byte, but for the moment and the id of the request."""
    body = answer.content.replace(answer.json()["timestamp"].encode(), b"")
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, body, headers


MALFORMED = [
    pytest.param("", id="empty"),
    pytest.param("x", id="a letter"),
    pytest.param(f"csb_{BODY}_84041099", id="a wrong checksum"),
    pytest.param(f"csb_{BODY}_8404109", id="a checksum too short"),
    pytest.param(f"csb_{BODY}_84041098 x", id="more behind it"),
    pytest.param(f"CSB_{BODY}_84041098", id="a prefix in capitals"),
    pytest.param(f"csk_{BODY}_84041098", id="a prefix of nobody"),
    pytest.param(f"csb-{BODY}-84041098", id="other separators"),
    pytest.param("csb_" + "é" * 32 + "_84041098", id="letters beyond ASCII"),
    pytest.param("x" * 5000, id="far too long"),
    pytest.param("'; drop table core_key; --", id="a statement"),
]


@pytest_asyncio.fixture(loop_scope="module", params=["unknown", "revoked", "expired", "suspended"])
async def dead_key(request, stored_shop):
    """A key that has the right form and opens nothing any more."""
    if request.param == "unknown":
        return generate(KeyKind.SECRET)
    slug = "dark" if request.param == "suspended" else "acme"
    key = await stored_shop.key(slug)
    if request.param == "suspended":
        return key
    past = datetime.now(UTC) - timedelta(seconds=1)
    changes = {"revoked_at": past} if request.param == "revoked" else {"expires_at": past}
    async with stored_shop.database.writing() as session:
        await session.execute(update(KeyRow).where(KeyRow.prefix == key[:12]).values(**changes))
    stored_shop.platform.services.directory.revision = -1
    await stored_shop.platform.services.directory.refresh()
    return key


@pytest.mark.parametrize("path", [WHOAMI, MENU, DISHES])
async def test_a_dead_key_gets_the_very_401_of_an_unknown_one(stored_shop, dead_key, path):
    """Unknown, revoked, expired and suspended are one answer, so that nobody learns which keys there were."""
    no_key, dead = await ask(stored_shop, path), await ask(stored_shop, path, dead_key)
    assert dead.status_code == 401
    assert without_timestamp(dead) == without_timestamp(no_key)


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("path", [WHOAMI, MENU])
async def test_what_is_no_key_gets_the_same_401(shop, text, path):
    """A malformed key is told nothing that an unknown one is not told."""
    answer = await ask(shop, path, text.encode())
    assert without_timestamp(answer) == without_timestamp(await ask(shop, path))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        pytest.param(f"csb_{BODY}_84041098", True, id="the contract's vector, secret"),
        pytest.param(f"cpk_{BODY}_84041098", True, id="the contract's vector, publishable"),
        pytest.param(f"csb_{BODY}_84041098".upper(), False, id="in capitals"),
        pytest.param(f"csb_{BODY[:-1]}_84041098", False, id="a short body"),
        pytest.param(f"csb_{BODY[:-1]}-_84041098", False, id="a body of other characters"),
        pytest.param(f"csb_{BODY}_84041098\n", False, id="a line break behind it"),
    ],
)
async def test_a_key_has_one_form(text, holds):
    """`<prefix>_<32 characters>_<CRC-32>`, 45 in all."""
    assert is_well_formed(text) is holds
    assert checksum(BODY) == "84041098"


async def test_a_key_without_scopes_knows_whose_it_is(shop):
    """Every key can ask who it is, whatever its kind."""
    for kind in ("secret", "publishable"):
        told = (await ask(shop, WHOAMI, await shop.key("acme", kind))).json()
        assert (told["tenant"]["slug"], told["kind"], told["scopes"]) == ("acme", kind, [])
        assert len(told["tenant"]["id"]) == len(told["id"]) == 22
        assert told["plugins"] == ["kitchen-sink", "probe"]


async def test_a_publishable_key_reads_what_is_public(shop):
    """Without scopes, by header or by query."""
    key = await shop.key("acme", "publishable")
    assert (await ask(shop, MENU, key)).status_code == 200
    assert (await shop.client.get(MENU, params={"key": key})).status_code == 200
    assert (await shop.client.get("/probe/v1/public/notes", params={"key": key})).status_code == 200


async def test_the_header_wins_over_the_query(shop):
    """With both there, the query is not even looked at."""
    acme, bolt = await shop.key("acme", "publishable"), await shop.key("bolt", "publishable")
    for header, query, tenant in ((acme, bolt, "acme"), (bolt, acme, "bolt"), (acme, "nonsense", "acme")):
        told = await shop.client.get("/probe/v1/public/seen", params={"key": query}, headers={"X-API-Key": header})
        assert told.json()["tenant"] == tenant
    wrong = await shop.client.get("/probe/v1/public/seen", params={"key": acme}, headers={"X-API-Key": "nonsense"})
    assert wrong.status_code == 401


async def test_only_a_publishable_key_may_stand_in_a_query(shop):
    """A secret key in an address would stand in every log on its way."""
    key = await shop.key("acme", scopes=("kitchen:read",))
    assert (await ask(shop, MENU, key)).status_code == 200
    assert (await shop.client.get(MENU, params={"key": key})).status_code == 401
    assert (await shop.client.get(DISHES, params={"key": key})).status_code == 401
    assert (await shop.client.get(WHOAMI, params={"key": key})).status_code == 401


async def test_the_query_is_taken_for_reads_alone(shop):
    """`?key=` spares a browser the preflight of a read; what sends a body sends the header."""
    key = await shop.key("acme", "publishable")
    wish = {"dish": "soup"}
    by_header = await shop.client.post("/kitchen/api/v1/public/wishes", json=wish, headers={"X-API-Key": key})
    by_query = await shop.client.post("/kitchen/api/v1/public/wishes", json=wish, params={"key": key})
    assert (by_header.status_code, by_query.status_code) == (204, 401)


@pytest.mark.parametrize("path", [DISHES, KEYS, "/account/api/v1/audit", "/kitchen/acme/menu"])
async def test_management_refuses_a_publishable_key_whatever_its_scopes(shop, path):
    """403, never 404 or 200: a browser's key manages nothing."""
    key = await shop.key("acme", "publishable", scopes=("keys:write", "kitchen:read", "kitchen:write"))
    answer = await ask(shop, path, key)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "forbidden")
    assert "secret key" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", DISHES, "kitchen:read"),
        ("POST", DISHES, "kitchen:write"),
        ("GET", KEYS, "keys:write"),
        ("GET", MENU, "kitchen:read"),
    ],
)
async def test_a_valid_key_without_the_scope_is_forbidden(shop, method, path, scope):
    """The reason names the scope that is missing."""
    others = {"kitchen:read", "kitchen:write", "keys:write"} - {scope}
    answer = await ask(shop, path, await shop.key("acme", scopes=tuple(others)), method=method)
    assert answer.status_code == 403
    assert scope in answer.json()["detail"]


@pytest.mark.parametrize("path", [WHOAMI, MENU, DISHES, KEYS])
@pytest.mark.parametrize("origin", ["https://shop.example", "null"])
async def test_a_secret_key_with_an_origin_has_leaked(shop, path, origin):
    """A secret key that a browser sends is refused with the reason, whatever it may do."""
    key = await shop.key("acme", scopes=("kitchen:read", "keys:write"))
    answer = await ask(shop, path, key, Origin=origin)
    assert answer.status_code == 403
    assert "leaked" in answer.json()["detail"]


ALLOWED = ("https://shop.example.com", "https://*.example.org", "http://localhost:3000")
ORIGINS = [
    pytest.param(None, True, id="none: no browser"),
    pytest.param("https://shop.example.com", True, id="listed"),
    pytest.param("https://shop.example.com:443", True, id="the default port spelled out"),
    pytest.param("HTTPS://SHOP.example.COM", True, id="capitals"),
    pytest.param("http://shop.example.com", False, id="another scheme"),
    pytest.param("https://shop.example.com:8443", False, id="another port"),
    pytest.param("https://example.com", False, id="the domain above"),
    pytest.param("https://a.shop.example.com", False, id="a domain below one that is exact"),
    pytest.param("https://shop.example.com.evil.test", False, id="it stands in front"),
    pytest.param("https://evil-shop.example.com", False, id="it stands at the end"),
    pytest.param("https://a.example.org", True, id="a sub-domain of the wildcard"),
    pytest.param("https://a.b.example.org", True, id="two levels below the wildcard"),
    pytest.param("https://example.org", False, id="the wildcard's apex"),
    pytest.param("https://aexample.org", False, id="no label of its own before the wildcard's host"),
    pytest.param("http://a.example.org", False, id="the wildcard under another scheme"),
    pytest.param("http://localhost:3000", True, id="a host with a port"),
    pytest.param("http://localhost", False, id="a host without its port"),
    pytest.param("null", False, id="null, not listed"),
    pytest.param("", False, id="an empty one"),
    pytest.param("*", False, id="a star"),
    pytest.param("https://shop.example.com/", False, id="a path behind it"),
    pytest.param("https://shop.example.com, https://evil.test", False, id="two at once"),
]


@pytest.fixture(scope="module")
def bounded_keys():
    """The key with allowed origins, made once for the whole table."""
    return {}


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
async def test_allowed_origins_are_enforced_on_the_request_itself(shop, bounded_keys, origin, allowed):
    """On hot and ordinary reads, on whoami and on a token's route alike: 403, and a browser may read why."""
    if not bounded_keys:
        bounded_keys["key"] = await shop.key("wide", "publishable", origins=ALLOWED, scopes=("kitchen:order",))
    key = bounded_keys["key"]
    headers = {"X-API-Key": key} | ({} if origin is None else {"Origin": origin})
    reads = [await shop.client.get(path, headers=headers) for path in (MENU, "/probe/v1/public/notes", WHOAMI)]
    bell = await shop.client.post("/kitchen/api/v1/bell", json={"dish": "soup"}, headers=headers)
    assert [one.status_code for one in reads] == [200 if allowed else 403] * 3
    assert bell.status_code == (204 if allowed else 403)


@pytest.mark.parametrize(
    ("origins", "origin", "status"),
    [
        pytest.param((), "https://anyone.test", 200, id="an empty list allows any origin"),
        pytest.param((), "null", 200, id="an empty list allows null"),
        pytest.param(("null",), "null", 200, id="null when listed"),
        pytest.param(("null",), "https://anyone.test", 403, id="null allows no other"),
        pytest.param(
            ("https://xn--mnchen-3ya.example",), "https://münchen.example", 403, id="letters beyond ASCII on the wire"
        ),
        pytest.param(("https://xn--mnchen-3ya.example",), "https://xn--mnchen-3ya.example", 200, id="punycode"),
    ],
)
async def test_an_empty_list_is_any_origin_and_null_must_be_listed(shop, origins, origin, status):
    """`null` is what sandboxed frames send: anybody can send it, so it is no origin of anybody."""
    key = await shop.key("bolt", "publishable", origins=origins)
    headers = [(b"x-api-key", key.encode()), (b"origin", origin.encode())]
    assert (await shop.client.get(MENU, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param(lambda key: {"headers": {"X-Kitchen-Token": key}}, 204, id="its header"),
        pytest.param(lambda key: {"params": {"token": key}}, 204, id="its query"),
        pytest.param(lambda key: {"headers": {"X-API-Key": key}}, 204, id="X-API-Key"),
        pytest.param(
            lambda key: {"headers": {"X-Kitchen-Token": key}, "params": {"token": "x"}}, 204, id="the header wins"
        ),
        pytest.param(
            lambda key: {"headers": {"X-Kitchen-Token": "x"}, "params": {"token": key}},
            401,
            id="the header wins, wrong",
        ),
        pytest.param(
            lambda key: {"headers": {"X-API-Key": "x"}, "params": {"token": key}}, 204, id="the query before X-API-Key"
        ),
        pytest.param(lambda key: {}, 401, id="none"),
    ],
)
async def test_a_token_comes_by_its_header_its_query_or_as_a_key(shop, given, status):
    """In this order, the first that is there."""
    key = await shop.key("bolt", "publishable", scopes=("kitchen:order",))
    assert (await shop.client.post("/kitchen/api/v1/bell", json={"dish": "x"}, **given(key))).status_code == status


async def test_a_secret_key_is_no_token(shop):
    """A token is a publishable key; a secret one is as unknown as any other text."""
    secret = await shop.key("bolt", scopes=("kitchen:order",))
    unscoped = await shop.key("bolt", "publishable")
    for key, status in ((secret, 401), (unscoped, 403)):
        answer = await shop.client.post("/kitchen/api/v1/bell", json={"dish": "x"}, headers={"X-API-Key": key})
        assert answer.status_code == status


async def test_a_key_is_refused_from_the_second_in_which_it_expires(shop):
    """Expiry needs no refresh: the snapshot knows the moment."""
    key = await shop.key("bolt", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await ask(shop, WHOAMI, key)).status_code == 200
    held = shop.platform.services.directory.find_key(key)
    object.__setattr__(held, "expires", datetime.now(UTC).timestamp())
    assert (await ask(shop, WHOAMI, key)).status_code == 401
