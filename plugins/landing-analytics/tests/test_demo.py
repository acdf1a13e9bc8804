"""The demo: numbers for a newcomer, made once, told as what they are, and gone by one command."""

import pytest

from frontage_landing_analytics.demo import remove, show
from frontage_landing_analytics.rollups import DayCount

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_demo_fills_an_empty_shop_once_and_goes_without_a_trace(street):
    """What visitors have done in the meantime stays, and nothing else does."""
    shop = await street.open()
    tenant = street.running.tenant(shop.slug)
    await show(street.context, tenant)
    data = await shop.week()
    assert data["visitors_week"] > 10
    assert data["whatsapp_clicks"] > 0
    rows = await shop.rows()
    assert {row["source"] for row in rows} == {"demo"}
    await show(street.context, tenant)
    assert len(await shop.rows()) == len(rows)
    await shop.track("pageview")
    await shop.counted()
    assert await remove(street.context, tenant) == len(rows)
    assert [row["source"] for row in await shop.rows()] == ["landing"]
    assert sum(row["pageview"] for row in await shop.counts(DayCount)) == 1
    assert (await shop.week())["visitors_week"] == 1
