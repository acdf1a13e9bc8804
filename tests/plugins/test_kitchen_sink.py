"""The kitchen sink keeps the contract, and its kitchen works."""

import pytest
from shelf import open_shelf
from sqlalchemy import select

from frontage.host.discovery import find_candidates
from frontage.testing import PluginContract
from frontage.testing.harness import running, settings_for

KITCHEN = '[plugins.kitchen-sink]\ngreeting = "Bienvenidos"\nseats = 4\n'
SHOPS = {
    "acme": f'name = "Acme"\nnumber = 1\n{KITCHEN}',
    "bolt": f'name = "Bolt"\nnumber = 2\n{KITCHEN}',
    "cask": 'name = "Cask"\nnumber = 3\n',
}
SCOPES = ("kitchen:read", "kitchen:write")
DISHES = "/kitchen/api/v1/dishes"


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory):
    with open_shelf(tmp_path_factory.mktemp("site")) as shelf:
        shelf.put_kitchen_sink()
        yield


class TestKitchenSink(PluginContract):
    plugin = "kitchen-sink"


@pytest.fixture
async def kitchen(database_url, tmp_path):
    candidates = [one for one in find_candidates() if one.slug == "kitchen-sink"]
    async with running(settings_for(database_url, tmp_path), SHOPS, candidates) as kitchen:
        yield kitchen


@pytest.fixture
async def cook(kitchen):
    """Sends requests with a secret key of acme."""
    headers = {"X-API-Key": await kitchen.key("acme", scopes=SCOPES)}

    async def request(method, path, **words):
        return await kitchen.client.request(method, path, headers=headers, **words)

    return request


async def orders_of(kitchen, slug):
    from frontage_kitchen_sink.models import Order

    tenant_id = kitchen.tenant(slug).id
    async with kitchen.database.reading() as session:
        return list(await session.scalars(select(Order.dish).where(Order.tenant_id == tenant_id).order_by(Order.id)))


@pytest.mark.parametrize("named", ["acme", 1, "1"], ids=["by slug", "by number", "by digits"])
async def test_an_order_is_stored_for_the_shop_that_it_names(kitchen, named):
    """An order lands in its own shop's table, and in no other."""
    answer = await kitchen.client.post("/kitchen/api/v1/orders", json={"tenant_id": named, "dish": "Soup"})
    assert (answer.status_code, answer.json()) == (201, {"status": "ordered"})
    assert [await orders_of(kitchen, slug) for slug in SHOPS] == [["Soup"], [], []]


@pytest.mark.parametrize("named", ["cask", "nobody"])
async def test_an_order_without_a_kitchen_is_accepted_and_forgotten(kitchen, named):
    """A shop without a kitchen answers as one that does not exist."""
    answer = await kitchen.client.post("/kitchen/api/v1/orders", json={"tenant_id": named, "dish": "Soup"})
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert [await orders_of(kitchen, slug) for slug in SHOPS] == [[], [], []]


async def test_an_order_that_is_wrong_is_refused_in_the_words_of_its_contract(kitchen):
    """A route with refusals of its own sends no problem."""
    answer = await kitchen.client.post("/kitchen/api/v1/orders", json={"tenant_id": "acme"})
    assert answer.status_code == 422
    assert answer.json() == {"success": False, "message": "Unprocessable Content"}


@pytest.mark.parametrize(("seats", "status"), [(4, 204), (5, 409)], ids=["as many as there are", "one too many"])
async def test_a_wish_is_judged_by_the_shops_own_settings(kitchen, seats, status):
    """The tenant's file says how many seats there are."""
    headers = {"X-API-Key": await kitchen.key("acme", "publishable")}
    answer = await kitchen.client.post(
        "/kitchen/api/v1/public/wishes", json={"dish": "Soup", "seats": seats}, headers=headers
    )
    assert answer.status_code == status


async def test_the_menu_shows_the_shops_dishes_in_the_order_asked_for(kitchen, cook):
    """Greeting and dishes are the shop's; the query says how many and in which order."""
    for name, price in (("Bread", 30), ("Apple", 20), ("Cake", 10)):
        assert (await cook("POST", DISHES, json={"name": name, "price": price})).status_code == 201
    key = await kitchen.key("acme", "publishable")

    async def menu(query):
        answer = await kitchen.client.get(f"/kitchen/api/v1/public/menu?key={key}{query}")
        return [dish["name"] for dish in answer.json()["dishes"]], answer.json()["greeting"]

    assert await menu("") == (["Apple", "Bread", "Cake"], "Bienvenidos")
    assert await menu("&order=price&most=2") == (["Cake", "Apple"], "Bienvenidos")


async def test_a_dish_is_added_read_listed_and_taken_off(cook):
    """A dish lives from its POST to its DELETE; its name is taken meanwhile."""
    added = await cook("POST", DISHES, json={"name": "Soup", "price": 5})
    soup = added.json()
    assert (added.status_code, soup) == (201, {"id": soup["id"], "name": "Soup", "price": 5})
    assert (await cook("GET", f"{DISHES}/{soup['id']}")).json() == soup
    assert (await cook("POST", DISHES, json={"name": "Soup", "price": 6})).status_code == 409
    listed = (await cook("GET", DISHES)).json()
    assert (listed["data"], listed["pagination"]["total_count"]) == ([soup], 1)
    assert (await cook("DELETE", f"{DISHES}/{soup['id']}")).status_code == 204
    assert (await cook("GET", f"{DISHES}/{soup['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", DISHES, {"content": rb'{"name": "a\u0000b", "price": 1}'}),
        ("GET", f"{DISHES}?page=%00", {}),
        ("GET", f"{DISHES}/a%00b", {}),
    ],
    ids=["in the body", "in the query", "in the path"],
)
async def test_a_nul_character_is_refused_before_it_reaches_a_database(cook, method, path, words):
    """PostgreSQL keeps no NUL in a text: both databases refuse it alike, as a fault of the sender."""
    answer = await cook(method, path, **words)
    assert answer.status_code == (404 if "a%00b" in path else 422)


async def test_a_backslash_before_a_nul_escape_is_only_text(cook):
    """What looks like an escape behind an escaped backslash is six harmless characters."""
    added = await cook("POST", DISHES, content=rb'{"name": "a\\u0000b", "price": 1}')
    assert (added.status_code, added.json()["name"]) == (201, r"a\u0000b")
