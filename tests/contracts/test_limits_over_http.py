"""Quotas as a client meets them: admitted exactly so often, told exactly so much, charged for nothing else."""

import asyncio
import time

import pytest
from tests.contracts.conftest import BOTH

from frontage.tenants.policy import parse_windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOAMI = "/account/api/v1/whoami"
MENU = "/kitchen/api/v1/public/menu"
WISHES = "/kitchen/api/v1/public/wishes"
ORDERS = "/kitchen/api/v1/orders"
DISHES = "/kitchen/api/v1/dishes"
HEADERS = [
    "ratelimit-policy",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
]
SCOPES = ("kitchen:read", "kitchen:write")


def told(answer):
    return [name for name in HEADERS if name in answer.headers]


def remaining(answer):
    return int(answer.headers["ratelimit-remaining"])


async def limited(shop, policy, kind="secret", slug="acme", **request):
    """A key of a tenant under a policy of its own."""
    return {"X-API-Key": await shop.key(slug, kind, windows=parse_windows(policy), **request)}


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        pytest.param("GET", WHOAMI, 200, {}, id="200"),
        pytest.param("GET", MENU, 200, {}, id="200 of a hot route"),
        pytest.param("POST", DISHES, 201, {"json": {"name": "Headers", "price": 1}}, id="201"),
        pytest.param("GET", DISHES + "/nothing", 404, {}, id="404"),
        pytest.param("GET", "/kitchen/bolt/menu", 404, {}, id="404 of the handler"),
        pytest.param("GET", DISHES + "?page=0", 422, {}, id="422 of the query"),
        pytest.param("GET", MENU + "?most=0", 422, {}, id="422 of a hot route"),
        pytest.param("POST", DISHES, 422, {"json": {"price": 1}}, id="422 of the body"),
        pytest.param("POST", DISHES, 400, {"content": b"{"}, id="400"),
    ],
)
async def test_every_answer_for_which_a_limit_was_looked_up_tells_it(shop, method, path, status, words):
    """Errors included; and each such request has cost one, because its key was valid."""
    headers = await limited(shop, "50;w=60, 90;w=3600", scopes=SCOPES)
    first = await shop.client.request(method, path, headers=headers, **words)
    assert first.status_code == status, first.text
    assert told(first) == HEADERS
    assert first.headers["ratelimit-policy"] == "50;w=60, 90;w=3600"
    assert (first.headers["ratelimit-limit"], remaining(first)) == ("50", 49)
    assert remaining(await shop.client.get(WHOAMI, headers=headers)) == 48


@pytest.mark.parametrize("path", [WHOAMI, MENU])
async def test_a_429_tells_the_limit_and_when_to_come_again(shop, path):
    """The problem, `Retry-After` and the reset say the same moment."""
    headers = await limited(shop, "2;w=60", scopes=SCOPES)
    for left in (1, 0):
        assert remaining(await shop.client.get(path, headers=headers)) == left
    refused = await shop.client.get(path, headers=headers)
    problem = refused.json()
    assert (refused.status_code, problem["error_code"], problem["retryable"]) == (429, "rate_limited", True)
    assert told(refused) == HEADERS
    assert remaining(refused) == 0
    assert 1 <= problem["retry_after_seconds"] <= 62
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"] == str(problem["retry_after_seconds"])


@pytest.mark.parametrize(
    ("method", "path", "status", "headers"),
    [
        pytest.param("GET", WHOAMI, 401, {"X-API-Key": "x"}, id="401"),
        pytest.param("GET", MENU, 401, {"X-API-Key": "x"}, id="401 of a hot route"),
        pytest.param("DELETE", WHOAMI, 405, {}, id="405"),
        pytest.param("PUT", MENU, 405, {}, id="405 of a hot route"),
        pytest.param("POST", DISHES, 413, {"Content-Length": "70000"}, id="413"),
        pytest.param("POST", WISHES, 413, {"Content-Length": "70000"}, id="413 of a hot route"),
        pytest.param("POST", DISHES, 415, {"Content-Encoding": "gzip"}, id="415"),
        pytest.param("POST", WISHES, 415, {"Content-Encoding": "gzip"}, id="415 of a hot route"),
        pytest.param(
            "OPTIONS", MENU, 204, {"Origin": "https://a.test", "Access-Control-Request-Method": "GET"}, id="preflight"
        ),
        pytest.param("GET", "/nowhere", 404, {}, id="404 of no route"),
        pytest.param("GET", "/health/live", 200, {}, id="a route without a limit"),
    ],
)
async def test_where_no_limit_is_looked_up_none_is_told_and_none_is_charged(shop, method, path, status, headers):
    """Even with a valid key, what is refused before the limit costs nothing."""
    key = await limited(shop, "50;w=60", scopes=SCOPES)
    answer = await shop.client.request(
        method, path, headers={**key, **headers}, content=b"{}" if method == "POST" else None
    )
    assert answer.status_code == status
    assert told(answer) == []
    assert remaining(await shop.client.get(WHOAMI, headers=key)) == 49


