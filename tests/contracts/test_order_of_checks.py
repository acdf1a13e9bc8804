"""Requests that are wrong in several ways at once: which refusal comes first, on hot and ordinary routes alike."""

import pytest

from frontage.tenants.policy import parse_windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOT, ORDINARY = "/kitchen/api/v1/public/wishes", "/kitchen/api/v1/dishes"
LARGE = b"x" * (64 * 1024 + 1)
INVALID = b'{"seats": "none", "dish": ""}'


class Wrongs:
    """Keys and headers that make a request wrong in one way each."""

    def __init__(self, shop) -> None:
        self._shop = shop
        self._made = {}

    async def key(self, kind: str, *, slug: str = "acme", spent: bool = False, scopes=("kitchen:write", "keys:write")):
        policy = "1;w=3600" if spent else "1000;w=3600"
        name = (kind, slug, spent, scopes)
        if name not in self._made:
            origins = ("https://ours.example",) if kind == "publishable" else ()
            key = await self._shop.key(slug, kind, windows=parse_windows(policy), scopes=scopes, origins=origins)
            if spent:
                assert (
                    await self._shop.client.get("/account/api/v1/whoami", headers={"X-API-Key": key})
                ).status_code == 200
            self._made[name] = key
        return self._made[name]


@pytest.fixture(scope="module")
def wrongs(shop):
    return Wrongs(shop)


ENCODED = {"Content-Encoding": "gzip"}
FOREIGN = {"Origin": "https://theirs.example"}

# Each row: what is wrong, from the first check that refuses to the last, and the status of that first one.
ROWS = [
    pytest.param("PUT", LARGE, ENCODED, "unknown", {}, 405, id="405 before 413, 415, 401"),
    pytest.param("POST", LARGE, ENCODED, "unknown", {}, 413, id="413 before 415, 401"),
    pytest.param("POST", INVALID, ENCODED, "unknown", {}, 415, id="415 before 401, 422"),
    pytest.param("POST", LARGE, {}, "forbidden", {"spent": True}, 413, id="413 before 403, 429"),
    pytest.param("POST", INVALID, {}, "unknown", {}, 401, id="401 before 422"),
    pytest.param("POST", b"{", {}, "unknown", {}, 401, id="401 before 400"),
    pytest.param("POST", INVALID, {}, "forbidden", {"spent": True}, 403, id="403 before 429, 422"),
    pytest.param("POST", INVALID, {}, "forbidden", {"slug": "bare"}, 403, id="403 before off, 422"),
    pytest.param("POST", INVALID, {}, "valid", {"spent": True, "slug": "bare"}, 429, id="429 before off, 422"),
    pytest.param("POST", INVALID, {}, "valid", {"spent": True}, 429, id="429 before 422"),
    pytest.param("POST", INVALID, {}, "valid", {"slug": "bare"}, 404, id="off before 422"),
    pytest.param("POST", b"{", {}, "valid", {"slug": "bare"}, 404, id="off before 400"),
    pytest.param("POST", INVALID, {}, "valid", {}, 422, id="422 at last"),
]


@pytest.mark.parametrize("path", [HOT, ORDINARY])
@pytest.mark.parametrize(("method", "content", "headers", "key", "words", "status"), ROWS)
async def test_the_first_check_that_refuses_answers(shop, wrongs, path, method, content, headers, key, words, status):
    """405, 413, 415, 401, 403, 429, off, 400 or 422."""
    kind = "publishable" if path == HOT else "secret"
    given = dict(headers)
    given["X-API-Key"] = "unknown" if key == "unknown" else await wrongs.key(kind, **words)
    if key == "forbidden":
        given |= FOREIGN
    answer = await shop.client.request(method, path, content=content, headers=given)
    assert answer.status_code == status, answer.text


async def test_a_malformed_body_is_400_on_management_and_422_where_browsers_send(shop, wrongs):
    """The last of the checks differs by whom the route is for."""
    hot = await shop.client.post(HOT, content=b"{", headers={"X-API-Key": await wrongs.key("publishable")})
    ordinary = await shop.client.post(ORDINARY, content=b"{", headers={"X-API-Key": await wrongs.key("secret")})
    assert (hot.status_code, ordinary.status_code) == (422, 400)


UNKNOWN = "/account/api/v1/api-keys/2222222222222222222222"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("PATCH", UNKNOWN, {"name": 7}, id="a wrong type"),
        pytest.param("PATCH", UNKNOWN, {"scopes": ["no:scope"]}, id="an unknown scope"),
        pytest.param("PATCH", UNKNOWN, {"policy": "nonsense"}, id="a wrong policy"),
        pytest.param("PATCH", UNKNOWN, {"allowed_origins": ["nonsense"]}, id="a wrong origin"),
        pytest.param("PATCH", UNKNOWN, {"expires_at": "2000-01-01T00:00:00Z"}, id="a moment that is past"),
        pytest.param("POST", UNKNOWN + "/rotate", {"overlap_seconds": -1}, id="a negative overlap"),
    ],
)
async def test_422_comes_before_404(shop, wrongs, method, path, body):
    """A wrong body is told even where there is nothing to change; a right one finds nothing."""
    headers = {"X-API-Key": await wrongs.key("secret")}
    assert (await shop.client.request(method, path, json=body, headers=headers)).status_code == 422
    assert (await shop.client.request(method, path, json={}, headers=headers)).status_code == 404


INGEST = "/kitchen/api/v1/orders"


@pytest.mark.parametrize(
    ("method", "content", "headers", "status"),
    [
        pytest.param("GET", LARGE, ENCODED, 405, id="405 before 413, 415"),
        pytest.param("POST", LARGE, ENCODED, 413, id="413 before 415"),
        pytest.param("POST", b"{", ENCODED, 415, id="415 before 422"),
        pytest.param("POST", b'{"tenant_id": "nobody"}', {}, 422, id="422 before an unknown tenant"),
        pytest.param("POST", b'{"tenant_id": "bare"}', {}, 422, id="422 before off"),
        pytest.param(
            "POST",
            b'{"tenant_id": "nobody", "dish": "soup"}',
            {"X-API-Key": "nonsense"},
            202,
            id="a key is not asked for",
        ),
    ],
)
async def test_ingest_without_a_key_has_an_order_of_its_own(shop, method, content, headers, status):
    """405, 413, 415, 422, tenant, 429."""
    answer = await shop.client.request(method, INGEST, content=content, headers=headers)
    assert answer.status_code == status, answer.text


async def test_an_invalid_event_is_told_so_even_over_the_limit(shop):
    """422 comes before 429, because only valid events count."""
    for _ in range(2):
        await shop.client.post("/probe/v1/events", json={"tenant_id": "bolt"})
    over = await shop.client.post("/probe/v1/events", json={"tenant_id": "bolt"})
    invalid = await shop.client.post("/probe/v1/events", json={"tenant_id": ["bolt"]})
    assert (over.status_code, invalid.status_code) == (429, 422)
