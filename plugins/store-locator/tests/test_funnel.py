"""The funnel: daily counters for a tenant that wants them, and not a row for anybody else."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from frontage.plugin import utc_now
from frontage.testing.harness import running, settings_for
from frontage_store_locator import funnel
from frontage_store_locator.funnel import Funnel, funnel_of
from frontage_store_locator.streams import FunnelStep

from .shop import TENANTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = "/locations/api/v1/public/widget-events"
FUNNEL = "/locations/api/v1/funnel"
ON = 'country = "US"\nfunnel = true\n'
STEPS = {
    "widget_load": "loads",
    "location_search": "searches",
    "view_store_click": "store_clicks",
    "get_directions_click": "direction_clicks",
}


async def send(shop, event, **headers):
    body = {"event": event, "api_key": await shop.key("publishable")}
    answer = await shop.running.client.post(EVENTS, json=body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


def context_of(shop):
    return shop.running.platform.router.state.contexts["store-locator"]


def waiting_of(shop):
    """The steps of a shop that wait in memory."""
    return [row.step for tenant, row in funnel_of(context_of(shop))._steps if tenant.slug == shop.slug]


async def report(shop, **query):
    headers = {"X-API-Key": await shop.key("secret", "analytics:read")}
    return await shop.running.client.get(FUNNEL, params=query, headers=headers)


async def counted(shop, loads):
    """The totals, as soon as there are so many loads."""
    await funnel_of(context_of(shop)).send()
    async with asyncio.timeout(20):
        while True:
            told = (await report(shop)).json()
            if told["totals"]["loads"] >= loads:
                return told
            await asyncio.sleep(0.01)


async def rows_of(shop, tenant=None):
    async with shop.running.database.reading() as session:
        found = await session.execute(text("select * from store_locator_funnel_day"))
        tenant = tenant or shop.running.tenant(shop.slug).id
        return [row for row in found.mappings() if str(row["tenant_id"]).replace("-", "") == tenant.hex]


async def test_each_step_is_counted_once_by_the_tenants_own_day(street):
    """Every event has its counter, an answer without a place is counted by the search, and only totals are left."""
    shop = await street.open(ON, head='timezone = "Pacific/Kiritimati"\n')
    for times, event in enumerate(STEPS, start=1):
        for _ in range(times):
            await send(shop, event)
    assert (await shop.search(tags="none")).status_code == 200
    told = await counted(shop, 1)
    assert told["totals"] == {
        "loads": 1,
        "searches": 2,
        "searches_without_result": 1,
        "store_clicks": 3,
        "direction_clicks": 4,
    }
    today = (utc_now() + timedelta(hours=14)).date().isoformat()
    assert (told["counting"], told["until"], len(told["days"])) == (True, today, 30)
    assert told["days"][-1] == {"date": today, **told["totals"]}
    assert {name: sum(day[name] for day in told["days"]) for name in told["totals"]} == told["totals"]
    (row,) = await rows_of(shop)
    assert set(row) == {"tenant_id", "day", *told["totals"]}


async def test_a_search_that_finds_something_is_no_search_without_result(street):
    shop = await street.open(ON)
    await shop.add(lat=39.78, lon=-89.65)
    assert len(await shop.found()) == 1
    assert await shop.found(offset=5) == []
    await send(shop, "widget_load")
    assert (await counted(shop, 1))["totals"]["searches_without_result"] == 0


async def test_what_waits_says_tenant_day_and_step_and_nothing_else(street):
    """Neither the moment nor an id that grows with time tells more."""
    shop = await street.open(ON)
    waiting = Funnel(context_of(shop))
    waiting.note(shop.running.tenant(shop.slug), "loads")
    ((_, row),) = waiting._steps
    await waiting.close()
    assert set(FunnelStep.__struct_fields__) == {"tenant", "id", "occurred", "received", "day", "step"}
    assert row.occurred == row.received
    assert (row.occurred.date(), row.occurred.time().isoformat()) == (row.day, "00:00:00")
    assert row.id.version == 4


async def test_off_nothing_is_written_or_held(shop):
    """It is off unless the tenant says otherwise."""
    for event in STEPS:
        await send(shop, event)
    await shop.search()
    assert waiting_of(shop) == []
    assert await rows_of(shop) == []
    told = (await report(shop)).json()
    assert told["counting"] is False
    assert set(told["totals"].values()) == {0}


@pytest.mark.parametrize("key", ["", "cpk_nonsense", "cpk_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098", "csb_x", "\x00"])
async def test_an_event_without_a_live_key_is_nobodys(street, key):
    shop = await street.open(ON)
    answer = await shop.running.client.post(EVENTS, json={"event": "widget_load", "api_key": key})
    assert answer.status_code == 204
    assert waiting_of(shop) == []


async def test_a_privacy_signal_is_heard(street):
    """By default it still counts, without the page in the log; where the tenant drops such events nothing is left."""
    polite = await street.open(ON)
    page = {"event": "widget_load", "api_key": await polite.key("publishable"), "referrer": "https://shop.example/"}
    for signals, told in (({}, "https://shop.example/"), ({"Sec-GPC": "1"}, None)):
        with capture_logs() as lines:
            await polite.running.client.post(EVENTS, json=page, headers=signals)
        assert [line.get("referrer") for line in lines if line["event"] == "widget.event"] == [told]
    assert (await counted(polite, 2))["totals"]["loads"] == 2
    strict = await street.open(ON, head='privacy_signals = "drop"\n')
    await send(strict, "widget_load", DNT="1")
    await strict.running.client.get(
        "/locations/api/v1/public/locations",
        params={"lat": 1, "lon": 1},
        headers={"X-API-Key": await strict.key("publishable"), "DNT": "1"},
    )
    await send(strict, "view_store_click")
    assert waiting_of(strict) == ["store_clicks"]


async def test_bots_are_counted_apart(street):
    """A crawler that runs the widget is no visitor."""
    shop = await street.open(ON)
    bots = context_of(shop).counted["funnel_bots", "loads"]
    await send(shop, "widget_load", **{"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
    assert waiting_of(shop) == []
    assert context_of(shop).counted["funnel_bots", "loads"] == bots + 1
    await send(shop, "widget_load", **{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    assert waiting_of(shop) == ["loads"]


async def test_an_answer_never_waits_for_the_database(street):
    """A step is in memory when its event is answered, and is counted although the database was away then."""
    shop = await street.open(ON)
    await shop.key("publishable")
    async with shop.running.database.writing() as session:
        await session.execute(text("update core_tenant set name = name"))
        await send(shop, "widget_load")
        assert waiting_of(shop) == ["loads"]
    assert (await counted(shop, 1))["totals"]["loads"] == 1


async def test_what_intake_refuses_is_counted_as_dropped(sqlite_url, tmp_path):
    async with running(settings_for(sqlite_url, tmp_path), {"acme": TENANTS["acme"]}) as site:
        context, tenant = site.platform.router.state.contexts["store-locator"], site.tenant("acme")
    late = Funnel(context)
    late.note(tenant, "loads")
    await late.close()
    assert context.counted["funnel_steps_dropped", "stopping"] == 1


async def test_a_flood_costs_steps_and_never_an_answer(street, monkeypatch):
    """What does not fit in memory is counted as dropped."""
    monkeypatch.setattr(funnel, "MOST_WAITING", 3)
    shop = await street.open(ON)
    context = context_of(shop)
    full, tenant = Funnel(context), shop.running.tenant(shop.slug)
    for _ in range(5):
        full.note(tenant, "loads")
    assert context.counted["funnel_steps_dropped", "too many"] == 2
    await full.close()
    assert (await counted(shop, 3))["totals"]["loads"] == 3


@pytest.mark.parametrize(
    ("query", "status", "days"),
    [
        pytest.param({"since": "2026-01-01", "until": "2026-01-03"}, 200, 3, id="a-range"),
        pytest.param({"until": "2026-01-03"}, 200, 30, id="thirty-days-to-a-day"),
        pytest.param({"since": "2025-01-01", "until": "2026-01-01"}, 200, 366, id="the-longest"),
        pytest.param({"since": "2025-01-01", "until": "2026-01-02"}, 422, 0, id="too-long"),
        pytest.param({"since": "2026-01-03", "until": "2026-01-01"}, 422, 0, id="the-wrong-way-round"),
        pytest.param({"since": "yesterday"}, 422, 0, id="no-day"),
        pytest.param({"until": "0001-01-02"}, 200, 2, id="the-first-days"),
        pytest.param({"until": "9999-12-31"}, 200, 30, id="the-last-days"),
    ],
)
async def test_a_report_has_every_day_of_its_range(shop, query, status, days):
    answer = await report(shop, **query)
    assert answer.status_code == status, answer.text
    assert len(answer.json().get("days", ())) == days


async def test_numbers_are_for_those_who_may_read_them(shop):
    """A key that manages places is not one that reads numbers, and a publishable one never is."""
    for kind, scopes, status in [
        ("secret", ("locations:read", "locations:write"), 403),
        ("publishable", ("analytics:read",), 403),
        ("secret", ("analytics:read",), 200),
    ]:
        headers = {"X-API-Key": await shop.key(kind, *scopes)}
        assert (await shop.running.client.get(FUNNEL, headers=headers)).status_code == status
    assert (await shop.running.client.get(FUNNEL)).status_code == 401


async def test_numbers_are_exported_and_go_with_the_tenant(street):
    from frontage.host.tenant_removal import remove_tenant

    shop, other = await street.open(ON), await street.open(ON)
    for each in (shop, other):
        await send(each, "widget_load")
        await counted(each, 1)
    site = shop.running
    tenant = site.tenant(shop.slug).id
    exported = [row async for name, row in site.platform.services.intake.export_tenant(tenant) if "funnel" in name]
    assert [(row["loads"], row["searches"]) for row in exported] == [(1, 0)]
    funnel_of(context_of(shop)).note(site.tenant(shop.slug), "loads")
    await remove_tenant(site.database, shop.slug, site.platform.services.intake.streams, actor="test")
    await site.platform.services.intake.erase_tenant(tenant)
    await site.platform.services.directory.refresh()
    await funnel_of(context_of(other)).send()
    table = await rows_of(other)
    assert [row["loads"] for row in table] == [1]
    assert await rows_of(shop, tenant) == []
