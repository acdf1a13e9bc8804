"""What was not kept is told by day and reason, to its own shop alone."""

from datetime import UTC, datetime

import pytest

from frontage.intake.errors import IntakeRefusedError
from frontage_landing_analytics import drops as drops_module
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.streams import DROP_REASONS

from .shop import COMMERCE, CONVERSION, EVENTS, INTERACTIONS, LANDING, PLUGIN, POLICIES, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

NONE = dict.fromkeys(DROP_REASONS, 0)


async def dropped(shop: Shop, **parameters) -> dict:
    """The report, once everything that was noted is in it."""
    street_context = shop.running.platform.router.state.contexts["landing-analytics"]
    await memory_of(street_context).drops.send()
    return await shop.told("drops", **parameters)


async def pageview(shop: Shop, **headers: str) -> int:
    body = {"tenant_id": shop.number, "event_type": "pageview"}
    return (await shop.post(LANDING, body, headers=headers)).status_code


async def test_each_reason_is_told(street):
    """What the shop wanted left out, what was over a limit and named no product of it; what was kept is no drop."""
    head = f'privacy_signals = "drop"\n{POLICIES}"landing-analytics.visitor" = "1;w=60"\n'.replace(
        '"landing-analytics.visitor" = "1000000;w=60"\n', ""
    )
    shop = await street.open(head=head, plugin=f'{PLUGIN}own_networks = ["203.0.113.0/24"]\n')
    assert await pageview(shop) == 200
    assert await pageview(shop) == 429
    assert await pageview(shop, **{"X-Forwarded-For": "198.51.100.1", "Sec-GPC": "1"}) == 200
    assert await pageview(shop, **{"X-Forwarded-For": "198.51.100.2"}) == 200
    key = await shop.key("secret", "analytics:write")
    await shop.running.client.put(
        "/analytics/api/v1/products", json={"products": [{"id": 1, "name": "One"}]}, headers={"X-API-Key": key}
    )
    body = {"tenant_id": shop.number, "type": "call", "product_id": 2}
    assert (await shop.post(COMMERCE, body, visitor="198.51.100.2")).status_code == 422
    told = await dropped(shop)
    assert told["events"] == {**NONE, "own_visit": 1, "rate_limited": 1, "privacy_signal": 1, "unknown_product": 1}
    assert told["days"][-1]["events"] == told["events"]
    assert (len(told["days"]), told["before"]) == (30, NONE)


UNKEPT = {
    "003 track": (LANDING, {"tenant_id": "$", "event_type": "pageview"}),
    "002 track": (COMMERCE, {"tenant_id": "$", "type": "call"}),
    "conversion": (CONVERSION, {"tenant_slug": "$"}),
    "interactions": (INTERACTIONS, {"tenant_id": "$", "type": "view"}),
}


@pytest.mark.parametrize("words", UNKEPT)
async def test_what_there_was_no_room_for_is_told(street, shop, words, monkeypatch):
    """On every route, also where its answer keeps silent; the numbers wait in memory until there is room."""
    path, body = UNKEPT[words]
    intake = street.running.platform.services.intake
    with monkeypatch.context() as full:
        full.setattr(intake._counters[EVENTS.label], "waiting", intake._limits.queue_events)
        await shop.post(path, {name: shop.slug if value == "$" else value for name, value in body.items()})
    with monkeypatch.context() as full:

        async def refuse(*_events, **_words):
            raise IntakeRefusedError("queue_full")

        full.setattr(type(intake), "accept", refuse)
        await memory_of(street.context).drops.send()
    assert (await dropped(shop))["events"] == {**NONE, "no_room": 1}


async def test_days_are_the_shops_own_and_times_are_compared(street, monkeypatch):
    """A drop of the evening is on the day that it was for the shop."""
    shop = await street.open(head='timezone = "America/Caracas"\nprivacy_signals = "drop"\n')
    for moment in (datetime(2026, 3, 9, 1, tzinfo=UTC), datetime(2026, 3, 9, 4, 30, tzinfo=UTC)):
        monkeypatch.setattr(drops_module, "utc_now", lambda moment=moment: moment)
        await pageview(shop, DNT="1")
    told = await dropped(shop, since="2026-03-09", until="2026-03-09")
    assert [(day["day"], day["events"]["privacy_signal"]) for day in told["days"]] == [("2026-03-09", 1)]
    assert told["before"]["privacy_signal"] == 1


async def test_nobody_hears_of_drops_that_are_not_theirs(street, shop):
    """Events of nobody, of a shop without the plugin and of another shop are in no report of this one."""
    other = await street.open(head='privacy_signals = "drop"\n')
    without = await street.open(plugin="")
    await pageview(other, DNT="1")
    await pageview(without)
    await shop.post(LANDING, {"tenant_id": 99_999, "event_type": "pageview"})
    await shop.post(LANDING, {"tenant_id": shop.number, "event_type": "nonsense"})
    assert (await dropped(shop))["events"] == NONE
    assert (await dropped(other))["events"] == {**NONE, "privacy_signal": 1}
    await street.change(without, POLICIES)
    assert (await dropped(without))["events"] == NONE


async def test_of_a_tenant_that_is_gone_nothing_is_handed_over(street, shop):
    """It has no numbers any more; what is noted of one that is there comes through."""
    drops = memory_of(street.context).drops
    tenant = street.running.tenant(shop.slug)
    drops.note(tenant, "failed")
    await street.change(shop, f'status = "suspended"\n{POLICIES}')
    await drops.send()
    await street.change(shop, POLICIES)
    assert (await shop.told("drops"))["events"] == NONE
    drops.note(tenant, "failed")
    await drops.send()
    assert (await shop.told("drops"))["events"] == {**NONE, "failed": 1}
