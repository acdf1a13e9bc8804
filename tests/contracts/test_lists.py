"""Lists, a page at a time, the same everywhere."""

import pytest
import pytest_asyncio

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCOPES = ("kitchen:read", "kitchen:write", "keys:write", "probe:read")
LISTS = ["/kitchen/api/v1/dishes", "/account/api/v1/api-keys", "/account/api/v1/audit"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def headers(stored_shop):
    """A key of a tenant with 27 dishes."""
    headers = {"X-API-Key": await stored_shop.key("wide", scopes=SCOPES)}
    for number in range(27):
        dish = {"name": f"Dish {number}", "price": number}
        assert (await stored_shop.client.post(LISTS[0], json=dish, headers=headers)).status_code == 201
    return headers


@pytest.mark.parametrize(
    ("query", "length", "pagination"),
    [
        pytest.param("", 25, (1, 25, 27, 2, True, False), id="the first page by default"),
        pytest.param("page=2", 2, (2, 25, 27, 2, False, True), id="the last page"),
        pytest.param("page=3", 0, (3, 25, 27, 2, False, True), id="past the end"),
        pytest.param("page=1000000000&page_size=100", 0, (10**9, 100, 27, 1, False, True), id="far past the end"),
        pytest.param("page_size=27", 27, (1, 27, 27, 1, False, False), id="all on one page"),
        pytest.param("page_size=1&page=27", 1, (27, 1, 27, 27, False, True), id="one a page"),
        pytest.param("page_size=100", 27, (1, 100, 27, 1, False, False), id="the largest page"),
    ],
)
async def test_a_page_says_where_it_stands(stored_shop, headers, query, length, pagination):
    """Past the end is 200 with empty data."""
    answer = await stored_shop.client.get(f"{LISTS[0]}?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    names = ("page", "page_size", "total_count", "total_pages", "has_next", "has_previous")
    assert answer.json()["pagination"] == dict(zip(names, pagination, strict=True))
    assert len(answer.json()["data"]) == length


async def test_the_pages_together_are_the_list(stored_shop, headers):
    """Nothing twice, nothing left out, in one order."""
    names = []
    for page in range(1, 7):
        answer = await stored_shop.client.get(f"{LISTS[0]}?page={page}&page_size=5", headers=headers)
        names += [dish["name"] for dish in answer.json()["data"]]
    assert names == [f"Dish {number}" for number in range(27)]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=1.5", "page"),
        ("page=99999999999999999999999", "page"),
        ("page=nan", "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=-25", "page_size"),
    ],
)
async def test_a_page_outside_its_bounds_is_a_422(stored_shop, headers, path, query, field):
    """The parameter is named."""
    answer = await stored_shop.client.get(f"{path}?{query}", headers=headers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_nothing_at_all_has_no_pages(stored_shop, headers):
    """`total_pages` is 0."""
    answer = await stored_shop.client.get("/probe/v1/nothing", headers=headers)
    assert answer.json() == {
        "data": [],
        "pagination": {
            "page": 1,
            "page_size": 25,
            "total_count": 0,
            "total_pages": 0,
            "has_next": False,
            "has_previous": False,
        },
    }


async def test_one_tenant_never_sees_anothers_rows(stored_shop, headers):
    """Neither in a list nor by id."""
    other = {"X-API-Key": await stored_shop.key("bolt", scopes=SCOPES)}
    theirs = (await stored_shop.client.get(LISTS[0], headers=headers)).json()["data"][0]["id"]
    assert (await stored_shop.client.get(LISTS[0], headers=other)).json()["pagination"]["total_count"] == 0
    for method in ("GET", "DELETE"):
        assert (await stored_shop.client.request(method, f"{LISTS[0]}/{theirs}", headers=other)).status_code == 404
    assert (await stored_shop.client.get(f"{LISTS[0]}/{theirs}", headers=headers)).status_code == 200
