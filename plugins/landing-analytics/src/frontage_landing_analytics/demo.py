"""A month of a shop's life for a newcomer to look at; each event says what it is, and one command removes it."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from frontage.plugin import PluginContext, Tenant, utc_now
from frontage_landing_analytics.canonical import EventType
from frontage_landing_analytics.rollups import DayCount
from frontage_landing_analytics.streams import Interaction
from frontage_landing_analytics.visitors import HASH_LENGTH

_DAYS = 30
_PEOPLE = 60
_PAGES = ("/", "/", "/", "/menu", "/menu", "/offers", "/contact")
_REFERRERS = ("", "", "https://www.google.com/", "https://www.instagram.com/", "https://l.facebook.com/")
_AGENTS = (("mobile", "Chrome", "Android"), ("mobile", "Safari", "iOS"), ("desktop", "Firefox", "Linux"))
_DEEDS: tuple[tuple[EventType, float], ...] = (
    ("time_on_page", 0.9),
    ("product_click", 0.4),
    ("whatsapp_click", 0.2),
    ("call", 0.06),
    ("location_view", 0.08),
    ("currency_toggle", 0.1),
)


async def show(context: PluginContext, tenant: Tenant) -> None:
    """Give a tenant of which nothing is counted a history up to this moment."""
    if await context.rollups(tenant).rows(DayCount):
        return
    events = list(_history(tenant, utc_now()))
    await context.intake.begin()
    await context.intake.accept(events, tenant=tenant.id)
    context.log.info(
        "demo.events", tenant=tenant.slug, events=len(events), remove="frontage landing-analytics remove-demo"
    )


async def remove(context: PluginContext, tenant: Tenant) -> int:
    """Delete the demo's events and count the rest anew; gives how many went."""
    removed = await context.intake.erase(Interaction, tenant.id, source="demo")
    await context.intake.recount(Interaction, tenant.id, mend=True)
    return removed


def _history(tenant: Tenant, now: datetime) -> Iterator[Interaction]:
    chance = random.Random(tenant.slug)  # noqa: S311  # it protects nothing
    people = ["".join(chance.choices("0123456789abcdef", k=HASH_LENGTH)) for _ in range(_PEOPLE)]
    for back in range(_DAYS, -1, -1):
        for _ in range(chance.randrange(15, 40)):
            moment = now - timedelta(days=back, seconds=chance.randrange(10 * 3600))
            yield from _visit(chance, tenant, chance.choice(people), moment)


def _visit(chance: random.Random, tenant: Tenant, visitor: str, moment: datetime) -> Iterator[Interaction]:
    device, browser, os = chance.choice(_AGENTS)
    page, referrer = chance.choice(_PAGES), chance.choice(_REFERRERS)
    kinds: list[EventType] = ["pageview", *(kind for kind, share in _DEEDS if chance.random() < share)]
    for kind in kinds:
        yield Interaction(
            occurred=moment,
            received=moment,
            day=tenant.day_at(moment),
            type=kind,
            source="demo",
            visitor=visitor,
            device=device,
            browser=browser,
            os=os,
            page=page,
            milliseconds=chance.randrange(3_000, 240_000) if kind == "time_on_page" else 0,
            metadata={"demo": True, "page": page, "referrer": referrer},
        )
