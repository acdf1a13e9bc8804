"""`POST /api/v1/analytics/track` and `POST /api/v1/interactions` as their source document and the contract have them."""

from typing import Any

import pytest

from .cases import Case, check
from .shop import COMMERCE, CONVERSION, INTERACTIONS

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCEPTED = {"success": True, "message": "Event accepted for processing"}
UNKNOWN = {"success": False, "message": "Tenant not found or not available"}
MOMENT = "2026-03-08T21:00:00Z"


def event(**members: Any) -> dict[str, Any]:
    return {"tenant_id": "$number", "type": "whatsapp_click", **members}


def wrong(**errors: str) -> dict[str, Any]:
    return {"message": "Invalid data", "errors": {name: [words] for name, words in errors.items()}}


TRACKED = {
    **{
        f"type {word}": Case("002 enum", event(type=word), 202, ACCEPTED, {"type": word, "source": "commerce"})
        for word in ("whatsapp_click", "call", "location_view", "cart_add", "social_share", "conversion", "purchase")
    },
    "tenant by UUID": Case("002 body", event(tenant_id="$uuid"), 202, ACCEPTED, {}),
    "tenant unknown": Case("002 404", event(tenant_id=999_999), 404, UNKNOWN),
    "tenant by an unknown slug": Case("002 404", event(tenant_id="nobody"), 404, UNKNOWN),
    "tenant missing": Case("002 422", {"type": "call"}, 422, wrong(tenant_id="Required.")),
    "tenant of a wrong type": Case("contract 1", event(tenant_id={}), 422),
    "type missing": Case("002 422", {"tenant_id": "$number"}, 422, wrong(type="Required.")),
    "type of another route": Case("002 422", event(type="call_click"), 422),
    "product of a shop without products": Case(
        "contract 5", event(product_id=7), 202, ACCEPTED, {"product_id": 7, "metadata": {"product_id": 7}}
    ),
    "product wins over metadata": Case(
        "contract 5",
        event(product_id=7, metadata={"product_id": 9, "a": 1}),
        202,
        ACCEPTED,
        {"product_id": 7, "metadata": {"product_id": 7, "a": 1}},
    ),
    "product as digits": Case("contract 1", event(product_id="0012"), 202, ACCEPTED, {"product_id": 12}),
    "product no integer": Case("contract 5", event(product_id=1.5), 422),
    "product beyond 64 bits": Case("contract 1", event(product_id=2**70), 422),
    "event_id": Case("contract 4", event(event_id="a", timestamp=MOMENT), 202, ACCEPTED, {}),
    "event_id again": Case(
        "contract 4", event(event_id="b", timestamp=MOMENT), 202, ACCEPTED, after=event(event_id="b", timestamp=MOMENT)
    ),
    "not JSON": Case("contract 1", b"{", 422, wrong(body="Expected a JSON document.")),
    "too large": Case("contract 1", b" " * 65_537, 413),
    "a bot": Case("contract 1", event(), 202, ACCEPTED, None, {"User-Agent": "Googlebot/2.1"}),
}
INTERACTED = {
    **{
        f"type {word}": Case(
            "002 enum", event(type=word), 201, {"status": "success"}, {"type": kind, "source": "interaction"}
        )
        for word, kind in {
            "view": "view",
            "whatsapp_click": "whatsapp_click",
            "call_click": "call",
            "maps_click": "location_view",
        }.items()
    },
    "tenant unknown": Case("002 202", event(type="view", tenant_id=999_999), 202, {"status": "accepted"}),
    "tenant missing": Case("002 422", {"type": "view"}, 422, wrong(tenant_id="Required.")),
    "type missing": Case("002 422", {"tenant_id": "$number"}, 422, wrong(type="Required.")),
    "type of another route": Case("002 422", event(type="call"), 422),
    "product unchecked": Case(
        "contract 5",
        event(type="view", product_id=-5),
        201,
        {"status": "success"},
        {"product_id": -5, "metadata": None},
    ),
    "not JSON": Case("contract 1", b'{"x', 422, wrong(body="Expected a JSON document.")),
    "too large": Case("contract 1", b" " * 65_537, 413),
}


@pytest.mark.parametrize("words", TRACKED)
async def test_a_tracked_event_is_answered_as_documented(corner, words):
    """Status, body and what is kept are the document's."""
    await check(TRACKED[words], COMMERCE, corner)


@pytest.mark.parametrize("words", INTERACTED)
async def test_an_interaction_is_answered_as_documented(corner, words):
    """Status, body and what is kept are the document's."""
    await check(INTERACTED[words], INTERACTIONS, corner)


async def test_a_shop_without_the_plugin_is_answered_as_an_unknown_one(street):
    """Nobody finds out which shops are here but do without analytics."""
    bare = await street.open(plugin="")
    for path, body, status in (
        ("/api/analytics/track", {"tenant_id": bare.number, "event_type": "pageview"}, 422),
        (COMMERCE, {"tenant_id": bare.number, "type": "call"}, 404),
        (INTERACTIONS, {"tenant_id": bare.number, "type": "view"}, 202),
        (CONVERSION, {"tenant_slug": bare.slug}, 200),
    ):
        known = await bare.post(path, body)
        unknown = await bare.post(
            path, {**body, **({"tenant_slug": "nobody"} if "tenant_slug" in body else {"tenant_id": 999_999})}
        )
        assert (known.status_code, known.content) == (status, unknown.content)
    assert await bare.rows() == []
