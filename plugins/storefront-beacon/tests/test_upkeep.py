"""What happens beside the requests: the demo and its removal, what goes with old events, deletion of a tenant."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from frontage.host.contexts import make_contexts
from frontage_storefront_beacon import demo, jobs
from frontage_storefront_beacon.rollups import NamesOfDay, ProductDay, SessionTrace, TokenDay, TrendHour

from .shop import EVENTS, Shop, ago, event

pytestmark = pytest.mark.asyncio(loop_scope="module")


def context_of(shop: Shop):
    services = shop.running.platform.services
    made = make_contexts(
        services.roster, services.database, services.directory, services.intake, shop.running.settings.data_dir
    )
    return made["storefront-beacon"]


async def total(shop: Shop, field) -> int:
    return await shop.running.platform.services.intake.rollups(shop.running.tenant(shop.slug).id).total(field)


async def test_a_demo_is_a_month_that_goes_without_a_trace(street):
    """Every report has something to show; what is removed leaves the shop's own events and their numbers alone."""
    shop = await street.open('timezone = "America/Tegucigalpa"')
    context, tenant = context_of(shop), shop.running.tenant(shop.slug)
    await demo.show(context, tenant)
    for name in ("products", "searches", "collections", "blocks", "sessions", "attribution"):
        assert (await shop.told(name))["data"], name
    assert all(step["sessions"] for step in (await shop.told("funnel"))["steps"])
    rows = await shop.rows()
    assert len(rows) > 1000
    assert {row["device_id"] for row in rows} == {demo.DEVICE}
    assert all(row["occurred"] <= datetime.now(UTC) for row in rows)
    await demo.show(context, tenant)
    assert len(await shop.rows()) == len(rows)
    await shop.send(event("product_view", product_id=5, timestamp=ago(minutes=5)))
    await shop.counted()
    assert await demo.remove(context, tenant) == len(rows)
    assert [row["product_id"] for row in await shop.rows()] == [5]
    assert [row["product_id"] for row in (await shop.told("products"))["data"]] == [5]
    assert await shop.differences() == []
    assert await demo.remove(context, tenant) == 0


async def test_what_is_followed_goes_with_its_events_and_what_was_counted_stays(street):
    """Sessions, names and tokens are forgotten after the shop's own time; products and trends are not."""
    shop = await street.open(plugin="[plugins.storefront-beacon]\nretention_days = 40\n")
    context = context_of(shop)
    for days in (10, 50):
        await shop.send(event("product_click", timestamp=ago(days=days), attribution_token="T"))
    await shop.counted()
    await jobs.forget(context)
    intake, tenant = context.intake, shop.running.tenant(shop.slug)
    since = (datetime.now(UTC) - timedelta(days=45)).date()
    for kind in (SessionTrace, NamesOfDay, TokenDay):
        days = {row.day for row in await intake.rollups(tenant.id).rows(kind)}
        assert days, kind
        assert min(days) > since, kind
    assert await total(shop, ProductDay.clicks) == await total(shop, TrendHour.events) == 2


async def test_a_deleted_shop_leaves_no_row(street):
    """Events, counts, traces and names go with their tenant, and an export before that has them all."""
    shop = await street.open()
    await shop.send(event("product_click", attribution_token="T"), event("search"), event("block_view"))
    await shop.counted()
    intake, tenant = shop.running.platform.services.intake, shop.running.tenant(shop.slug).id
    tables = [table for table in intake.tables if table.name.startswith("storefront_beacon_")]
    assert {name async for name, _ in intake.export_tenant(tenant)} == {table.name for table in tables}
    await intake.erase_tenant(tenant)
    async with shop.running.database.reading() as session:
        for table in tables:
            rows = await session.execute(sa.select(sa.func.count()).where(table.c.tenant_id == tenant))
            assert rows.scalar() == 0, table.name
    assert EVENTS.table in {table.name for table in tables}
