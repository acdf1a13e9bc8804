"""Limits: what is over them is told, what is invalid costs nothing, and a steady stream is never refused."""

import pytest

from frontage.edge.limits import Ask, MemoryLimiter
from frontage.tenants.policy import parse_windows

from .shop import COMMERCE, INTERACTIONS, LANDING

pytestmark = pytest.mark.asyncio(loop_scope="module")

OVER = {"success": False, "message": "Rate limit exceeded"}


async def test_the_hundred_and_first_of_a_minute_is_refused_with_when_to_come_back(street):
    """003: 100 a minute and tenant; the refusal carries Retry-After and the RateLimit headers."""
    shop = await street.open(head="")
    body = {"tenant_id": shop.number, "event_type": "pageview"}
    answers = [await shop.post(LANDING, body, visitor=f"203.0.113.{number % 3}") for number in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    last = answers[-1]
    assert last.json() == OVER
    assert 0 < int(last.headers["retry-after"]) <= 62
    assert last.headers["ratelimit-policy"] == "100;w=60, 60;w=60"
    assert len(await shop.rows()) == 100


async def test_one_visitor_cannot_use_up_a_shops_quota(street):
    """C5 fault 5: of one address sixty a minute are taken, and another's events still are."""
    shop = await street.open(head="")
    body = {"tenant_id": shop.number, "event_type": "time_on_page"}
    answers = [await shop.post(LANDING, body) for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert (await shop.post(LANDING, body, visitor="203.0.113.99")).status_code == 200


async def test_what_is_invalid_costs_nothing(street):
    """Contract 4: only valid events consume quota."""
    shop = await street.open(head='[policies]\n"landing-analytics.track" = "1;w=60"\n')
    for _ in range(5):
        assert (await shop.post(LANDING, {"tenant_id": shop.number})).status_code == 422
    assert (await shop.post(LANDING, {"tenant_id": shop.number, "event_type": "pageview"})).status_code == 200


async def test_unknown_tenants_share_one_bucket(street):
    """Contract 4: 100 a minute together, over which the answer is 429 as for a known one."""
    shop = await street.open()
    statuses = [
        (await shop.post(LANDING, {"tenant_id": 500_000 + number, "event_type": "pageview"})).status_code
        for number in range(101)
    ]
    assert statuses.count(422) <= 100
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    ("path", "policy", "word", "body"),
    [
        (COMMERCE, "api", "type", {"type": "call"}),
        (INTERACTIONS, "tenant", "type", {"type": "view"}),
    ],
)
async def test_the_commerce_routes_have_policies_of_their_own(street, path, policy, word, body):
    """Contract 5: over it a problem document that also says success and message."""
    shop = await street.open(head=f'[policies]\n"landing-analytics.{policy}" = "2;w=60"\n')
    answers = [await shop.post(path, {"tenant_id": shop.number, **body}) for _ in range(3)]
    assert answers[1].is_success
    assert answers[2].status_code == 429
    assert (answers[2].json()["success"], answers[2].json()["error_code"]) == (False, "rate_limited")


async def test_ninety_a_minute_of_four_visitors_are_never_refused():
    """C5 fault 1: five minutes of it, with a clock that a test turns."""
    clock = [1000.0]
    limiter = MemoryLimiter(monotonic=lambda: clock[0])
    for number in range(450):
        asks = [
            Ask("track", "shop", parse_windows("100;w=60")),
            Ask("visitor", ("shop", number % 4), parse_windows("60;w=60")),
        ]
        assert (await limiter.decide(asks)).admitted, number
        clock[0] += 60 / 90
