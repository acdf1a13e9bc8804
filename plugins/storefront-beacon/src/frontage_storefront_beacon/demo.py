"""A month of a small shop for a newcomer to look at: made up, marked as such, and removed by one command."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from frontage.plugin import PluginContext, Tenant, utc_now
from frontage_storefront_beacon.interaction import Interaction, Kind
from frontage_storefront_beacon.rollups import TrendHour

DEVICE = "demo"
"""The `device_id` of every made-up event, and of no other."""
_DAYS, _PER_CALL = 28, 1000
_QUERIES = ("sandals", "boots", "red shoes", "rain coat", "socks", "umbrella", "left-handed scissors")
_COLLECTIONS = ("summer", "winter", "sale")
_AGENTS = (("mobile", "Safari", "iOS"), ("mobile", "Chrome", "Android"), ("desktop", "Chrome", "Windows"),
           ("desktop", "Firefox", "Linux"), ("tablet", "Safari", "iOS"))  # fmt: skip
_PRODUCTS = [7003338965000 + number for number in range(40)]


async def show(context: PluginContext, tenant: Tenant) -> None:
    """Give a shop without any event a month of them."""
    if await context.rollups(tenant).total(TrendHour.events):
        return
    events = [event for event in history(tenant, utc_now()) if event.occurred < utc_now()]
    await context.intake.begin()
    for start in range(0, len(events), _PER_CALL):
        await context.intake.accept(events[start : start + _PER_CALL], tenant=tenant.id)
    context.log.info("demo.events", tenant=tenant.slug, events=len(events), device_id=DEVICE)


async def remove(context: PluginContext, tenant: Tenant) -> int:
    """Take the made-up events away, and out of every number; gives how many there were."""
    first = await _first_day(context, tenant)
    if first is None:
        return 0
    removed = await context.intake.erase(Interaction, tenant.id, device_id=DEVICE)
    # Older days may have numbers whose events are not kept any more: those stay as they are.
    await context.intake.recount(Interaction, tenant.id, since=first.astimezone(tenant.timezone).date(), mend=True)
    return removed


async def _first_day(context: PluginContext, tenant: Tenant) -> datetime | None:
    table = context.intake.table(Interaction)
    first = sa.select(sa.func.min(table.c.occurred)).where(table.c.tenant_id == tenant.id, table.c.device_id == DEVICE)
    async with context.reading(tenant) as session:
        found: datetime | None = (await session.execute(first)).scalar()
    return found


def history(tenant: Tenant, now: datetime) -> Iterator[Interaction]:
    """The same shoppers for the same shop on the same day."""
    chance = random.Random(f"{tenant.slug} {now.date()}")  # noqa: S311  # nothing is protected by it
    midnight = now.astimezone(tenant.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range(_DAYS):
        day = midnight - timedelta(days=days)
        for number in range(chance.randrange(12, 24) - days // 4):
            began = day + timedelta(seconds=chance.randrange(8 * 3600, 22 * 3600))
            yield from _Visit(chance, f"demo-{days}-{number}", began.astimezone(now.tzinfo)).events()


class _Visit:
    """One shopper's visit."""

    def __init__(self, chance: random.Random, session: str, began: datetime) -> None:
        self._chance, self._session, self._moment = chance, session, began
        self._agent = chance.choice(_AGENTS)
        self._token = f"{session}-{chance.randrange(16**12):012x}"

    def events(self) -> Iterator[Interaction]:
        """Search or look around, see a list, click, look, and sometimes buy."""
        chance = self._chance
        search = f"{self._session}-search" if chance.random() < 0.5 else None
        if search:
            query = chance.choice(_QUERIES)
            results = 0 if "scissors" in query else 6
            yield self._event("search", query=query, search_id=search, attribution_token=self._token,
                              contextual_data={"results": results})  # fmt: skip
            if not results:
                return
        else:
            yield self._event("collection_view", collection_handle=chance.choice(_COLLECTIONS))
            yield self._event("block_view", block_id="hero", attribution_token=self._token)
        seen = chance.sample(_PRODUCTS, 6)
        for position, product in enumerate(seen, start=1):
            yield self._event("product_impression", product_id=product, position=position)
        at = min(int(chance.expovariate(0.6)), 8)
        if at >= len(seen):
            return
        token = self._token if chance.random() < 0.5 else None
        yield self._event(
            "product_click", product_id=seen[at], position=at + 1, search_id=search, attribution_token=token
        )
        yield self._event("product_view", product_id=seen[at])
        if chance.random() < 0.3:
            yield self._event("add_to_cart", product_id=seen[at])

    def _event(self, kind: Kind, **facts: object) -> Interaction:
        self._moment += timedelta(seconds=self._chance.randrange(1, 90))
        device, browser, os = self._agent
        return Interaction(
            kind=kind, occurred=self._moment, received=self._moment, session_id=self._session, device_id=DEVICE,
            device=device, browser=browser, os=os, **facts,  # type: ignore[arg-type]
        )  # fmt: skip
