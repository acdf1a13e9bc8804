"""What a browser is told: everything on public routes, errors included, and nothing at all anywhere else."""

import pytest

from frontage.tenants.policy import parse_windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGIN = "https://shop.example"
EXPOSED = {
    "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
    "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after",
}  # fmt: skip
MENU, WISHES, ORDERS = "/kitchen/api/v1/public/menu", "/kitchen/api/v1/public/wishes", "/kitchen/api/v1/orders"
NOTES = "/probe/v1/public/notes"


def cors(answer):
    return {name for name in answer.headers if name.startswith("access-control-")}


def assert_readable(answer, origin=ORIGIN):
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "origin" in answer.headers["vary"].lower()
    assert {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")} == EXPOSED
    assert "set-cookie" not in answer.headers
    for name in ("access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"):
        assert len(answer.headers.get_list(name)) == 1


ANSWERS = [
    pytest.param("GET", MENU, 200, {}, id="200"),
    pytest.param("GET", NOTES, 200, {}, id="200 of an ordinary route"),
    pytest.param("HEAD", MENU, 200, {}, id="HEAD"),
    pytest.param("GET", MENU + "/", 200, {}, id="a slash at the end"),
    pytest.param("POST", WISHES, 204, {"json": {"dish": "x"}}, id="204"),
    pytest.param("POST", ORDERS, 202, {"json": {"tenant_id": "nobody", "dish": "x"}}, id="202"),
    pytest.param("POST", WISHES, 409, {"json": {"dish": "x", "seats": 400}}, id="409"),
    pytest.param("GET", MENU + "?most=0", 422, {}, id="422"),
    pytest.param("POST", ORDERS, 422, {"content": b"{"}, id="422 in words of its own"),
    pytest.param("GET", MENU, 401, {"headers": {"X-API-Key": "x"}}, id="401"),
    pytest.param("GET", NOTES, 401, {"headers": {"X-API-Key": "x"}}, id="401 of an ordinary route"),
    pytest.param("DELETE", MENU, 405, {}, id="405"),
    pytest.param("PUT", NOTES, 405, {}, id="405 of an ordinary route"),
    pytest.param("POST", WISHES, 413, {"headers": {"Content-Length": "70000"}}, id="413"),
    pytest.param("POST", WISHES, 415, {"headers": {"Content-Encoding": "br"}}, id="415"),
    pytest.param("GET", "/probe/v1/public/raise?code=unforeseen", 500, {}, id="500"),
    pytest.param("GET", "/probe/v1/public/raise?code=unavailable", 503, {}, id="503"),
]


@pytest.mark.parametrize(("method", "path", "status", "words"), ANSWERS)
async def test_a_page_may_read_every_answer_of_a_public_route(shop, method, path, status, words):
    """Errors included: the exact origin, credentials, Vary and the exposed headers, once each."""
    given = words.get("headers", {})
    key = given.get("X-API-Key") or await shop.key("wide", "publishable")
    rest = {name: value for name, value in words.items() if name != "headers"}
    answer = await shop.client.request(method, path, headers={"X-API-Key": key, "Origin": ORIGIN} | given, **rest)
    assert answer.status_code == status, answer.text
    assert_readable(answer)


@pytest.mark.parametrize("path", [MENU, NOTES])
async def test_a_429_and_a_403_are_readable_too(shop, path):
    """A page must learn when to come again, and that its origin is not allowed."""
    spent = await shop.key("bolt", "publishable", windows=parse_windows("1;w=60"))
    foreign = await shop.key("bolt", "publishable", origins=("https://theirs.example",))
    for key, statuses in ((spent, [200, 429]), (foreign, [403])):
        for status in statuses:
            answer = await shop.client.get(path, headers={"X-API-Key": key, "Origin": ORIGIN})
            assert answer.status_code == status
            assert_readable(answer)


@pytest.mark.parametrize("path", [MENU, NOTES, ORDERS])
@pytest.mark.parametrize("origin", ["null", "http://localhost:3000", "https://x.test:8443"])
async def test_any_origin_is_told_back_as_it_came(shop, path, origin):
    """Never a star: a beacon always sends credentials."""
    assert_readable(await shop.client.get(path, headers={"Origin": origin}), origin)


@pytest.mark.parametrize("path", [MENU, NOTES])
async def test_without_an_origin_only_vary_is_told(shop, path):
    """So that no cache hands one page's answer to another."""
    answer = await shop.client.get(path, headers={"X-API-Key": await shop.key("wide", "publishable")})
    assert cors(answer) == set()
    assert "origin" in answer.headers["vary"].lower()


@pytest.mark.parametrize("path", [MENU, WISHES, ORDERS, NOTES, "/kitchen/api/v1/bell", MENU + "/"])
@pytest.mark.parametrize("key", [None, "nonsense", "spent"])
async def test_a_preflight_needs_no_key_and_no_quota(shop, path, key):
    """204 with the exact lists of the contract, for any origin."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    if key == "spent":
        key = await shop.key("wide", "publishable", windows=parse_windows("1;w=60"))
        await shop.client.get(MENU, headers={"X-API-Key": key})
    answer = await shop.client.options(path, headers=headers | ({"X-API-Key": key} if key else {}))
    assert (answer.status_code, answer.content) == (204, b"")
    assert_readable(answer)
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == (
        "Content-Type, Accept, X-API-Key, X-Storefront-Access-Token, X-Requested-With, X-CSRF-TOKEN"
    )
    assert answer.headers["access-control-max-age"] == "7200"
    assert "ratelimit-limit" not in answer.headers


PRIVATE = [
    pytest.param("GET", "/account/api/v1/whoami", id="whoami"),
    pytest.param("GET", "/account/api/v1/api-keys", id="keys"),
    pytest.param("POST", "/account/api/v1/api-keys", id="a new key"),
    pytest.param("PATCH", "/account/api/v1/api-keys/" + "2" * 22, id="a changed key"),
    pytest.param("DELETE", "/account/api/v1/api-keys/" + "2" * 22, id="a revoked key"),
    pytest.param("POST", "/account/api/v1/api-keys/" + "2" * 22 + "/rotate", id="a rotated key"),
    pytest.param("GET", "/account/api/v1/audit", id="audit"),
    pytest.param("GET", "/kitchen/api/v1/dishes", id="management of a plugin"),
    pytest.param("GET", "/kitchen/acme/menu", id="a path with a parameter"),
    pytest.param("GET", "/health/live", id="health"),
    pytest.param("GET", "/metrics", id="metrics"),
    pytest.param("GET", "/nowhere", id="no route"),
    pytest.param("DELETE", "/account/api/v1/whoami", id="405"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize("preflight", [False, True], ids=["the request", "its preflight"])
async def test_no_other_route_says_a_word_of_cors(shop, method, path, preflight):
    """Above all none that takes a session or a secret key."""
    headers = {"Origin": ORIGIN, "X-API-Key": await shop.key("wide", "publishable")}
    if preflight:
        headers |= {"Access-Control-Request-Method": method}
    answer = await shop.client.request("OPTIONS" if preflight else method, path, headers=headers)
    assert cors(answer) == set()
    assert "set-cookie" not in answer.headers
