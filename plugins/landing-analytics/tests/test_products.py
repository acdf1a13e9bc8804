"""Products: a shop tells of them in bulk, and from then on an event names one of them or is refused."""

import pytest

from frontage_landing_analytics.rollups import Revenue
from frontage_landing_analytics.streams import Interaction

from .shop import COMMERCE, CONVERSION, POLICIES

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCTS = "/analytics/api/v1/products"


async def call(shop, method, path=PRODUCTS, **words):
    key = await shop.key("secret", "analytics:read", "analytics:write")
    return await shop.running.client.request(method, path, headers={"X-API-Key": key}, **words)


async def name(shop, number) -> int:
    body = {"tenant_id": shop.number, "type": "cart_add", "product_id": number}
    return (await shop.post(COMMERCE, body)).status_code


async def test_an_event_may_name_any_product_until_there_are_some(shop):
    """Then another's number is a wrong field, and after the last is removed any number will do again."""
    assert await name(shop, 7) == 202
    told = await call(shop, "PUT", json={"products": [{"id": 1, "name": "Tea"}, {"id": 2}, {"id": 1, "name": "Mate"}]})
    assert (told.status_code, told.json()) == (200, {"total": 2})
    assert [await name(shop, number) for number in (1, 2, 7)] == [202, 202, 422]
    refused = await shop.post(COMMERCE, {"tenant_id": shop.number, "type": "call", "product_id": 7})
    assert refused.json() == {"message": "Invalid data", "errors": {"product_id": ["The tenant has no such product."]}}
    listed = (await call(shop, "GET")).json()
    assert listed["data"] == [{"id": 1, "name": "Mate"}, {"id": 2, "name": ""}]
    for number in (1, 2):
        assert (await call(shop, "DELETE", f"{PRODUCTS}/{number}")).status_code == 204
    assert (await call(shop, "DELETE", f"{PRODUCTS}/1")).status_code == 404
    assert await name(shop, 7) == 202


async def test_another_shops_product_is_no_product_of_mine(street):
    """Or every shop could find out what others sell."""
    mine, theirs = await street.open(), await street.open()
    await call(mine, "PUT", json={"products": [{"id": 1}]})
    await call(theirs, "PUT", json={"products": [{"id": 2}]})
    assert [await name(mine, 2), await name(theirs, 2)] == [422, 202]


async def test_a_wrong_product_costs_no_quota(street):
    """Only valid events do."""
    shop = await street.open(head='[policies]\n"landing-analytics.api" = "1;w=60"\n')
    await call(shop, "PUT", json={"products": [{"id": 1}]})
    assert [await name(shop, number) for number in (5, 5, 1, 1)] == [422, 422, 202, 429]


@pytest.mark.parametrize("body", [{}, {"products": []}, {"products": [{"id": "x"}]}, {"products": [{"id": 2**63}]}])
async def test_wrong_products_are_refused(shop, body):
    """With the field that is wrong."""
    answer = await call(shop, "PUT", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_a_visitor_is_forgotten_and_the_counts_stay(street):
    """Every event under the hash goes, nobody else's does."""
    shop = await street.open(head=POLICIES)
    for visitor in ("203.0.113.1", "203.0.113.1", "203.0.113.2"):
        await shop.track("pageview", visitor=visitor)
    await shop.counted()
    hashes = [row["visitor"] for row in await shop.rows()]
    path = f"/analytics/api/v1/visitors/{hashes[0]}"
    assert (await call(shop, "DELETE", path)).json() == {"events": 2}
    assert (await call(shop, "DELETE", path)).status_code == 404
    assert [row["visitor"] for row in await shop.rows()] == [hashes[2]]
    assert (await shop.week())["visitors_today"] == 2


async def test_a_recount_after_a_visitor_is_forgotten(street):
    """Mended, the numbers are what the events that are left say; a sale that was told is never counted again."""
    shop = await street.open(head=POLICIES)
    sale = {"tenant_slug": shop.slug, "transaction_id": "T-1", "value": "9.50", "currency": "EUR"}
    for visitor in ("203.0.113.1", "203.0.113.2"):
        await shop.track("pageview", visitor=visitor)
        await shop.track("click_call", visitor=visitor)
        assert (await shop.post(CONVERSION, sale, visitor=visitor)).json()["status"] == "ok"
    await shop.counted()
    rows = await shop.rows()
    first = next(row["visitor"] for row in rows if row["transaction_id"])
    answer = await call(shop, "DELETE", f"/analytics/api/v1/visitors/{first}")
    assert answer.json()["events"] == sum(row["visitor"] == first for row in rows)
    intake = street.running.platform.services.intake
    assert await intake.recount(Interaction, shop.tenant_id, mend=True)
    assert await intake.recount(Interaction, shop.tenant_id) == []
    week = await shop.week()
    assert (week["visitors_week"], week["call_clicks"]) == (1, 1)
    assert (await shop.post(CONVERSION, sale, visitor="203.0.113.3")).json()["status"] == "ok"
    assert not any(row["sales"] for row in await shop.counts(Revenue))