@pytest.mark.parametrize("path", [WHOAMI, MENU])
async def test_the_two_resets_name_the_same_moment(shop, path):
    """`X-RateLimit-Reset` is the Unix second of `RateLimit-Reset`, within one."""
    headers = await limited(shop, "2;w=60", scopes=SCOPES)
    for _ in range(3):
        before = time.time()
        answer = await shop.client.get(path, headers=headers)
        after = time.time()
        relative, absolute = int(answer.headers["ratelimit-reset"]), int(answer.headers["x-ratelimit-reset"])
        assert before - 1 <= absolute - relative <= after + 1


@pytest.mark.parametrize("path", [WHOAMI, MENU])
async def test_2000_parallel_requests_against_300_admit_exactly_300(shop, path):
    """Neither one more nor one less, and every refusal is a 429."""
    headers = await limited(shop, "300;w=60, 10000;w=86400", "secret", "wide", scopes=SCOPES)
    answers = await asyncio.gather(*(shop.client.get(path, headers=headers) for _ in range(2000)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (300, 1700)
    assert sorted(remaining(answer) for answer in answers if answer.status_code == 200) == list(range(300))


async def test_the_headers_follow_the_window_with_the_fewest_left(shop):
    """The windows all apply; the numbers are those of the one that binds first."""
    headers = await limited(shop, "5;w=60, 3;w=3600")
    answer = await shop.client.get(WHOAMI, headers=headers)
    assert answer.headers["ratelimit-policy"] == "5;w=60, 3;w=3600"
    assert (answer.headers["ratelimit-limit"], remaining(answer)) == ("3", 2)
    assert int(answer.headers["ratelimit-reset"]) > 60


async def test_what_one_window_refuses_consumes_nothing_from_another(shop):
    """A visitor over the visitors' limit does not eat up the key's quota."""
    slow = {"X-Forwarded-For": "192.0.2.1"}
    headers = await limited(shop, "9;w=60", "publishable", "bolt")
    path = "/probe/v1/public/seen"  # two a minute for each visitor
    statuses = [(await shop.client.get(path, headers=headers | slow)).status_code for _ in range(6)]
    assert statuses == [200, 200, 429, 429, 429, 429]
    other = await shop.client.get(path, headers=headers | {"X-Forwarded-For": "192.0.2.2"})
    assert other.status_code == 200
    assert remaining(await shop.client.get(WHOAMI, headers=headers)) == 9 - 2 - 1 - 1


async def test_a_429_on_one_route_leaves_the_next_policy_alone(shop):
    """A refused order fills neither another tenant's quota nor that of a key."""
    key = await limited(shop, "1;w=60", slug="bolt")
    assert [(await shop.client.get(WHOAMI, headers=key)).status_code for _ in range(3)] == [200, 429, 429]
    neighbour = await limited(shop, "2;w=60", slug="bolt")
    assert remaining(await shop.client.get(WHOAMI, headers=neighbour)) == 1


async def test_policies_come_from_the_key_else_the_tenant_else_the_default(open_shop, tmp_path):
    """A tenant's file overrides a policy by its name, a key's own field overrides that."""
    acme = f'name = "Acme"\nnumber = 1\n[policies]\nsecret = ["7;w=60", "70;w=3600"]\npublishable = "6;w=60"\n"probe.visitor" = "1;w=60"\n{BOTH}'
    tenants = {"acme": acme, "bolt": f'name = "Bolt"\nnumber = 2\n{BOTH}'}
    async with open_shop(f"sqlite+aiosqlite:///{tmp_path}/f.db", tmp_path, tenants) as shop:
        rows = [
            ("acme", "secret", {}, "7;w=60, 70;w=3600"),
            ("acme", "publishable", {}, "6;w=60"),
            ("acme", "secret", {"windows": parse_windows("3;w=10")}, "3;w=10"),
            ("bolt", "secret", {}, "300;w=60, 10000;w=86400"),
            ("bolt", "publishable", {}, "300;w=60, 10000;w=86400"),
        ]
        for slug, kind, request, policy in rows:
            answer = await shop.client.get(WHOAMI, headers={"X-API-Key": await shop.key(slug, kind, **request)})
            assert (answer.headers["ratelimit-policy"], answer.json()["policy"]) == (policy, policy)
        events = [("acme", 200), ("acme", 429), ("bolt", 200), ("bolt", 200), ("bolt", 429)]
        for slug, status in events:
            answer = await shop.client.post("/probe/v1/events", json={"tenant_id": slug})
            assert answer.status_code == status, slug
        both = await shop.client.get(
            "/probe/v1/public/seen", headers={"X-API-Key": await shop.key("acme", "publishable")}
        )
        assert both.status_code == 429, "the tenant's visitor has spent its one"
        assert both.headers["ratelimit-policy"] == "6;w=60, 1;w=60"


async def test_two_windows_of_one_quota_are_no_policy(shop):
    """A client could not tell two windows of the same quota apart, so a key cannot have them."""
    key = await shop.key("acme", scopes=("keys:write",))
    for policy in ("5;w=60, 5;w=3600", "5", "0;w=60", "-1;w=60", "5;w=0", "", "5;w=60;"):
        answer = await shop.client.post(
            "/account/api/v1/api-keys", json={"kind": "secret", "policy": policy}, headers={"X-API-Key": key}
        )
        assert answer.status_code == 422, policy
        assert [error["field"] for error in answer.json()["errors"]] == ["policy"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b'{"tenant_id": 7}', id="a member missing"),
        pytest.param(b'{"tenant_id": 7, "dish": ""}', id="a member too short"),
        pytest.param(b'{"tenant_id": true, "dish": "soup"}', id="a tenant of a wrong type"),
    ],
)
async def test_an_invalid_event_costs_nothing(shop, content):
    """On ingest routes only valid events consume quota."""
    valid = b'{"tenant_id": 7, "dish": "soup"}'
    before = remaining(await shop.client.post(ORDERS, content=valid))
    for _ in range(3):
        refused = await shop.client.post(ORDERS, content=content)
        assert (refused.status_code, told(refused)) == (422, [])
    assert remaining(await shop.client.post(ORDERS, content=valid)) == before - 1


