"""What the plugin does, over HTTP, on both databases."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from frontage.testing import Running

API = "/loyalty-stamps/api/v1"
SCOPES = ("loyalty-stamps:read", "loyalty-stamps:write")
Stamping = Callable[..., Awaitable[None]]


@pytest.fixture
async def stamp(shops: Running) -> Stamping:
    """Stamp a card of acme, and wait until the stamps are counted."""
    headers = {"X-API-Key": await shops.key("acme", "publishable")}

    async def stamp(*bodies: dict[str, Any]) -> None:
        for body in bodies:
            answer = await shops.client.post(f"{API}/public/stamps", json=body, headers=headers)
            assert answer.status_code == 204, answer.text
        await shops.counted()

    return stamp


async def test_a_full_card_earns_one_reward(shops: Running, stamp: Stamping) -> None:
    """Three stamps fill a card of acme; its reward is given once, and is on the list."""
    headers = {"X-API-Key": await shops.key("acme", scopes=SCOPES)}
    await stamp({"card": "ann"}, {"card": "ann"}, {"card": "ben"}, {"card": "ann"})
    card = await shops.client.get(f"{API}/cards/ann", headers=headers)
    assert card.json() == {"card": "ann", "stamps": 3, "rewards": 0, "full": True}
    given = [await shops.client.post(f"{API}/cards/ann/rewards", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in given] == [201, 409]
    listed = (await shops.client.get(f"{API}/rewards", headers=headers)).json()
    assert listed["data"] == [given[0].json()]


async def test_a_repeated_stamp_counts_once(shops: Running, stamp: Stamping) -> None:
    """A page that got no answer may send the same stamp again."""
    headers = {"X-API-Key": await shops.key("acme", scopes=SCOPES)}
    await stamp(*[{"card": "ann", "stamp_id": "7"}] * 3, {"card": "ann", "stamp_id": "8"})
    assert (await shops.client.get(f"{API}/cards/ann", headers=headers)).json()["stamps"] == 2


async def test_a_card_belongs_to_its_shop(shops: Running, stamp: Stamping) -> None:
    """The same name in another shop is another card."""
    await stamp({"card": "ann"})
    headers = {"X-API-Key": await shops.key("bolt", scopes=SCOPES)}
    assert (await shops.client.get(f"{API}/cards/ann", headers=headers)).json()["stamps"] == 0


async def test_a_wrong_stamp_is_refused(shops: Running) -> None:
    """The answer names the field."""
    headers = {"X-API-Key": await shops.key("acme", "publishable")}
    for body in ({}, {"card": ""}, {"card": "x" * 65}):
        answer = await shops.client.post(f"{API}/public/stamps", json=body, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "card")
