"""Tables of requests: what is sent, what must be answered, and what must be kept, each row with its source."""

from dataclasses import dataclass, field
from typing import Any

from .shop import EVENTS, Shop

ANY = object()
"""Whatever is answered is right."""


@dataclass(frozen=True)
class Case:
    """One documented behaviour."""

    says: str
    """Where it is documented."""
    body: Any
    status: int
    answer: Any = ANY
    kept: dict[str, Any] | None = None
    """Facts of the row that is stored; None: nothing is."""
    headers: dict[str, str] = field(default_factory=dict)
    after: Any = None
    """What was sent before."""


async def check(case: Case, path: str, shop: Shop) -> None:
    """Send, and compare the answer and what was stored."""
    if case.after is not None:
        await shop.post(path, fill(case.after, shop))
    before = {(row["id"], row["utc_day"]) for row in await shop.rows(EVENTS)}
    body = fill(case.body, shop)
    answer = await shop.post(path, body, headers=case.headers)
    assert answer.status_code == case.status, answer.text
    if case.answer is not ANY:
        assert answer.json() == case.answer
    new = [row for row in await shop.rows(EVENTS) if (row["id"], row["utc_day"]) not in before]
    if case.kept is None:
        assert not new
    else:
        (row,) = new
        assert {name: row[name] for name in case.kept} == case.kept


def fill(body: Any, shop: Shop) -> Any:
    """The body with the shop's own names in place of `$number`, `$slug` and `$id`."""
    if isinstance(body, bytes):
        text = body.replace(b'"$number"', str(shop.number).encode()).replace(b"$slug", shop.slug.encode())
        return text.replace(b"$number", str(shop.number).encode())
    names = {"$number": shop.number, "$slug": shop.slug, "$short": shop.running.tenant(shop.slug).short_id}
    names |= {"$uuid": str(shop.tenant_id), "$digits": str(shop.number)}
    return {name: names.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
