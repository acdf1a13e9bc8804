"""What every answer carries beside its body: methods, safety, hosts and the id of the request."""

import pytest
from tests.contracts.conftest import BOTH

pytestmark = pytest.mark.asyncio(loop_scope="module")

MENU, ORDERS, DISHES = "/kitchen/api/v1/public/menu", "/kitchen/api/v1/orders", "/kitchen/api/v1/dishes"
WHOAMI = "/account/api/v1/whoami"


def allow(answer):
    return {method.strip() for method in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("path", [MENU, DISHES, WHOAMI, "/probe/v1/public/notes", "/health/live"])
async def test_head_is_get_without_a_body(shop, path):
    """The same status and the same headers, the length too."""
    headers = {"X-API-Key": await shop.key("wide", scopes=("kitchen:read", "probe:read"))}
    got, head = await shop.client.get(path, headers=headers), await shop.client.head(path, headers=headers)
    assert (head.status_code, head.content) == (got.status_code, b"") == (200, b"")
    volatile = {"x-request-id", "ratelimit-remaining", "x-ratelimit-remaining", "ratelimit-reset", "x-ratelimit-reset"}
    assert {(k, v) for k, v in head.headers.items() if k not in volatile} == {
        (k, v) for k, v in got.headers.items() if k not in volatile
    }


@pytest.mark.parametrize("path", [ORDERS, "/kitchen/api/v1/ping"])
async def test_head_where_there_is_no_get_is_a_405(shop, path):
    """With an empty body and the right Allow."""
    answer = await shop.client.head(path)
    assert (answer.status_code, answer.content, allow(answer)) == (405, b"", {"POST", "OPTIONS"})


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (MENU, {"GET", "HEAD", "OPTIONS"}),
        (ORDERS, {"POST", "OPTIONS"}),
        (DISHES, {"GET", "HEAD", "POST", "OPTIONS"}),
        (f"{DISHES}/x", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("/account/api/v1/api-keys/x", {"PATCH", "DELETE", "OPTIONS"}),
    ],
)
async def test_a_405_names_the_methods_that_are_there(shop, path, methods):
    """HEAD among them wherever GET is."""
    answer = await shop.client.request("BREW", path)
    assert (answer.status_code, allow(answer)) == (405, methods)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        pytest.param(WHOAMI, {"GET", "HEAD", "OPTIONS"}, id="a path of one handler"),
        pytest.param(
            DISHES,
            {"GET", "HEAD", "POST", "OPTIONS"},
            id="a path of two handlers",
        ),
    ],
)
async def test_options_of_a_private_route_names_the_methods(shop, path, methods):
    """Without a key, and without a word of CORS."""
    answer = await shop.client.options(path)
    assert (answer.status_code, allow(answer)) == (204, methods)


@pytest.mark.parametrize(
    "path", [MENU, WHOAMI, DISHES, "/nowhere", "/health/live", "/probe/v1/public/raise?code=unforeseen"]
)
async def test_every_answer_is_safe_to_show(shop, path):
    """No browser guesses a type, and nothing of ours is framed or cached by accident."""
    answer = await shop.client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    private = "/public/" not in path
    assert answer.headers["cross-origin-resource-policy"] == ("same-origin" if private else "cross-origin")
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers
    if private:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_behind_https_every_answer_says_so(open_shop, tmp_path):
    """Strict-Transport-Security, where the base URL is https."""
    tenants = {"acme": f'name = "A"\nnumber = 1\n{BOTH}'}
    url = f"sqlite+aiosqlite:///{tmp_path}/f.db"
    async with open_shop(url, tmp_path, tenants, base_url="https://edge.example") as shop:
        for path in (MENU, WHOAMI, "/nowhere"):
            assert (await shop.client.get(path)).headers["strict-transport-security"].startswith("max-age=")


HOSTS = [
    pytest.param("edge.example", 401, id="allowed"),
    pytest.param("EDGE.example", 401, id="in capitals"),
    pytest.param("edge.example:8443", 401, id="with a port"),
    pytest.param("other.example:8443", 401, id="allowed with this port"),
    pytest.param("other.example", 400, id="allowed with another port"),
    pytest.param("evil.example", 400, id="foreign"),
    pytest.param("edge.example.evil.example", 400, id="it stands in front"),
    pytest.param("xedge.example", 400, id="it stands at the end"),
    pytest.param("", 400, id="empty"),
]


async def test_only_allowed_hosts_are_answered(open_shop, tmp_path):
    """A foreign host gets a 400 problem on hot, ordinary and unknown paths; health is asked under any name."""
    tenants = {"acme": f'name = "A"\nnumber = 1\n{BOTH}'}
    url = f"sqlite+aiosqlite:///{tmp_path}/f.db"
    hosts = ("edge.example", "other.example:8443")
    async with open_shop(url, tmp_path, tenants, allowed_hosts=hosts) as shop:
        for host, status in [row.values for row in HOSTS]:
            for path in (MENU, WHOAMI):
                answer = await shop.client.get(path, headers={"Host": host})
                assert answer.status_code == status, (host, path)
                assert answer.json()["error_code"] == ("unauthorized" if status == 401 else "bad_request")
                assert not host or status == 401 or host not in answer.text
            for path in ("/health/live", "/health/ready"):
                assert (await shop.client.get(path, headers={"Host": host})).status_code == 200
        preflight = await shop.client.options(MENU, headers={"Host": "evil.example", "Origin": "https://a.test"})
        assert preflight.status_code == 400


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("abc-123.X_y", True, id="harmless"),
        pytest.param("a" * 64, True, id="64 characters"),
        pytest.param("a" * 65, False, id="65 characters"),
        pytest.param("a b", False, id="a space"),
        pytest.param('"}{', False, id="JSON"),
        pytest.param("", False, id="empty"),
        pytest.param(None, False, id="none"),
    ],
)
async def test_a_request_has_an_id(shop, given, kept):
    """The proxy's when it is harmless, else a new one."""
    headers = {} if given is None else {"X-Request-ID": given}
    told = (await shop.client.get("/health/live", headers=headers)).headers["x-request-id"]
    assert told == given if kept else len(told) == 32 and told != given
