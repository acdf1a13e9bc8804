"""What requests meet while the shared store of limits is away: pages go on, whoever manages comes again later."""

import asyncio

import pytest
import pytest_asyncio

from frontage.tenants.policy import parse_windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOAMI = "/account/api/v1/whoami"
KEYS = "/account/api/v1/api-keys"
MENU = "/kitchen/api/v1/public/menu"
DISHES = "/kitchen/api/v1/dishes"


@pytest.fixture(scope="module")
def store(make_redis):
    return make_redis()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_shop(open_shop, store, tmp_path_factory):
    """One of four processes that share a store."""
    folder = tmp_path_factory.mktemp("shared-shop")
    url = f"sqlite+aiosqlite:///{folder}/frontage.db"
    async with open_shop(url, folder, redis_url=store.url, processes=4) as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="module")
async def away(store, shared_shop):
    """The store hangs; in the end it goes on and is taken again."""
    store.freeze()
    yield
    store.thaw()
    limiter = shared_shop.platform.services.shared_limiter
    async with asyncio.timeout(30):
        while not limiter.is_shared:  # noqa: ASYNC110 - what another process does sets no event
            await asyncio.sleep(0.01)


async def key_of(shop, policy, kind="secret", **request):
    return {"X-API-Key": await shop.key("wide", kind, windows=parse_windows(policy), **request)}


@pytest.mark.usefixtures("away")
async def test_public_routes_go_on_with_this_processs_share(shared_shop):
    """A quarter of the quota is admitted, told in the headers, and one more is a 429."""
    headers = await key_of(shared_shop, "8;w=60", kind="publishable")
    answers = [await shared_shop.client.get(MENU, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {"2;w=60, 250000;w=60"}


@pytest.mark.usefixtures("away")
async def test_management_routes_refuse_and_say_when_to_come_again(shared_shop):
    headers = await key_of(shared_shop, "300;w=60", scopes=("kitchen:read", "keys:write"))
    for path in (WHOAMI, KEYS, DISHES):
        answer = await shared_shop.client.get(path, headers=headers)
        assert answer.status_code == 503, path
        assert (answer.json()["error_code"], answer.json()["retryable"]) == ("unavailable", True)
        assert answer.headers["retry-after"] == "5"


@pytest.mark.usefixtures("away")
async def test_a_request_that_nothing_would_admit_is_told_so_as_ever(shared_shop):
    """What the key may not do comes before what the store cannot do."""
    unknown = await shared_shop.client.get(KEYS, headers={"X-API-Key": "csb_nothing"})
    forbidden = await shared_shop.client.get(KEYS, headers=await key_of(shared_shop, "300;w=60"))
    assert (unknown.status_code, forbidden.status_code) == (401, 403)


@pytest.mark.usefixtures("away")
async def test_whoever_operates_can_see_it(shared_shop):
    """Readiness lists it without leaving the balancer, and the metrics count what was decided alone."""
    await shared_shop.client.get(MENU, headers=await key_of(shared_shop, "80;w=60", kind="publishable"))
    ready = await shared_shop.client.get("/health/ready")
    assert ready.status_code == 200
    assert "the store of limits does not answer" in ready.json()["degraded"]
    metrics = (await shared_shop.client.get("/metrics")).text
    assert "frontage_limit_store_up 0.0" in metrics
    assert 'frontage_limit_store_losses_total{reason="timeout"}' in metrics
    alone = next(line for line in metrics.splitlines() if line.startswith("frontage_limit_alone_total"))
    assert float(alone.split()[1]) >= 1


async def test_management_goes_on_when_the_store_is_back(shared_shop, store):
    """Of itself, and the numbers say so."""
    headers = await key_of(shared_shop, "4000;w=60")
    store.freeze()
    assert (await shared_shop.client.get(WHOAMI, headers=headers)).status_code == 503
    store.thaw()
    async with asyncio.timeout(30):
        while (await shared_shop.client.get(WHOAMI, headers=headers)).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while "frontage_limit_store_up 1.0" not in (await shared_shop.client.get("/metrics")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
