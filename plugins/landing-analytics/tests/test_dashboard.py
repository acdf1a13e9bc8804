"""The dashboard: right to the letter, for its own tenant alone, and without the faults of the source system."""

import pytest

from frontage_landing_analytics.dashboard import average_seconds

from .shop import COMMERCE, INTERACTIONS, LANDING

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_week_has_the_documented_members(shop):
    """003: every number is there, and seven days end with today."""
    await shop.track("pageview")
    told = (await shop.read()).json()
    assert told["success"] is True
    data = await shop.week()
    assert list(data) == [
        "visitors_today", "visitors_week", "whatsapp_clicks", "call_clicks", "currency_toggles", "qr_scans",
        "avg_time_on_page", "last_7_days",
    ]  # fmt: skip
    assert len(data["last_7_days"]) == 7
    assert data["last_7_days"] == sorted(data["last_7_days"], key=lambda one: one["date"])
    assert data["last_7_days"][-1]["visitors"] == data["visitors_today"] == 1


async def test_today_is_flat(shop):
    """003: no `data` around it, and every number is today's."""
    await shop.track("product_click")
    assert await shop.today() == {
        "success": True,
        "visitors_today": 0,
        "whatsapp_clicks": 0,
        "qr_scans": 0,
        "products_viewed": 1,
    }


async def test_visitors_are_those_who_view_and_clicks_come_from_three_routes(shop):
    """Contract 4: one address is one visitor, a click alone makes none, and one deed has one number."""
    for visitor in ("203.0.113.1", "203.0.113.1", "203.0.113.2", "2001:db8::1", "2001:db8::2"):
        await shop.track("pageview", visitor=visitor)
    await shop.post(INTERACTIONS, {"tenant_id": shop.number, "type": "view"}, visitor="203.0.113.9")
    await shop.track("click_whatsapp", visitor="203.0.113.77")
    await shop.post(COMMERCE, {"tenant_id": shop.number, "type": "whatsapp_click"})
    await shop.post(INTERACTIONS, {"tenant_id": shop.number, "type": "whatsapp_click"})
    await shop.track("click_call")
    await shop.post(COMMERCE, {"tenant_id": shop.number, "type": "call"})
    await shop.post(INTERACTIONS, {"tenant_id": shop.number, "type": "call_click"})
    data = await shop.week()
    assert (data["visitors_today"], data["visitors_week"]) == (4, 4)
    assert (data["whatsapp_clicks"], data["call_clicks"]) == (3, 3)


async def test_time_on_page_is_an_average_of_visitors(shop):
    """C5 fault 4: heartbeats and seconds are added up and divided by those who sent them; nobody's are left out."""
    for _ in range(3):
        await shop.track("time_on_page", visitor="203.0.113.1")
    await shop.track("time_on_page", visitor="203.0.113.2", metadata={"seconds": 15})
    gone = {"tenant_id": shop.number, "event_type": "time_on_page"}
    await shop.post(LANDING, gone, headers={"Sec-GPC": "1"})
    assert (await shop.week())["avg_time_on_page"] == 53  # (3 * 30 + 15) / 2, rounded half up


@pytest.mark.parametrize(
    ("milliseconds", "visitors", "seconds"),
    [(0, 0, 0), (500, 1, 1), (499, 1, 0), (1500, 1, 2), (105_000, 2, 53), (1000, 3, 0)],
)
async def test_an_average_is_rounded_half_up(milliseconds, visitors, seconds):
    """Contract 4; 0 when there is nobody."""
    assert average_seconds(milliseconds, visitors) == seconds


async def test_a_signal_counts_events_and_no_visitor_and_a_bot_counts_apart(shop):
    """Contract 1: the click is counted, the person is not; a bot is in no number but its own."""
    for headers in ({"Sec-GPC": "1"}, {"User-Agent": "Googlebot/2.1"}):
        for kind in ("pageview", "click_whatsapp"):
            await shop.post(LANDING, {"tenant_id": shop.number, "event_type": kind}, headers=headers)
    data = await shop.week()
    assert (data["visitors_today"], data["whatsapp_clicks"]) == (0, 1)


@pytest.mark.parametrize(("word", "kept"), [("ignore", 1), ("anonymise", 1), ("drop", 0)])
async def test_a_tenant_decides_what_a_signal_means(street, word, kept):
    """Contract 1: ignore, anonymise or drop; the status is the same."""
    shop = await street.open(head=f'privacy_signals = "{word}"\n')
    answer = await shop.post(LANDING, {"tenant_id": shop.number, "event_type": "pageview"}, headers={"DNT": "1"})
    assert answer.status_code == 200
    rows = await shop.rows()
    assert len(rows) == kept
    assert [row["visitor"] is not None for row in rows] == [word == "ignore"] * kept


PATHS = ("/tenant/{}/analytics", "/tenant/{}/analytics/today", "/api/analytics/{}", "/api/analytics/{}/today")


@pytest.mark.parametrize("path", PATHS)
async def test_it_is_read_by_its_own_tenant_alone(street, shop, path):
    """C5 fault 6: another's key finds nothing, a publishable one is refused, none is unauthorized."""
    other = await street.open()
    client, statuses = street.running.client, {}
    keys = {
        "own": await shop.key("secret", "analytics:read"),
        "other": await other.key("secret", "analytics:read"),
        "publishable": await shop.key("publishable", "analytics:read"),
        "no scope": await shop.key("secret"),
        "none": "",
    }
    for whose, key in keys.items():
        answer = await client.get(path.format(shop.slug), headers={"X-API-Key": key} if key else {})
        statuses[whose] = answer.status_code
        assert answer.json()["success"] is (whose == "own")
    assert statuses == {"own": 200, "other": 404, "publishable": 403, "no scope": 403, "none": 401}
    for name in (shop.number, shop.running.tenant(shop.slug).short_id, shop.tenant_id):
        assert (await client.get(path.format(name), headers={"X-API-Key": keys["own"]})).status_code == 200


async def test_aliases_answer_the_same(shop):
    """The paths of the source and those under the plugin's prefix are one."""
    await shop.track("qr_scan")
    await shop.counted()
    for one, other in (PATHS[0::2], PATHS[1::2]):
        assert (await shop.read(one)).json() == (await shop.read(other)).json()


async def test_product_clicks_are_taken_and_counted(shop):
    """C5 fault 2: what is counted is not refused at the door."""
    await shop.track("product_click")
    assert (await shop.today())["products_viewed"] == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a_wrong_method_is_refused_in_the_words_of_this_api(shop, path):
    """Contract 1: a problem that also says `success` and `message`, and which methods there are; before any key is asked."""
    answer = await shop.running.client.delete(path.format(shop.slug))
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert (told["error_code"], told["success"], told["message"]) == ("method_not_allowed", False, told["detail"])
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
