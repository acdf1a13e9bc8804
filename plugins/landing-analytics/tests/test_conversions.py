"""`POST /api/v1/analytics/conversion`: 200 whatever comes, and every transaction counted once for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from frontage_landing_analytics.rollups import DayCount, Revenue

from .cases import Case, check
from .shop import CONVERSION

pytestmark = pytest.mark.asyncio(loop_scope="module")


def ok(transaction: Any = None) -> dict[str, Any]:
    return {"status": "ok", "transaction_id": transaction}


def skipped(transaction: Any = None) -> dict[str, Any]:
    return {"status": "skipped", "transaction_id": transaction}


def sale(**members: Any) -> dict[str, Any]:
    return {"tenant_slug": "$slug", **members}


def money(value: str, currency: str | None = "HNL", flags: str | None = None) -> dict[str, Any]:
    return {"value": Decimal(value), "currency": currency, "flags": flags}


CASES = {
    "nothing but the slug": Case(
        "002 defaults", sale(), 200, ok(), {"type": "purchase", "source": "conversion", **money("0")}
    ),
    "a text": Case(
        "002 echo", sale(transaction_id="T-1", value=12.5, currency="USD"), 200, ok("T-1"), money("12.5", "USD")
    ),
    "a number": Case("contract 5", sale(transaction_id=77), 200, ok(77), {"transaction_id": "77"}),
    "the same as text": Case("contract 5", sale(transaction_id="78"), 200, ok("78"), after=sale(transaction_id=78)),
    "a numeric text": Case("contract 5", sale(value="12.50"), 200, ok(), money("12.50")),
    "exact cents": Case(
        "contract 5", b'{"tenant_slug": "$slug", "value": 1234567890.1234}', 200, ok(), money("1234567890.1234")
    ),
    "a value of no kind": Case("contract 5", sale(value={}), 200, ok(), money("0", flags="value")),
    "a value of words": Case("contract 5", sale(value="much"), 200, ok(), money("0", flags="value")),
    "NaN as text": Case("contract 5", sale(value="NaN"), 200, ok(), money("0", flags="value")),
    "beyond all numbers": Case(
        "contract 5", b'{"tenant_slug": "$slug", "value": 1e999}', 200, ok(), money("0", flags="value")
    ),
    "a refund": Case("contract 5", sale(value=-3), 200, ok(), money("-3")),
    "currency in lower case": Case("contract 5", sale(currency="eur"), 200, ok(), money("0", "EUR")),
    "no currency": Case("contract 5", sale(value=5, currency="XXQ"), 200, ok(), money("5", None, "currency")),
    "currency of a wrong type": Case("contract 5", sale(currency=[1]), 200, ok(), money("0", None, "currency")),
    "a known event": Case("002 event", sale(event="cart_add"), 200, ok(), {"type": "cart_add"}),
    "an unknown event": Case("contract 5", sale(event="sold!"), 200, ok(), {"type": "purchase", "flags": "event"}),
    "a transaction id of no kind": Case("contract 5", sale(transaction_id=[1]), 200, ok(), {"transaction_id": None}),
    "an empty transaction id": Case("contract 5", sale(transaction_id=""), 200, ok(), {"transaction_id": None}),
    "a long transaction id": Case("contract 5", sale(transaction_id="x" * 9000), 200, ok("x" * 9000), {}),
    "slug missing": Case("002 skipped", {"transaction_id": "T"}, 200, skipped("T")),
    "slug unknown": Case("002 skipped", {"tenant_slug": "nobody", "transaction_id": 5}, 200, skipped(5)),
    "slug a number": Case("contract 1", {"tenant_slug": "$number"}, 200, skipped()),
    "not JSON": Case("contract 5", b"{", 200, skipped()),
    "a list": Case("contract 5", b"[1]", 200, skipped()),
    "empty": Case("contract 5", b"", 200, skipped()),
    "too large": Case("contract 5", b" " * 65_537, 200, skipped()),
    "an encoding": Case("contract 5", sale(), 200, skipped(), headers={"Content-Encoding": "gzip"}),
    "50,000 levels": Case("contract 1", b'{"tenant_slug": "$slug", "x": ' + b"[" * 50_000, 200, skipped()),
    "a form": Case("contract 1", b"tenant_slug=$slug&transaction_id=F-1&value=9.90", 200, ok("F-1"), money("9.90")),
}


@pytest.mark.parametrize("words", CASES)
async def test_a_conversion_is_answered_as_documented(corner, words):
    """Status 200, the documented words, and what could be read is kept."""
    await check(CASES[words], CONVERSION, corner)


async def test_a_moment_is_taken_within_a_week_and_else_is_now(shop):
    """A page's clock is believed from seven days back to five minutes ahead."""
    now = datetime.now(UTC)
    for told, believed in ((-6, True), (-8, False), (1, False)):
        moment = now + timedelta(days=told)
        await shop.post(CONVERSION, {"tenant_slug": shop.slug, "timestamp": moment.isoformat()})
        occurred = (await shop.rows())[-1]["occurred"]
        assert (occurred == moment) is believed
        assert believed or occurred >= now


async def test_one_transaction_counts_once_and_the_first_wins(shop):
    """Repeats at the same moment, with another value, and days later are answered ok and leave no trace in the sums."""
    first = {"tenant_slug": shop.slug, "transaction_id": "T-9", "value": "10.10", "currency": "USD"}
    early = {**first, "value": "99", "timestamp": (datetime.now(UTC) - timedelta(days=3)).isoformat()}
    assert (await shop.post(CONVERSION, first)).json() == {"status": "ok", "transaction_id": "T-9"}
    await shop.counted()
    for answer in await asyncio.gather(*(shop.post(CONVERSION, body) for body in (first, early) * 5)):
        assert answer.json() == {"status": "ok", "transaction_id": "T-9"}
    (revenue,) = await shop.counts(Revenue)
    assert (revenue["amount"], revenue["sales"], revenue["currency"]) == (Decimal("10.10"), 1, "USD")
    assert [row["purchase"] for row in await shop.counts(DayCount)] == [1]


async def test_money_is_decimal_and_never_summed_across_currencies(shop):
    """Ten times ten cents is one; a refund takes away; what has no currency is in no sum."""
    for value, currency in [("0.10", "USD")] * 10 + [("-0.30", "USD"), ("5", "EUR"), ("7", "nothing")]:
        await shop.post(CONVERSION, {"tenant_slug": shop.slug, "value": value, "currency": currency})
    sums = {row["currency"]: row for row in await shop.counts(Revenue)}
    assert sums.keys() == {"USD", "EUR"}
    assert (sums["USD"]["amount"], sums["USD"]["refunded"]) == (Decimal("0.70"), Decimal("0.30"))
    assert (sums["USD"]["sales"], sums["USD"]["refunds"], sums["EUR"]["amount"]) == (10, 1, Decimal(5))


async def test_over_its_limit_it_is_skipped(street):
    """A page that thanks for a payment never sees a 429."""
    shop = await street.open(head='[policies]\n"landing-analytics.api" = "2;w=60"\n')
    answers = [await shop.post(CONVERSION, {"tenant_slug": shop.slug, "transaction_id": n}) for n in range(3)]
    assert [answer.json() for answer in answers] == [ok(0), ok(1), skipped(2)]
    assert answers[2].status_code == 200
