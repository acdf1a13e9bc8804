"""What cannot be kept is told where its contract has a voice, counted by reason, and leaves no trace."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from frontage.app.platform import open_platform
from frontage.intake.counters import Tally
from frontage.intake.lane import Lane
from frontage.testing.harness import BASE_URL
from frontage_landing_analytics.rollups import Revenue

from .shop import COMMERCE, CONVERSION, EVENTS, INTERACTIONS, LANDING, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKEPT = {
    "003 track": (LANDING, {"tenant_id": "$", "event_type": "pageview"}, 503, {"success": False}),
    "002 track": (COMMERCE, {"tenant_id": "$", "type": "call"}, 503, {"success": False}),
    "conversion": (
        CONVERSION,
        {"tenant_slug": "$", "transaction_id": "T-1"},
        200,
        {"status": "skipped", "transaction_id": "T-1"},
    ),
    "interactions": (INTERACTIONS, {"tenant_id": "$", "type": "view"}, 202, {"status": "accepted"}),
}


@pytest.fixture(params=["queue_full", "spool_full"])
def full(request, street, monkeypatch):
    """An intake that has no room; gives the reason that it tells."""
    intake = street.running.platform.services.intake
    tally = intake._counters[EVENTS.label]
    if request.param == "queue_full":
        monkeypatch.setattr(tally, "waiting", intake._limits.queue_events)
    else:
        monkeypatch.setattr(Lane, "come_back", lambda _self: None)
        monkeypatch.setattr(tally, "away", 1)
        monkeypatch.setattr(intake._spooler, "_most_bytes", 0)
    return request.param


@pytest.mark.parametrize("words", UNKEPT)
async def test_what_cannot_be_kept_is_told(street, full, words):
    """Contract 7: 503 with Retry-After on both track routes, `skipped` and `accepted` on those that never disturb."""
    path, body, status, told = UNKEPT[words]
    shop = await street.open()
    tally = street.running.platform.services.intake._counters[EVENTS.label]
    before = tally.dropped[full]
    answer = await shop.post(path, {name: shop.slug if value == "$" else value for name, value in body.items()})
    assert answer.status_code == status, answer.text
    assert told.items() <= answer.json().items()
    assert ("retry-after" in answer.headers) is (status == 503)
    assert tally.dropped[full] == before + 1
    assert not await shop.rows()


async def test_a_conversion_through_the_spool_counts_once(street, shop, monkeypatch):
    """One report of a payment lay in the spool while another was stored: one sale."""
    tally = street.running.platform.services.intake._counters[EVENTS.label]
    body = {"tenant_slug": shop.slug, "transaction_id": "T-1", "value": "4.20", "currency": "EUR"}
    spooled: list[int] = []
    spool = Tally.spool
    monkeypatch.setattr(Tally, "spool", lambda self, events: (spooled.append(events), spool(self, events)))
    tally.away = 1
    for _ in range(2):
        assert (await shop.post(CONVERSION, body)).json()["status"] == "ok"
    assert spooled
    (revenue,) = await shop.counts(Revenue)
    assert (revenue["sales"], revenue["amount"]) == (1, Decimal("4.20"))


async def test_a_conversion_told_to_two_workers_counts_once(street, shop, tmp_path):
    """Whoever of two workers on one database hears of a payment, at once or after the other: one sale."""
    body = {"tenant_slug": shop.slug, "transaction_id": "T-2", "value": "4.20", "currency": "EUR"}
    settings = replace(street.running.settings, data_dir=tmp_path)
    async with open_platform(settings) as platform:
        other = Shop(replace(street.running, platform=platform, client=_client(platform)), shop.slug, shop.number)
        both = [one.post(CONVERSION, body) for one in (shop, other) * 3]
        assert {answer.json()["status"] for answer in await asyncio.gather(*both)} == {"ok"}
        await other.counted()
        (revenue,) = await shop.counts(Revenue)
        assert (revenue["sales"], revenue["amount"]) == (1, Decimal("4.20"))
        await other.running.client.aclose()


def _client(platform) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=platform.front), base_url=BASE_URL)