async def test_unknown_tenants_share_one_bucket(open_shop, tmp_path):
    """Whatever names nobody fills one count, a tenant without the plugin too, and over it the answer is 429."""
    tenants = {"acme": f'name = "A"\nnumber = 1\n{BOTH}', "bare": 'name = "B"\nnumber = 2\n'}
    async with open_shop(f"sqlite+aiosqlite:///{tmp_path}/f.db", tmp_path, tenants) as shop:
        unknown = ["nobody", 99, "bare", "2" * 22, "z" * 22]  # five a minute
        for number, name in enumerate(unknown, start=1):
            answer = await shop.client.post(ORDERS, json={"tenant_id": name, "dish": "soup"})
            assert (answer.status_code, remaining(answer)) == (202, 5 - number), name
        for name in ("bare", "another"):
            over = await shop.client.post(ORDERS, json={"tenant_id": name, "dish": "soup"})
            assert (over.status_code, over.json()) == (429, {"success": False, "message": "Too Many Requests"})
            assert told(over) == HEADERS
            assert "retry-after" in over.headers
        known = await shop.client.post(ORDERS, json={"tenant_id": 1, "dish": "soup"})
        assert (known.status_code, remaining(known)) == (201, 49)


async def test_a_tenant_policy_is_one_for_every_spelling_of_its_name(shop):
    """By number, slug, shortuuid or UUID: the same quota."""
    tenant = shop.tenant("bolt")
    names = [tenant.number, str(tenant.number), tenant.slug, tenant.short_id, str(tenant.id)]
    left = [remaining(await shop.client.post(ORDERS, json={"tenant_id": name, "dish": "soup"})) for name in names]
    assert left == list(range(left[0], left[0] - 5, -1))
